import { enlarged } from './pair-table.ts'

/**
 * What a lookup found, as a struct of arrays: one row for each place where a hash is known, ascending by query, then
 * component. The arrays are as long as `count`.
 */
export interface LookupHits {
  readonly count: number
  /** Index of the query, as passed in. */
  readonly queries: Uint32Array
  /** Index into the manifest's components. */
  readonly components: Uint32Array
  readonly units: Uint32Array
  /** Index into `ComponentRecord.sets`; for templates into `ComponentRecord.templates`. */
  readonly sets: Uint32Array
  /** For functions one more than the index in `DatabaseReader.functionNames`; 0 without a name and for other kinds. */
  readonly names: Uint32Array
  /** Families that hold the feature in a unit that is not vendored, capped at 255. */
  readonly families: Uint8Array
  /** Components that hold the feature, capped at 255. */
  readonly holders: Uint8Array
}

const NO_ROWS = new Uint32Array(0)
const NO_BYTES = new Uint8Array(0)
/** What most lookups of a small program find. */
const NO_HITS: LookupHits = {
  count: 0,
  queries: NO_ROWS,
  components: NO_ROWS,
  units: NO_ROWS,
  sets: NO_ROWS,
  names: NO_ROWS,
  families: NO_BYTES,
  holders: NO_BYTES,
}
/** Rows that there is room for from the first one on. */
const FIRST_ROWS = 256

/** Collects the rows of {@link LookupHits}. */
export class HitColumns {
  #count = 0
  #queries: Uint32Array<ArrayBuffer> = NO_ROWS
  #components: Uint32Array<ArrayBuffer> = NO_ROWS
  #units: Uint32Array<ArrayBuffer> = NO_ROWS
  #sets: Uint32Array<ArrayBuffer> = NO_ROWS
  #names: Uint32Array<ArrayBuffer> = NO_ROWS
  /** Families in the lower byte, holders above. */
  #spread: Uint32Array<ArrayBuffer> = NO_ROWS

  get count(): number {
    return this.#count
  }

  add(
    query: number,
    component: number,
    unit: number,
    set: number,
    name: number,
    families: number,
    holders: number,
  ): void {
    if (this.#count === this.#queries.length) this.#grow()
    const at = this.#count++
    this.#queries[at] = query
    this.#components[at] = component
    this.#units[at] = unit
    this.#sets[at] = set
    this.#names[at] = name
    this.#spread[at] = families | (holders << 8)
  }

  /** Views of the columns; nothing may be added afterwards. */
  finish(): LookupHits {
    const count = this.#count
    if (count === 0) return NO_HITS
    const families = new Uint8Array(count)
    const holders = new Uint8Array(count)
    for (let i = 0; i < count; i++) {
      const spread = this.#spread[i]!
      families[i] = spread & 0xff
      holders[i] = spread >>> 8
    }
    return {
      count,
      queries: this.#queries.subarray(0, count),
      components: this.#components.subarray(0, count),
      units: this.#units.subarray(0, count),
      sets: this.#sets.subarray(0, count),
      names: this.#names.subarray(0, count),
      families,
      holders,
    }
  }

  #grow(): void {
    const size = Math.max(FIRST_ROWS, this.#queries.length * 2)
    this.#queries = enlarged(this.#queries, size)
    this.#components = enlarged(this.#components, size)
    this.#units = enlarged(this.#units, size)
    this.#sets = enlarged(this.#sets, size)
    this.#names = enlarged(this.#names, size)
    this.#spread = enlarged(this.#spread, size)
  }
}
