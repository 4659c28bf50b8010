import { formatCpe, formatPurl } from '../database/names.ts'
import type { ComponentRecord } from '../database/schema.ts'
import type { PrintSet } from '../fingerprint/print-set.ts'
import type { Evidence, Match, ModifiedFunction, Origin, UnitMatch, VersionEstimate } from '../model.ts'
import { matchConfidence } from './confidence.ts'
import type { Copy } from './copies.ts'
import { byBits, type EvidenceContext, hitEvidence, literalEvidence, templateEvidence } from './evidence.ts'
import type { HitTable } from './hit-table.ts'
import type { Candidate } from './hits.ts'
import { stringsFound } from './live.ts'
import { neighboursOf } from './neighbours.ts'
import { distinctRows } from './places.ts'
import type { Presence } from './presence.ts'
import { rangesBetween, rangesOf } from './ranges.ts'
import { leastMissing, missingStrings } from './release-scores.ts'
import { canBeLive } from './units.ts'

/** The strongest hits that a report carries; `units` counts all of them. */
const MAX_EVIDENCE = 50
/** From this share of the units that have text on, a component is there as a whole. */
const WHOLE_SHARE = 0.5
/** With this many live units or fewer, and most units missing, it is a copied file rather than a library. */
const SNIPPET_UNITS = 2

/** The claim that a copy of the component, of so many in all, is in the file. */
export function embeddedMatch(
  copy: Copy,
  copies: number,
  modified: readonly ModifiedFunction[],
  context: EvidenceContext,
): Match {
  const { presence, claim, placed } = copy
  const { record, hits } = presence.candidate
  const rows = distinctRows(presence.live, hits)
  // A template that two units hold is one text.
  const texts = [...new Map(claim.templates.map((hit) => [hit.print, hit])).values()]
  const carriers = texts.map((hit) => templateEvidence(hit, record, context)).sort(byBits)
  const literal = claim.literal
  if (literal !== undefined) carriers.push(literalEvidence(literal, context))
  const strongest = strongestHits(rows, hits, MAX_EVIDENCE - carriers.length, context.prints)
  const evidence = strongest.map((row) => hitEvidence(presence.candidate, row, context))
  return {
    name: record.name,
    version: claim.estimate,
    confidence: matchConfidence(presence, claim.method, () => hasNameOf(record, context)),
    undecided: presence.undecided,
    role: 'embedded',
    origin: originOf(presence, claim.release),
    method: 'fingerprints',
    own: false,
    ...componentNames(record, claim.estimate),
    ranges: rangesOfHits(carriers, rows, hits, placed, context.prints),
    units: liveUnits(presence, claim.release),
    evidence: [...carriers, ...evidence].slice(0, MAX_EVIDENCE),
    neighbours: neighboursOf(presence, claim, context),
    modified,
    against: against(copy, copies),
  }
}

/** Whether the file has the name of a library of the component. */
function hasNameOf({ sonames }: ComponentRecord, { ownNames }: EvidenceContext): boolean {
  const names = ownNames()
  return sonames.some((name) => names.has(name))
}

/** The ranges of texts, and of the hits that are this copy's for certain. */
function rangesOfHits(
  carriers: readonly Evidence[],
  rows: readonly number[],
  { prints: printOf }: HitTable,
  placed: Uint8Array | undefined,
  { offsets, lengths }: PrintSet,
): [number, number][] {
  const starts = new Float64Array(carriers.length + rows.length)
  const ends = new Float64Array(carriers.length + rows.length)
  let count = 0
  for (const { offset, length } of carriers) {
    starts[count] = offset ?? 0
    ends[count++] = (offset ?? 0) + length
  }
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    if (placed !== undefined && placed[row] === 0) continue
    const print = printOf[row]!
    starts[count] = offsets[print]!
    ends[count++] = offsets[print]! + lengths[print]!
  }
  return rangesBetween(starts.subarray(0, count), ends.subarray(0, count))
}

/** So many rows that the fewest units hold, of equal ones the first in the file. A large library has thousands. */
function strongestHits(rows: readonly number[], hits: HitTable, count: number, { offsets }: PrintSet): number[] {
  const strongest: number[] = []
  for (const row of rows) {
    if (strongest.length >= count && !(count > 0 && compareStrength(hits, offsets, row, strongest.at(-1)!) < 0))
      continue
    let at = strongest.length
    while (at > 0 && compareStrength(hits, offsets, row, strongest[at - 1]!) < 0) at--
    strongest.splice(at, 0, row)
    if (strongest.length > count) strongest.pop()
  }
  return strongest
}

function compareStrength(hits: HitTable, offsets: Float64Array, a: number, b: number): number {
  return (
    hits.df[a]! - hits.df[b]! ||
    offsets[hits.prints[a]!]! - offsets[hits.prints[b]!]! ||
    hits.kinds[a]! - hits.kinds[b]!
  )
}

/** The claim that the loader brings the component in. Which version is decided where the program runs. */
export function linkedMatch(record: ComponentRecord, needed: string): Match {
  const version: VersionEstimate = {
    kind: 'unknown',
    reason: `the program loads ${needed}; its version is in that file`,
  }
  return {
    name: record.name,
    version,
    confidence: 0.99,
    undecided: [],
    role: 'linked',
    origin: 'whole',
    method: 'fingerprints',
    own: false,
    ...componentNames(record, version),
    ranges: [],
    units: [],
    evidence: [{ kind: 'soname', offset: null, length: 0, unit: null, bits: 0, text: needed }],
    neighbours: [],
    modified: [],
    against: ['none of its code is in this file'],
  }
}

