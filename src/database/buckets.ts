import { hashText, high32 } from '../bytes/hash.ts'
import type { Manifest } from './schema.ts'

/**
 * The keys of the compiled database. Fingerprints of a kind are stored in buckets by the top bits of their hash, so that
 * sorted queries walk the database in order.
 */

/**
 * Features per bucket at most, so half as many at least: some 30 KB. Each read costs a crossing into LevelDB, and a scan
 * of a large file asks for nearly all buckets; a scan of a small one reads a bucket for each of a few dozen hits.
 */
const BUCKET_FEATURES = 2048

/** More buckets than this would make keys a large part of the data. */
const MAX_BUCKET_BITS = 20

/** The key of the manifest. */
export const MANIFEST_KEY: Buffer = Buffer.from('manifest')

/** How the features of one kind are laid out; stored in the manifest's record beside the manifest. */
export interface KindLayout {
  readonly kind: number
  /** log2 of the number of buckets. */
  readonly bucketBits: number
  /** Size of the prefilter. */
  readonly bloomBytes: number
}

/** The record under the manifest's key. */
export interface StoredManifest {
  readonly manifest: Manifest
  /** Of the machine that wrote it: buckets hold numbers in its order. */
  readonly littleEndian: boolean
  /** By component, as in its record: asked for in every scan, where records would cost more than all the rest. */
  readonly sonames: readonly (readonly string[])[]
  readonly layout: readonly KindLayout[]
  /** log2 of the number of buckets of files, for each hash. */
  readonly fileBits: number
}

/** log2 of the number of buckets for so many features of one kind. */
export function bucketBits(features: number): number {
  let bits = 0
  while (bits < MAX_BUCKET_BITS && features > BUCKET_FEATURES * 2 ** bits) bits++
  return bits
}

/** The bucket of a hash, by its upper half. */
export function bucketOf(high: number, bits: number): number {
  return bits === 0 ? 0 : high >>> (32 - bits)
}

export function bucketKey(kind: number, bucket: number): Buffer {
  return key('f', kind, bucket)
}

export function componentKey(component: number): Buffer {
  return key('c', 0, component)
}

/** Names of the component's functions: evidence only, so they are kept apart from its record. */
export function functionNamesKey(component: number): Buffer {
  return key('n', 0, component)
}

/** {@link BuiltFunctions} of the component, asked for only where its version is known. */
export function builtFunctionsKey(component: number): Buffer {
  return key('n', 1, component)
}

/** What files are found by. The letters start their keys. */
export type FileHash = 'sha256' | 'buildId'

/** Files of one bucket of hashes; every bucket is there, so that a missing one is damage and not an unknown file. */
export function filesKey(by: FileHash, bucket: number): Buffer {
  return key(by === 'sha256' ? 's' : 'i', 0, bucket)
}

/** log2 of the number of buckets for so many files: of 64 or fewer, some 10 KB, as a whole bucket is read for one file. */
export function fileBucketBits(files: number): number {
  return Math.min(Math.ceil(Math.log2(Math.max(files, 64) / 64)), MAX_BUCKET_BITS)
}

/** The bucket of a sha256 or build-id in hexadecimal; build-ids need not be spread evenly. */
export function fileBucketOf(hash: string, bits: number): number {
  return bucketOf(high32(hashText(hash)), bits)
}

/** LevelDB sorts keys as bytes, so numbers are big-endian. */
function key(prefix: string, kind: number, number: number): Buffer {
  const bytes = Buffer.allocUnsafe(6)
  bytes[0] = prefix.charCodeAt(0)
  bytes[1] = kind
  bytes.writeUInt32BE(number, 2)
  return bytes
}
