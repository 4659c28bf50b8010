/** Files of a package that are named where several hold the same. */
const FILES_NAMED = 4

/**
 * Whether a source package is the component's own: its library in its own package is no embedded copy, and neither is a
 * program that was linked with the library of its own project.
 */
export function isOwnPackage(component, source, catalog) {
  return catalog.get(component)?.debian?.source?.includes(source) === true
}

/**
 * The embedded copies of one scanned package: one for each component, version and origin, with the files that hold it, the
 * one with the most fingerprints first. `known` is Debian's list, component to source packages.
 */
export function findingsOf(scanned, { catalog, known }) {
  const found = new Map()
  for (const { path, components } of scanned.files)
    for (const match of components) {
      if (match.role !== 'embedded' || isOwnPackage(match.name, scanned.source, catalog)) continue
      const key = JSON.stringify([match.name, match.version, match.origin])
      found.set(key, [...(found.get(key) ?? []), { path, match }])
    }
  return [...found.values()].map((copies) => findingOf(scanned, copies, known)).sort(byComponent)
}

function findingOf(scanned, copies, known) {
  const sorted = [...copies].sort((a, b) => b.match.fingerprints - a.match.fingerprints || (a.path < b.path ? -1 : 1))
  const { name: component, role: _, ...match } = sorted[0].match
  const paths = [...new Set(sorted.map(({ path }) => path))]
  return {
    package: scanned.package,
    source: scanned.source,
    component,
    ...match,
    version: shortVersion(match.version),
    confidence: Math.round(match.confidence * 1000) / 1000,
    files: paths.slice(0, FILES_NAMED),
    fileCount: paths.length,
    named: known[component]?.includes(scanned.source) === true,
  }
}

function byComponent(a, b) {
  return a.component < b.component ? -1 : a.component > b.component ? 1 : b.fingerprints - a.fingerprints
}

/** Versions of a set that are kept: the rest is a number. */
const VERSIONS_KEPT = 4

/** A version estimate whose set is cut; `count` says how many there were. */
function shortVersion(version) {
  if (version.kind !== 'set' || version.versions.length <= VERSIONS_KEPT) return version
  return { ...version, versions: version.versions.slice(0, VERSIONS_KEPT), count: version.versions.length }
}

/** A version in the words of the tables. */
export function versionWords(version) {
  if (version.kind === 'unknown') return 'unknown'
  if (version.kind === 'exact') return version.indexed ? version.version : `${version.version} (not indexed)`
  const suffix = version.orNewer === true ? ' or newer' : ''
  const { versions, count = versions.length } = version
  if (count === 1) return `${versions[0]}${suffix}`
  if (count > versions.length) return `likeliest ${version.likeliest}, one of ${count}${suffix}`
  return `one of ${versions.join(', ')}${suffix}`
}

/**
 * Debian's list beside what was found: for each component and source package `{ component, source, outcome, because }`.
 * The outcome is `found`, `not found`, `no program` where its packages hold none, or `not in suite`.
 */
export function joinKnown(known, { scanned, findings, catalog, indexed }) {
  const bySource = new Map()
  for (const one of scanned) bySource.set(one.source, [...(bySource.get(one.source) ?? []), one])
  const familyOf = (name) => catalog.get(name)?.family ?? undefined
  return Object.entries(known).flatMap(([component, sources]) =>
    sources.map((source) => {
      const row = { component, source }
      const packages = bySource.get(source)
      if (packages === undefined) return { ...row, outcome: 'not in suite' }
      const programs = packages.reduce((sum, one) => sum + one.programs, 0)
      if (programs === 0) return { ...row, outcome: 'no program' }
      const own = findings.filter((finding) => finding.source === source)
      const exact = own.filter((finding) => finding.component === component)
      if (exact.length > 0) return { ...row, outcome: 'found', packages: exact.map((finding) => finding.package) }
      if (!catalog.has(component)) return { ...row, outcome: 'not found', because: 'not in the catalog' }
      if (!indexed.has(component)) return { ...row, outcome: 'not found', because: 'not in this database' }
      const family = familyOf(component)
      const sibling = own.find((finding) => family !== undefined && familyOf(finding.component) === family)
      if (sibling !== undefined)
        return { ...row, outcome: 'not found', because: `of its family ${sibling.component} was found` }
      const roles = rolesOf(packages, component)
      if (roles.has('linked'))
        return { ...row, outcome: 'not found', because: 'linked: the loader is asked for Debian’s library' }
      if (roles.has('mentioned')) return { ...row, outcome: 'not found', because: 'only mentioned' }
      return {
        ...row,
        outcome: 'not found',
        because: `nothing of it in ${programs} program${programs === 1 ? '' : 's'}`,
      }
    }),
  )
}

function rolesOf(packages, component) {
  const matches = packages.flatMap(({ files }) => files.flatMap(({ components }) => components))
  return new Set(matches.filter(({ name }) => name === component).map(({ role }) => role))
}

/** Verdicts of a look by hand: `open` is for what could not be decided. */
const VERDICTS = ['right', 'wrong', 'open']

/**
 * The pairs of component and source package among the findings, each with the verdict of a look by hand,
 * `{ component, source, verdict, why }`; `unchecked` where nobody did. `checked` is component to source to `[verdict, why]`.
 */
export function joinChecked(checked, findings) {
  const pairs = new Map(findings.map(({ component, source }) => [`${component} ${source}`, { component, source }]))
  const sorted = [...pairs].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, pair]) => pair)
  return sorted.map(({ component, source }) => {
    const [verdict = 'unchecked', why = ''] = checked[component]?.[source] ?? []
    if (verdict !== 'unchecked' && !VERDICTS.includes(verdict)) throw new Error(`${component}: no verdict ${verdict}`)
    return { component, source, verdict, why }
  })
}
