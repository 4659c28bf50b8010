/** Gap between hits that ends a range: strings of one library lie within a few pages of each other. */
const GAP_BYTES = 64 * 1024

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
  const sorted = [...places].sort((a, b) => a.offset - b.offset)
  const ranges: { start: number; end: number; hits: number }[] = []
  for (const { offset, length } of sorted) {
    const last = ranges.at(-1)
    if (last !== undefined && offset - last.end <= GAP_BYTES) {
      last.end = Math.max(last.end, offset + length)
      last.hits++
    } else ranges.push({ start: offset, end: offset + length, hits: 1 })
  }
  const strong = ranges.length > 1 ? ranges.filter((range) => range.hits > 1) : ranges
  return (strong.length > 0 ? strong : ranges).map(({ start, end }) => [start, end])
}
