import type { Intervals } from '../database/schema.ts'
import { Kind } from '../fingerprint/print-set.ts'
import type { ArrayPool } from './array-pool.ts'
import { HitFlag } from './hit-table.ts'
import type { Candidate } from './hits.ts'
import { forEachVersion } from './releases.ts'

/** Distinct fingerprints found of a unit, release by release: one entry per release of the component. */
export interface Tally {
  readonly found: Int32Array
  /** Their weights added up. */
  readonly weight: Float64Array
}

/** Hits by what they say: strings that are sentences, those that are labels, and so on. */
export type TallyName = 'sentences' | 'labels' | 'symbols' | 'functions' | 'tables' | 'immediates'
export type Tallies = Readonly<Record<TallyName, Tally>>

/** What compilers make is known of built releases only, and speaks for the source release of the same version as well. */
const BY_BUILD: ReadonlySet<TallyName> = new Set(['functions', 'tables'])

/** Hits of one unit, whatever release has them: no release has more. */
export interface Totals {
  readonly found: Readonly<Record<TallyName, number>>
  readonly weight: number
  readonly functionWeight: number
}

/** Counts and weighs the hits of units of one component by release, unit by unit. */
export class HitCounter {
  readonly #candidate: Candidate
  readonly #pool: ArrayPool
  readonly #sums: SetSums

  /** Tallies are cut from `pool`. */
  constructor(candidate: Candidate, pool: ArrayPool) {
    this.#candidate = candidate
    this.#pool = pool
    this.#sums = new SetSums(candidate.record.sets.length)
  }

  totals(rows: Uint32Array): Totals {
    const { kinds, flags, weights } = this.#candidate.hits
    const found = { sentences: 0, labels: 0, symbols: 0, functions: 0, tables: 0, immediates: 0 }
    let weight = 0
    let functionWeight = 0
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      const name = tallyOf(kinds[row] as Kind, flags[row]!)
      found[name]++
      weight += weights[row]!
      if (name === 'functions') functionWeight += weights[row]!
    }
    return { found, weight, functionWeight }
  }

  /** By release, of one sort. */
  tally(name: TallyName, rows: Uint32Array): Tally {
    const { record, hits } = this.#candidate
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      if (tallyOf(hits.kinds[row] as Kind, hits.flags[row]!) === name)
        this.#sums.add(hits.sets[row]!, hits.weights[row]!)
    }
    const found = this.#pool.int32(record.releases.length)
    const weight = this.#pool.float64(record.releases.length)
    const isByBuild = BY_BUILD.has(name)
    const { sets, hits: counts, weights } = this.#sums
    for (let i = 0; i < sets.length; i++) {
      const set = sets[i]!
      const count = counts[set]!
      const sum = weights[set]!
      if (isByBuild)
        forEachVersion(this.#candidate, set, (release) => {
          found[release]! += count
          weight[release]! += sum
        })
      else addTo(found, weight, record.sets[set]!, count, sum)
    }
    this.#sums.clear()
    return { found, weight }
  }
}

function addTo(found: Int32Array, weight: Float64Array, intervals: Intervals, count: number, sum: number): void {
  for (let i = 0; i < intervals.length; i += 2)
    for (let release = intervals[i]!, last = intervals[i + 1]!; release <= last; release++) {
      found[release]! += count
      weight[release]! += sum
    }
}

function tallyOf(kind: Kind, flags: number): TallyName {
  if (kind === Kind.Symbol) return 'symbols'
  if (kind === Kind.Function || kind === Kind.Mnemonics) return 'functions'
  if (kind === Kind.Table || kind === Kind.BigEndianTable) return 'tables'
  if (kind === Kind.Immediate) return 'immediates'
  return (flags & HitFlag.Label) !== 0 ? 'labels' : 'sentences'
}

/** Hits added up by the set of releases that have them: most hits of a unit are in the same few sets. */
class SetSums {
  /** In the order in which they came. */
  readonly sets: number[] = []
  /** By set. */
  readonly hits: Uint32Array
  readonly weights: Float64Array

  constructor(sets: number) {
    this.hits = new Uint32Array(sets)
    this.weights = new Float64Array(sets)
  }

  add(set: number, weight: number): void {
    if (this.hits[set]!++ === 0) this.sets.push(set)
    this.weights[set]! += weight
  }

  clear(): void {
    for (const set of this.sets) {
      this.hits[set] = 0
      this.weights[set] = 0
    }
    this.sets.length = 0
  }
}
