/**
 * Bits per key. With {@link PROBES} probes 0.3 % of unknown hashes pass, which keeps the buckets read for strangers below
 * those read for hits when one lookup in twenty hits.
 */
const BITS_PER_KEY = 12

/** The best number for {@link BITS_PER_KEY} is 12 · ln 2 = 8.3. @see Bloom, "Space/time trade-offs in hash coding", 1970 */
const PROBES = 8

/**
 * A Bloom filter over 64-bit hashes: {@link has} is true for every hash that was added, and for few others. The hashes
 * are taken as evenly spread; their halves serve as the two functions of double hashing.
 *
 * @see Kirsch and Mitzenmacher, "Less hashing, same performance", 2006
 */
export class Bloom {
  /** The filter's bits; what {@link Bloom} was made with, not a copy. */
  readonly bytes: Uint8Array
  readonly #bits: number

  /** `bytes` is what {@link Bloom.bytes} was, or zeros of {@link bloomBytes} for an empty filter. */
  constructor(bytes: Uint8Array) {
    if (bytes.length === 0) throw new TypeError('bloom: needs at least one byte')
    this.bytes = bytes
    this.#bits = bytes.length * 8
  }

  add(high: number, low: number): void {
    const step = (high | 1) >>> 0
    for (let i = 0, at = low; i < PROBES; i++, at = (at + step) >>> 0) {
      const bit = at % this.#bits
      this.bytes[bit >>> 3]! |= 1 << (bit & 7)
    }
  }

  has(high: number, low: number): boolean {
    const step = (high | 1) >>> 0
    for (let i = 0, at = low; i < PROBES; i++, at = (at + step) >>> 0) {
      const bit = at % this.#bits
      if ((this.bytes[bit >>> 3]! & (1 << (bit & 7))) === 0) return false
    }
    return true
  }
}

/** Bytes of a filter for so many keys: a power of two would waste up to half, so any multiple of eight bits is used. */
export function bloomBytes(keys: number): number {
  return Math.min(Math.max(Math.ceil((keys * BITS_PER_KEY) / 8), 8), MAX_BYTES)
}

/** Bit numbers are 32-bit numbers, so a filter ends at 512 MiB (357 million keys). */
const MAX_BYTES = 2 ** 29
