import { elementAt } from '../bytes/element.ts'
import { DetectorError, type Locus } from '../errors.ts'
import { Bloom } from './bloom.ts'
import { BucketCache, type SharedBuckets } from './bucket-cache.ts'
import { BucketSearch } from './bucket-search.ts'
import {
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
import type { BucketReader } from './postings.ts'
import { PrefilterFile } from './prefilter-file.ts'
import { decodeWhole, readValue, readValues } from './read-values.ts'
import { damagedValue, parseRecord, unpackRecord, unseal } from './records.ts'
import type { BuiltFunctions, ComponentRecord, FileIdentity, Manifest } from './schema.ts'
import { readManifest } from './stored-manifest.ts'

export interface ReaderOptions {
  /** Called once the database is closed. */
  readonly afterClose?: () => Promise<void>
}

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
  readonly #keptReaders: (BucketReader | undefined)[] = []
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
    if (this.#kept === undefined) {
      this.#kept = new BucketCache(this.#buckets, shared)
      for (let bucket = 0; bucket < this.#buckets; bucket++) this.#keptReaders.push(undefined)
    }
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
   * may repeat; each repetition has its own hits. The {@link prefilter} is asked here, unless `isFiltered` says that it let all of them
   * through.
   *
   * @throws DetectorError `STORE_CORRUPT`
   */
  async lookup(
    kind: number,
    high: Uint32Array,
    low: Uint32Array,
    from: number,
    to: number,
    isFiltered = false,
  ): Promise<LookupHits> {
    this.#checkOpen()
    const hits = new HitColumns()
    const place = this.#open.layout.findIndex((candidate) => candidate.kind === kind)
    if (place < 0 || from === to) return hits.finish()
    const { level, locus, layout, manifest } = this.#open
    const search = new BucketSearch(
      { level, locus, kept: this.#kept, keptReaders: this.#keptReaders, components: manifest.components.length },
      { kind, bits: elementAt(layout, place).bucketBits, firstBucket: elementAt(this.#firstBuckets, place) },
    )
    const bloom = isFiltered ? undefined : new Bloom(this.prefilter.filter(kind))
    await search.run({ high, low, queries: passing(bloom, high, low, from, to), hits })
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
    const { unpackMessage } = await import('./message-pack.ts')
    return unpackMessage(value, what, locus) as unknown as BuiltFunctions
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
    const record = unpackRecord(value, what, locus)
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

function isIdentity(value: unknown, components: number): boolean {
  const { component, release, name, arch } = (value ?? {}) as Partial<FileIdentity>
  const isNumber = Number.isInteger(component) && component! >= 0 && component! < components
  return isNumber && Number.isInteger(release) && typeof name === 'string' && typeof arch === 'string'
}

/** Indices of the queries that the prefilter lets through. */
function passing(bloom: Bloom | undefined, high: Uint32Array, low: Uint32Array, from: number, to: number): Uint32Array {
  const queries = new Uint32Array(to - from)
  let count = 0
  for (let i = from; i < to; i++) if (bloom === undefined || bloom.has(high[i]!, low[i]!)) queries[count++] = i
  return queries.subarray(0, count)
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
