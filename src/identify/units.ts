import type { CompiledUnit, ComponentRecord, Intervals, UnitTotals } from '../database/schema.ts'
import { stemOf } from '../database/stem.ts'
import { isText, Kind, type PrintSet } from '../fingerprint/print-set.ts'
import type { Explained } from './explained.ts'
import type { Candidate, Hit } from './hits.ts'
import { densestHits } from './locality.ts'

/** Distinct fingerprints found of a unit, release by release: one entry per release of the component. */
export interface Tally {
  readonly found: Int32Array
  /** Their weights added up. */
  readonly weight: Float64Array
}

/**
 * What was found of one unit, release by release. All arrays have one entry per release of the component; of a unit whose
 * hits weigh too little for any release only the hits are told.
 */
export interface UnitEvidence {
  readonly unit: number
  readonly hits: readonly Hit[]
  /** Hits that were not explained by others, those included that lie too far from each other to count. */
  readonly left: number
  /** The hits weigh too little to make the unit live in any release, and are not counted. */
  readonly isFaint: boolean
  /** Strings that are sentences, and those that are labels. */
  readonly sentences: Tally
  readonly labels: Tally
  readonly symbols: Tally
  /** Functions, whole or by their mnemonics, of this release as it was built. */
  readonly functions: Tally
  readonly tables: Tally
  /** Those that lie together in the file. */
  readonly immediates: Tally
  /** Strings, table windows and immediates that the release has in this unit at all. */
  readonly expected: Int32Array
  readonly expectedTables: Int32Array
  readonly expectedImmediates: Int32Array
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
/** Machine code: one function of 30 instructions that nobody else has, or two of 15. */
const LIVE_FUNCTION_WEIGHT = 3
/** Constant data: a quarter of a kilobyte, as windows are 64 bytes apart on average … */
const LIVE_TABLES = 4
/** … which is the share {@link LIVE_COVERAGE} of the unit's data, or so much of it that options cannot matter … */
const LIVE_TABLES_WITHOUT_COVERAGE = 16
/** … or half a kilobyte, where no source tells how much data there is: small tables of built code are alike. */
const LIVE_TABLES_OF_BUILT = 8
const LIVE_TABLE_WEIGHT = 3
/** Rare constants of the code, side by side. */
const LIVE_IMMEDIATES = 3

/**
 * The evidence of every unit with hits that are not yet explained by another component, in unit order.
 *
 * `before` is what the same call gave when less was explained: units that lost nothing since are taken over.
 */
export function weighUnits(
  candidate: Candidate,
  explained: Explained,
  prints: PrintSet,
  before: readonly UnitEvidence[] = [],
): UnitEvidence[] {
  const known = new Map(before.map((evidence) => [evidence.unit, evidence]))
  const evidence: UnitEvidence[] = []
  for (const [unit, all] of candidate.units) {
    const left = unexplained(all, candidate.record.units[unit]!.path, explained)
    if (left.length === 0) continue
    const kept = known.get(unit)
    evidence.push(kept?.left === left.length ? kept : weighUnit(candidate, unit, left, prints))
  }
  return evidence.sort((a, b) => a.unit - b.unit)
}

function unexplained(hits: readonly Hit[], path: string, { prints, stems }: Explained): readonly Hit[] {
  if (prints.size === 0) return hits
  const isCopied = stems.has(stemOf(path))
  // The author's text stays; what compilers make of the source goes with the one that is here.
  return hits.filter((hit) => !prints.has(hit.print) && !(isCopied && !isText(hit.kind)))
}

function weighUnit(candidate: Candidate, unit: number, left: readonly Hit[], prints: PrintSet): UnitEvidence {
  const { record } = candidate
  const hits = withNeighbours(left, prints)
  const tallies = tallyHits(candidate, hits)
  const none = noneOf(record)
  // A file is of one byte order.
  const hasBigEndian = hits.some(({ kind }) => kind === Kind.BigEndianTable)
  return {
    unit,
    hits,
    left: left.length,
    isFaint: Object.keys(tallies).length === 0,
    sentences: tallies.sentences ?? none,
    labels: tallies.labels ?? none,
    symbols: tallies.symbols ?? none,
    functions: tallies.functions ?? none,
    tables: tallies.tables ?? none,
    immediates: tallies.immediates ?? none,
    expected: expectedOf(record, unit, 'strings'),
    expectedTables: expectedOf(record, unit, hasBigEndian ? 'bigEndianTables' : 'tables'),
    expectedImmediates: expectedOf(record, unit, 'immediates'),
  }
}

/**
 * The hits without those that need neighbours and have none: constants together with constants, functions with functions, in
 * the place where there are most.
 */
function withNeighbours(hits: readonly Hit[], prints: PrintSet): readonly Hit[] {
  if (!hits.some((hit) => hit.needsNeighbours)) return hits
  const constants = hits.filter(({ kind }) => kind === Kind.Immediate)
  const functions = hits.filter(({ kind }) => kind === Kind.Function || kind === Kind.Mnemonics)
  const together = new Set(constants.length >= LIVE_IMMEDIATES ? densestHits(constants, prints) : [])
  for (const hit of densestHits(functions, prints)) together.add(hit)
  return hits.filter((hit) => !hit.needsNeighbours || together.has(hit))
}

/** Counts and weighs hits by release, kind by kind. Nothing is made for a unit that weighs too little to be live. */
function tallyHits(candidate: Candidate, hits: readonly Hit[]): Partial<Record<TallyName, Tally>> {
  const tallies: Partial<Record<TallyName, Tally>> = {}
  if (hits.reduce((sum, { weight }) => sum + weight, 0) < LIVE_WEIGHT) return tallies
  const { record } = candidate
  const count = record.releases.length
  for (const [name, sets] of hitsBySet(hits)) {
    const found = new Int32Array(count)
    const weight = new Float64Array(count)
    for (const [set, sum] of sets) {
      const add = (release: number): void => {
        found[release]! += sum.hits
        weight[release]! += sum.weight
      }
      if (BY_BUILD.has(name)) forEachVersion(candidate, set, add)
      else forEachRelease(record.sets[set]!, add)
    }
    tallies[name] = { found, weight }
  }
  return tallies
}

/** Hits of one kind that the same releases have. */
interface SetSum {
  hits: number
  weight: number
}

/** Most hits of a unit are in the same few sets of releases: each set is spread over its releases once. */
function hitsBySet(hits: readonly Hit[]): Map<TallyName, Map<number, SetSum>> {
  const byName = new Map<TallyName, Map<number, SetSum>>()
  for (const hit of hits) {
    const name = tallyOf(hit)
    let sets = byName.get(name)
    if (sets === undefined) {
      sets = new Map()
      byName.set(name, sets)
    }
    const sum = sets.get(hit.set)
    if (sum === undefined) sets.set(hit.set, { hits: 1, weight: hit.weight })
    else {
      sum.hits++
      sum.weight += hit.weight
    }
  }
  return byName
}

type TallyName = 'sentences' | 'labels' | 'symbols' | 'functions' | 'tables' | 'immediates'

/** What compilers make is known of built releases only, and speaks for the source release of the same version as well. */
const BY_BUILD: ReadonlySet<TallyName> = new Set(['functions', 'tables'])

function tallyOf({ kind, isLabel }: Hit): TallyName {
  if (kind === Kind.Symbol) return 'symbols'
  if (kind === Kind.Function || kind === Kind.Mnemonics) return 'functions'
  if (kind === Kind.Table || kind === Kind.BigEndianTable) return 'tables'
  if (kind === Kind.Immediate) return 'immediates'
  return isLabel ? 'labels' : 'sentences'
}

/** Strings of the unit that are in the file, release by release. */
export function stringsFound({ sentences, labels }: UnitEvidence, release: number): number {
  return sentences.found[release]! + labels.found[release]!
}

/** Nothing found, for all units of a record; nobody writes to it. */
const nones = new WeakMap<ComponentRecord, Tally>()

function noneOf(record: ComponentRecord): Tally {
  const known = nones.get(record)
  if (known !== undefined) return known
  const count = record.releases.length
  const none = { found: new Int32Array(count), weight: new Float64Array(count) }
  nones.set(record, none)
  return none
}

/** What units hold, release by release; records live as long as their database, and units are asked for again and again. */
const totalsOfUnits = new WeakMap<CompiledUnit, Partial<Record<keyof UnitTotals, Int32Array>>>()

/** Fingerprints of one kind that a unit has in each release, from the run-length coded totals. */
function expectedOf(record: ComponentRecord, unit: number, kind: keyof UnitTotals): Int32Array {
  const compiled = record.units[unit]!
  const totals = compiled.totals[kind]
  if (totals.length === 0) return noneOf(record).found
  const known = totalsOfUnits.get(compiled) ?? {}
  totalsOfUnits.set(compiled, known)
  const kept = known[kind]
  if (kept !== undefined) return kept
  const expected = new Int32Array(record.releases.length)
  for (let i = 0; i < totals.length; i += 2) expected.fill(totals[i + 1]!, totals[i])
  known[kind] = expected
  return expected
}

/** Whether a release has so much text or data in the unit that finding it is to be expected. */
export function canBeLive(record: ComponentRecord, unit: number, release: number): boolean {
  const has = (kind: keyof UnitTotals): number => expectedOf(record, unit, kind)[release]!
  return has('strings') >= LIVE_STRINGS || has('tables') >= LIVE_TABLES
}

/** Visits the releases of a set, ascending. */
export function forEachRelease(intervals: Intervals, visit: (release: number) => void): void {
  for (let i = 0; i < intervals.length; i += 2)
    for (let release = intervals[i]!; release <= intervals[i + 1]!; release++) visit(release)
}

/** Visits the releases of a set, and with each built release the source release of its version, each once. */
export function forEachVersion(
  { record, sourceOf }: Pick<Candidate, 'record' | 'sourceOf'>,
  set: number,
  visit: (release: number) => void,
): void {
  const intervals = record.sets[set]!
  forEachRelease(intervals, (release) => {
    visit(release)
    const source = sourceOf[release]!
    if (source >= 0 && !holds(intervals, source)) visit(source)
  })
}

function holds(intervals: Intervals, release: number): boolean {
  for (let i = 0; i < intervals.length; i += 2)
    if (intervals[i]! <= release && release <= intervals[i + 1]!) return true
  return false
}

/** Whether the unit's code is in the file, if the file holds this release. */
export function isLive(evidence: UnitEvidence, release: number): boolean {
  return (
    liveByStrings(evidence, release) ||
    liveBySymbols(evidence, release) ||
    liveByFunctions(evidence, release) ||
    liveByTables(evidence, release) ||
    liveByImmediates(evidence, release)
  )
}

/** Whether text of the unit alone makes it live in some release. */
export function hasText(evidence: UnitEvidence): boolean {
  return evidence.expected.some((_, release) => liveByStrings(evidence, release) || liveBySymbols(evidence, release))
}

function liveByStrings(evidence: UnitEvidence, release: number): boolean {
  const found = stringsFound(evidence, release)
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

function stringWeight({ sentences, labels }: UnitEvidence, release: number): number {
  return sentences.weight[release]! + Math.min(LABEL_CAP, labels.weight[release]!)
}

function liveBySymbols({ symbols }: UnitEvidence, release: number): boolean {
  return symbols.found[release]! >= LIVE_SYMBOLS && symbols.weight[release]! >= LIVE_SYMBOL_WEIGHT
}

/** Whether machine code of the unit is there: no chance, however little it is. */
export function liveByFunctions({ functions }: UnitEvidence, release: number): boolean {
  return functions.weight[release]! >= LIVE_FUNCTION_WEIGHT
}

/** Text is what no compiler and no option changes: so much of it in a unit, and none of it here, and the unit is not here. */
const TELLING_STRINGS = 8

/** Whether the text of the unit speaks against it; data and constants are copied more easily than files. */
function lacksText(evidence: UnitEvidence, release: number): boolean {
  return evidence.expected[release]! >= TELLING_STRINGS && stringsFound(evidence, release) === 0
}

function liveByTables(evidence: UnitEvidence, release: number): boolean {
  const { tables, expectedTables } = evidence
  if (lacksText(evidence, release)) return false
  const found = tables.found[release]!
  const least = expectedTables[release]! > 0 ? LIVE_TABLES : LIVE_TABLES_OF_BUILT
  const isShare = found >= least && found >= LIVE_COVERAGE * expectedTables[release]!
  return (isShare || found >= LIVE_TABLES_WITHOUT_COVERAGE) && tables.weight[release]! >= LIVE_TABLE_WEIGHT
}

function liveByImmediates(evidence: UnitEvidence, release: number): boolean {
  const { immediates, expectedImmediates } = evidence
  if (lacksText(evidence, release)) return false
  const found = immediates.found[release]!
  return (
    found >= LIVE_IMMEDIATES &&
    found >= LIVE_COVERAGE * expectedImmediates[release]! &&
    immediates.weight[release]! >= LIVE_WEIGHT
  )
}

/** One unit never says more than this, so that a single generated file cannot outvote a library. */
export const UNIT_WEIGHT_CAP = 40

/** What a live unit adds to the evidence for its component. */
export function liveWeight(evidence: UnitEvidence, release: number): number {
  let weight = 0
  if (liveByStrings(evidence, release)) weight += stringWeight(evidence, release)
  if (liveBySymbols(evidence, release)) weight += evidence.symbols.weight[release]!
  if (liveByFunctions(evidence, release)) weight += evidence.functions.weight[release]!
  if (liveByTables(evidence, release)) weight += evidence.tables.weight[release]!
  if (liveByImmediates(evidence, release)) weight += evidence.immediates.weight[release]!
  return Math.min(weight, UNIT_WEIGHT_CAP)
}
