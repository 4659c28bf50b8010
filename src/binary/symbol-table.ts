import { latin1 } from '../bytes/cursor.ts'
import type { NamePool } from './name-pool.ts'
import { SymbolFlag, type SymbolTable } from './program.ts'

/** One symbol on its way into a {@link SymbolTableBuilder}. */
export interface SymbolEntry {
  readonly address: number
  readonly size: number
  readonly flags: number
  /** Index into the program's sections, -1 for none. */
  readonly section: number
  readonly pool: NamePool
  /** Where the name starts in the pool, and its bytes. */
  readonly nameStart: number
  readonly nameLength: number
}

/**
 * Places looked at per lookup. Tables are at most half full, so that honest names need few; a file whose names are
 * forged to collide costs no more than this, and may list a symbol twice.
 */
const MAX_PROBES = 512

/** Collects symbols as a struct of arrays; names stay where they are, in their {@link NamePool}. */
export class SymbolTableBuilder {
  #count = 0
  #addresses: Float64Array
  #sizes: Float64Array
  #flags: Uint8Array
  #sections: Int32Array
  #pools: Uint8Array
  #nameStarts: Uint32Array
  #nameLengths: Uint32Array
  readonly #poolList: NamePool[] = []
  /** An open hash table of index + 1; 0 is free. Its size is a power of two. */
  #slots = new Int32Array(0)
  #remembered = 0

  /** `capacity` is the number of symbols expected; more may be added. */
  constructor(capacity: number) {
    this.#addresses = new Float64Array(capacity)
    this.#sizes = new Float64Array(capacity)
    this.#flags = new Uint8Array(capacity)
    this.#sections = new Int32Array(capacity)
    this.#pools = new Uint8Array(capacity)
    this.#nameStarts = new Uint32Array(capacity)
    this.#nameLengths = new Uint32Array(capacity)
  }

  get count(): number {
    return this.#count
  }

