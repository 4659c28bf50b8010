import { familyConfidence } from '../identify/confidence.ts'
import type { DatabaseSummary, Match } from '../model.ts'
import type { FingerprintDatabase } from './open-database.ts'

export const DEFAULT_MIN_CONFIDENCE = 0.8

/** @throws TypeError for what is no number from 0 to 1 */
export function checkedConfidence(minConfidence: number = DEFAULT_MIN_CONFIDENCE): number {
  if (minConfidence >= 0 && minConfidence <= 1) return minConfidence
  throw new TypeError(`minConfidence: need a number from 0 to 1, got ${minConfidence}`)
}

/** Matches that a report shows. */
export function confidentMatches(matches: readonly Match[], minConfidence: number): Match[] {
  return matches.filter((match) => familyConfidence(match) >= minConfidence)
}

/** What a report says of its database. */
export function databaseSummary({ summary }: FingerprintDatabase): DatabaseSummary {
  const { components, releases, digest } = summary
  return { components, releases, digest }
}
