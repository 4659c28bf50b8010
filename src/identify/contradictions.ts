import type { Program } from '../binary/program.ts'
import type { DatabaseReader } from '../database/reader.ts'
import type { ComponentRecord } from '../database/schema.ts'
import type { ContradictedClaim, Contradiction, Match, VersionEstimate } from '../model.ts'
import { versionOfFileName } from '../versions/file-name.ts'
import { sameRelease } from '../versions/same.ts'
import { componentsOf, libraryNames } from './library-names.ts'

/** What a file says of itself outside of its code. */
export interface Claims {
  readonly programs: readonly Program[]
  /** Without directories; null for bytes that came from nowhere. */
  readonly fileName: string | null
}

/** Names of libraries that a text of the file stands for, as `libraryNames` gives them. */
interface NameClaim {
  readonly source: ContradictedClaim
  /** As it stands in the file, or as the file is called. */
  readonly text: string
  readonly names: readonly string[]
}

/** A version that such a text spells. */
interface VersionClaimed extends NameClaim {
  readonly version: string
}

/** A library whose every release has so many texts cannot be here without one of them. */
const TELLING_TEXTS = 20
/** A forged file may have a name of a megabyte. */
const MOST_TEXT = 120

/**
 * Where the names of the file say one thing and its code another: another version, a sibling of the component, or nothing of a
 * component that could not be overlooked. A text that agrees, or that nothing speaks against, is no contradiction.
 */
export async function findContradictions(
  claims: Claims,
  matches: readonly Match[],
  reader: DatabaseReader,
): Promise<Contradiction[]> {
  const embedded = matches.filter(({ role }) => role === 'embedded')
  const linked = new Set(matches.filter(({ role }) => role === 'linked').map(({ name }) => name))
  const found: Contradiction[] = []
  const add = (component: string, { source, text }: NameClaim, because: string): void => {
    if (!found.some((other) => other.text === text)) found.push({ component, source, text, because })
  }
  const { names, versions } = claimsOf(claims)
  for (const claim of names) {
    const claimed = await componentsNamed(claim.names, reader)
    const isHere = embedded.some((match) =>
      claimed.some(({ name }) => name === match.name || match.undecided.includes(name)),
    )
    // A binding bears the name of what it loads.
    if (claimed.length === 0 || isHere || claimed.some(({ name }) => linked.has(name))) continue
    const because = againstComponent(claimed, embedded, await recordsOf(embedded, reader), hasCode(claims))
    if (because !== undefined) add(claimed[0]!.name, claim, because)
  }
  const spelt = versions.flatMap((claim) => claim.names)
  for (const record of await componentsNamed(spelt, reader)) {
    const here = embedded.filter(({ name }) => name === record.name)
    const own = versions.filter((claim) => claim.names.some((name) => record.sonames.includes(name)))
    if (here.length === 0) continue
    for (const claim of own) {
      // Fields of one resource are cut to different lengths: one that agrees speaks for all.
      if (own.some((other) => other.source === claim.source && agrees(other, here))) continue
      const because = againstVersion(claim, here, record)
      if (because !== undefined) add(record.name, claim, because)
    }
  }
  return found
}

/** The names of libraries that the file says it is, as `libraryNames` gives them. */
export function ownNames(claims: Claims): ReadonlySet<string> {
  return new Set(claimsOf(claims).names.flatMap(({ names }) => names))
}

/** What the names of the file claim. The members of an archive have none of their own. */
function claimsOf({ programs, fileName }: Claims): { names: NameClaim[]; versions: VersionClaimed[] } {
  const names: NameClaim[] = []
  const versions: VersionClaimed[] = []
  const add = (source: ContradictedClaim, called: string, version?: string): void => {
    const text = cutText(version === undefined || called.includes(version) ? called : `${called} ${version}`)
    const claim = { source, text, names: libraryNames(called.slice(0, MOST_TEXT)) }
    if (version === undefined) names.push(claim)
    else versions.push({ ...claim, version: version.slice(0, MOST_TEXT) })
  }
  const [program, another] = programs
  if (program === undefined || another !== undefined) return { names, versions }
  const { soname, versionInfo } = program
  for (const [source, called] of [
    ['file-name', fileName !== null && isLibraryName(fileName, soname) ? fileName : null],
    ['soname', soname],
  ] as const) {
    if (called === null) continue
    add(source, called)
    const spelt = versionOfFileName(called.slice(0, MOST_TEXT))?.version
    if (spelt !== undefined) add(source, called, spelt)
  }
  const resource = versionInfo['OriginalFilename'] ?? versionInfo['InternalName']
  if (resource === undefined) return { names, versions }
  add('version-resource', resource)
  for (const version of [versionInfo['FileVersion'], versionInfo['ProductVersion']])
    if (version !== undefined) add('version-resource', resource, plainNumber(version))
  return { names, versions }
}

/**
 * Whether a file is called like a library: anybody may call a program `uv` or a plug-in `Event.so`. The name that loaders know says
 * so, or where there is none the usual beginning.
 */
