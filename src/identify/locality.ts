import type { PrintSet } from '../fingerprint/print-set.ts'
import type { HitTable } from './hit-table.ts'
import { placesOf } from './places.ts'

/** Code of one source file lies together: object files are linked one behind the other, and few have more code than this. */
const NEIGHBOURHOOD_BYTES = 16 * 1024

/**
 * The hits that lie together within {@link NEIGHBOURHOOD_BYTES}, where they weigh most; of equal places the first.
 *
 * A hit counts at each place where its fingerprint occurs. `rows` are those of one unit and one kind.
 */
export function densestHits(rows: Uint32Array, hits: HitTable, prints: PrintSet): Uint32Array {
  if (rows.length < 2) return rows
  const { hitOf, offsets } = placesOf(rows, hits, prints)
  const weights = new Float64Array(rows.length)
  for (let hit = 0; hit < rows.length; hit++) weights[hit] = hits.weights[rows[hit]!]!
  const times = new Uint32Array(rows.length)
  let weight = 0
  let bestWeight = 0
  let [bestFirst, bestEnd] = [0, 0]
  for (let first = 0, end = 0; end < hitOf.length; end++) {
    const hit = hitOf[end]!
    if (times[hit]!++ === 0) weight += weights[hit]!
    for (; offsets[end]! - offsets[first]! > NEIGHBOURHOOD_BYTES; first++)
      if (--times[hitOf[first]!]! === 0) weight -= weights[hitOf[first]!]!
    // Sums of the same weights in another order differ by rounding.
    if (weight <= bestWeight + 1e-9) continue
    bestWeight = weight
    bestFirst = first
    bestEnd = end + 1
  }
  const chosen = new Uint8Array(rows.length)
  for (let at = bestFirst; at < bestEnd; at++) chosen[hitOf[at]!] = 1
  const together = new Uint32Array(rows.length)
  let count = 0
  for (let hit = 0; hit < rows.length; hit++) if (chosen[hit] === 1) together[count++] = rows[hit]!
  return together.subarray(0, count)
}
