import { DetectorError } from '../errors.ts'
import { Bloom, bloomBytes } from './bloom.ts'
import {
  bucketBits,
  bucketKey,
  bucketOf,
  builtFunctionsKey,
  componentKey,
  type FileHash,
  fileBucketBits,
  fileBucketOf,
  filesKey,
  functionNamesKey,
  type KindLayout,
  MANIFEST_KEY,
  type StoredManifest,
} from './buckets.ts'
import { encodeNames } from './file-coding.ts'
import { Level } from './level.ts'
import { packMessage } from './message-pack.ts'
import { type KindFeatures, LITTLE_ENDIAN, packBucket } from './postings.ts'
import { writePrefilters } from './prefilter-file.ts'
import { packRecord, seal } from './records.ts'
import type { BuiltFunctions, ComponentRecord, FileRecord, Manifest } from './schema.ts'

/** All that a compiled database holds. */
export interface DatabaseContent {
  readonly manifest: Manifest
  /** In the order of the manifest's names. */
  readonly components: readonly ComponentRecord[]
  /** By component: what the names of its postings count, as `ComponentPrints.functionNames`. */
  readonly functionNames: readonly (readonly string[])[]
  /** By component, see {@link BuiltFunctions}. */
  readonly builtFunctions: readonly BuiltFunctions[]
  /** Libraries and programs that are known as they are. */
  readonly files: readonly StoredFile[]
  /** One entry per kind; kinds without features may be left out. */
  readonly features: readonly KindFeatures[]
}

/** One indexed file; `component` is an index into the manifest's names. */
export interface StoredFile extends FileRecord {
  readonly component: number
}

/** Bytes collected before they are given to LevelDB at once. */
const BATCH_BYTES = 4 << 20

/** Larger than LevelDB's 2 MiB, so that a database of hundreds of megabytes is a handful of files to link. */
const FILE_BYTES = 16 << 20

/**
 * Writes a compiled database into a directory that is new or empty. When it returns, all data is in table files and
 * nothing in the log, so that readers need not recover anything. On errors the directory is left half-written.
 *
 * @throws DetectorError `STORE_CORRUPT` when the directory holds a database already
 * @throws TypeError when features are not sorted or a number leaves its range
 */
export async function writeDatabase(directory: string, content: DatabaseContent): Promise<void> {
  const { manifest, components } = content
  if (content.functionNames.length !== components.length)
    throw new TypeError(`content: ${content.functionNames.length} lists of names for ${components.length} components`)
  if (content.builtFunctions.length !== components.length)
    throw new TypeError(`content: functions of ${content.builtFunctions.length} components, not ${components.length}`)
  if (components.length !== manifest.components.length)
    throw new TypeError(`content: ${components.length} components, the manifest names ${manifest.components.length}`)
  const level = new Level<Buffer, Buffer>(directory, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    errorIfExists: true,
    // Hashes do not compress, and unpacking the rest would cost each lookup more than it saves on disk.
    compression: false,
    writeBufferSize: FILE_BYTES,
    maxFileSize: FILE_BYTES,
  })
  try {
    await level.open()
  } catch (cause) {
    throw new DetectorError('STORE_CORRUPT', `need an empty directory for a new database, ${directory} is not one`, {
      locus: { path: directory },
      cause,
    })
  }
  const kinds = content.features.filter(({ high }) => high.length > 0).sort((a, b) => a.kind - b.kind)
  try {
    const batch = new Batch(level)
    for (const features of kinds) checkFeatures(features)
    // LevelDB takes keys in ascending order without rewriting what it has, so this is the order of the keys.
    for (const [index, component] of components.entries()) await batch.put(componentKey(index), packRecord(component))
    for (const features of kinds) await putBuckets(batch, features)
    const fileBits = fileBucketBits(content.files.length)
    await putFiles(batch, 'buildId', content.files, fileBits)
    const layout: KindLayout[] = kinds.map(({ kind, high }) => ({
      kind,
      bucketBits: bucketBits(high.length),
      bloomBytes: bloomBytes(high.length),
    }))
    const sonames = components.map((component) => component.sonames)
    const stored: StoredManifest = { manifest, littleEndian: LITTLE_ENDIAN, sonames, layout, fileBits }
    await batch.put(MANIFEST_KEY, packRecord(stored))
    for (const [index, names] of content.functionNames.entries())
      await batch.put(functionNamesKey(index), seal(encodeNames(names)))
    for (const [index, functions] of content.builtFunctions.entries())
      await batch.put(builtFunctionsKey(index), packMessage(functions))
    await putFiles(batch, 'sha256', content.files, fileBits)
    await batch.flush()
    await compact(level)
  } finally {
    await level.close()
  }
  writePrefilters(directory, kinds.map(prefilterOf))
}

