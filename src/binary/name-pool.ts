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
const AT_SIGN = 0x40

/** A table of NUL-terminated names, read once and kept: the views that a symbol table hands out are parts of it. */
export class NamePool {
  readonly bytes: Uint8Array
  /** The same bytes, to be read by words. */
  readonly words: DataView
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
    this.words = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength)
    this.offset = offset
    this.#maxName = limits.nameBytes
    this.#budget = COVER_LIMIT * size + FREE_BYTES
  }

  /**
   * Bytes of the name that starts at `start` (from the start of the table), or -1 where no name ends within the table
   * and `limits.nameBytes`. Whoever asks may read the name a few times: the allowance for that is used up here.
   *
   * @throws DetectorError `FORMAT_CORRUPT` when names overlap so much that reading them all would not end
   */
  length(start: number): number {
    if (start >= this.bytes.length) return -1
    if (start < this.#lastStart || start > this.#lastEnd) {
      const stop = Math.min(this.bytes.length, start + this.#maxName + 1)
      const end = this.#indexOf(0, start, stop)
      if (end === stop) {
        this.#charge(end - start)
        return -1
      }
      this.#lastStart = start
      this.#lastEnd = end
    }
    this.#charge(this.#lastEnd - start)
    return this.#lastEnd - start
  }

  /** As {@link length}, without the `@VERSION` that linkers put behind names of a full symbol table. */
  lengthWithoutVersion(start: number): number {
    if (start >= this.#lastStart && start <= this.#lastEnd) {
      const length = this.length(start)
      return length <= 1 ? length : this.#indexOf(AT_SIGN, start + 1, start + length) - start
    }
    if (start >= this.bytes.length || this.bytes[start] === 0) return this.length(start)
    const stop = Math.min(this.bytes.length, start + this.#maxName + 1)
    const short = this.#indexOfEither(start + 1, stop)
    const end = short < stop && this.bytes[short] === AT_SIGN ? this.#indexOf(0, short + 1, stop) : short
    this.#charge(end - start)
    if (end === stop) return -1
    this.#lastStart = start
    this.#lastEnd = end
    return short - start
  }

  /** The first place of the byte from `at` on, or `stop`, which must be within the table. Four bytes at a time. */
  #indexOf(byte: number, at: number, stop: number): number {
    const { bytes, words } = this
    const everywhere = byte * 0x01010101
    for (; at + 4 <= stop; at += 4) {
      const word = words.getInt32(at, true) ^ everywhere
      // Not zero exactly when one of the four bytes is.
      if (((word - 0x01010101) & ~word & 0x80808080) !== 0) break
    }
    while (at < stop && bytes[at] !== byte) at++
    return at
  }

  /** The first NUL or `@`, as {@link #indexOf}. */
  #indexOfEither(at: number, stop: number): number {
    const { bytes, words } = this
    for (; at + 4 <= stop; at += 4) {
      const word = words.getInt32(at, true)
      const signs = word ^ 0x40404040
      if ((((word - 0x01010101) & ~word) | ((signs - 0x01010101) & ~signs)) & 0x80808080) break
    }
    while (at < stop && bytes[at] !== 0 && bytes[at] !== AT_SIGN) at++
    return at
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