function isLibraryName(fileName: string, soname: string | null): boolean {
  if (!/\.(?:so|dll|dylib)(?:\.\w+)*$/i.test(fileName)) return false
  if (soname === null) return /^lib/i.test(fileName)
  const known = libraryNames(soname.slice(0, MOST_TEXT))
  return libraryNames(fileName.slice(0, MOST_TEXT)).some((name) => known.includes(name))
}

function cutText(text: string): string {
  return text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}…` : text
}

/** Files with debugging information have the sections of a program and nothing in them. */
function hasCode({ programs }: Claims): boolean {
  return programs.some(({ sections }) =>
    sections.some(({ role, size }) => (role === 'code' || role === 'mixed') && size > 0),
  )
}

async function componentsNamed(names: readonly string[], reader: DatabaseReader): Promise<ComponentRecord[]> {
  const records: ComponentRecord[] = []
  for (const index of componentsOf(names, reader)) records.push(await reader.component(index))
  return records
}

async function recordsOf(matches: readonly Match[], reader: DatabaseReader): Promise<ComponentRecord[]> {
  const names = new Set(matches.map(({ name }) => name))
  return await Promise.all([...names].map((name) => reader.component(reader.manifest.components.indexOf(name))))
}

/** Whether a copy is of the version, or of one that is only written shorter. */
function agrees({ version }: VersionClaimed, here: readonly Match[]): boolean {
  return here.some(({ version: estimate }) => {
    const versions = estimate.kind === 'exact' ? [estimate.version] : estimate.kind === 'set' ? estimate.versions : []
    return versions.some((one) => sameRelease(one, version) || one.startsWith(`${version}.`))
  })
}

/** Why the version that a name spells is not that of the code; every copy must speak against it. */
function againstVersion(claim: VersionClaimed, here: readonly Match[], record: ComponentRecord): string | undefined {
  const { text, version } = claim
  if (!speaksOfReleases(claim, record) || !here.every((match) => excludes(match.version, version, record)))
    return undefined
  return `${text} says ${record.name} ${version}, its code is that of ${inWords(here[0]!.version)}`
}

/**
 * Whether the number is that of a release and not of an interface or a product: of file names the indexed libraries tell, of other
 * texts that there is such a release.
 */
function speaksOfReleases({ source, names, version }: VersionClaimed, record: ComponentRecord): boolean {
  if (source !== 'version-resource') return names.some((name) => record.versionedNames.includes(name))
  return isIndexed(version, record)
}

function isIndexed(version: string, { releases }: ComponentRecord): boolean {
  return releases.some((release) => sameRelease(release.version, version))
}

/** `1, 2, 13, 0` as resources write it is 1.2.13.0. */
function plainNumber(version: string): string {
  return version.replace(/, ?/g, '.')
}

/** A set says nothing of a release that was never indexed: it may lie between two of its members. */
function excludes(estimate: VersionEstimate, version: string, record: ComponentRecord): boolean {
  if (estimate.kind === 'unknown') return false
  if (estimate.kind === 'exact') return !sameRelease(estimate.version, version)
  return isIndexed(version, record) && !estimate.versions.some((member) => sameRelease(member, version))
}

function inWords(estimate: VersionEstimate): string {
  if (estimate.kind === 'exact') return estimate.version
  if (estimate.kind === 'unknown') return 'an unknown version'
  return estimate.versions.length === 1
    ? estimate.likeliest
    : `one of ${estimate.versions.length} other releases, ${estimate.likeliest} most likely`
}

/** Why the code is not that of any of the components that the name stands for. */
function againstComponent(
  claimed: readonly ComponentRecord[],
  embedded: readonly Match[],
  records: readonly ComponentRecord[],
  isProgram: boolean,
): string | undefined {
  const names = claimed.map(({ name }) => name).join(' or ')
  const sibling = records.find(({ family }) => family !== null && claimed.some((record) => record.family === family))
  if (sibling !== undefined) {
    const match = embedded.find(({ name }) => name === sibling.name)!
    return `the name is that of ${names}, the code is ${sibling.name} ${inWords(match.version)}`
  }
  if (!isProgram || !claimed.every(mustHaveText)) return undefined
  return `the name is that of ${names}, and nothing of its code was found`
}

/** Records live as long as their database, and are asked again for every file of a name. */
const textful = new WeakMap<ComponentRecord, boolean>()

/** Whether every release that was indexed from source has so much text that it cannot be overlooked. */
function mustHaveText(record: ComponentRecord): boolean {
  let must = textful.get(record)
  if (must === undefined) {
    must = hasText(record)
    textful.set(record, must)
  }
  return must
}

function hasText({ units, releases }: ComponentRecord): boolean {
  const sums = new Float64Array(releases.length)
  for (const { vendored, totals } of units) {
    if (vendored) continue
    for (let i = 0; i < totals.strings.length; i += 2) {
      const end = totals.strings[i + 2] ?? releases.length
      for (let release = totals.strings[i]!; release < end; release++) sums[release]! += totals.strings[i + 1]!
    }
  }
  return releases.every(({ origin }, release) => origin === 'built' || sums[release]! >= TELLING_TEXTS)
}
