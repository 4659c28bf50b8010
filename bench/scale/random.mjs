/** A seeded generator: the same seed draws the same everywhere. @see mulberry32, Tommy Ettinger, public domain */
export function generator(seed) {
  let state = seed >>> 0
  /** A number from 0 up to, not including, 1. */
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let word = Math.imul(state ^ (state >>> 15), state | 1)
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61)
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32
  }
  return { next, below: (count) => Math.floor(next() * count) }
}

/** A 32-bit number out of several, spread evenly. @see MurmurHash3, finalizer `fmix32` */
export function mixed(...numbers) {
  let word = 0x9e3779b9
  for (const number of numbers) {
    word = Math.imul(word ^ number, 0x85ebca6b)
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35)
    word ^= word >>> 16
  }
  return word >>> 0
}

/**
 * Another 64-bit hash for each hash, by a Feistel network of four rounds: two hashes never become one, and the new ones are
 * as evenly spread as the old.
 */
export function permuted(high, low, seed) {
  let [left, right] = [high >>> 0, low >>> 0]
  for (let round = 0; round < 4; round++) [left, right] = [right, (left ^ mixed(right, seed, round)) >>> 0]
  return [left, right]
}
