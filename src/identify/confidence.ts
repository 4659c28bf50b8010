import type { Presence } from './presence.ts'
import type { VersionMethod } from './version.ts'

/**
 * How often the version was right, by the way it was found: the shares that the prototype measured on public binaries
 * (templates 105 of 106, literals 124 of 127, literals of releases not indexed 19 of 19, sets that hold the truth 0.90).
 * To be fitted anew against this project's own bench.
 */
const VERSION_CONFIDENCE: Readonly<Record<VersionMethod, number>> = {
  template: 0.99,
  literal: 0.976,
  'literal-unindexed': 0.95,
  functions: 0.9,
  features: 0.9,
  none: 0.9,
}

/** A template of the component's own code, alone. */
const TEMPLATE_ONLY = 0.95

/**
 * Probability that the component is there and its version as said. Evidence e makes presence 1 - 0.2 / (1 + e / 3): 0.9 at
 * the threshold of 3, above 0.98 from 30 on; the shape is a choice, the ends are the prototype's precision there.
 */
export function matchConfidence(presence: Presence, method: VersionMethod): number {
  const present = presence.evidence > 0 ? 1 - 0.2 / (1 + presence.evidence / 3) : TEMPLATE_ONLY
  const confidence = Math.max(present, method === 'template' ? TEMPLATE_ONLY : 0) * VERSION_CONFIDENCE[method]
  return Math.round(confidence * 1000) / 1000
}
