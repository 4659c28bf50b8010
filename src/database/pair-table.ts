/**
 * Numbers pairs of unsigned 32-bit numbers in order of their first appearance: an open-addressing hash table over typed
 * arrays, 16 to 24 bytes per pair, where a Map keyed by bigint or text takes over 100.
 */
export class PairTable {
  #count = 0
  #first = new Uint32Array(1024)
  #second = new Uint32Array(1024)
  /** Index of the pair plus one; 0 is free. At most half full. */
  #slots = new Uint32Array(2048)

  get count(): number {
    return this.#count
  }

  firstAt(index: number): number {
    return this.#first[index]!
  }

  secondAt(index: number): number {
    return this.#second[index]!
  }

  /** The number of the pair, given to it now if it is new. */
  intern(first: number, second: number): number {
    const mask = this.#slots.length - 1
    let slot = mix(first, second) & mask
    for (;;) {
      const index = this.#slots[slot]! - 1
      if (index < 0) break
      if (this.#first[index] === first && this.#second[index] === second) return index
      slot = (slot + 1) & mask
    }
    const index = this.#count++
    this.#slots[slot] = index + 1
    this.#first[index] = first
    this.#second[index] = second
    if (this.#count === this.#first.length) this.#grow()
    return index
  }

  #grow(): void {
    const size = this.#first.length * 2
    this.#first = enlarged(this.#first, size)
    this.#second = enlarged(this.#second, size)
    this.#slots = new Uint32Array(size * 2)
    const mask = this.#slots.length - 1
    for (let index = 0; index < this.#count; index++) {
      let slot = mix(this.#first[index]!, this.#second[index]!) & mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
      this.#slots[slot] = index + 1
    }
  }
}

/** A copy of the column with room for `size` numbers. */
export function enlarged(column: Uint32Array<ArrayBuffer>, size: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(size)
  larger.set(column)
  return larger
}

/** Small consecutive numbers, as well as hashes, must spread over all slots. @see MurmurHash3, finalizer `fmix32` */
function mix(first: number, second: number): number {
  let h = Math.imul(first, 0x9e37_79b1) ^ second
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35)
  return (h ^ (h >>> 16)) >>> 0
}
