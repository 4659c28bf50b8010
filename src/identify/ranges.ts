import { GAP_BYTES } from './places.ts'

/** Bytes of the file. */
export interface Place {
  readonly offset: number
  readonly length: number
}

/**
 * File ranges `[start, end)` around the given places, ascending. Places closer than 64 KiB share a range; where there
 * are several ranges, those with a single hit are left out: a merged string lies wherever the linker first met it.
 */
export function rangesOf(places: readonly Place[]): [number, number][] {
  const starts = new Float64Array(places.length)
  const ends = new Float64Array(places.length)
  places.forEach(({ offset, length }, i) => {
    starts[i] = offset
    ends[i] = offset + length
  })
  return rangesBetween(starts, ends)
}

/** As {@link rangesOf}, of columns: where places start and where they end, in any order. Both are sorted. */
export function rangesBetween(starts: Float64Array, ends: Float64Array): [number, number][] {
  starts.sort()
  ends.sort()
  const ranges: { start: number; end: number; hits: number }[] = []
  for (let first = 0, next = 1; first < starts.length; first = next++) {
    // Before a gap, and only there, the first ends are those of the first starts.
    while (next < starts.length && starts[next]! - ends[next - 1]! <= GAP_BYTES) next++
    ranges.push({ start: starts[first]!, end: ends[next - 1]!, hits: next - first })
  }
  const strong = ranges.length > 1 ? ranges.filter((range) => range.hits > 1) : ranges
  return (strong.length > 0 ? strong : ranges).map(({ start, end }) => [start, end])
}
