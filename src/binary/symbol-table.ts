import { latin1 } from '../bytes/cursor.ts'
import type { NamePool } from './name-pool.ts'
import { SymbolFlag, type SymbolTable } from './program.ts'
import type { SymbolBatch } from './symbol-batch.ts'

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

/**
 * Work that one builder spends on lookups beyond their first place, in bytes of names compared. Honest tables need less
 * than all their names have; a forged one ends in about a second, and may list symbols twice.
 */
const MAX_COMPARED_BYTES = 2 ** 31
/** What a further place costs, measured in such bytes. */
const PROBE_BYTES = 16

/** Numbers of one slot. */
const SLOT = 2
const LEAST_SLOTS = 1024
/** Slots read ahead: as many as the nearest cache has room for. */
const EXPECTED = 512

/** Collects symbols as a struct of arrays; names stay where they are, in their {@link NamePool}. */
export class SymbolTableBuilder {
  #count = 0
  #addresses: Float64Array
  #sizes: Float64Array
  #flags: Uint8Array
  #sections: Int32Array
  #pools: Uint32Array
  #nameStarts: Uint32Array
  #nameLengths: Uint32Array
  readonly #poolList: NamePool[] = []
  /** Where each pool stands in the list: the exports of a PE program may name a pool for each of its sections. */
  readonly #poolIndexes = new Map<NamePool, number>()
  #lastPool: NamePool | undefined
  #lastPoolIndex = 0
  /**
   * An open hash table of a power of two of slots. Each has index + 1 (0 is free) and the hash.
   */
  #slots = new Int32Array(0)
  #remembered = 0
  #comparable = MAX_COMPARED_BYTES
  /** Of the symbols that {@link findAll} is at. */
  readonly #hashes = new Int32Array(EXPECTED)
  /** Kept so that no compiler takes early reads out. */
  touched = 0

  /** `capacity` is the number of symbols expected; more may be added. */
  constructor(capacity: number) {
    this.#addresses = new Float64Array(capacity)
    this.#sizes = new Float64Array(capacity)
    this.#flags = new Uint8Array(capacity)
    this.#sections = new Int32Array(capacity)
    this.#pools = new Uint32Array(capacity)
    this.#nameStarts = new Uint32Array(capacity)
    this.#nameLengths = new Uint32Array(capacity)
  }

  get count(): number {
    return this.#count
  }

  /** Appends a symbol and returns its index. */
  add(entry: SymbolEntry): number {
    const at = this.#append(entry.pool)
    this.#addresses[at] = addressOf(entry.flags, entry.address)
    this.#sizes[at] = entry.size
    this.#flags[at] = entry.flags
    this.#sections[at] = entry.section
    this.#nameStarts[at] = entry.nameStart
    this.#nameLengths[at] = entry.nameLength
    return at
  }

  /** Appends a symbol of a batch and returns its index. */
  addOf(batch: SymbolBatch, i: number): number {
    const at = this.#append(batch.pool)
    this.#addresses[at] = addressOf(batch.flags[i] ?? 0, batch.addresses[i] ?? 0)
    this.#sizes[at] = batch.sizes[i] ?? 0
    this.#flags[at] = batch.flags[i] ?? 0
    this.#sections[at] = batch.sections[i] ?? 0
    this.#nameStarts[at] = batch.nameStarts[i] ?? 0
    this.#nameLengths[at] = batch.nameLengths[i] ?? 0
    return at
  }

  /**
   * The index of a remembered symbol of that name and address, or -1. Imports have address 0.
   *
   * Names are compared as bytes where they lie: a browser's million of them never becomes text.
   */
  find(pool: NamePool, nameStart: number, nameLength: number, address: number): number {
    return this.#find(hashOf(pool, nameStart, nameLength, address), pool, nameStart, nameLength, address)
  }

  /**
   * As {@link find}, for many symbols of a batch; `order` has their places in it.
   *
   * @returns an index or -1 for each symbol of the batch, whether it was asked for or not
   */
  findAll(batch: SymbolBatch, order: Uint32Array): Int32Array {
    const { pool, nameStarts, nameLengths, flags, addresses } = batch
    const twins = new Int32Array(batch.count).fill(-1)
    const hashes = this.#hashes
    for (let done = 0; done < order.length; done += hashes.length) {
      const count = Math.min(hashes.length, order.length - done)
      for (let k = 0; k < count; k++) {
        const i = order[done + k] ?? 0
        const address = addressOf(flags[i] ?? 0, addresses[i] ?? 0)
        hashes[k] = hashOf(pool, nameStarts[i] ?? 0, nameLengths[i] ?? 0, address)
      }
      this.#expect(count)
      for (let k = 0; k < count; k++) {
        const i = order[done + k] ?? 0
        const address = addressOf(flags[i] ?? 0, addresses[i] ?? 0)
        twins[i] = this.#find(hashes[k] ?? 0, pool, nameStarts[i] ?? 0, nameLengths[i] ?? 0, address)
      }
    }
    return twins
  }

