import { DetectorError, type Locus } from '../errors.ts'
import { Bloom } from './bloom.ts'
import { BucketCache, type SharedBuckets } from './bucket-cache.ts'
import {
  bucketKey,
  bucketOf,
  builtFunctionsKey,
  componentKey,
  type FileHash,
  fileBucketOf,
  filesKey,
  functionNamesKey,
  MANIFEST_KEY,
  type StoredManifest,
} from './buckets.ts'
import { decodeNames } from './file-coding.ts'
import { HitColumns, type LookupHits } from './hit-columns.ts'
import { Level } from './level.ts'
import { BucketReader } from './postings.ts'
import { PrefilterFile } from './prefilter-file.ts'
import { damagedValue, parseRecord, unseal } from './records.ts'
import type { BuiltFunctions, ComponentRecord, FileIdentity, Manifest } from './schema.ts'
import { readManifest } from './stored-manifest.ts'

export interface ReaderOptions {
  /** Called once the database is closed. */
  readonly afterClose?: () => Promise<void>
}

/** Buckets asked for at once: two megabytes, so that they are still in the processor's cache when they are searched. */
const BUCKETS_AT_ONCE = 64

/** Names of functions that are kept for the next file: some tens of megabytes. */
const MOST_NAMES = 1 << 18

/** LevelDB's cache of blocks: for records and indexes, as buckets go through the operating system's. */
const CACHE_BYTES = 8 << 20

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
    const stored = readManifest(await readValues(level, [MANIFEST_KEY], locus), locus)
    const sizes = stored.layout.map(({ bloomBytes }) => bloomBytes)
    const prefilters = new PrefilterFile(directory, sizes, locus)
    return new DatabaseReader({ ...stored, level, locus, prefilters, afterClose: options.afterClose })
  } catch (error) {
    await level.close()
    throw error
  }
}

interface OpenDatabase extends StoredManifest {
  readonly level: Level<Buffer, Buffer>
  readonly locus: Locus
  /** Parallel to `layout`. */
  readonly prefilters: PrefilterFile
  readonly afterClose: (() => Promise<void>) | undefined
}

/** A compiled database, open for reading; made by {@link openReader}. Several lookups may run at once. */
export class DatabaseReader implements AsyncDisposable {
  readonly manifest: Manifest
  /** {@link ComponentRecord.sonames} of each component, without reading its record. */
  readonly sonames: readonly (readonly string[])[]
  /**
   * What the database may hold, for the kernel: of each kind a blocked Bloom filter as `docs/engine.md` defines it, empty
   * for kinds without features. The object and its bytes stay the same for as long as the reader is open. The first call
   * reads them, and throws DetectorError `STORE_CORRUPT` where they are damaged.
   */
  readonly prefilter: { filter(kind: number): Uint8Array }
  readonly #open: OpenDatabase
  readonly #components = new Map<number, Promise<ComponentRecord>>()
  #kept: BucketCache | undefined
  /** Readers of buckets that are kept, by the number of the bucket. */
  readonly #keptReaders = new Map<number, BucketReader>()
  readonly #keptNames = new Map<number, readonly string[]>()
  #namesKept = 0
  /** By place in the layout the number of the kind's first bucket among those of all kinds; then those of {@link FILE_HASHES}. */
  readonly #firstBuckets: readonly number[]
  readonly #buckets: number
  #bySoname: ReadonlyMap<string, readonly number[]> | undefined
  #closed: Promise<void> | undefined

