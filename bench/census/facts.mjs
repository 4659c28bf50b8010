/** Evidence kept of each component. */
const SAMPLES = 3
/** Longer texts are cut: enough to recognise one by, no more of a foreign program than that. */
const QUOTED = 60
/** Units named of each component. */
const UNITS_NAMED = 4
/** What says most to a person comes first. */
const TEXT_KINDS = new Set(['string', 'template', 'symbol', 'soname', 'import', 'literal'])

/** What an embedded component's samples are: texts before code and data, each at most 60 characters. */
export function samplesOf(evidence) {
  const texts = evidence.filter(({ kind }) => TEXT_KINDS.has(kind))
  const others = evidence.filter(({ kind }) => !TEXT_KINDS.has(kind))
  return [...texts, ...others].slice(0, SAMPLES).map(({ kind, offset, unit, text }) => {
    const cut = [...text].length > QUOTED ? `${[...text].slice(0, QUOTED - 1).join('')}…` : text
    return { kind, offset, unit, text: cut }
  })
}

/** The facts of one match that the census keeps. */
export function factsOf(match) {
  const { name, role, origin, method, version, confidence, undecided } = match
  if (role !== 'embedded') return { name, role }
  const fingerprints = match.units.reduce((sum, { matched }) => sum + matched, 0)
  const units = match.units.slice(0, UNITS_NAMED).map(({ path }) => path)
  const facts = { name, role, origin, method, version, confidence, fingerprints, evidence: match.evidence.length }
  return {
    ...facts,
    unitCount: match.units.length,
    units,
    ...(undecided.length > 0 ? { undecided } : {}),
    samples: samplesOf(match.evidence),
  }
}
