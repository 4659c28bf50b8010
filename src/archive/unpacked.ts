import { checkLimit, type Limits } from '../bytes/limits.ts'
import type { ByteSource } from '../bytes/source.ts'
import { Spool } from '../bytes/spool.ts'
import { throwIfAborted } from '../errors.ts'

/** Up to this size unpacked bytes stay in memory: most source archives and package members are smaller. */
const MEMORY_BYTES = 64 * 1024 ** 2
/** Below this size no ratio is checked: a few hundred bytes of header would decide it. */
const RATIO_FREE_BYTES = 1024 ** 2

/** Who else looks at the bytes, and how many may stay in memory. */
export interface UnpackedOptions {
  readonly memoryBytes?: number
  readonly onPacked?: (bytes: Uint8Array) => void
  readonly onUnpacked?: (bytes: Uint8Array) => void
}

/**
 * Takes unpacked bytes in order and becomes a source: in memory while small, else in an anonymous temporary file.
 *
 * Checks `unpackedBytes` and `unpackRatio` at every write, so that a bomb stops while it unfolds.
 */
export class Unpacked {
  readonly #limits: Limits
  readonly #signal: AbortSignal | undefined
  readonly #spool: Spool
  readonly #onPacked: UnpackedOptions['onPacked']
  readonly #onUnpacked: UnpackedOptions['onUnpacked']
  /** Packed bytes handed to the decoder so far. */
  #packedBytes = 0
  #parts = 0

  constructor(limits: Limits, signal: AbortSignal | undefined, options: UnpackedOptions = {}) {
    this.#limits = limits
    this.#signal = signal
    this.#spool = new Spool(options.memoryBytes ?? MEMORY_BYTES)
    this.#onPacked = options.onPacked
    this.#onUnpacked = options.onUnpacked
  }

  /** Counts packed bytes that the decoder gets. */
  take(packed: Uint8Array): void {
    this.#packedBytes += packed.length
    this.#onPacked?.(packed)
  }

  /** Counts a part that is unpacked by itself, against `archiveMembers`: each takes its time, however small it is. */
  begin(): void {
    throwIfAborted(this.#signal)
    checkLimit(this.#limits, 'archiveMembers', ++this.#parts)
  }

  /** Appends a copy of the bytes. */
  write(bytes: Uint8Array): void {
    throwIfAborted(this.#signal)
    const written = this.#spool.size + bytes.length
    checkLimit(this.#limits, 'unpackedBytes', written)
    if (written > RATIO_FREE_BYTES)
      checkLimit(this.#limits, 'unpackRatio', Math.ceil(written / Math.max(1, this.#packedBytes)))
    this.#onUnpacked?.(bytes)
    this.#spool.write(bytes)
  }

  /** What was written, as a source. Closing it frees the memory or the file. */
  toSource(): ByteSource {
    return this.#spool.toSource()
  }

  /** Frees everything after a failure. */
  discard(): void {
    this.#spool.discard()
  }
}
