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

function hasSame(presence, one, other, { differences }) {
  const { lacking, explains } = differences(presence, one, other)
  return lacking.length === 0 && explains === 0
}

function missesSame({ live }, one, other, { missingStrings }) {
  return live.every((unit) => missingStrings(unit, one) === missingStrings(unit, other))
}
