import { DetectorError, hex } from '../errors.ts'

/** Collects unsigned LEB128 numbers and raw bytes; grows as needed. */
export class VarintWriter {
  #bytes = new Uint8Array(1024)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Appends a non-negative safe integer as unsigned LEB128. */
  number(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0)
      throw new TypeError(`varint needs a non-negative integer, got ${value}`)
    this.#reserve(8)
    let rest = value
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes[this.#length++] = rest
  }

  /** Appends ascending numbers as differences from their predecessor, without a count. */
  deltas(ascending: readonly number[]): void {
    let previous = 0
    for (const value of ascending) {
      this.number(value - previous)
      previous = value
    }
  }

  /** Appends UTF-8 text behind its length in bytes. */
  text(value: string): void {
    const bytes = Buffer.from(value, 'utf8')
    this.number(bytes.length)
    this.raw(bytes)
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  #reserve(extra: number): void {
    if (this.#length + extra <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + extra))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }
}

/**
 * Reads what {@link VarintWriter} wrote, from `position` on.
 *
 * @throws DetectorError `STORE_CORRUPT` at the end of the bytes or above 2^53-1: only stored data is read with it
 */
export class VarintReader {
  readonly bytes: Uint8Array
  position: number

  constructor(bytes: Uint8Array, position = 0) {
    this.bytes = bytes
    this.position = position
  }

  get done(): boolean {
    return this.position >= this.bytes.length
  }

  number(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.bytes[this.position]
      if (byte === undefined) throw this.#corrupt('number runs past the end')
      this.position++
      value += (byte & 0x7f) * scale
      if (byte < 0x80) break
      scale *= 0x80
      if (scale > 2 ** 49) throw this.#corrupt('number exceeds 2^53')
    }
    if (value > Number.MAX_SAFE_INTEGER) throw this.#corrupt('number exceeds 2^53')
    return value
  }

  /** `count` ascending numbers from their differences. */
  deltas(count: number): number[] {
    if (count > this.bytes.length - this.position) throw this.#corrupt(`list of ${count} numbers runs past the end`)
    const values = new Array<number>(count)
    let previous = 0
    for (let i = 0; i < count; i++) {
      values[i] = previous += this.number()
      if (previous > Number.MAX_SAFE_INTEGER) throw this.#corrupt('number exceeds 2^53')
    }
    return values
  }

  text(): string {
    return Buffer.from(this.raw(this.number())).toString('utf8')
  }

  /** A view of the next `length` bytes. */
  raw(length: number): Uint8Array {
    if (length > this.bytes.length - this.position) throw this.#corrupt(`${length} bytes run past the end`)
    const view = this.bytes.subarray(this.position, this.position + length)
    this.position += length
    return view
  }

  #corrupt(what: string): DetectorError {
    return new DetectorError('STORE_CORRUPT', `${what} at ${hex(this.position)} of ${this.bytes.length} stored bytes`)
  }
}
