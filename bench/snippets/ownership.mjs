/** Names of the kinds of fingerprints, by their stored number. */
const KIND_NAMES = {
  1: 'strings',
  2: 'templates',
  3: 'symbols',
  4: 'functions',
  5: 'mnemonics',
  6: 'tables',
  7: 'immediates',
  8: 'bigEndianTables',
}

/**
 * How many different fingerprints of a program the database holds for the family of `component` and for nobody else, by
 * kind. What vendored copies hold does not count, and neither does what `foreign` (keys as {@link keysOf} gives them) has:
 * that comes from the program around the snippet.
 *
 * A program without any cannot be found by this database, whatever identification does: that is the ceiling.
 */
export async function ownFingerprints(prints, reader, component, foreign = new Set()) {
  const family = await familyOf(reader, component)
  const own = {}
  for (const kind of kindsOf(reader)) {
    const [from, to] = rangeOf(prints.kinds, kind)
    const found = new Set()
    const hits = await reader.lookup(kind, prints.high, prints.low, from, to)
    for (let i = 0; i < hits.count; i++) {
      const index = hits.components[i]
      const key = keyAt(prints, hits.queries[i])
      if (hits.families[i] !== 1 || !family.has(index) || foreign.has(key) || found.has(key)) continue
      const record = await reader.component(index)
      if (!record.units[hits.units[i]].vendored) found.add(key)
    }
    if (found.size > 0) own[KIND_NAMES[kind] ?? `kind${kind}`] = found.size
  }
  return own
}

/** Every fingerprint of a program as text. */
export function keysOf(prints) {
  const keys = new Set()
  for (let i = 0; i < prints.count; i++) keys.add(keyAt(prints, i))
  return keys
}

function keyAt(prints, index) {
  return `${prints.kinds[index]}:${prints.high[index]}:${prints.low[index]}`
}

/** The kinds that the database has features of. */
function kindsOf(reader) {
  return Object.keys(reader.manifest.features).map(Number)
}

/** The range `[from, to)` of one kind; a sealed set is sorted by kind. */
export function rangeOf(kinds, kind) {
  const from = kinds.indexOf(kind)
  return from < 0 ? [0, 0] : [from, kinds.lastIndexOf(kind) + 1]
}

/** Indices of the component and of those of its family. */
async function familyOf(reader, component) {
  const { components } = reader.manifest
  const own = components.indexOf(component)
  if (own < 0) return new Set()
  const { family } = await reader.component(own)
  const members = new Set([own])
  if (family !== null)
    for (let index = 0; index < components.length; index++)
      if ((await reader.component(index)).family === family) members.add(index)
  return members
}
