import { createHash, type Hash } from 'node:crypto'
import type { ByteSource } from '../bytes/source.ts'
import { DetectorError } from '../errors.ts'

/** Names content by what it is (OCI Image Specification, "Content Descriptors"). */
export interface Descriptor {
  /** Empty where nobody said it; then the content tells. */
  readonly mediaType: string
  /** `sha256:` or `sha512:` and lower-case hexadecimal digits. */
  readonly digest: string
  /** Bytes as stored. */
  readonly size: number
}

/** Content-addressed manifests and blobs, wherever they lie. All bytes given out were compared with their digest. */
export interface ContentStore {
  /**
   * Small content: manifests and configs.
   *
   * @throws DetectorError `IMAGE_NOT_FOUND`, `IMAGE_DIGEST_MISMATCH`, `LIMIT_EXCEEDED` (`manifestBytes`), `ABORTED` and
   * what the place of the store may throw
   */
  read(descriptor: Descriptor, kind: 'manifest' | 'blob', signal?: AbortSignal): Promise<Uint8Array>
  /**
   * A layer as stored; the caller closes it. `onBytes` gets bytes, and may get fewer than before when a transfer starts
   * anew.
   *
   * @throws DetectorError as {@link read} does, with the limit `blobBytes`
   */
  open(
    descriptor: Descriptor,
    watch: { readonly signal?: AbortSignal; readonly onBytes?: (done: number, total: number) => void },
  ): Promise<ByteSource>
  /** Ends what still runs; reading afterwards fails. Sources that were opened stay open. */
  close(): Promise<void>
}

/** Hexadecimal digits of the algorithms that the OCI specification registers. */
const DIGEST_DIGITS: ReadonlyMap<string, number> = new Map([
  ['sha256', 64],
  ['sha512', 128],
])

/** True for a digest that can be checked: sha256 or sha512. */
export function isDigest(text: string): boolean {
  const [algorithm = '', digits = '', ...more] = text.split(':')
  return more.length === 0 && digits.length === DIGEST_DIGITS.get(algorithm) && /^[0-9a-f]+$/.test(digits)
}

/**
 * Hashes content by the algorithm of its digest.
 *
 * @throws DetectorError `FORMAT_UNSUPPORTED` for other algorithms than sha256 and sha512, which also keeps the text out
 * of paths
 */
export function startDigest(digest: string): Hash {
  if (isDigest(digest)) return createHash(digest.slice(0, digest.indexOf(':')))
  const shown = JSON.stringify(digest.slice(0, 80))
  throw new DetectorError('FORMAT_UNSUPPORTED', `need a digest of sha256 or sha512 with all its digits, have ${shown}`)
}

/**
 * Checks content in memory against its descriptor.
 *
 * @param where what holds it, as a message should say
 * @throws DetectorError `IMAGE_DIGEST_MISMATCH`, `FORMAT_UNSUPPORTED`
 */
export function checkContent(bytes: Uint8Array, descriptor: Descriptor, where: string): void {
  if (bytes.length !== descriptor.size) throw wrongSize(descriptor, bytes.length, where)
  checkHash(startDigest(descriptor.digest).update(bytes), descriptor, where)
}

/** @throws DetectorError `IMAGE_DIGEST_MISMATCH` unless all that was hashed has the digest */
export function checkHash(hash: Hash, { digest }: Descriptor, where: string): void {
  const have = hash.digest('hex')
  if (digest.endsWith(`:${have}`)) return
  const needed = `need content with ${digest} from ${where}, have content with ${have}`
  throw new DetectorError('IMAGE_DIGEST_MISMATCH', `${needed}: it was damaged or replaced, get the image anew`)
}

/** The error for content of another size than the descriptor announces; `have` is the size, or says what is known of it. */
export function wrongSize({ digest, size }: Descriptor, have: number | string, where: string): DetectorError {
  const needed = `need ${size} bytes of ${digest} from ${where}, have ${have}`
  return new DetectorError('IMAGE_DIGEST_MISMATCH', `${needed}: it was damaged or replaced, get the image anew`)
}
