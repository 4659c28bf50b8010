import { createHash } from 'node:crypto'

/** What a database finds in frozen features, held against labels: the figures, and of each file a digest of its claims. */
export async function scoreCorpus(db, { frozen, labels, catalog }, { identifyFeatures, evaluate }) {
  const files = []
  for (const features of frozen) files.push(await identifyFeatures(features, db))
  const known = new Set(frozen.map(({ sha256 }) => sha256))
  const gone = new Set(labels.map(({ sha256 }) => sha256).filter((sha256) => !known.has(sha256)))
  // Intervals are of no use here: all variants are scored on the same files.
  const { catalog: presence, versions, confidentlyWrong } = evaluate({ files }, labels, { catalog, gone, rounds: 1 })
  return {
    figures: {
      precision: presence.precision.value,
      recall: presence.recall.value,
      f1: presence.f1.value,
      exact: versions.exact.value,
      exactOfAll: Math.round((versions.exact.value ?? 0) * versions.exact.n) / Math.max(presence.recall.n, 1),
      truthInSet: versions.truthInSet.value,
      truthInSetOrNewer: versions.truthInSetOrNewer.value,
      medianSet: versions.medianSetSize.value,
      confidentlyWrong: confidentlyWrong.value,
      labelled: presence.recall.n,
      versions: versions.exact.n,
    },
    claims: files.map(({ components }) => digestOfClaims(components)),
  }
}

/** Equal for claims that say the same: component, role, origin and version, whatever confidence and evidence. */
export function digestOfClaims(components) {
  const said = components.map(({ name, role, origin, version }) => JSON.stringify([name, role, origin, version])).sort()
  return createHash('sha256').update(said.join('\n')).digest('hex').slice(0, 12)
}

/** How many places of each kind of fingerprint the files hold, by the name that a prints file has for the kind. */
export function placesByKind(frozen, { Kind }) {
  const names = Object.entries(Kind).map(([name, number]) => [number, SECTION_OF[name]])
  const byNumber = new Map()
  for (const { prints } of frozen)
    for (let i = 0; i < prints.count; i++) byNumber.set(prints.kinds[i], (byNumber.get(prints.kinds[i]) ?? 0) + 1)
  return Object.fromEntries(names.map(([number, name]) => [name, byNumber.get(number) ?? 0]))
}

const SECTION_OF = {
  String: 'strings',
  Template: 'templates',
  Symbol: 'symbols',
  Function: 'functions',
  Mnemonics: 'mnemonics',
  Table: 'tables',
  Immediate: 'immediates',
  BigEndianTable: 'bigEndianTables',
}
