import { Level } from 'level'
import { DetectorError, type Locus } from '../errors.ts'
import { Bloom } from './bloom.ts'
import {
  BLOOM_CHUNK_BYTES,
  bloomKey,
  bucketKey,
  bucketOf,
  componentKey,
  type KindLayout,
  MANIFEST_KEY,
} from './buckets.ts'
import { BucketReader } from './postings.ts'
import { damagedValue, unpackRecord, unseal } from './records.ts'
import { type ComponentRecord, type LookupHit, type Manifest, SCHEMA } from './schema.ts'

export interface ReaderOptions {
  /** Called once the database is closed. */
  readonly afterClose?: () => Promise<void>
}

/** Buckets asked for at once: enough to make the crossing into LevelDB cheap, few enough to stay in its cache. */
const BUCKETS_AT_ONCE = 512

/** LevelDB's cache of blocks: the buckets that ordinary programs touch in a database of a million features. */
const CACHE_BYTES = 32 << 20

/**
 * Opens a compiled database.
 *
 * @throws DetectorError `STORE_NOT_FOUND` when there is none, `STORE_LOCKED` when it is open elsewhere (in this process
 * or another), `STORE_SCHEMA_MISMATCH` when another version of binprint wrote it, `STORE_CORRUPT` when it is damaged
 */
export async function openReader(directory: string, options: ReaderOptions = {}): Promise<DatabaseReader> {
  const locus = { path: directory }
  const level = new Level<Buffer, Buffer>(directory, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    createIfMissing: false,
    compression: false,
    cacheSize: CACHE_BYTES,
  })
  try {
    await level.open()
  } catch (cause) {
    throw openError(directory, cause)
  }
  try {
    const { manifest, layout } = readManifest(await readValues(level, [MANIFEST_KEY], locus), locus)
    const blooms = await Promise.all(layout.map((kind) => readBloom(level, kind, locus)))
    return new DatabaseReader({ level, locus, manifest, layout, blooms, afterClose: options.afterClose })
  } catch (error) {
    await level.close()
    throw error
  }
}

interface OpenDatabase {
  readonly level: Level<Buffer, Buffer>
  readonly locus: Locus
  readonly manifest: Manifest
  readonly layout: readonly KindLayout[]
  /** Parallel to `layout`. */
  readonly blooms: readonly Bloom[]
  readonly afterClose: (() => Promise<void>) | undefined
}

/** A compiled database, open for reading; made by {@link openReader}. Several lookups may run at once. */
export class DatabaseReader implements AsyncDisposable {
  readonly manifest: Manifest
  readonly #open: OpenDatabase
  readonly #components = new Map<number, Promise<ComponentRecord>>()
  #closed: Promise<void> | undefined

  constructor(open: OpenDatabase) {
    this.#open = open
    this.manifest = open.manifest
  }

  /**
   * The record of a component by its index in the manifest. Records are kept: all callers get the same object.
   *
   * @throws DetectorError `STORE_CORRUPT`
   */
  component(index: number): Promise<ComponentRecord> {
    this.#checkOpen()
    if (!(index in this.manifest.components))
      throw new TypeError(`component: ${index} of ${this.manifest.components.length}`)
    const kept = this.#components.get(index)
    if (kept !== undefined) return kept
    const record = this.#readComponent(index)
    this.#components.set(index, record)
    return record
  }

