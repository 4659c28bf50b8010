import { DetectorError, hex } from '../errors.ts'
import type { ByteSource } from './source.ts'

/**
 * Bounds-checked reads of numbers and names from a {@link ByteSource}. Offsets are bytes from the start of the source.
 * It has no position: parsers name every place they read.
 *
 * Every method throws `FORMAT_TRUNCATED` for a range that leaves the source.
 */
export class Cursor {
  readonly source: ByteSource
  readonly littleEndian: boolean
  #window: DataView
  #windowStart = 0

  constructor(source: ByteSource, littleEndian: boolean) {
    this.source = source
    this.littleEndian = littleEndian
    this.#window = new DataView(new ArrayBuffer(0))
  }

  get size(): number {
    return this.source.size
  }

  /** Checks a whole range once, so that the loop behind it can read plainly. */
  need(offset: number, length: number): void {
    if (offset >= 0 && length >= 0 && offset + length <= this.source.size) return
    const have = Math.max(0, Math.min(this.source.size - offset, length))
    throw new DetectorError('FORMAT_TRUNCATED', `need ${length} bytes at offset ${hex(offset)}, have ${have || 0}`, {
      locus: { offset },
    })
  }

  u8(offset: number): number {
    return this.#view(offset, 1).getUint8(offset - this.#windowStart)
  }

  u16(offset: number): number {
    return this.#view(offset, 2).getUint16(offset - this.#windowStart, this.littleEndian)
  }

  u32(offset: number): number {
    return this.#view(offset, 4).getUint32(offset - this.#windowStart, this.littleEndian)
  }

  /**
   * A 64-bit value as a number.
   *
   * @throws DetectorError `FORMAT_CORRUPT` above 2^53-1: no file offset or size is that large
   */
  u64(offset: number): number {
    const view = this.#view(offset, 8)
    const at = offset - this.#windowStart
    const high = view.getUint32(this.littleEndian ? at + 4 : at, this.littleEndian)
    const low = view.getUint32(this.littleEndian ? at : at + 4, this.littleEndian)
    const value = high * 0x1_0000_0000 + low
    if (Number.isSafeInteger(value)) return value
    throw new DetectorError('FORMAT_CORRUPT', `64-bit value at ${hex(offset)} exceeds 2^53`, { locus: { offset } })
  }

  /** A view of `length` bytes; not to be written to. */
  bytes(offset: number, length: number): Uint8Array {
    return this.source.read(offset, length)
  }

  /**
   * The NUL-terminated name at `offset`, as Latin-1, without the NUL. The terminator must come within `maxBytes` and
   * before `end` (exclusive; default: the end of the source).
   *
   * @throws DetectorError `FORMAT_CORRUPT` when no NUL comes in time
   */
  cstring(offset: number, maxBytes: number, end: number = this.source.size): string {
    const length = Math.min(maxBytes + 1, end - offset)
    this.need(offset, Math.max(length, 1))
    // Names are short: most end within the first 64 bytes, so the whole allowance is read only when they do not.
    for (const part of [Math.min(64, length), length]) {
      const bytes = this.source.read(offset, part)
      const nul = bytes.indexOf(0)
      if (nul >= 0) return latin1(bytes.subarray(0, nul))
    }
    throw new DetectorError('FORMAT_CORRUPT', `name at ${hex(offset)} has no end within ${length} bytes`, {
      locus: { offset },
    })
  }

  #view(offset: number, length: number): DataView {
    if (offset >= this.#windowStart && offset + length <= this.#windowStart + this.#window.byteLength)
      return this.#window
    this.need(offset, length)
    const bytes = this.source.read(offset, Math.min(Math.max(length, WINDOW_BYTES), this.source.size - offset))
    this.#window = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#windowStart = offset
    return this.#window
  }
}

/** One refill per this many bytes of a table read in order; larger windows cost more when reads jump. */
const WINDOW_BYTES = 4096

/** Bytes as text, one character per byte. Names in programs are bytes, not UTF-8. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}
