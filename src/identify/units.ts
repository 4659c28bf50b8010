import type { ComponentRecord, Intervals } from '../database/schema.ts'
import { Kind } from '../fingerprint/print-set.ts'
import type { Candidate, Hit } from './hits.ts'

/** What was found of one unit, release by release. All arrays have one entry per release of the component. */
export interface UnitEvidence {
  readonly unit: number
  readonly hits: readonly Hit[]
  /** Distinct strings found that the release has in this unit. */
  readonly strings: Int32Array
  /** Weights of those that are sentences, and of those that are labels, added up. */
  readonly sentenceWeight: Float64Array
  readonly labelWeight: Float64Array
  /** Strings that the release has in this unit at all. */
  readonly expected: Int32Array
  readonly symbols: Int32Array
  readonly symbolWeight: Float64Array
}

/**
 * A unit is live, really linked in, with at least this many of its strings …
 *
 * These constants are the prototype's; sensitivities in docs/identification.md.
 */
const LIVE_STRINGS = 3
/** … making up this share of them (0.3 → 0.2 costs five points of precision) … */
const LIVE_COVERAGE = 0.3
/** … and this much weight, so that strings everyone has cannot do it alone. */
const LIVE_WEIGHT = 2
/** Without strings, a unit is live by this many defined functions of its own. */
const LIVE_SYMBOLS = 5
const LIVE_SYMBOL_WEIGHT = 4

/** The evidence of every unit with hits that are not yet explained by another component. */
export function weighUnits(candidate: Candidate, explained: ReadonlySet<number>): UnitEvidence[] {
  const evidence: UnitEvidence[] = []
  for (const [unit, all] of candidate.units) {
    const hits = explained.size === 0 ? all : all.filter((hit) => !explained.has(hit.print))
    if (hits.length > 0) evidence.push(weighUnit(candidate.record, unit, hits))
  }
  return evidence.sort((a, b) => a.unit - b.unit)
}

function weighUnit(record: ComponentRecord, unit: number, hits: readonly Hit[]): UnitEvidence {
  const count = record.releases.length
  const evidence = {
    unit,
    hits,
    strings: new Int32Array(count),
    sentenceWeight: new Float64Array(count),
    labelWeight: new Float64Array(count),
    expected: expectedStrings(record, unit),
    symbols: new Int32Array(count),
    symbolWeight: new Float64Array(count),
  }
  for (const hit of hits) {
    const isString = hit.kind === Kind.String
    const found = isString ? evidence.strings : evidence.symbols
    const stringWeight = hit.isLabel ? evidence.labelWeight : evidence.sentenceWeight
    const weight = isString ? stringWeight : evidence.symbolWeight
    forEachRelease(record.sets[hit.set]!, (release) => {
      found[release]!++
      weight[release]! += hit.weight
    })
  }
  return evidence
}

/** Strings of the unit in each release, from the run-length coded totals. */
function expectedStrings(record: ComponentRecord, unit: number): Int32Array {
  const { strings: totals } = record.units[unit]!.totals
  const expected = new Int32Array(record.releases.length)
  for (let i = 0; i < totals.length; i += 2) expected.fill(totals[i + 1]!, totals[i])
  return expected
}

export function forEachRelease(intervals: Intervals, visit: (release: number) => void): void {
  for (let i = 0; i < intervals.length; i += 2)
    for (let release = intervals[i]!; release <= intervals[i + 1]!; release++) visit(release)
}

/** Whether the unit's code is in the file, if the file holds this release. */
export function isLive(evidence: UnitEvidence, release: number): boolean {
  return liveByStrings(evidence, release) || liveBySymbols(evidence, release)
}

function liveByStrings(evidence: UnitEvidence, release: number): boolean {
  const found = evidence.strings[release]!
  return (
    found >= LIVE_STRINGS &&
    found >= LIVE_COVERAGE * evidence.expected[release]! &&
    stringWeight(evidence, release) >= LIVE_WEIGHT
  )
}

/**
 * A table of names is one piece of evidence however long it is: cipher suites, encodings and scripts are named alike by
 * everyone who implements them. Below {@link LIVE_WEIGHT}, so that such a table never makes a unit live by itself.
 */
const LABEL_CAP = 1.5

function stringWeight(evidence: UnitEvidence, release: number): number {
  return evidence.sentenceWeight[release]! + Math.min(LABEL_CAP, evidence.labelWeight[release]!)
}

function liveBySymbols(evidence: UnitEvidence, release: number): boolean {
  return evidence.symbols[release]! >= LIVE_SYMBOLS && evidence.symbolWeight[release]! >= LIVE_SYMBOL_WEIGHT
}

/** One unit never says more than this, so that a single generated file cannot outvote a library. */
const UNIT_WEIGHT_CAP = 40

/** What a live unit adds to the evidence for its component. */
export function liveWeight(evidence: UnitEvidence, release: number): number {
  let weight = 0
  if (liveByStrings(evidence, release)) weight += stringWeight(evidence, release)
  if (liveBySymbols(evidence, release)) weight += evidence.symbolWeight[release]!
  return Math.min(weight, UNIT_WEIGHT_CAP)
}
