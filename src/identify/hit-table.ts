import type { LookupHits } from '../database/hit-columns.ts'
import type { Kind } from '../fingerprint/print-set.ts'

/**
 * What a component shares with the file, as a struct of arrays with one row for each fingerprint in each unit that holds it:
 * a large program has a hundred thousand of them.
 */
export interface HitTable {
  readonly count: number
  /** Index of the fingerprint's first place in the `PrintSet`; names the fingerprint. */
  readonly prints: Uint32Array
  /** Number of the fingerprint among the {@link features} of the table. */
  readonly featureOf: Uint32Array
  /** Distinct fingerprints. */
  readonly features: number
  /** {@link Kind}. */
  readonly kinds: Uint8Array
  readonly units: Uint32Array
  /** Index into `ComponentRecord.sets`: the releases that have it. */
  readonly sets: Uint32Array
  /** Number of the function's name among those of the component, 0 where it has none. */
  readonly names: Uint32Array
  /**
   * `worthOf` / families², shared among the units of the component that hold it: what a family shares with nobody, and has in one
   * place, counts in full.
   */
  readonly weights: Float64Array
  /** {@link HitFlag} bits. */
  readonly flags: Uint8Array
  /** Units of the whole database that hold it. */
  readonly df: Uint32Array
  /** Components that hold it, this one included; 255 for more. */
  readonly holders: Uint8Array
}

/** Bits of {@link HitTable.flags}. */
export const HitFlag = {
  /** A string that is a label, see `PrintFlag.Label`. */
  Label: 1,
  /** It counts only beside others of its unit and sort. */
  NeedsNeighbours: 2,
} as const

/** Collects the rows of a {@link HitTable}. */
export class HitTableBuilder {
  readonly #table: { -readonly [Name in keyof HitTable]: HitTable[Name] }
  #features = 0
  #count = 0

  readonly #units: number

  /** At most `rows` rows are added, of units below `units`. */
  constructor(rows: number, units: number) {
    this.#table = allocate(rows)
    this.#units = units
  }

  /** Adds a fingerprint with what was looked up of it, from row `first` to `end` (exclusive); the weight is that in one unit. */
  add(
    hits: LookupHits,
    first: number,
    end: number,
    print: number,
    kind: Kind,
    weight: number,
    flags: number,
    df: number,
  ): void {
    const table = this.#table
    const feature = this.#features++
    for (let row = first; row < end; row++) {
      const at = this.#count++
      table.prints[at] = print
      table.featureOf[at] = feature
      table.kinds[at] = kind
      table.units[at] = hits.units[row]!
      table.sets[at] = hits.sets[row]!
      table.names[at] = hits.names[row]!
      table.weights[at] = weight
      table.flags[at] = flags
      table.df[at] = df
      table.holders[at] = hits.holders[row]!
    }
  }

  /** The table, and the rows of each unit in the order in which they were added; units in their own order. */
  finish(): { hits: HitTable; units: Map<number, Uint32Array> } {
    const count = this.#count
    const hits = this.#table
    hits.count = count
    hits.features = this.#features
    return { hits, units: rowsByUnit(hits.units.subarray(0, count), this.#units) }
  }
}

function rowsByUnit(unitOf: Uint32Array, units: number): Map<number, Uint32Array> {
  const places = new Uint32Array(units)
  for (let row = 0; row < unitOf.length; row++) places[unitOf[row]!]!++
  const rows = new Uint32Array(unitOf.length)
  const byUnit = new Map<number, Uint32Array>()
  let start = 0
  for (let unit = 0; unit < units; unit++) {
    const size = places[unit]!
    places[unit] = start
    if (size > 0) byUnit.set(unit, rows.subarray(start, start + size))
    start += size
  }
  for (let row = 0; row < unitOf.length; row++) rows[places[unitOf[row]!]!++] = row
  return byUnit
}

/** The same with other prints, and of the same shape: what reads tables is compiled again for each other. */
export function withPrints(table: HitTable, prints: Uint32Array): HitTable {
  const other = allocate(0)
  return Object.assign(other, table, { prints })
}

function allocate(rows: number): { -readonly [Name in keyof HitTable]: HitTable[Name] } {
  return {
    count: rows,
    features: 0,
    prints: new Uint32Array(rows),
    featureOf: new Uint32Array(rows),
    kinds: new Uint8Array(rows),
    units: new Uint32Array(rows),
    sets: new Uint32Array(rows),
    names: new Uint32Array(rows),
    weights: new Float64Array(rows),
    flags: new Uint8Array(rows),
    df: new Uint32Array(rows),
    holders: new Uint8Array(rows),
  }
}
