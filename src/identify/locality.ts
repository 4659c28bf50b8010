import type { PrintSet } from '../fingerprint/print-set.ts'
import type { Hit } from './hits.ts'

/** Code of one source file lies together: object files are linked one behind the other, and few have more code than this. */
const NEIGHBOURHOOD_BYTES = 16 * 1024

/**
 * The hits that lie together within {@link NEIGHBOURHOOD_BYTES}, where they weigh most; of equal places the first.
 *
 * A hit counts at each place where its fingerprint occurs. `hits` are of one unit and one kind.
 */
export function densestHits(hits: readonly Hit[], prints: PrintSet): Hit[] {
  const { hitOf, offsets } = placesOf(hits, prints)
  const times = new Uint32Array(hits.length)
  let weight = 0
  let bestWeight = 0
  let [bestFirst, bestEnd] = [0, 0]
  for (let first = 0, end = 0; end < hitOf.length; end++) {
    const hit = hitOf[end]!
    if (times[hit]!++ === 0) weight += hits[hit]!.weight
    for (; offsets[end]! - offsets[first]! > NEIGHBOURHOOD_BYTES; first++)
      if (--times[hitOf[first]!]! === 0) weight -= hits[hitOf[first]!]!.weight
    // Sums of the same weights in another order differ by rounding.
    if (weight <= bestWeight + 1e-9) continue
    bestWeight = weight
    bestFirst = first
    bestEnd = end + 1
  }
  const chosen = new Set(hitOf.subarray(bestFirst, bestEnd))
  return hits.filter((_, hit) => chosen.has(hit))
}

/** All places of the hits, ascending: which hit is there, by index, and where. A file may repeat one a million times. */
function placesOf(
  hits: readonly Hit[],
  { count, kinds, high, low, offsets }: PrintSet,
): { hitOf: Uint32Array; offsets: Float64Array } {
  const ends = hits.map(({ print }) => {
    let end = print
    while (end < count && kinds[end] === kinds[print] && high[end] === high[print] && low[end] === low[print]) end++
    return end
  })
  const places = hits.reduce((sum, { print }, hit) => sum + ends[hit]! - print, 0)
  const hitOf = new Uint32Array(places)
  const unsorted = new Float64Array(places)
  let at = 0
  hits.forEach(({ print }, hit) => {
    const end = ends[hit]!
    hitOf.fill(hit, at, at + end - print)
    unsorted.set(offsets.subarray(print, end), at)
    at += end - print
  })
  const order = new Uint32Array(places).map((_, place) => place)
  order.sort((a, b) => unsorted[a]! - unsorted[b]! || a - b)
  return { hitOf: order.map((place) => hitOf[place]!), offsets: Float64Array.from(order, (place) => unsorted[place]!) }
}
