import type { Match } from '../model.ts'
import { isTablesAlone, type Presence } from './presence.ts'
import type { VersionMethod } from './version.ts'

/**
 * How often the version was right, by the way it was found, on one half of the public corpus: templates 24 of 24, literals 19
 * of 19, code 112 of 123; each with half a right and half a wrong one more, and rounded down to hundredths, as so few claims
 * give no more digits. On the other half it was 39 of 39, 60 of 60 and 56 of 59 (`npm run bench:calibrate`,
 * bench/results/reliability.md).
 */
const VERSION_CONFIDENCE: Readonly<Record<VersionMethod, number>> = {
  template: 0.98,
  literal: 0.97,
  'literal-unindexed': 0.97,
  functions: 0.9,
  features: 0.9,
  none: 0.9,
}

/** A template of the component's own code, alone. */
const TEMPLATE_ONLY = 0.95

/**
 * Tables of constants alone name an algorithm, and not who wrote it down: of ten components that were claimed by them in the static
 * programs of trixie, the public corpus and a Debian root, five were there (brotli, bzip2, fribidi, base64, and git's `diff-delta.c` in
 * libgit2) and five were not (libsodium and botan in OpenSSL, tini in Node, musl in libxcrypt, FFmpeg in librtmp).
 */
const TABLES_ALONE = 0.5

/**
 * Probability that the component is there and its version as said. Evidence e makes presence 1 - 0.2 / (1 + e / 3): 0.9 at
 * the threshold of 3, above 0.98 from 30 on; the shape is a choice, the ends are the prototype's precision there. On the public
 * corpus nothing was claimed that is not there, so that it cannot be fitted on it. `isNamed`: the file has the name of a library of the component.
 */
export function matchConfidence(presence: Presence, method: VersionMethod, isNamed: () => boolean): number {
  const present = presentShare(presence, isNamed)
  const confidence = Math.max(present, method === 'template' ? TEMPLATE_ONLY : 0) * VERSION_CONFIDENCE[method]
  // One of so many siblings that fit alike.
  return Math.round((confidence / (1 + presence.undecided.length)) * 1000) / 1000
}

function presentShare(presence: Presence, isNamed: () => boolean): number {
  if (presence.evidence === 0) return TEMPLATE_ONLY
  if (isTablesAlone(presence) && !isNamed()) return TABLES_ALONE
  return 1 - 0.2 / (1 + presence.evidence / 3)
}

/**
 * The probability that the component is there, or a sibling that was not told from it: an undecided family is no reason to be
 * silent.
 */
export function familyConfidence({ confidence, undecided }: Match): number {
  return confidence * (1 + undecided.length)
}
