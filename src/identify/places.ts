import { ascendingOrder } from '../bytes/radix.ts'
import type { PrintSet } from '../fingerprint/print-set.ts'
import type { HitTable } from './hit-table.ts'

/** Gap between places of one library that ends a cluster: its strings lie within a few pages of each other. */
export const GAP_BYTES: number = 64 * 1024

/** Places of hits as a struct of arrays, ascending by offset. */
export interface Places {
  /** Which of the hits that were asked for is there, by its index among them. */
  readonly hitOf: Uint32Array
  /** Index into the `PrintSet`: repeats of a fingerprint are prints of their own. */
  readonly prints: Uint32Array
  /** Bytes from the start of the file. */
  readonly offsets: Float64Array
}

/** All places of the hits in `rows`, repeats included. A file may repeat one a million times. */
export function placesOf(rows: Uint32Array, hits: HitTable, prints: PrintSet): Places {
  const ends = new Uint32Array(rows.length)
  let count = 0
  for (let hit = 0; hit < rows.length; hit++) {
    const print = hits.prints[rows[hit]!]!
    ends[hit] = endOfRepeats(prints, print)
    count += ends[hit]! - print
  }
  const places = { hitOf: new Uint32Array(count), prints: new Uint32Array(count), offsets: new Float64Array(count) }
  for (let hit = 0, at = 0; hit < rows.length; hit++)
    for (let print = hits.prints[rows[hit]!]!; print < ends[hit]!; print++, at++) {
      places.hitOf[at] = hit
      places.prints[at] = print
      places.offsets[at] = prints.offsets[print]!
    }
  const order = ascendingOrder(places.offsets)
  return order === undefined ? places : reordered(places, order)
}

function reordered({ hitOf, prints, offsets }: Places, order: Uint32Array): Places {
  const count = order.length
  const sorted = { hitOf: new Uint32Array(count), prints: new Uint32Array(count), offsets: new Float64Array(count) }
  for (let at = 0; at < count; at++) {
    sorted.hitOf[at] = hitOf[order[at]!]!
    sorted.prints[at] = prints[order[at]!]!
    sorted.offsets[at] = offsets[order[at]!]!
  }
  return sorted
}

/** One row for each fingerprint of the units, as they come: one string may stand in several of them. */
export function distinctRows(units: readonly { readonly hits: Uint32Array }[], hits: HitTable): number[] {
  const seen = new Uint8Array(hits.features)
  const rows: number[] = []
  for (const { hits: own } of units)
    for (let i = 0; i < own.length; i++) {
      const row = own[i]!
      const feature = hits.featureOf[row]!
      if (seen[feature] === 1) continue
      seen[feature] = 1
      rows.push(row)
    }
  return rows
}

/** Behind the last print of the same fingerprint, in a sealed set. */
export function endOfRepeats({ count, kinds, high, low }: PrintSet, print: number): number {
  let end = print + 1
  while (end < count && low[end] === low[print] && high[end] === high[print] && kinds[end] === kinds[print]) end++
  return end
}

/** The runs of places without a gap of {@link GAP_BYTES}, ascending. Views. */
export function clustersOf({ hitOf, prints, offsets }: Places): Places[] {
  const clusters: Places[] = []
  for (let first = 0, next = 1; first < offsets.length; first = next++) {
    while (next < offsets.length && offsets[next]! - offsets[next - 1]! <= GAP_BYTES) next++
    clusters.push({
      hitOf: hitOf.subarray(first, next),
      prints: prints.subarray(first, next),
      offsets: offsets.subarray(first, next),
    })
  }
  return clusters
}
