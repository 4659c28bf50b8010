import type { KindFeatures } from '../database/postings.ts'

/** The postings of each component together, in the order they had: those of `i` are `order[starts[i] … starts[i + 1])`. */
export function postingsByComponent(
  { component }: KindFeatures,
  components: number,
): { order: Uint32Array; starts: Uint32Array } {
  const starts = new Uint32Array(components + 1)
  for (let p = 0; p < component.length; p++) starts[component[p]! + 1]!++
  for (let i = 0; i < components; i++) starts[i + 1]! += starts[i]!
  const next = starts.slice()
  const order = new Uint32Array(component.length)
  for (let p = 0; p < component.length; p++) order[next[component[p]!]!++] = p
  return { order, starts }
}
