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
  readonly layout: readonly KindLayout[]
}

/** Prefilters are cut into values of this size: one value of many megabytes would pass LevelDB's buffers as a whole. */
export const BLOOM_CHUNK_BYTES: number = 1 << 20

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

/** Prefilters are stored in chunks of a fixed size. */
export function bloomKey(kind: number, chunk: number): Buffer {
  return key('b', kind, chunk)
}

export function componentKey(component: number): Buffer {
  return key('c', 0, component)
}

/** Names of the component's functions: evidence only, so they are kept apart from its record. */
export function functionNamesKey(component: number): Buffer {
  return key('n', 0, component)
}

/** Files with this build-id, or this sha256, both hexadecimal. */
export function buildIdKey(buildId: string): Buffer {
  return Buffer.concat([Buffer.of(0x69), Buffer.from(buildId, 'hex')])
}

export function sha256Key(sha256: string): Buffer {
  return Buffer.concat([Buffer.of(0x73), Buffer.from(sha256, 'hex')])
}

/** LevelDB sorts keys as bytes, so numbers are big-endian. */
function key(prefix: string, kind: number, number: number): Buffer {
  const bytes = Buffer.allocUnsafe(6)
  bytes.write(prefix, 'latin1')
  bytes[1] = kind
  bytes.writeUInt32BE(number, 2)
  return bytes
}