  /**
   * All places where the hashes `from … to` (exclusive) of one kind are known, ascending by query, then component. The
   * hashes must ascend (high, then low) and may repeat; each repetition has its own hits.
   *
   * @throws DetectorError `STORE_CORRUPT`
   */
  async lookup(kind: number, high: Uint32Array, low: Uint32Array, from: number, to: number): Promise<LookupHit[]> {
    this.#checkOpen()
    const place = this.#open.layout.findIndex((candidate) => candidate.kind === kind)
    if (place < 0) return []
    const bits = this.#open.layout[place]!.bucketBits
    const queries = passing(this.#open.blooms[place]!, high, low, from, to)
    const hits: LookupHit[] = []
    for (let start = 0; start < queries.length; ) {
      const { buckets, end } = firstBuckets(queries, start, high, bits)
      const values = await readValues(
        this.#open.level,
        buckets.map((bucket) => bucketKey(kind, bucket)),
        this.#open.locus,
      )
      for (let i = 0; i < buckets.length; i++) {
        const first = start
        while (start < end && bucketOf(high[queries[start]!]!, bits) === buckets[i]) start++
        const what = `bucket ${buckets[i]} of kind ${kind}`
        this.#findAll({ high, low, hits }, queries.slice(first, start), values[i], what)
      }
    }
    return hits
  }

  /** Closes the database; further calls do nothing. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    await this.#open.level.close()
    await this.#open.afterClose?.()
  }

  #checkOpen(): void {
    if (this.#closed !== undefined) throw new TypeError(`read of database ${this.#open.locus.path} after close`)
  }

  async #readComponent(index: number): Promise<ComponentRecord> {
    const { level, locus, manifest } = this.#open
    const [value] = await readValues(level, [componentKey(index)], locus)
    const what = `component ${manifest.components[index]}`
    const record = unpackRecord(value, what, locus)
    const whole = ['releases', 'units', 'sets', 'templates'].every((list) => Array.isArray(record[list]))
    if (!whole || record['name'] !== manifest.components[index]) throw damagedValue(what, 'is not whole', locus)
    return record as unknown as ComponentRecord
  }

  #findAll({ high, low, hits }: Lookup, queries: readonly number[], value: Buffer | undefined, what: string): void {
    const { locus, manifest } = this.#open
    const bytes = unseal(value, what, locus)
    try {
      const bucket = new BucketReader(bytes)
      for (const query of queries)
        bucket.find(high[query]!, low[query]!, (component, unit, set, families, components) => {
          if (component >= manifest.components.length) throw damagedValue(what, `names component ${component}`, locus)
          hits.push({ query, component, unit, set, families, components })
        })
    } catch (cause) {
      if (!(cause instanceof DetectorError) || cause.locus !== undefined) throw cause
      throw damagedValue(what, `contradicts itself (${cause.message})`, locus, cause)
    }
  }
}

/** One call of {@link DatabaseReader.lookup}: its queries, and what was found so far. */
interface Lookup {
  readonly high: Uint32Array
  readonly low: Uint32Array
  readonly hits: LookupHit[]
}

/** Indices of the queries that the prefilter lets through. */
function passing(bloom: Bloom, high: Uint32Array, low: Uint32Array, from: number, to: number): number[] {
  const queries: number[] = []
  for (let i = from; i < to; i++) if (bloom.has(high[i]!, low[i]!)) queries.push(i)
  return queries
}

/** The buckets of the queries from `start` on, as many as are read at once, and the first query beyond them. */
function firstBuckets(
  queries: readonly number[],
  start: number,
  high: Uint32Array,
  bits: number,
): { buckets: number[]; end: number } {
  const buckets: number[] = []
  let end = start
  for (; end < queries.length; end++) {
    const bucket = bucketOf(high[queries[end]!]!, bits)
    if (bucket === buckets.at(-1)) continue
    if (buckets.length === BUCKETS_AT_ONCE) break
    buckets.push(bucket)
  }
  return { buckets, end }
}

async function readValues(level: Level<Buffer, Buffer>, keys: Buffer[], locus: Locus): Promise<(Buffer | undefined)[]> {
  try {
    return await level.getMany(keys)
  } catch (cause) {
    throw damagedValue('file', 'cannot be read', locus, cause)
  }
}

function readManifest(
  [value]: readonly (Buffer | undefined)[],
  locus: Locus,
): { manifest: Manifest; layout: readonly KindLayout[] } {
  const { manifest, layout } = unpackRecord(value, 'manifest', locus) as {
    manifest?: Partial<Manifest>
    layout?: readonly KindLayout[]
  }
  if (manifest?.schema !== SCHEMA)
    throw new DetectorError(
      'STORE_SCHEMA_MISMATCH',
      `database has schema ${manifest?.schema}, this version reads ${SCHEMA}: build it again or install the binprint that wrote it`,
      { locus },
    )
  if (!Array.isArray(manifest.components) || !Array.isArray(layout) || !layout.every(isLayout))
    throw damagedValue('manifest', 'is not whole', locus)
  return { manifest: manifest as Manifest, layout }
}

function isLayout(value: unknown): value is KindLayout {
  const { kind, bucketBits, bloomBytes } = (value ?? {}) as Partial<KindLayout>
  return (
    Number.isInteger(kind) &&
    Number.isInteger(bucketBits) &&
    bucketBits! >= 0 &&
    bucketBits! < 32 &&
    Number.isSafeInteger(bloomBytes) &&
    bloomBytes! > 0
  )
}

async function readBloom(level: Level<Buffer, Buffer>, layout: KindLayout, locus: Locus): Promise<Bloom> {
  const { kind, bloomBytes } = layout
  const keys: Buffer[] = []
  for (let start = 0; start < bloomBytes; start += BLOOM_CHUNK_BYTES) keys.push(bloomKey(kind, keys.length))
  const what = `prefilter of kind ${kind}`
  const chunks = (await readValues(level, keys, locus)).map((value) => unseal(value, what, locus))
  const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  if (size !== bloomBytes) throw damagedValue(what, `has ${size} bytes instead of ${bloomBytes}`, locus)
  if (chunks.length === 1) return new Bloom(chunks[0]!)
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return new Bloom(bytes)
}

function openError(directory: string, error: unknown): DetectorError {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause
  const options = { locus: { path: directory }, cause: error }
  const message = cause?.message ?? String(error)
  if (cause?.code === 'LEVEL_LOCKED')
    return new DetectorError('STORE_LOCKED', `database ${directory} is open already: close it there first`, options)
  if (message.includes('does not exist'))
    return new DetectorError('STORE_NOT_FOUND', `no database in ${directory}`, options)
  if (/permission denied|read-only file system/i.test(message))
    return new DetectorError('USAGE', `need write access to database ${directory}, have none: ${message}`, options)
  return damagedValue('directory', `cannot be opened (${message})`, options.locus, error)
}
