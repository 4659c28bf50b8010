import type { CompiledUnit, ComponentRecord, UnitTotals } from '../database/schema.ts'
import { stemOf } from '../database/stem.ts'
import { isText, Kind, type PrintSet } from '../fingerprint/print-set.ts'
import { ArrayPool } from './array-pool.ts'
import type { Explained } from './explained.ts'
import { HitFlag, type HitTable } from './hit-table.ts'
import type { Candidate } from './hits.ts'
import { type Counted, canSpeak, LIVE_IMMEDIATES, LIVE_STRINGS, LIVE_TABLES, type Worth, worthOfUnit } from './live.ts'
import { densestHits } from './locality.ts'
import { HitCounter, type Tally, type TallyName } from './tally.ts'

/** What was found of one unit. Of one that is live in no release only the hits are told, and nothing is counted. */
export interface UnitEvidence extends Counted, Worth {
  readonly unit: number
  /** Rows of {@link Candidate.hits}. */
  readonly hits: Uint32Array
  /** Hits that were not explained by others, those included that lie too far from each other to count. */
  readonly left: number
  /** Which tables of the unit are compared: a file is of one byte order. */
  readonly tableKind: 'tables' | 'bigEndianTables'
}

/**
 * The evidence of every unit with hits that are not yet explained by another component, in unit order.
 *
 * `before` is what the same call gave when less was explained: units that lost nothing since are taken over. The arrays of
 * the evidence come from `pool`.
 */
export function weighUnits(
  candidate: Candidate,
  explained: Explained,
  prints: PrintSet,
  before: readonly UnitEvidence[] = [],
  pool: ArrayPool = new ArrayPool(),
): UnitEvidence[] {
  const known = new Map(before.map((evidence) => [evidence.unit, evidence]))
  const counter = new HitCounter(candidate, pool)
  const evidence: UnitEvidence[] = []
  for (const [unit, all] of candidate.units) {
    const left = unexplained(candidate, unit, all, explained)
    if (left.length === 0) continue
    const kept = known.get(unit)
    if (kept?.left === left.length) evidence.push(kept)
    else {
      const hits = withNeighbours(left, candidate.hits, prints)
      const counted = pool.tentatively(() => liveEvidence(candidate, unit, hits, left.length, counter, pool))
      evidence.push(counted ?? faintEvidence(candidate, unit, hits, left.length))
    }
  }
  return evidence
}

function unexplained(
  { hits, record }: Candidate,
  unit: number,
  rows: Uint32Array,
  { prints, stems }: Explained,
): Uint32Array {
  if (prints.size === 0) return rows
  const isCopied = stems.has(stemOfUnit(record, unit))
  const left = new Uint32Array(rows.length)
  let count = 0
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    // The author's text stays; what compilers make of the source goes with the one that is here.
    const isExplained = prints.has(hits.prints[row]!) || (isCopied && !isText(hits.kinds[row] as Kind))
    if (!isExplained) left[count++] = row
  }
  return left.subarray(0, count)
}

/** The evidence of a unit that is live in some release; undefined of others. */
function liveEvidence(
  candidate: Candidate,
  unit: number,
  hits: Uint32Array,
  left: number,
  counter: HitCounter,
  pool: ArrayPool,
): UnitEvidence | undefined {
  const totals = counter.totals(hits)
  if (!canSpeak(totals)) return undefined
  const { record } = candidate
  const none = noneOf(record)
  const tally = (name: TallyName): Tally => (totals.found[name] > 0 ? counter.tally(name, hits) : none)
  const tableKind = tableKindOf(candidate, hits)
  const counted = {
    sentences: tally('sentences'),
    labels: tally('labels'),
    symbols: tally('symbols'),
    functions: tally('functions'),
    tables: tally('tables'),
    immediates: tally('immediates'),
    expected: expectedOf(record, unit, 'strings', pool),
    expectedTables: expectedOf(record, unit, tableKind, pool),
    expectedImmediates: expectedOf(record, unit, 'immediates', pool),
  }
  const { worth, hasText, isLive } = worthOfUnit(counted, totals, pool)
  return isLive ? newEvidence(unit, hits, left, tableKind, counted, worth, hasText, isLive) : undefined
}