  /** Appends a symbol and returns its index. A table takes names from at most 255 pools. */
  add(entry: SymbolEntry): number {
    if (this.#count === this.#flags.length) this.#grow()
    const at = this.#count++
    this.#addresses[at] = (entry.flags & SymbolFlag.Defined) === 0 ? 0 : entry.address
    this.#sizes[at] = entry.size
    this.#flags[at] = entry.flags
    this.#sections[at] = entry.section
    this.#pools[at] = this.#poolIndex(entry.pool)
    this.#nameStarts[at] = entry.nameStart
    this.#nameLengths[at] = entry.nameLength
    return at
  }

  /**
   * The index of a remembered symbol of that name and address, or -1. Imports have address 0.
   *
   * Names are compared as bytes where they lie: a browser's million of them never becomes text.
   */
  find(pool: NamePool, nameStart: number, nameLength: number, address: number): number {
    if (this.#slots.length === 0) return -1
    const mask = this.#slots.length - 1
    const hash = hashOf(pool, nameStart, nameLength, address)
    for (let probe = 0; probe < MAX_PROBES; probe++) {
      const index = (this.#slots[(hash + probe) & mask] ?? 0) - 1
      if (index < 0) return -1
      if (this.#addresses[index] === address && this.#sameName(index, pool, nameStart, nameLength)) return index
    }
    return -1
  }

  /** Lets {@link find} find the symbol. Of several with one name and address, the first is kept. */
  remember(index: number): void {
    if (this.#remembered * 2 >= this.#slots.length) this.#growSlots()
    this.#place(index)
    this.#remembered++
  }

  /** Sets further bits of {@link SymbolTable.flags}. */
  addFlags(index: number, flags: number): void {
    this.#flags[index] = (this.#flags[index] ?? 0) | flags
  }

  build(): SymbolTable {
    const count = this.#count
    const pools = this.#pools
    const starts = this.#nameStarts
    const lengths = this.#nameLengths
    const poolList = this.#poolList

    function poolOf(index: number): NamePool {
      const pool = index >= 0 && index < count ? poolList[pools[index] ?? 0] : undefined
      if (pool === undefined) throw new TypeError(`symbol index ${index} is not in [0, ${count})`)
      return pool
    }

    function nameBytes(index: number): Uint8Array {
      const pool = poolOf(index)
      const start = starts[index] ?? 0
      return pool.bytes.subarray(start, start + (lengths[index] ?? 0))
    }

    return {
      count,
      addresses: this.#addresses.subarray(0, count),
      sizes: this.#sizes.subarray(0, count),
      flags: this.#flags.subarray(0, count),
      sections: this.#sections.subarray(0, count),
      nameBytes,
      name: (index) => latin1(nameBytes(index)),
      nameOffset: (index) => poolOf(index).offset + (starts[index] ?? 0),
    }
  }

  #poolIndex(pool: NamePool): number {
    const last = this.#poolList.length - 1
    if (this.#poolList[last] === pool) return last
    const known = this.#poolList.indexOf(pool)
    return known >= 0 ? known : this.#poolList.push(pool) - 1
  }

  #place(index: number): void {
    const mask = this.#slots.length - 1
    const pool = this.#poolList[this.#pools[index] ?? 0]
    if (pool === undefined) return
    const start = this.#nameStarts[index] ?? 0
    const length = this.#nameLengths[index] ?? 0
    const address = this.#addresses[index] ?? 0
    const hash = hashOf(pool, start, length, address)
    for (let probe = 0; probe < MAX_PROBES; probe++) {
      const slot = (hash + probe) & mask
      const other = (this.#slots[slot] ?? 0) - 1
      if (other < 0) {
        this.#slots[slot] = index + 1
        return
      }
      // Twins would make one long chain of equal hashes, and only the first is ever found.
      if (this.#addresses[other] === address && this.#sameName(other, pool, start, length)) return
    }
  }

  #sameName(index: number, pool: NamePool, start: number, length: number): boolean {
    if (this.#nameLengths[index] !== length) return false
    const own = this.#poolList[this.#pools[index] ?? 0]?.bytes
    const ownStart = this.#nameStarts[index] ?? 0
    for (let i = 0; i < length; i++) if (own?.[ownStart + i] !== pool.bytes[start + i]) return false
    return true
  }

  #growSlots(): void {
    const old = this.#slots
    this.#slots = new Int32Array(Math.max(1024, old.length * 2))
    for (const slot of old) if (slot !== 0) this.#place(slot - 1)
  }

  #grow(): void {
    const capacity = Math.max(64, this.#flags.length * 2)
    this.#addresses = grown(this.#addresses, new Float64Array(capacity))
    this.#sizes = grown(this.#sizes, new Float64Array(capacity))
    this.#flags = grown(this.#flags, new Uint8Array(capacity))
    this.#sections = grown(this.#sections, new Int32Array(capacity))
    this.#pools = grown(this.#pools, new Uint8Array(capacity))
    this.#nameStarts = grown(this.#nameStarts, new Uint32Array(capacity))
    this.#nameLengths = grown(this.#nameLengths, new Uint32Array(capacity))
  }
}

function grown<T extends Float64Array | Uint8Array | Int32Array | Uint32Array>(from: T, to: T): T {
  to.set(from)
  return to
}

/** FNV-1a over the name, mixed with the address: good enough for a table that compares what it finds. */
function hashOf(pool: NamePool, start: number, length: number, address: number): number {
  let hash = 0x811c9dc5 ^ ((address % 0x1_0000_0000) | 0)
  for (let i = start; i < start + length; i++) hash = Math.imul(hash ^ (pool.bytes[i] ?? 0), 0x01000193)
  return (hash ^ (hash >>> 15)) >>> 0
}

/** A table without symbols. */
export function noSymbols(): SymbolTable {
  return new SymbolTableBuilder(0).build()
}
