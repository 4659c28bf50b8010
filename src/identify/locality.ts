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
  const places = hits.flatMap((hit) => placesOf(hit, prints)).sort((a, b) => a.offset - b.offset)
  const inside = new Map<Hit, number>()
  let weight = 0
  let best: readonly Hit[] = []
  let bestWeight = 0
  for (let first = 0, end = 0; end < places.length; end++) {
    const { hit, offset } = places[end]!
    const times = inside.get(hit) ?? 0
    inside.set(hit, times + 1)
    if (times === 0) weight += hit.weight
    for (; offset - places[first]!.offset > NEIGHBOURHOOD_BYTES; first++) weight -= leave(inside, places[first]!.hit)
    // Sums of the same weights in another order differ by rounding.
    if (weight <= bestWeight + 1e-9) continue
    best = [...inside.keys()]
    bestWeight = weight
  }
  const chosen = new Set(best)
  return hits.filter((hit) => chosen.has(hit))
}

/** Takes one place of a hit out; returns the weight that goes with it when it was the last one. */
function leave(inside: Map<Hit, number>, hit: Hit): number {
  const times = inside.get(hit)!
  if (times > 1) inside.set(hit, times - 1)
  else inside.delete(hit)
  return times > 1 ? 0 : hit.weight
}

function placesOf(hit: Hit, { count, kinds, high, low, offsets }: PrintSet): { hit: Hit; offset: number }[] {
  const places: { hit: Hit; offset: number }[] = []
  const { print } = hit
  for (let at = print; at < count && kinds[at] === kinds[print]; at++) {
    if (high[at] !== high[print] || low[at] !== low[print]) break
    places.push({ hit, offset: offsets[at]! })
  }
  return places
}
