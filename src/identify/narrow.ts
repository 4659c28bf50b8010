import { Kind } from '../fingerprint/print-set.ts'
import type { Presence } from './presence.ts'
import { forEachVersion } from './releases.ts'

/** Fewer functions than this are no sample of a release. */
const MIN_FUNCTIONS = 8
/** A release that holds this share of the functions found was built like the file was, so that what others lack counts. */
const LEADER_SHARE = 0.95
/** So many functions fewer than the leader are a difference of the source and not of one build. */
const BEHIND = 3

/**
 * The releases among `members` that the machine code speaks against: they were indexed as built libraries, and hold
 * {@link BEHIND} functions fewer of those found than another member that holds nearly all.
 *
 * Releases that were never indexed as built are not judged: an unknown one would look like its closest known neighbour
 * (in the prototype 259 of 259 functions of openssl 1.1.1t were those of 1.1.1w).
 */
export function refutedByFunctions({ candidate, units }: Presence, members: readonly number[]): ReadonlySet<number> {
  const { record, sourceOf, hits } = candidate
  const found = new Map<number, Set<number>>()
  const counted = new Set<number>()
  for (const unit of units)
    for (const row of unit.hits) {
      if (hits.kinds[row] !== Kind.Function) continue
      const feature = hits.featureOf[row]!
      counted.add(feature)
      forEachVersion(candidate, hits.sets[row]!, (release) => {
        found.set(release, (found.get(release) ?? new Set()).add(feature))
      })
    }
  const all = counted.size
  const isBuilt = new Set([...sourceOf].filter((source) => source >= 0))
  const judged = members.filter((release) => isBuilt.has(release) && record.releases[release]!.origin === 'source')
  const count = (release: number): number => found.get(release)?.size ?? 0
  const most = judged.reduce((a, release) => Math.max(a, count(release)), 0)
  if (all < MIN_FUNCTIONS || most < LEADER_SHARE * all) return new Set()
  return new Set(judged.filter((release) => count(release) <= most - BEHIND))
}