/** The claim that a text of the component stands in the file, and nothing else of it. */
export function mentionedMatch(candidate: Candidate, context: EvidenceContext): Match {
  const { record } = candidate
  const hits = candidate.templates.filter((hit) => hit.template.selfNaming)
  const texts = [...new Set(hits.map((hit) => hit.version))]
  const version: VersionEstimate = {
    kind: 'unknown',
    reason: `only a text with ${texts.join(', ')} names it; none of its code was found`,
  }
  const evidence = hits.map((hit) => templateEvidence(hit, record, context))
  return {
    name: record.name,
    version,
    confidence: 0.9,
    undecided: [],
    role: 'mentioned',
    origin: 'snippet',
    method: 'fingerprints',
    own: false,
    ...componentNames(record, version),
    ranges: rangesOf(evidence.map(({ offset, length }) => ({ offset: offset ?? 0, length }))),
    units: [],
    evidence: evidence.slice(0, MAX_EVIDENCE),
    neighbours: [],
    modified: [],
    against: ['no unit of it is live'],
  }
}

/** Purl and CPEs of a component in a version. */
export function componentNames(record: ComponentRecord, version: VersionEstimate): { purl: string; cpes: string[] } {
  const exact = version.kind === 'exact' ? version.version : undefined
  return { purl: formatPurl(record, exact), cpes: record.cpes.map((pair) => formatCpe(pair, exact)) }
}

function originOf(presence: Presence, release: number): Origin {
  const { record } = presence.candidate
  const live = presence.live.length
  const visible = unitsWithText(record, release)
  if (visible === 0 || live >= WHOLE_SHARE * visible) return 'whole'
  return live <= SNIPPET_UNITS ? 'snippet' : 'partial'
}

/** By release, where it was asked: records live as long as their database, and every file asks for the same. */
const visibleOf = new WeakMap<ComponentRecord, Int32Array>()

/** How many units of a release have so much text or data that finding it is to be expected. */
function unitsWithText(record: ComponentRecord, release: number): number {
  let known = visibleOf.get(record)
  if (known === undefined) {
    known = new Int32Array(record.releases.length).fill(-1)
    visibleOf.set(record, known)
  }
  if (known[release] === -1) {
    let visible = 0
    for (const unit of record.units) if (!unit.vendored && canBeLive(unit, release)) visible++
    known[release] = visible
  }
  return known[release] ?? 0
}

/**
 * The live units with what was found of what they hold: text, data and constants where sources tell how much there is,
 * else defined names or functions. Of these no source tells how many there are: those that were found are counted, and
 * beside them what else the unit is known to hold, so that one function alone never reads as the whole file.
 */
function liveUnits(presence: Presence, release: number): UnitMatch[] {
  const { record } = presence.candidate
  return presence.live
    .map((unit) => {
      const counted = stringsFound(unit, release) + unit.tables.found[release]! + unit.immediates.found[release]!
      const expected = unit.expected[release]! + unit.expectedTables[release]! + unit.expectedImmediates[release]!
      // Names and functions may be known of other releases only, as libraries were built of few.
      const matched = counted > 0 ? counted : Math.max(most(unit.symbols.found), most(unit.functions.found))
      return {
        path: record.units[unit.unit]!.path,
        matched,
        expected: Math.max(matched, counted > 0 ? expected : expected + matched),
        missing: missingStrings(unit, release),
        leastMissing: leastMissing(unit, record),
      }
    })
    .filter((unit) => unit.matched > 0)
    .sort((a, b) => b.matched - a.matched || (a.path < b.path ? -1 : 1))
}

function most(values: Int32Array): number {
  return values.reduce((a, b) => Math.max(a, b), 0)
}

function against({ presence, claim }: Copy, copies: number): string[] {
  const { record } = presence.candidate
  const notes: string[] = []
  const version = claim.estimate
  if (copies > 1)
    notes.push(
      `the file holds ${copies} copies of ${record.name}; text that they share stands only once and counts for each`,
    )
  if (version.kind === 'exact' && !version.indexed)
    notes.push(`${version.version} was never indexed: the units are compared with ${version.nearest ?? 'nothing'}`)
  if (version.kind === 'set' && version.orNewer === true)
    notes.push('the newest indexed release is among the candidates: a newer one would look the same')
  if (presence.undecided.length > 0)
    notes.push(
      `${presence.undecided.join(' and ')} of the same family ${presence.undecided.length > 1 ? 'fit' : 'fits'} as well: which of them it is was not decided`,
    )
  if (presence.live.length === 0) notes.push('no unit is live: only a text of its own code names it')
  const lacking = presence.live
    .map((unit) => ({
      path: record.units[unit.unit]!.path,
      missing: unit.expected[claim.release]! - stringsFound(unit, claim.release),
      expected: unit.expected[claim.release]!,
    }))
    .filter(({ missing, expected }) => expected >= 4 && missing > expected / 2)
  for (const { path, missing, expected } of lacking.slice(0, 3))
    notes.push(`${missing} of ${expected} strings that ${path} has in the likeliest release are not in the file`)
  return notes
}
