import { forEachKind, KINDS, keyOf } from './features.mjs'

/**
 * What components have in common with each other and with programs, as it is among real ones: of each kind the shared
 * features with the number of families that hold them, and the share of features that are there by coincidence.
 *
 * `programs` are the features of scanned programs by kind; `found` are the names of the components in them. A feature of one
 * family alone that is in programs which hold nothing of this family is a coincidence.
 */
export function measureSharing(components, programs, found) {
  const holders = forEachKind((kind) => holdersOf(kind, components))
  const foundFamilies = new Set(components.filter(({ prints }) => found.has(prints.name)).map(({ family }) => family))
  return forEachKind((kind) => {
    const pool = []
    let [postings, shared] = [0, 0]
    for (const { high, low, families } of holders[kind].values()) {
      postings += families.size
      if (families.size < 2) continue
      shared += families.size
      // Once for each family: a feature that many have is as much more likely to be that of another one.
      for (let i = 0; i < families.size; i++) pool.push([high, low])
    }
    return {
      isShared: (high, low) => (holders[kind].get(keyOf(high, low))?.families.size ?? 0) > 1,
      pool,
      share: postings === 0 ? 0 : shared / postings,
      ...coincidences(kind, holders[kind], programs[kind], foundFamilies),
    }
  })
}

/** By feature the families that hold it in a unit that is not another project's by its path. */
function holdersOf(kind, components) {
  const holders = new Map()
  for (const { prints, family } of components) {
    const table = prints.features[kind]
    for (let i = 0; i < table.high.length; i++) {
      if (!isOwn(prints, table, i)) continue
      const key = keyOf(table.high[i], table.low[i])
      const known = holders.get(key)
      if (known === undefined) holders.set(key, { high: table.high[i], low: table.low[i], families: new Set([family]) })
      else known.families.add(family)
    }
  }
  return holders
}

/** Whether a feature is in a unit that is the component's own. */
export function isOwn({ units }, table, feature) {
  for (let p = table.starts[feature]; p < table.starts[feature + 1]; p++)
    if (!units[table.units[p]].vendored) return true
  return false
}

/**
 * Kinds that unrelated code has in common by coincidence: words and numbers. Functions and tables hardly ever are (4 and 30 in
 * 100,000), and then the short ones; drawn from all that are in programs they would look like copied code.
 */
const BY_COINCIDENCE = KINDS.filter(({ name }) => ['strings', 'symbols', 'immediates'].includes(name)).map(
  ({ kind }) => kind,
)

/** `chance`: how many of the features of one family alone are in programs without it; `unknown`: what no component holds. */
function coincidences(kind, holders, programs, foundFamilies) {
  if (!BY_COINCIDENCE.includes(kind)) return { chance: 0, unknown: [] }
  let [asked, hit] = [0, 0]
  const inPrograms = new Set(programs.map(([high, low]) => keyOf(high, low)))
  for (const [key, { families }] of holders) {
    if (families.size > 1 || foundFamilies.has([...families][0])) continue
    asked++
    if (inPrograms.has(key)) hit++
  }
  const unknown = programs.filter(([high, low]) => !holders.has(keyOf(high, low)))
  return { chance: asked === 0 ? 0 : hit / asked, unknown }
}

/** The shares as the result lists them. */
export function sharesOf(sharing) {
  return KINDS.map(({ kind, name }) => ({ name, share: sharing[kind].share, chance: sharing[kind].chance }))
}
