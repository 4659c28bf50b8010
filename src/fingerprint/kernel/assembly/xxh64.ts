/**
 * XXH64 with seed 0, the hash of every fingerprint.
 *
 * @see https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
 */

const PRIME_1: u64 = 0x9e3779b185ebca87
const PRIME_2: u64 = 0xc2b2ae3d27d4eb4f
const PRIME_3: u64 = 0x165667b19e3779f9
const PRIME_4: u64 = 0x85ebca77c2b2ae63
const PRIME_5: u64 = 0x27d4eb2f165667c5

/** @param at address of the first byte @param length bytes */
export function xxh64(at: usize, length: u32): u64 {
  const end = at + length
  let hash: u64
  if (length >= 32) {
    let v1: u64 = PRIME_1 + PRIME_2
    let v2: u64 = PRIME_2
    let v3: u64 = 0
    let v4: u64 = 0 - PRIME_1
    const lastStripe = end - 32
    do {
      v1 = round(v1, load<u64>(at))
      v2 = round(v2, load<u64>(at, 8))
      v3 = round(v3, load<u64>(at, 16))
      v4 = round(v4, load<u64>(at, 24))
      at += 32
    } while (at <= lastStripe)
    hash = rotl(v1, 1) + rotl(v2, 7) + rotl(v3, 12) + rotl(v4, 18)
    hash = merge(hash, v1)
    hash = merge(hash, v2)
    hash = merge(hash, v3)
    hash = merge(hash, v4)
  } else {
    hash = PRIME_5
  }
  hash += length
  while (at + 8 <= end) {
    hash = rotl(hash ^ round(0, load<u64>(at)), 27) * PRIME_1 + PRIME_4
    at += 8
  }
  if (at + 4 <= end) {
    hash = rotl(hash ^ (<u64>load<u32>(at) * PRIME_1), 23) * PRIME_2 + PRIME_3
    at += 4
  }
  while (at < end) {
    hash = rotl(hash ^ (<u64>load<u8>(at) * PRIME_5), 11) * PRIME_1
    at++
  }
  hash = (hash ^ (hash >> 33)) * PRIME_2
  hash = (hash ^ (hash >> 29)) * PRIME_3
  return hash ^ (hash >> 32)
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function round(lane: u64, input: u64): u64 {
  return rotl(lane + input * PRIME_2, 31) * PRIME_1
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function merge(hash: u64, lane: u64): u64 {
  return (hash ^ round(0, lane)) * PRIME_1 + PRIME_4
}
