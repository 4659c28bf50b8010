import { radixOrder } from '../bytes/radix.ts'
import type { KindFeatures } from '../database/postings.ts'
import type { BuiltFunctions, ComponentPrints, FeatureTable } from '../database/schema.ts'
import { Kind } from '../fingerprint/print-set.ts'
import { postingsByComponent } from './component-postings.ts'

/**
 * The named functions of each component's built releases, by component: by unit, then name, then set, each once.
 *
 * `compiled` are the functions that the database knows. Of those that one build shares with unrelated programs, which it does
 * not know, all are left out: who finds none of the rest could not say that the function is not there.
 */
export function builtFunctions(prints: readonly ComponentPrints[], compiled: KindFeatures): BuiltFunctions[] {
  const { order, starts } = postingsByComponent(compiled, prints.length)
  return prints.map(({ features }, component) => {
    const postings = order.subarray(starts[component]!, starts[component + 1]!)
    return functionsOf(features[Kind.Function], compiled, postings)
  })
}

/** `postings` are those of the component that the database knows: in the order of `all`, with some left out. */
function functionsOf(all: FeatureTable, { unit, name = [], set }: KindFeatures, postings: Uint32Array): BuiltFunctions {
  const keyOf = (posting: number): number => unit[posting]! * 2 ** 32 + name[posting]!
  const unknown = new Set<number>()
  let next = 0
  for (let p = 0; p < all.units.length; p++) {
    const posting = postings[next]
    const isKnown =
      posting !== undefined &&
      unit[posting] === all.units[p] &&
      set[posting] === all.sets[p] &&
      name[posting] === all.names?.[p]
    if (isKnown) next++
    else unknown.add(all.units[p]! * 2 ** 32 + (all.names?.[p] ?? 0))
  }
  const known = postings.filter((posting) => (name[posting] ?? 0) > 0 && !unknown.has(keyOf(posting)))
  const columns = [unit, name, set].map((column) => known.map((posting) => column[posting]!))
  const rows = distinctRows(columns, radixOrder(columns, known.length))
  const [units, names, sets] = columns as [Uint32Array, Uint32Array, Uint32Array]
  return {
    units: rows.map((row) => units[row]!),
    names: rows.map((row) => names[row]! - 1),
    sets: rows.map((row) => sets[row]!),
  }
}

/** The rows in `order` without those that are as the one before. */
function distinctRows(columns: readonly Uint32Array[], order: Uint32Array): number[] {
  const rows: number[] = []
  for (const row of order) {
    const last = rows.at(-1)
    if (last === undefined || columns.some((column) => column[last] !== column[row])) rows.push(row)
  }
  return rows
}
