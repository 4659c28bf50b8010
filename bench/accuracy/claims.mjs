import { createHash } from 'node:crypto'

/**
 * What identification claims of the files of a corpus, from their frozen features, one entry for each component:
 * `{ half, component, method, evidence, confidence, isPresent, isRight }`. Of several copies the first right one counts, as labels
 * name one version. `isRight` is undefined where no version is named,
 * or none is known to hold it against; claims in files whose labels are not complete and that lack them are left out.
 *
 * The halves are of source packages: files of one package hold the same code, and would tell one half of the other.
 */
export async function claimsOf({ frozen, labels, db, modules, naming }) {
  const { readFrozen, collectCandidates, coverGreedily, decideVersions, separateCopies, embeddedMatch, judgeFile } =
    modules
  const bySha256 = new Map(labels.filter(({ duplicateOf }) => duplicateOf === undefined).map((one) => [one.sha256, one]))
  const claims = []
  for (const { sha256, prints } of readFrozen(frozen)) {
    const label = bySha256.get(sha256)
    if (label === undefined) continue
    const { present } = coverGreedily(await collectCandidates(prints, db.reader), prints)
    // Of a file there are only its fingerprints, and no name.
    const nothing = { textAt: () => '', nameOf: () => undefined, ownNames: () => new Set() }
    const context = { prints, ...nothing, totalUnits: db.reader.manifest.units }
    for (const decided of decideVersions(present, prints.literals)) {
      const copies = separateCopies(decided.presence, decided.claims, prints)
      const judged = []
      for (const copy of copies) {
        const match = embeddedMatch(copy, copies.length, [], context)
        const [pair] = judgeFile(label, [match], naming).pairs.filter(
          ({ component, outcome }) => component === naming.canonical(match.name) && outcome !== 'missed',
        )
        if (pair === undefined || pair.outcome === 'unjudged') continue
        judged.push({
          half: halfOf(label.sourcePackage),
          id: label.id,
          component: match.name,
          method: copy.claim.method,
          evidence: copy.presence.evidence,
          confidence: match.confidence,
          isPresent: pair.outcome === 'found',
          isRight: rightness(pair),
        })
      }
      const best = judged.find(({ isRight }) => isRight) ?? judged[0]
      if (best !== undefined) claims.push(best)
    }
  }
  return claims
}

function halfOf(sourcePackage) {
  return createHash('sha256').update(sourcePackage).digest()[0] % 2 === 0 ? 'fitted' : 'held'
}

function rightness({ outcome, version }) {
  if (outcome !== 'found' || version === 'unlabelled' || version === 'unknown') return undefined
  return version === 'right' || version === 'inSet' || version === 'newerThanSet'
}
