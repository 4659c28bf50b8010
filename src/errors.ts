/** Where something was found or failed, outermost first: `image → layer → path → section → offset`. */
export interface Locus {
  /** File path, or the path inside a container (`app.jar!/native/libz.so`). */
  readonly path?: string
  /** diffID of the image layer. */
  readonly layer?: string
  readonly section?: string
  /** Bytes from the start of the file. */
  readonly offset?: number
}

/**
 * The stable codes of {@link DetectorError}. They are public API: renaming one is a major version.
 *
 * `FORMAT_*` and `LIMIT_EXCEEDED` concern one input and become an unknown of the report; `STORE_*`, `USAGE` and
 * `ABORTED` end the call. `IMAGE_*` and `REGISTRY_FAILED` concern one image: it is not there, not what its digest says,
 * not to be had without credentials, has no such platform, leads out of its own tree, or its registry failed after all
 * attempts.
 */
export type ErrorCode =
  | 'FORMAT_TRUNCATED'
  | 'FORMAT_BAD_MAGIC'
  | 'FORMAT_CORRUPT'
  | 'FORMAT_UNSUPPORTED'
  | 'LIMIT_EXCEEDED'
  | 'INPUT_NOT_FOUND'
  | 'INPUT_UNREADABLE'
  | 'SOURCE_UNSAFE'
  | 'SOURCE_FAILED'
  | 'IMAGE_NOT_FOUND'
  | 'IMAGE_DIGEST_MISMATCH'
  | 'IMAGE_UNAUTHORIZED'
  | 'IMAGE_PLATFORM'
  | 'IMAGE_UNSAFE_PATH'
  | 'REGISTRY_FAILED'
  | 'STORE_SCHEMA_MISMATCH'
  | 'STORE_CORRUPT'
  | 'STORE_LOCKED'
  | 'STORE_NOT_FOUND'
  | 'STORE_UNTRUSTED'
  | 'CATALOG_CORRUPT'
  | 'USAGE'
  | 'ABORTED'

/**
 * The one error class of binprint: what was needed, where, what was there and, for users, what to do.
 *
 * `code` is for programs, `message` for people. Mistakes of the calling program are plain `TypeError`s instead.
 */
export class DetectorError extends Error {
  readonly code: ErrorCode
  readonly locus?: Locus

  constructor(code: ErrorCode, message: string, options: { locus?: Locus; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'DetectorError'
    this.code = code
    if (options.locus !== undefined) this.locus = options.locus
  }
}

/** Throws `ABORTED` when the signal has fired; every long loop calls it now and then. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new DetectorError('ABORTED', 'stopped before the end', { cause: signal.reason })
}

/** The number in hexadecimal, `0x1f40`, as messages and reports show file offsets. */
export function hex(value: number): string {
  return `0x${value.toString(16)}`
}