function faintEvidence(candidate: Candidate, unit: number, hits: Uint32Array, left: number): UnitEvidence {
  const none = noneOf(candidate.record)
  const counted = {
    sentences: none,
    labels: none,
    symbols: none,
    functions: none,
    tables: none,
    immediates: none,
    expected: none.found,
    expectedTables: none.found,
    expectedImmediates: none.found,
  }
  return newEvidence(unit, hits, left, tableKindOf(candidate, hits), counted, none.weight, false, false)
}

/** All come from here, so that they have one shape: what reads them is compiled again for each other. */
function newEvidence(
  unit: number,
  hits: Uint32Array,
  left: number,
  tableKind: UnitEvidence['tableKind'],
  counted: Counted,
  worth: Float64Array,
  hasText: boolean,
  isLive: boolean,
): UnitEvidence {
  const { sentences, labels, symbols, functions, tables, immediates } = counted
  const { expected, expectedTables, expectedImmediates } = counted
  return {
    unit,
    hits,
    left,
    tableKind,
    sentences,
    labels,
    symbols,
    functions,
    tables,
    immediates,
    expected,
    expectedTables,
    expectedImmediates,
    worth,
    hasText,
    isLive,
  }
}

function tableKindOf({ hits: { kinds } }: Candidate, rows: Uint32Array): UnitEvidence['tableKind'] {
  for (let i = 0; i < rows.length; i++) if (kinds[rows[i]!] === Kind.BigEndianTable) return 'bigEndianTables'
  return 'tables'
}

/**
 * The hits without those that need neighbours and have none: constants together with constants, functions with functions, in
 * the place where there are most.
 */
function withNeighbours(rows: Uint32Array, hits: HitTable, prints: PrintSet): Uint32Array {
  if (!needsNeighbours(rows, hits)) return rows
  const functions = new Uint32Array(rows.length)
  const constants = new Uint32Array(rows.length)
  const others = new Uint32Array(rows.length)
  const counts = { functions: 0, constants: 0, others: 0 }
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    const kind = hits.kinds[row]
    const isAlone = (hits.flags[row]! & HitFlag.NeedsNeighbours) !== 0
    if (!isAlone) others[counts.others++] = row
    if (kind === Kind.Immediate) constants[counts.constants++] = row
    else if (kind === Kind.Function || kind === Kind.Mnemonics) functions[counts.functions++] = row
  }
  const together = new Set(others.subarray(0, counts.others))
  if (counts.constants >= LIVE_IMMEDIATES)
    for (const row of densestHits(constants.subarray(0, counts.constants), hits, prints)) together.add(row)
  for (const row of densestHits(functions.subarray(0, counts.functions), hits, prints)) together.add(row)
  let count = 0
  for (let i = 0; i < rows.length; i++) if (together.has(rows[i]!)) others[count++] = rows[i]!
  return others.subarray(0, count)
}

function needsNeighbours(rows: Uint32Array, { flags }: HitTable): boolean {
  for (let i = 0; i < rows.length; i++) if ((flags[rows[i]!]! & HitFlag.NeedsNeighbours) !== 0) return true
  return false
}

/** By unit; records live as long as their database, and units are asked for again and again. */
const stemsOf = new WeakMap<ComponentRecord, readonly string[]>()

/** {@link stemOf} of the unit's path. */
export function stemOfUnit(record: ComponentRecord, unit: number): string {
  let stems = stemsOf.get(record)
  if (stems === undefined) {
    stems = record.units.map(({ path }) => stemOf(path))
    stemsOf.set(record, stems)
  }
  return stems[unit]!
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

/** Fingerprints of one kind that a unit has in each release, from the run-length coded totals. */
export function expectedOf(record: ComponentRecord, unit: number, kind: keyof UnitTotals, pool: ArrayPool): Int32Array {
  const totals = record.units[unit]!.totals[kind]
  if (totals.length === 0) return noneOf(record).found
  const expected = pool.int32(record.releases.length)
  for (let i = 0; i < totals.length; i += 2) expected.fill(totals[i + 1]!, totals[i])
  return expected
}

/** Whether a release has so much text or data in the unit that finding it is to be expected. */
export function canBeLive({ totals }: CompiledUnit, release: number): boolean {
  return countAt(totals.strings, release) >= LIVE_STRINGS || countAt(totals.tables, release) >= LIVE_TABLES
}

function countAt(totals: readonly number[], release: number): number {
  let count = 0
  for (let i = 0; i < totals.length && totals[i]! <= release; i += 2) count = totals[i + 1]!
  return count
}
