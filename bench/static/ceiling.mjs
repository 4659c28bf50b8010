/**
 * How far text and data can tell the versions of a program apart at all, by component that is found in it and whose true version
 * was indexed from source: `{ found, all }`, each so many releases, the true one included, that nothing tells from it.
 *
 * `found` compares what is in the program: the releases that have the very same of these fingerprints. `all` compares what is
 * missing as well: those of them that miss as many strings of each unit that is there. Machine code is left out, as the database
 * has no build of a tested version.
 *
 * `truths` are versions by component; `modules` are the built revision's.
 */
export async function alikeReleases(bytes, reader, truths, modules) {
  const { bytesSource, readProgram, PrintSet, extractProgram, collectCandidates, coverGreedily } = modules
  const source = bytesSource(bytes)
  const prints = new PrintSet()
  extractProgram(readProgram(source), source, prints, { prefilter: reader.prefilter })
  const candidates = await collectCandidates(prints.seal(), reader)
  const alike = new Map()
  for (const presence of coverGreedily(candidates, prints).present) {
    const { name } = presence.candidate.record
    const releases = alikeOf(presence, truths.get(name), modules)
    if (releases !== undefined) alike.set(name, releases)
  }
  return alike
}

/** The same of one component that was found; undefined where the true version was not indexed from source. */
export function alikeOf(presence, truth, modules) {
  const { record } = presence.candidate
  const sources = [...record.releases.keys()].filter((i) => record.releases[i].origin === 'source')
  const right = sources.find((i) => truth !== undefined && modules.sameRelease(record.releases[i].version, truth))
  if (right === undefined) return undefined
  const found = sources.filter((release) => hasSame(presence, right, release, modules))
  const all = found.filter((release) => missesSame(presence, right, release, modules))
  return { found: found.length, all: all.length }
}

function hasSame({ live, candidate: { hits, record } }, one, other, { holdsRelease, Kind }) {
  // By feature, bit 0 for the one, bit 1 for the other.
  const held = new Uint8Array(hits.features)
  for (const unit of live)
    for (const row of unit.hits) {
      if (hits.kinds[row] === Kind.Function || hits.kinds[row] === Kind.Mnemonics) continue
      const set = record.sets[hits.sets[row]]
      held[hits.featureOf[row]] |= (holdsRelease(set, one) ? 1 : 0) | (holdsRelease(set, other) ? 2 : 0)
    }
  return held.every((bits) => bits === 0 || bits === 3)
}

function missesSame({ live }, one, other, { missingStrings }) {
  return live.every((unit) => missingStrings(unit, one) === missingStrings(unit, other))
}
