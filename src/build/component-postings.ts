import type { KindFeatures } from '../database/postings.ts'

/** Columns of numbers about postings, those of each component together. */
export interface ComponentPostings {
  /** One longer than there are components: rows of `i` are `starts[i] … starts[i + 1]`. */
  readonly starts: Uint32Array
  readonly columns: readonly Uint32Array[]
}

/**
 * Brings the postings of each component together, in the order they had. `columns` are parallel to the postings.
 *
 * They are written in one walk, to as many places as there are components; picking one component's postings out of millions
 * would wait for memory at each.
 */
export function postingsByComponent(
  { component }: Pick<KindFeatures, 'component'>,
  components: number,
  columns: readonly ArrayLike<number>[],
): ComponentPostings {
  const starts = new Uint32Array(components + 1)
  for (let p = 0; p < component.length; p++) starts[component[p]! + 1]!++
  for (let i = 0; i < components; i++) starts[i + 1]! += starts[i]!
  return { starts, columns: columns.map((column) => grouped(column, component, starts)) }
}

function grouped(column: ArrayLike<number>, component: ArrayLike<number>, starts: Uint32Array): Uint32Array {
  const next = starts.slice()
  const rows = new Uint32Array(component.length)
  for (let p = 0; p < component.length; p++) rows[next[component[p]!]!++] = column[p]!
  return rows
}
