import type { Kind } from '../print-set.ts'

/**
 * What a database may hold: one blocked Bloom filter for each kind of fingerprint. Hashes outside of it never leave the
 * kernel.
 */
export interface Prefilter {
  /**
   * The bits, a multiple of 64 bytes as `docs/engine.md` lays them out; undefined when everything of this kind is wanted.
   * They must not change, and are read once for as long as the same object is passed.
   */
  filter(kind: Kind): Uint8Array | undefined
}

/** Bytes of one block. */
export const BLOCK_BYTES = 64
/** Bits set for one hash. */
const PROBES = 8

/** Whether the filter may hold the hash, by the same bits as the kernel's: for the few hashes that JavaScript makes. */
export function mayHold(prefilter: Prefilter | undefined, kind: Kind, high: number, low: number): boolean {
  const bytes = prefilter?.filter(kind)
  if (bytes === undefined) return true
  const blocks = Math.floor(bytes.length / BLOCK_BYTES)
  if (blocks === 0) return false
  // floor(high * blocks / 2^32) in two halves: the product has more bits than a number holds.
  const upper = (high >>> 16) * blocks + Math.floor(((high & 0xffff) * blocks) / 0x1_0000)
  const block = Math.floor(upper / 0x1_0000) * BLOCK_BYTES
  const step = (low >>> 9) | 1
  for (let i = 0, bit = low; i < PROBES; i++, bit = (bit + step) | 0) {
    const at = bit & 511
    if (((bytes[block + (at >>> 3)]! >>> (at & 7)) & 1) === 0) return false
  }
  return true
}
