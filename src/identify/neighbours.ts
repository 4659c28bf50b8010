import { holdsRelease } from '../database/release-sets.ts'
import type { Intervals } from '../database/schema.ts'
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

/** Of two releases by index. Machine code does not count: it is known of builds alone. */
export function differences({ live, candidate: { hits, record } }: Presence, one: number, other: number): Differences {
  // By feature, bit 0 for the one, bit 1 for the other.
  const held = new Uint8Array(hits.features)
  // By set the same, bit 2 where it was asked: a component has thousands of sets, and a small program holds few.
  const bitsOf = new Uint8Array(record.sets.length)
  const rows = new Int32Array(hits.features).fill(-1)
  let misses = 0
  for (const unit of live) {
    misses += missingStrings(unit, other) - missingStrings(unit, one)
    const own = unit.hits
    for (let i = 0; i < own.length; i++) {
      const row = own[i]!
      const kind = hits.kinds[row]
      if (kind === Kind.Function || kind === Kind.Mnemonics) continue
      const feature = hits.featureOf[row]!
      const set = hits.sets[row]!
      if (bitsOf[set] === 0) bitsOf[set] = 4 | bitsOfSet(record.sets[set]!, one, other)
      const bits = bitsOf[set]! & 3
      held[feature]! |= bits
      if ((bits & 1) !== 0 && rows[feature] === -1) rows[feature] = row
    }
  }
  const lacking: number[] = []
  let explains = 0
  for (let feature = 0; feature < held.length; feature++) {
    if (held[feature] === 1) lacking.push(rows[feature]!)
    else if (held[feature] === 2) explains++
  }
  return { lacking, explains, misses }
}

function bitsOfSet(intervals: Intervals, one: number, other: number): number {
  return (holdsRelease(intervals, one) ? 1 : 0) | (holdsRelease(intervals, other) ? 2 : 0)
}
