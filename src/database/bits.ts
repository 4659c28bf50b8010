import { corrupt } from './text-coding.ts'

/** Collects bits, most significant first; grows as needed. */
export class BitWriter {
  #bytes = new Uint8Array(1024)
  #length = 0
  #pending = 0
  #pendingBits = 0

  /** Appends the lower `width` bits (0 to 32) of an unsigned 32-bit value. */
  fixed(value: number, width: number): void {
    if (width > 16) {
      this.#push(value >>> 16, width - 16)
      this.#push(value, 16)
    } else if (width > 0) this.#push(value, width)
  }

  /** Appends `count` zeros and a one. */
  unary(count: number): void {
    let rest = count
    for (; rest >= 16; rest -= 16) this.#push(0, 16)
    this.#push(0, rest)
    this.#push(1, 1)
  }

  /** Appends a number in groups of `groupBits` bits, lowest first, each behind a bit that tells whether more follow. */
  grouped(value: number, groupBits: number): void {
    const more = 2 ** groupBits
    let rest = value
    for (; rest >= more; rest = Math.floor(rest / more)) this.fixed(more + (rest % more), groupBits + 1)
    this.fixed(rest, groupBits + 1)
  }

  /** A copy of what was written, filled up with zeros to a whole byte. */
  finish(): Uint8Array {
    if (this.#pendingBits > 0) this.#push(0, 8 - this.#pendingBits)
    return this.#bytes.slice(0, this.#length)
  }

  #push(value: number, width: number): void {
    this.#pending = (this.#pending << width) | (value & ((1 << width) - 1))
    this.#pendingBits += width
    if (this.#length + 4 > this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2)
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    while (this.#pendingBits >= 8) {
      this.#pendingBits -= 8
      this.#bytes[this.#length++] = this.#pending >>> this.#pendingBits
    }
    this.#pending &= (1 << this.#pendingBits) - 1
  }
}

/** Bits that {@link BitWriter.grouped} spends on a number. */
export function groupedBits(value: number, groupBits: number): number {
  let bits = groupBits + 1
  for (let rest = Math.floor(value / 2 ** groupBits); rest > 0; rest = Math.floor(rest / 2 ** groupBits))
    bits += groupBits + 1
  return bits
}

/** Longest stream read: bit positions are 32-bit numbers. */
const MAX_BYTES = 2 ** 28

/**
 * Reads what {@link BitWriter} wrote.
 *
 * @throws DetectorError `STORE_CORRUPT` at the end of the bytes
 */
export class BitReader {
  readonly #bytes: Uint8Array
  readonly #end: number
  #position = 0

  constructor(bytes: Uint8Array) {
    if (bytes.length > MAX_BYTES) throw corrupt(`${bytes.length} bytes of packed data, at most ${MAX_BYTES} are read`)
    this.#bytes = bytes
    this.#end = bytes.length * 8
  }

  /** Bits not yet read, the filling of the last byte included. */
  get left(): number {
    return this.#end - this.#position
  }

  fixed(width: number): number {
    if (width <= 16) return this.#take(width)
    const upper = this.#take(width - 16)
    return upper * 0x1_0000 + this.#take(16)
  }

  unary(): number {
    let count = 0
    for (;;) {
      const zeros = Math.clz32(this.#window())
      if (zeros < 24) {
        this.#skip(zeros + 1)
        return count + zeros
      }
      this.#skip(24)
      count += 24
    }
  }

  grouped(groupBits: number): number {
    const more = 2 ** groupBits
    let value = 0
    for (let scale = 1; ; scale *= more) {
      const group = this.fixed(groupBits + 1)
      value += (group % more) * scale
      if (group < more) return value
      if (scale > 2 ** 32) throw corrupt('packed number exceeds 2^32')
    }
  }

  /** Checks that nothing but the filling of the last byte is left. */
  finish(): void {
    if (this.left < 8 && this.#take(this.left) === 0) return
    throw corrupt('packed data goes on behind its end')
  }

  #take(width: number): number {
    if (width === 0) return 0
    const value = this.#window() >>> (32 - width)
    this.#skip(width)
    return value
  }

  /** The next bits in the upper end of a 32-bit number; at least 25 of them count. */
  #window(): number {
    const at = this.#position >>> 3
    const bytes = this.#bytes
    const word =
      ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)
    return (word << (this.#position & 7)) >>> 0
  }

  #skip(width: number): void {
    this.#position += width
    if (this.#position > this.#end) throw corrupt(`packed data ends after ${this.#bytes.length} bytes, more is needed`)
  }
}
