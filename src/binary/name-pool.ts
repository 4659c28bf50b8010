import { checkLimit, type Limits } from '../bytes/limits.ts'
import type { ByteSource } from '../bytes/source.ts'
import { DetectorError, hex } from '../errors.ts'

/**
 * How often the names of a table may cover it in sum. Linkers share suffixes and repeat local names: the most seen in
 * the libraries of Debian 12 is 1.3 (libc.so.6). A forged table that makes every symbol point into one long name gives
 * thousands.
 */
const COVER_LIMIT = 16
/** Small tables are not held to {@link COVER_LIMIT}: 16 MiB are scanned in some hundredths of a second. */
const FREE_BYTES = 16 * 1024 ** 2

/** A table of NUL-terminated names, read once and kept: the views that a symbol table hands out are parts of it. */
export class NamePool {
  readonly bytes: Uint8Array
  /** File offset of the table's first byte. */
  readonly offset: number
  readonly #maxName: number
  #budget: number
  #lastStart = 0
  #lastEnd = -1

  /**
   * @throws DetectorError `FORMAT_TRUNCATED` if the table leaves the file, `LIMIT_EXCEEDED`
   */
  constructor(source: ByteSource, offset: number, size: number, limits: Limits) {
    checkLimit(limits, 'stringTableBytes', size, { offset })
    this.bytes = source.read(offset, size)
    this.offset = offset
    this.#maxName = limits.nameBytes
    this.#budget = COVER_LIMIT * size + FREE_BYTES
  }

  /**
   * Bytes of the name that starts at `start` (from the start of the table), or -1 where no name ends within the table
   * and `limits.nameBytes`.
   *
   * @throws DetectorError `FORMAT_CORRUPT` when names overlap so much that reading them all would not end
   */
  length(start: number): number {
    if (start >= this.bytes.length) return -1
    if (start >= this.#lastStart && start <= this.#lastEnd) return this.#lastEnd - start
    const stop = Math.min(this.bytes.length, start + this.#maxName + 1)
    let end = start
    while (end < stop && this.bytes[end] !== 0) end++
    this.#charge(end - start)
    if (end === stop) return -1
    this.#lastStart = start
    this.#lastEnd = end
    return end - start
  }

  /** The name at `start` as Latin-1, or undefined where there is none. */
  text(start: number): string | undefined {
    const length = this.length(start)
    if (length < 0) return undefined
    this.#charge(length)
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start, length).toString('latin1')
  }

  #charge(bytes: number): void {
    this.#budget -= bytes
    if (this.#budget < 0)
      throw new DetectorError('FORMAT_CORRUPT', `names of the table at ${hex(this.offset)} overlap without end`)
  }
}
