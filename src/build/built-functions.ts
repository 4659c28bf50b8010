import type { KindFeatures } from '../database/postings.ts'
import type { BuiltFunctions } from '../database/schema.ts'

/** The named functions of each component's built releases, by component: by unit, then name, then set, each once. */
export function builtFunctions(components: number, { component, unit, set, name }: KindFeatures): BuiltFunctions[] {
  const found = Array.from({ length: components }, () => new Map<string, readonly [number, number, number]>())
  for (let posting = 0; name !== undefined && posting < component.length; posting++) {
    const number = name[posting]!
    if (number === 0) continue
    const one = [unit[posting]!, number - 1, set[posting]!] as const
    found[component[posting]!]!.set(one.join(), one)
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
