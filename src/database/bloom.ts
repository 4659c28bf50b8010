/**
 * The prefilter of one kind: a blocked Bloom filter over 64-bit hashes, exactly as `docs/engine.md` defines its bits, as
 * the kernel asks the same bytes. {@link Bloom.has} is true for every hash that was added, and for few others.
 *
 * @see Putze, Sanders and Singler, "Cache-, hash- and space-efficient Bloom filters", 2007, for the blocks; Kirsch and
 * Mitzenmacher, "Less hashing, same performance", 2006, for the probes
 */
export class Bloom {
  /** The filter's bits; what {@link Bloom} was made with, not a copy. */
  readonly bytes: Uint8Array
  readonly #blocks: number

  /** `bytes` is what {@link Bloom.bytes} was, or zeros of {@link bloomBytes} for an empty filter. */
  constructor(bytes: Uint8Array) {
    if (bytes.length === 0 || bytes.length % BLOCK_BYTES !== 0 || bytes.length > MAX_BYTES)
      throw new TypeError(`bloom: ${bytes.length} bytes, need a multiple of ${BLOCK_BYTES} up to ${MAX_BYTES}`)
    this.bytes = bytes
    this.#blocks = bytes.length / BLOCK_BYTES
  }

  add(high: number, low: number): void {
    const block = this.#block(high)
    const step = (low >>> 9) | 1
    for (let i = 0, bit = low; i < PROBES; i++, bit += step)
      this.bytes[block + ((bit & (BLOCK_BITS - 1)) >>> 3)]! |= 1 << (bit & 7)
  }

  has(high: number, low: number): boolean {
    const block = this.#block(high)
    const step = (low >>> 9) | 1
    for (let i = 0, bit = low; i < PROBES; i++, bit += step)
      if ((this.bytes[block + ((bit & (BLOCK_BITS - 1)) >>> 3)]! & (1 << (bit & 7))) === 0) return false
    return true
  }

  /** Byte offset of the block; the product is exact, as it stays below 2^53. */
  #block(high: number): number {
    return Math.floor((high * this.#blocks) / 2 ** 32) * BLOCK_BYTES
  }
}

/** One cache line, so that a question costs one read of memory. */
export const BLOCK_BYTES = 64
const BLOCK_BITS = BLOCK_BYTES * 8

/** Bits set for each hash. */
const PROBES = 8

/**
 * Bits per key. With {@link PROBES} probes in blocks 0.6 % of unknown hashes pass: few against what is found, and a
 * database of four million features has six megabytes of filters to read when it is opened.
 */
const BITS_PER_KEY = 12

/** 90 million keys; from there on filters get fuller. The block's number must come out of a product below 2^53. */
const MAX_BYTES = 2 ** 27

/** Bytes of a filter for so many keys. */
export function bloomBytes(keys: number): number {
  const blocks = Math.ceil((keys * BITS_PER_KEY) / BLOCK_BITS)
  return Math.min(Math.max(blocks, 1) * BLOCK_BYTES, MAX_BYTES)
}