/** Moves everything into table files of one level: an empty log, and nothing left to do for whoever opens it. */
async function compact(level: Level<Buffer, Buffer>): Promise<void> {
  // The types of level leave out what browsers do not have.
  const classic = level as unknown as { compactRange(start: Buffer, end: Buffer): Promise<void> }
  await classic.compactRange(Buffer.alloc(0), Buffer.alloc(8, 0xff))
}

class Batch {
  readonly #level: Level<Buffer, Buffer>
  #operations: { type: 'put'; key: Buffer; value: Buffer }[] = []
  #bytes = 0

  constructor(level: Level<Buffer, Buffer>) {
    this.#level = level
  }

  async put(key: Buffer, value: Buffer): Promise<void> {
    this.#operations.push({ type: 'put', key, value })
    this.#bytes += value.length
    if (this.#bytes >= BATCH_BYTES) await this.flush()
  }

  async flush(): Promise<void> {
    await this.#level.batch(this.#operations)
    this.#operations = []
    this.#bytes = 0
  }
}

function checkFeatures({ kind, high, low, starts }: KindFeatures): void {
  if (!Number.isInteger(kind) || kind < 1 || kind > 255) throw new TypeError(`features: kind ${kind}, need 1 to 255`)
  if (low.length !== high.length || starts.length !== high.length + 1)
    throw new TypeError(`features: ${high.length} high halves, ${low.length} low halves, ${starts.length} starts`)
  for (let i = 1; i < high.length; i++)
    if (high[i - 1]! > high[i]! || (high[i - 1] === high[i] && low[i - 1]! >= low[i]!))
      throw new TypeError(`features: hash ${i} of kind ${kind} does not follow the one before`)
}

function prefilterOf({ high, low }: KindFeatures): Uint8Array {
  const bloom = new Bloom(new Uint8Array(bloomBytes(high.length)))
  for (let i = 0; i < high.length; i++) bloom.add(high[i]!, low[i]!)
  return bloom.bytes
}

/** Empty buckets are written too: a missing one is then always damage. */
async function putBuckets(batch: Batch, features: KindFeatures): Promise<void> {
  const bits = bucketBits(features.high.length)
  let from = 0
  for (let bucket = 0; bucket < 2 ** bits; bucket++) {
    let to = from
    while (to < features.high.length && bucketOf(features.high[to]!, bits) === bucket) to++
    await batch.put(bucketKey(features.kind, bucket), seal(packBucket(features, from, to)))
    from = to
  }
}

/** The buckets of files by one of their hashes; empty ones are written too. */
async function putFiles(batch: Batch, by: FileHash, files: readonly StoredFile[], bits: number): Promise<void> {
  const buckets: StoredFile[][] = Array.from({ length: 2 ** bits }, () => [])
  for (const file of files) {
    const hash = file[by]
    if (hash !== null) buckets[fileBucketOf(hash, bits)]!.push(file)
  }
  for (const [bucket, held] of buckets.entries())
    await batch.put(filesKey(by, bucket), packRecord({ files: held.map(fileEntry) }))
}

/** Without what catalog and prints know besides. */
function fileEntry({ sha256, buildId, component, release, name, arch }: StoredFile): StoredFile {
  return { sha256, buildId, component, release, name, arch }
}
