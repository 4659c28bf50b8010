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
  const { component, unit, name = [], set } = compiled
  // Without names there is none of what is looked for.
  const known = postingsByComponent({ component: name.length === 0 ? [] : component }, prints.length, [unit, name, set])
  return prints.map(({ features }, component) => {
    const [start, end] = [known.starts[component]!, known.starts[component + 1]!]
    const [units, names, sets] = known.columns.map((column) => column.subarray(start, end)) as NamedPostings
    return functionsOf(features[Kind.Function], units, names, sets)
  })
}

type NamedPostings = [units: Uint32Array, names: Uint32Array, sets: Uint32Array]

/**
 * The postings are those of the component that the database knows: in the order of `all`, with some left out. They are not
 * kept as they are.
 */
function functionsOf(all: FeatureTable, ...postings: NamedPostings): BuiltFunctions {
  const unknown = unknownFunctions(all, ...postings)
  const [units, names, sets] = postings
  let count = 0
  for (let p = 0; p < units.length; p++) {
    if (names[p] === 0 || unknown.has(keyOf(units[p]!, names[p]!))) continue
    units[count] = units[p]!
    names[count] = names[p]!
    sets[count++] = sets[p]!
  }
  const functions = { units: [] as number[], names: [] as number[], sets: [] as number[] }
  let last = -1
  for (const row of radixOrder([units, names, sets], count)) {
    const isRepeated = units[row] === units[last] && names[row] === names[last] && sets[row] === sets[last]
    last = row
    if (isRepeated) continue
    functions.units.push(units[row]!)
    functions.names.push(names[row]! - 1)
    functions.sets.push(sets[row]!)
  }
  return functions
}

/** The functions of the component of which the database lacks a posting. */
function unknownFunctions(all: FeatureTable, ...[units, names, sets]: NamedPostings): ReadonlySet<number> {
  const unknown = new Set<number>()
  let next = 0
  for (let p = 0; p < all.units.length; p++) {
    const [unit, name] = [all.units[p]!, all.names?.[p] ?? 0]
    if (units[next] === unit && names[next] === name && sets[next] === all.sets[p]) next++
    else if (name > 0) unknown.add(keyOf(unit, name))
  }
  return unknown
}

/** Unit and name as one number. */
function keyOf(unit: number, name: number): number {
  return unit * 2 ** 32 + name
}
