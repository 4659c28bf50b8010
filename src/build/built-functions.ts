import type { KindFeatures } from '../database/postings.ts'
import type { BuiltFunctions, ComponentPrints } from '../database/schema.ts'
import { Kind } from '../fingerprint/print-set.ts'

/**
 * The named functions of each component's built releases, by component: by unit, then name, then set, each once.
 *
 * `compiled` are the functions that the database knows. Of those that one build shares with unrelated programs, which it does
 * not know, all are left out: who finds none of the rest could not say that the function is not there.
 */
export function builtFunctions(prints: readonly ComponentPrints[], compiled: KindFeatures): BuiltFunctions[] {
  const known = prints.map(() => new Map<string, number>())
  const { component, unit, set, name = [] } = compiled
  for (let posting = 0; posting < name.length; posting++)
    if (name[posting]! > 0) countOne(known[component[posting]!]!, unit[posting]!, name[posting]!)
  const all = prints.map(({ features }) => {
    const { units, names } = features[Kind.Function]
    const counts = new Map<string, number>()
    for (let posting = 0; posting < units.length; posting++)
      if ((names?.[posting] ?? 0) > 0) countOne(counts, units[posting]!, names![posting]!)
    return counts
  })
  const found = prints.map(() => new Map<string, readonly [unit: number, name: number, set: number]>())
  for (let posting = 0; posting < name.length; posting++) {
    const [owner, one] = [component[posting]!, [unit[posting]!, name[posting]! - 1, set[posting]!] as const]
    const key = keyOf(one[0], one[1] + 1)
    if (one[1] >= 0 && known[owner]!.get(key) === all[owner]!.get(key)) found[owner]!.set(one.join(), one)
  }
  return found.map((functions) => {
    const sorted = [...functions.values()].sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2])
    return {
      units: sorted.map(([unit]) => unit),
      names: sorted.map(([, name]) => name),
      sets: sorted.map(([, , set]) => set),
    }
  })
}

function countOne(counts: Map<string, number>, unit: number, name: number): void {
  const key = keyOf(unit, name)
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function keyOf(unit: number, name: number): string {
  return `${unit} ${name}`
}