  /**
   * Reads what {@link #find} looks at first: processors fetch many cache lines at once only when the loads stand close
   * together.
   *
   * @param count of {@link #hashes}
   */
  #expect(count: number): void {
    const slots = this.#slots
    const hashes = this.#hashes
    const mask = slots.length - 1
    let sum = 0
    for (let k = 0; k < count; k++) sum ^= slots[((hashes[k] ?? 0) * SLOT) & mask] ?? 0
    this.touched = sum
  }

  #find(hash: number, pool: NamePool, nameStart: number, nameLength: number, address: number): number {
    const slots = this.#slots
    if (slots.length === 0) return -1
    for (let probe = 0; probe < MAX_PROBES; probe++) {
      if (probe > 0 && !this.#mayGoOn(PROBE_BYTES)) return -1
      const slot = ((hash + probe) * SLOT) & (slots.length - 1)
      if (slots[slot] === 0) return -1
      if (slots[slot + 1] === hash && this.#isTwin(slot, pool, nameStart, nameLength, address))
        return (slots[slot] ?? 0) - 1
    }
    return -1
  }

  /** Lets {@link find} find the symbol. Of several with one name and address, the first is kept. */
  remember(index: number): void {
    if (this.#remembered * 2 * SLOT >= this.#slots.length) this.#growSlots()
    this.#remembered++
    const slots = this.#slots
    const pool = this.#poolOf(index)
    const start = this.#nameStarts[index] ?? 0
    const length = this.#nameLengths[index] ?? 0
    const address = this.#addresses[index] ?? 0
    const hash = hashOf(pool, start, length, address)
    for (let probe = 0; probe < MAX_PROBES; probe++) {
      if (probe > 0 && !this.#mayGoOn(PROBE_BYTES)) return
      const slot = ((hash + probe) * SLOT) & (slots.length - 1)
      if (slots[slot] === 0) {
        slots[slot] = index + 1
        slots[slot + 1] = hash
        return
      }
      // Twins would make one long chain of equal hashes, and only the first is ever found.
      if (slots[slot + 1] === hash && this.#isTwin(slot, pool, start, length, address)) return
    }
  }

  /** Sets further bits of {@link SymbolTable.flags}. */
  addFlags(index: number, flags: number): void {
    this.#flags[index] = (this.#flags[index] ?? 0) | flags
  }

  build(): SymbolTable {
    const count = this.#count
    const nameTables = this.#poolList
    const nameTableIndexes = this.#pools.subarray(0, count)
    const nameStarts = this.#nameStarts.subarray(0, count)
    const nameLengths = this.#nameLengths.subarray(0, count)

    function tableOf(index: number): NamePool {
      const table = index >= 0 && index < count ? nameTables[nameTableIndexes[index] ?? 0] : undefined
      if (table === undefined) throw new TypeError(`symbol index ${index} is not in [0, ${count})`)
      return table
    }

    function nameBytes(index: number): Uint8Array {
      const { bytes } = tableOf(index)
      const start = nameStarts[index] ?? 0
      return bytes.subarray(start, start + (nameLengths[index] ?? 0))
    }

    return {
      count,
      addresses: this.#addresses.subarray(0, count),
      sizes: this.#sizes.subarray(0, count),
      flags: this.#flags.subarray(0, count),
      sections: this.#sections.subarray(0, count),
      nameTables,
      nameTableIndexes,
      nameStarts,
      nameLengths,
      nameBytes,
      name: (index) => latin1(nameBytes(index)),
      nameOffset: (index) => tableOf(index).offset + (nameStarts[index] ?? 0),
    }
  }

  /** Makes room for a symbol whose name is in `pool`. */
  #append(pool: NamePool): number {
    if (this.#count === this.#flags.length) this.#grow()
    this.#pools[this.#count] = this.#poolIndex(pool)
    return this.#count++
  }

  #poolOf(index: number): NamePool {
    const pool = this.#poolList[this.#pools[index] ?? 0]
    if (pool === undefined) throw new TypeError(`symbol index ${index} is not in [0, ${this.#count})`)
    return pool
  }

  #poolIndex(pool: NamePool): number {
    if (pool === this.#lastPool) return this.#lastPoolIndex
    const index = this.#poolIndexes.get(pool) ?? this.#poolList.push(pool) - 1
    this.#poolIndexes.set(pool, index)
    this.#lastPool = pool
    this.#lastPoolIndex = index
    return index
  }

  /** Whether the symbol of the slot has that name and address. */
  #isTwin(slot: number, pool: NamePool, nameStart: number, nameLength: number, address: number): boolean {
    const slots = this.#slots
    const index = (slots[slot] ?? 0) - 1
    if (this.#nameLengths[index] !== nameLength || this.#addresses[index] !== address) return false
    return (
      this.#mayGoOn(nameLength) &&
      sameBytes(this.#poolOf(index), this.#nameStarts[index] ?? 0, pool, nameStart, nameLength)
    )
  }

  #mayGoOn(bytes: number): boolean {
    this.#comparable -= bytes
    return this.#comparable >= 0
  }

  /** Twice the slots, or at once as many as the symbols there are may need; what is in them moves by its hash. */
  #growSlots(): void {
    const old = this.#slots
    let size = Math.max(LEAST_SLOTS * SLOT, old.length * 2)
    while (size < 2 * SLOT * this.#flags.length) size *= 2
    const slots = new Int32Array(size)
    this.#slots = slots
    for (let from = 0; from < old.length; from += SLOT) {
      if (old[from] === 0) continue
      for (let probe = 0; probe < MAX_PROBES; probe++) {
        const to = (((old[from + 1] ?? 0) + probe) * SLOT) & (size - 1)
        if (slots[to] !== 0) continue
        for (let i = 0; i < SLOT; i++) slots[to + i] = old[from + i] ?? 0
        break
      }
    }
  }

  #grow(): void {
    const capacity = Math.max(64, this.#flags.length * 2)
    this.#addresses = grown(this.#addresses, new Float64Array(capacity))
    this.#sizes = grown(this.#sizes, new Float64Array(capacity))
    this.#flags = grown(this.#flags, new Uint8Array(capacity))
    this.#sections = grown(this.#sections, new Int32Array(capacity))
    this.#pools = grown(this.#pools, new Uint32Array(capacity))
    this.#nameStarts = grown(this.#nameStarts, new Uint32Array(capacity))
    this.#nameLengths = grown(this.#nameLengths, new Uint32Array(capacity))
  }
}

function grown<T extends Float64Array | Uint8Array | Int32Array | Uint32Array>(from: T, to: T): T {
  to.set(from)
  return to
}

/** Four bytes at a time: names are long, and there are a million. */
function sameBytes(a: NamePool, startA: number, b: NamePool, startB: number, length: number): boolean {
  let i = 0
  for (; i + 4 <= length; i += 4)
    if (a.words.getInt32(startA + i, true) !== b.words.getInt32(startB + i, true)) return false
  for (; i < length; i++) if (a.bytes[startA + i] !== b.bytes[startB + i]) return false
  return true
}

/**
 * Signed 32 bits over the address and a few words of the name. That tells symbols with an address apart, and most
 * imports; the table compares what it finds.
 */
function hashOf({ words, bytes }: NamePool, start: number, length: number, address: number): number {
  const end = start + length
  let hash = (address % 0x1_0000_0000) ^ length
  if (length < 8) for (let at = start; at < end; at++) hash = mixed(hash, bytes[at] ?? 0)
  else {
    hash = mixed(hash, words.getInt32(start + (length >>> 2), true))
    hash = mixed(hash, words.getInt32(start + (length >>> 1) - 4, true))
    hash = mixed(hash, words.getInt32(start + (length >>> 1), true))
    hash = mixed(hash, words.getInt32(end - 8, true))
    hash = mixed(hash, words.getInt32(end - 4, true))
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return hash ^ (hash >>> 13)
}

/** Imports have address 0, whatever the table says. */
function addressOf(flags: number, address: number): number {
  return (flags & SymbolFlag.Defined) === 0 ? 0 : address
}

/** A step of MurmurHash3. */
function mixed(hash: number, word: number): number {
  const part = Math.imul(word, 0xcc9e2d51)
  hash ^= Math.imul((part << 15) | (part >>> 17), 0x1b873593)
  return (Math.imul((hash << 13) | (hash >>> 19), 5) + 0x6b64_e654) | 0
}

/** A table without symbols. */
export function noSymbols(): SymbolTable {
  return new SymbolTableBuilder(0).build()
}
