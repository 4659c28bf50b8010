import { holdsRelease } from '../database/release-sets.ts'
import { Kind } from '../fingerprint/print-set.ts'
import type { Neighbour } from '../model.ts'
import { type EvidenceContext, hitEvidence } from './evidence.ts'
import type { Presence } from './presence.ts'
import { missingStrings } from './release-scores.ts'
import type { VersionClaim } from './version.ts'

/** The releases from source next to those that are claimed, before and after, and what tells them from the likeliest. */
export function neighboursOf(
  presence: Presence,
  { estimate, release }: VersionClaim,
  context: EvidenceContext,
): Neighbour[] {
  const { releases } = presence.candidate.record
  const sources = [...releases.keys()].filter((i) => releases[i]!.origin === 'source')
  // Where the version was read from a text, the release may be a built one of that version.
  const likeliest = sources.find((i) => releases[i]!.version === releases[release]?.version)
  if (estimate.kind === 'unknown' || likeliest === undefined) return []
  const claimed = new Set(estimate.kind === 'exact' ? [releases[likeliest]!.version] : estimate.versions)
  const others = sources.filter((i) => !claimed.has(releases[i]!.version))
  const before = others.findLast((i) => i < likeliest)
  const after = others.find((i) => i > likeliest)
  return [before, after].filter((i) => i !== undefined).map((i) => compare(presence, likeliest, i, context))
}

function compare(presence: Presence, likeliest: number, other: number, context: EvidenceContext): Neighbour {
  const { candidate } = presence
  const { lacking, explains, misses } = differences(presence, likeliest, other)
  const { df } = candidate.hits
  const strongest = lacking.reduce<number | undefined>(
    (best, row) => (best === undefined || df[row]! < df[best]! ? row : best),
    undefined,
  )
  const neighbour = { version: candidate.record.releases[other]!.version, lacks: lacking.length, explains, misses }
  return strongest === undefined ? neighbour : { ...neighbour, example: hitEvidence(candidate, strongest, context) }
}

/** What in the live units tells two releases from source apart. */
export interface Differences {
  /** A row for each fingerprint found that the one has and the other has not. */
  readonly lacking: readonly number[]
  /** How many were found that the other has and the one has not. */
  readonly explains: number
  /** Strings missing if it were the other, beyond those that are missing of the one. */
  readonly misses: number
}

/** Of two releases by index. Machine code and constants do not count: they are known of builds, or need others beside them. */
export function differences({ live, candidate: { hits, record } }: Presence, one: number, other: number): Differences {
  // By feature, bit 0 for the one, bit 1 for the other.
  const held = new Uint8Array(hits.features)
  const rows = new Map<number, number>()
  let misses = 0
  for (const unit of live) {
    misses += missingStrings(unit, other) - missingStrings(unit, one)
    for (const row of unit.hits) {
      const kind = hits.kinds[row]
      if (kind === Kind.Function || kind === Kind.Mnemonics || kind === Kind.Immediate) continue
      const feature = hits.featureOf[row]!
      const set = record.sets[hits.sets[row]!]!
      const isOfOne = holdsRelease(set, one)
      held[feature]! |= (isOfOne ? 1 : 0) | (holdsRelease(set, other) ? 2 : 0)
      if (isOfOne && !rows.has(feature)) rows.set(feature, row)
    }
  }
  const lacking = [...rows].filter(([feature]) => held[feature] === 1).map(([, row]) => row)
  return { lacking, explains: held.reduce((sum, bits) => sum + (bits === 2 ? 1 : 0), 0), misses }
}
