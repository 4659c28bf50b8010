import type { Locus } from '../errors.ts'
import type { BucketCache } from './bucket-cache.ts'
import { bucketKey, bucketOf } from './buckets.ts'
import type { HitColumns } from './hit-columns.ts'
import type { Level } from './level.ts'
import { BucketReader } from './postings.ts'
import { asDamage, decodeWhole, readValues } from './read-values.ts'
import { unseal } from './records.ts'

/** Where buckets are read from. */
export interface BucketStore {
  readonly level: Level<Buffer, Buffer>
  readonly locus: Locus
  /** Number of components of the database. */
  readonly components: number
  /** Where buckets are kept; undefined where they are not. */
  readonly kept: BucketCache | undefined
  /** Readers of buckets that are kept, by the number of the bucket. */
  readonly keptReaders: (BucketReader | undefined)[]
}

/** The buckets of one kind of fingerprint. */
export interface BucketKind {
  readonly kind: number
  /** log2 of the number of buckets. */
  readonly bits: number
  /** Number of the kind's first bucket among those of all kinds. */
  readonly firstBucket: number
}

/** The queries of one search, and what was found so far. */
export interface Lookup {
  readonly high: Uint32Array
  readonly low: Uint32Array
  /** Those that the prefilter lets through, by index: they ascend by their hash. */
  readonly queries: Uint32Array
  readonly hits: HitColumns
}

/** Buckets on their way, of the queries `start … end`. */
interface BucketRead {
  readonly start: number
  readonly end: number
  readonly buckets: readonly number[]
  /** Parallel to `buckets`, those that are kept already. */
  readonly kept: readonly (BucketReader | undefined)[]
  /** The others, in their order; undefined where there are none. */
  readonly values: Promise<(Buffer | undefined)[]> | undefined
}

/** Buckets asked for at once: two megabytes, so that they are still in the processor's cache when they are searched. */
const BUCKETS_AT_ONCE = 64

/** Searches the buckets of one kind. */
export class BucketSearch {
  readonly #store: BucketStore
  readonly #kind: BucketKind

  constructor(store: BucketStore, kind: BucketKind) {
    this.#store = store
    this.#kind = kind
  }

  /** Adds what the queries find to their hits. */
  async run(lookup: Lookup): Promise<void> {
    let next = this.#readBuckets(lookup, 0)
    while (next !== undefined) {
      const current: BucketRead = next
      const read = current.values === undefined ? [] : await current.values
      // LevelDB reads the next buckets in its own thread while these are searched.
      next = this.#readBuckets(lookup, current.end)
      this.#searchBuckets(lookup, current, read)
    }
  }

  /** The reader of a bucket that is kept. */
  #keptReader(bucket: number): BucketReader | undefined {
    const { kind, firstBucket } = this.#kind
    const number = firstBucket + bucket
    const known = this.#store.keptReaders[number]
    if (known !== undefined || this.#store.kept === undefined) return known
    const bytes = this.#store.kept.get(number)
    if (bytes === undefined) return undefined
    const reader = decodeWhole(nameOfBucket(kind, bucket), this.#store.locus, () => new BucketReader(bytes))
    this.#store.keptReaders[number] = reader
    return reader
  }

  /** The reader of a bucket that was just read, which is kept from now on. */
  #freshReader(bucket: number, value: Buffer | undefined): BucketReader {
    const { kind, firstBucket } = this.#kind
    const bytes = unseal(value, nameOfBucket(kind, bucket), this.#store.locus)
    this.#store.kept?.put(firstBucket + bucket, bytes)
    return this.#keptReader(bucket) ?? new BucketReader(bytes)
  }

  /** Asks for the buckets of the queries from `start` on, as many as are read at once. */
  #readBuckets(lookup: Lookup, start: number): BucketRead | undefined {
    const { kind, bits } = this.#kind
    const { high, queries } = lookup
    if (start === queries.length) return undefined
    const buckets: number[] = []
    const kept: (BucketReader | undefined)[] = []
    const keys: Buffer[] = []
    let end = start
    for (; end < queries.length; end++) {
      const bucket = bucketOf(high[queries[end]!]!, bits)
      if (bucket === buckets.at(-1)) continue
      if (buckets.length === BUCKETS_AT_ONCE) break
      buckets.push(bucket)
      const reader = this.#keptReader(bucket)
      kept.push(reader)
      if (reader === undefined) keys.push(bucketKey(kind, bucket))
    }
    if (keys.length === 0) return { start, buckets, end, kept, values: undefined }
    const values = readValues(this.#store.level, keys, this.#store.locus)
    // Whoever awaits it sees the error; until then it must not count as unhandled.
    values.catch(() => undefined)
    return { start, buckets, end, kept, values }
  }

  #searchBuckets(lookup: Lookup, { start, buckets, kept }: BucketRead, values: readonly (Buffer | undefined)[]): void {
    const { kind, bits } = this.#kind
    const { high, low, queries, hits } = lookup
    const { locus, components } = this.#store
    let at = start
    let next = 0
    for (let i = 0; i < buckets.length; i++) {
      const number = buckets[i]!
      let bucket = kept[i]
      try {
        bucket ??= this.#freshReader(number, values[next++])
        for (; at < queries.length; at++) {
          const query = queries[at]!
          if (bucketOf(high[query]!, bits) !== number) break
          bucket.find(high[query]!, low[query]!, query, components, hits)
        }
      } catch (cause) {
        throw asDamage(nameOfBucket(kind, number), locus, cause)
      }
    }
  }
}

function nameOfBucket(kind: number, bucket: number): string {
  return `bucket ${bucket} of kind ${kind}`
}