  constructor(open: OpenDatabase) {
    this.#open = open
    this.manifest = open.manifest
    this.sonames = open.sonames
    let buckets = 0
    const bits = [...open.layout.map(({ bucketBits }) => bucketBits), ...FILE_HASHES.map(() => open.fileBits)]
    this.#firstBuckets = bits.map((bucketBits) => {
      const first = buckets
      buckets += 2 ** bucketBits
      return first
    })
    this.#buckets = buckets
    const places = new Map(open.layout.map(({ kind }, place) => [kind, place]))
    const nothing = new Uint8Array(0)
    this.prefilter = {
      filter(kind) {
        const place = places.get(kind)
        return place === undefined ? nothing : open.prefilters.filters()[place]!
      },
    }
  }

  /**
   * Keeps what is read from now on, for scans of many files, and returns the memory, which readers of the same database on other
   * threads may be given.
   */
  keepBuckets(shared?: SharedBuckets): SharedBuckets {
    this.#kept ??= new BucketCache(this.#buckets, shared)
    return this.#kept.shared
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
   * All places where the hashes `from … to` (exclusive) of one kind are known. The hashes must ascend (high, then low) and
   * may repeat; each repetition has its own hits. Asking the {@link prefilter} before spares nothing: it is asked here.
   *
   * @throws DetectorError `STORE_CORRUPT`
   */
  async lookup(kind: number, high: Uint32Array, low: Uint32Array, from: number, to: number): Promise<LookupHits> {
    this.#checkOpen()
    const hits = new HitColumns()
    const place = this.#open.layout.findIndex((candidate) => candidate.kind === kind)
    if (place < 0) return hits.finish()
    const bits = this.#open.layout[place]!.bucketBits
    if (from === to) return hits.finish()
    const queries = passing(new Bloom(this.prefilter.filter(kind)), high, low, from, to)
    const lookup: Lookup = { kind, bits, high, low, queries, hits, firstBucket: this.#firstBuckets[place]! }
    let next = this.#readBuckets(lookup, 0)
    while (next !== undefined) {
      const { start, buckets, end, kept, values } = next
      const read = values === undefined ? [] : await values
      // LevelDB reads the next buckets in its own thread while these are searched.
      next = this.#readBuckets(lookup, end)
      this.#searchBuckets(lookup, start, buckets, kept, read)
    }
    return hits.finish()
  }

  /**
   * Names of the functions of a component, by its index in the manifest; `LookupHits.names` count them from one. They are
   * read anew each time, unless buckets are kept: then the names of the first components that were asked for are as well.
   *
   * @throws DetectorError `STORE_CORRUPT`
   */
  async functionNames(component: number): Promise<readonly string[]> {
    this.#checkOpen()
    const kept = this.#keptNames.get(component)
    if (kept !== undefined) return kept
    const { level, locus } = this.#open
    const value = readValue(level, functionNamesKey(component), locus)
    const what = `function names of component ${this.manifest.components[component]}`
    const names = decodeWhole(what, locus, () => decodeNames(unseal(value, what, locus)))
    if (this.#kept !== undefined && this.#namesKept + names.length <= MOST_NAMES) {
      this.#keptNames.set(component, names)
      this.#namesKept += names.length
    }
    return names
  }

  /** Indexes of the components with a library of this name, ascending. */
  componentsWithSoname(soname: string): readonly number[] {
    this.#bySoname ??= componentsBySoname(this.sonames)
    return this.#bySoname.get(soname) ?? []
  }

  /**
   * The functions of a component's built releases, by its index in the manifest. They are read anew each time.
   *
   * @throws DetectorError `STORE_CORRUPT`
   */
  async builtFunctions(component: number): Promise<BuiltFunctions> {
    this.#checkOpen()
    const { level, locus } = this.#open
    const [value] = await readValues(level, [builtFunctionsKey(component)], locus)
    const what = `built functions of component ${this.manifest.components[component]}`
    const { unpackComponent } = await import('./component-records.ts')
    return unpackComponent(value, what, locus) as unknown as BuiltFunctions
  }

  /**
   * The files with this sha256 (64 lower-case hexadecimal digits): normally none or one, several where releases or
   * components share a file.
   *
   * @throws DetectorError `STORE_CORRUPT`
   */
  fileBySha256(sha256: string): Promise<readonly FileIdentity[]> {
    return this.#files('sha256', sha256)
  }

  /** The files with this GNU build-id (lower-case hexadecimal digits), otherwise as {@link fileBySha256}. */
  fileByBuildId(buildId: string): Promise<readonly FileIdentity[]> {
    return this.#files('buildId', buildId)
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
    this.#open.prefilters.close()
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
    const { unpackComponent } = await import('./component-records.ts')
    const record = unpackComponent(value, what, locus)
    const whole = ['releases', 'units', 'sets', 'templates'].every((list) => Array.isArray(record[list]))
    if (!whole || record['name'] !== manifest.components[index]) throw damagedValue(what, 'is not whole', locus)
    return record as unknown as ComponentRecord
  }

  async #files(by: FileHash, hash: string): Promise<FileIdentity[]> {
    this.#checkOpen()
    const { locus, manifest, fileBits } = this.#open
    const bucket = fileBucketOf(hash, fileBits)
    const what = `bucket ${bucket} of files`
    const bytes = this.#fileBucket(by, bucket, what)
    // Hardly any file is known, and hashes stand in the text as they are.
    if (!bytes.includes(hash, 0, 'latin1')) return []
    const { files } = parseRecord(bytes, what, locus)
    if (!Array.isArray(files) || !files.every((file) => isIdentity(file, manifest.components.length)))
      throw damagedValue(what, 'is not whole', locus)
    const found = (files as (FileIdentity & Record<FileHash, unknown>)[]).filter((file) => file[by] === hash)
    return found.map(({ component, release, name, arch }) => ({ component, release, name, arch }))
  }

  #fileBucket(by: FileHash, bucket: number, what: string): Buffer {
    const { level, locus, layout } = this.#open
    const number = this.#firstBuckets[layout.length + FILE_HASHES.indexOf(by)]! + bucket
    let bytes: Uint8Array | undefined = this.#kept?.get(number)
    if (bytes === undefined) {
      bytes = unseal(readValue(level, filesKey(by, bucket), locus), what, locus)
      this.#kept?.put(number, bytes)
    }
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  /** The reader of a bucket that is kept. */
  #keptReader({ kind, firstBucket }: Lookup, bucket: number): BucketReader | undefined {
    const number = firstBucket + bucket
    const known = this.#keptReaders.get(number)
    if (known !== undefined || this.#kept === undefined) return known
    const bytes = this.#kept.get(number)
    if (bytes === undefined) return undefined
    const reader = decodeWhole(nameOfBucket(kind, bucket), this.#open.locus, () => new BucketReader(bytes))
    this.#keptReaders.set(number, reader)
    return reader
  }

  /** The reader of a bucket that was just read, which is kept from now on. */
  #freshReader({ kind, firstBucket }: Lookup, bucket: number, value: Buffer | undefined): BucketReader {
    const bytes = unseal(value, nameOfBucket(kind, bucket), this.#open.locus)
    this.#kept?.put(firstBucket + bucket, bytes)
    return new BucketReader(bytes)
  }

  /** Asks for the buckets of the queries from `start` on, as many as are read at once. */
  #readBuckets(lookup: Lookup, start: number): BucketRead | undefined {
    const { kind, bits, high, queries } = lookup
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
      const reader = this.#keptReader(lookup, bucket)
      kept.push(reader)
      if (reader === undefined) keys.push(bucketKey(kind, bucket))
    }
    if (keys.length === 0) return { start, buckets, end, kept, values: undefined }
    const values = readValues(this.#open.level, keys, this.#open.locus)
    // Whoever awaits it sees the error; until then it must not count as unhandled.
    values.catch(() => undefined)
    return { start, buckets, end, kept, values }
  }

  #searchBuckets(
    lookup: Lookup,
    start: number,
    buckets: readonly number[],
    kept: readonly (BucketReader | undefined)[],
    values: readonly (Buffer | undefined)[],
  ): void {
    const { kind, bits, high, low, queries, hits } = lookup
    const { locus, manifest } = this.#open
    const components = manifest.components.length
    let at = start
    let next = 0
    for (let i = 0; i < buckets.length; i++) {
      const number = buckets[i]!
      let bucket = kept[i]
      try {
        bucket ??= this.#freshReader(lookup, number, values[next++])
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

const FILE_HASHES: readonly FileHash[] = ['sha256', 'buildId']

function componentsBySoname(sonames: readonly (readonly string[])[]): Map<string, number[]> {
  const components = new Map<string, number[]>()
  for (const [index, names] of sonames.entries())
    for (const name of names) {
      const same = components.get(name)
      if (same === undefined) components.set(name, [index])
      else if (same.at(-1) !== index) same.push(index)
    }
  return components
}

/** One call of {@link DatabaseReader.lookup}: its queries, and what was found so far. */
interface Lookup {
  readonly kind: number
  /** log2 of the number of buckets. */
  readonly bits: number
  readonly high: Uint32Array
  readonly low: Uint32Array
  /** Those that the prefilter lets through, by index. */
  readonly queries: Uint32Array
  readonly hits: HitColumns
  /** Number of the kind's first bucket among those of all kinds. */
  readonly firstBucket: number
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

/** What `read` returns; contradictions within a value become damage of the database. */
function decodeWhole<T>(what: string, locus: Locus, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw asDamage(what, locus, cause)
  }
}

function asDamage(what: string, locus: Locus, cause: unknown): unknown {
  if (!(cause instanceof DetectorError) || cause.locus !== undefined) return cause
  return damagedValue(what, `contradicts itself (${cause.message})`, locus, cause)
}

function isIdentity(value: unknown, components: number): boolean {
  const { component, release, name, arch } = (value ?? {}) as Partial<FileIdentity>
  const isNumber = Number.isInteger(component) && component! >= 0 && component! < components
  return isNumber && Number.isInteger(release) && typeof name === 'string' && typeof arch === 'string'
}

/** Indices of the queries that the prefilter lets through. */
function passing(bloom: Bloom, high: Uint32Array, low: Uint32Array, from: number, to: number): Uint32Array {
  const queries = new Uint32Array(to - from)
  let count = 0
  for (let i = from; i < to; i++) if (bloom.has(high[i]!, low[i]!)) queries[count++] = i
  return queries.subarray(0, count)
}

/** One value, at once: there is nothing to do meanwhile, and handing it to another thread costs more than most values do. */
function readValue(level: Level<Buffer, Buffer>, key: Buffer, locus: Locus): Buffer | undefined {
  try {
    return level.getSync(key)
  } catch (cause) {
    throw damagedValue('file', 'cannot be read', locus, cause)
  }
}

async function readValues(level: Level<Buffer, Buffer>, keys: Buffer[], locus: Locus): Promise<(Buffer | undefined)[]> {
  try {
    return await level.getMany(keys)
  } catch (cause) {
    throw damagedValue('file', 'cannot be read', locus, cause)
  }
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
