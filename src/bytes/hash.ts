import xxhash from 'xxhash-wasm'

const { h64, h64Raw } = await xxhash()

/**
 * xxh64 with seed 0, the fingerprint of a feature.
 *
 * @see https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
 */
export function hash64(bytes: Uint8Array): bigint {
  return h64Raw(bytes)
}

/** xxh64 of text as UTF-8. */
export function hashText(text: string): bigint {
  return h64(text)
}

/** The upper 32 bits, unsigned. */
export function high32(hash: bigint): number {
  return Number(hash >> 32n)
}

/** The lower 32 bits, unsigned. */
export function low32(hash: bigint): number {
  return Number(hash & 0xffff_ffffn)
}
