import type { Contradiction } from '../model.ts'
import type { Copy } from './copies.ts'
import { differences } from './neighbours.ts'
import { ONE_WITNESS, scoreReleases } from './release-scores.ts'

/**
 * Where the version text of a copy names an indexed release, and another one fits better by more than one kind of fingerprint of one
 * unit can say: fixes that were brought back, or a text that is not the code's own.
 */
export function textContradiction(
  { presence, claim }: Copy,
  textOf: (print: number) => string,
): Contradiction | undefined {
  const { record } = presence.candidate
  const { estimate } = claim
  const [template] = claim.templates
  if (template === undefined || estimate.kind !== 'exact' || !estimate.indexed) return undefined
  const { version } = estimate
  const claimed = record.releases.findIndex((release) => release.origin === 'source' && release.version === version)
  if (claimed < 0) return undefined
  const scores = scoreReleases(presence)
  // Of equal ones the first: nothing later is needed to explain the file.
  const best = scores.reduce((a, score, release) => (score > scores[a]! ? release : a), claimed)
  if (scores[best]! - scores[claimed]! <= ONE_WITNESS) return undefined
  const better = record.releases[best]!.version
  const { explains } = differences(presence, claimed, best)
  return {
    component: record.name,
    source: 'text',
    text: textOf(template.print),
    because: `${explains} fingerprints of the code are of ${better} and not of ${version}: fixes brought back, or a text that is not its own`,
  }
}
