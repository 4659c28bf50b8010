import { holdsRelease } from '../database/release-sets.ts'
import { Kind } from '../fingerprint/print-set.ts'
import type { Contradiction } from '../model.ts'
import type { Copy } from './copies.ts'
import { scoreReleases, UNIT_LOSS_CAP } from './release-scores.ts'

/**
 * Where the version text of a copy names an indexed release, and more of the code than one unit can say fits another one better:
 * fixes that were brought back, or a text that is not the code's own. `textAt` is as for the evidence.
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
  if (scores[best]! - scores[claimed]! <= UNIT_LOSS_CAP) return undefined
  const better = record.releases[best]!.version
  const beyond = hitsOfOneOnly(presence, best, claimed)
  return {
    component: record.name,
    source: 'text',
    text: textOf(template.print),
    because: `${beyond} fingerprints of the code are of ${better} and not of ${version}: fixes brought back, or a text that is not its own`,
  }
}

/** How many fingerprints of the live units one release has and another has not. */
function hitsOfOneOnly({ live, candidate: { hits, record } }: Copy['presence'], one: number, other: number): number {
  // By feature, bit 0 for the one, bit 1 for the other.
  const held = new Uint8Array(hits.features)
  for (const unit of live)
    for (const row of unit.hits) {
      if (hits.kinds[row] === Kind.Function || hits.kinds[row] === Kind.Mnemonics) continue
      const set = record.sets[hits.sets[row]!]!
      held[hits.featureOf[row]!]! |= (holdsRelease(set, one) ? 1 : 0) | (holdsRelease(set, other) ? 2 : 0)
    }
  return held.filter((bits) => bits === 1).length
}
