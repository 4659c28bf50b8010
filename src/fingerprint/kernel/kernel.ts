import { readFileSync } from 'node:fs'
import { Kind } from '../print-set.ts'
import { type Batch, ROW_BYTES, rowsAt } from './batch.ts'
import { BLOCK_BYTES, type Prefilter } from './prefilter.ts'

/**
 * What the compiled module exports. Numbers are addresses and bytes of its memory unless said otherwise; addresses come
 * from {@link Kernel.reserve}.
 */
export interface KernelExports {
  readonly memory: WebAssembly.Memory
  readonly heapStart: WebAssembly.Global
  xxh64(at: number, length: number): bigint
  /** Bytes that {@link strings} needs at `output` for `size` bytes. */
  stringsBytes(size: number): number
  /** Capacity of the output of prints of {@link strings}; candidates stand behind it, at the next multiple of 16. */
  stringRows(size: number): number
  /** Finds the strings of a window; returns how many bytes are done with. */
  strings(
    at: number,
    size: number,
    base: number,
    final: number,
    openBytes: number,
    openUnits: number,
    output: number,
  ): number
  /** What the last call of {@link strings} found, and what the next one of the same data must be told. */
  readonly printCount: WebAssembly.Global
  readonly candidateCount: WebAssembly.Global
  readonly openBytes: WebAssembly.Global
  readonly openUnits: WebAssembly.Global
  /** Capacity of the output of {@link tables} for `size` bytes. */
  tableRows(size: number): number
  /**
   * Finds the table windows from byte `from` on, off the ranges (pairs of offset and size), that the filter may hold;
   * returns the rows.
   */
  tables(
    at: number,
    size: number,
    from: number,
    base: number,
    ranges: number,
    rangeCount: number,
    rangeBase: number,
    output: number,
    filter: number,
    blocks: number,
  ): number
  /** Fingerprints names (pairs of start in the window and bytes) into an output of `count` rows; returns the rows. */
  names(window: number, requests: number, count: number, base: number, output: number): number
  /** Drops the rows of an output that a filter does not hold; returns how many are left. */
  retain(output: number, capacity: number, rows: number, filter: number, blocks: number): number
  /** Fingerprints the functions that a request describes, and writes the counts of rows into it. */
  fingerprintFunctions(request: number): void
  /** Bytes of the x86 instruction at an address, 0 if it is none. */
  x86Length(at: number, long: boolean): number
}

/** A filter in the kernel's memory. */
export interface Filter {
  readonly at: number
  readonly blocks: number
}

const NO_FILTER: Filter = { at: 0, blocks: 0 }

/** WebAssembly counts memory in these. */
const PAGE_BYTES = 65_536
/** That of a vector register; columns of numbers need less. */
const ALIGNMENT = 16

/**
 * One instance of the compiled module and the owner of its memory: constants of the module at the bottom, then the
 * filters of the database that was asked last, then a stack of regions that callers reserve and give back.
 *
 * Reserving may grow the memory, which detaches every view: take views ({@link bytes}, {@link rows}) after the last
 * reservation, and take them again after calling anything that may reserve.
 */
export class Kernel {
  readonly exports: KernelExports
  /** First byte of the filters. */
  readonly #bottom: number
  /** First byte behind the filters. */
  #stack: number
  /** First free byte. */
  #top: number
  #view: Uint8Array
  #prefilter: Prefilter | undefined
  readonly #filters = new Map<Kind, Filter>()

  constructor() {
    this.exports = instantiateKernel()
    this.#bottom = aligned(this.exports.heapStart.value)
    this.#stack = this.#bottom
    this.#top = this.#bottom
    this.#view = new Uint8Array(this.exports.memory.buffer)
  }

  /**
   * Address of `bytes` free bytes, a multiple of 16; what they hold is undefined. They are the caller's until the
   * {@link scope} around the call ends.
   *
   * @throws RangeError when the memory cannot grow so far; it ends at 4 GiB
   */
  reserve(bytes: number): number {
    const at = this.#top
    const top = aligned(at + bytes)
    const missing = top - this.exports.memory.buffer.byteLength
    if (missing > 0) this.exports.memory.grow(Math.ceil(missing / PAGE_BYTES))
    this.#top = top
    return at
  }

  /** Runs `body` and gives back what it reserved. Scopes nest. */
  scope<T>(body: () => T): T {
    const top = this.#top
    try {
      return body()
    } finally {
      this.#top = top
    }
  }

  /** A view of the memory, for reading and writing; detached by the next growth. */
  bytes(at: number, length: number): Uint8Array {
    if (this.#view.buffer !== this.exports.memory.buffer) this.#view = new Uint8Array(this.exports.memory.buffer)
    return this.#view.subarray(at, at + length)
  }

  /** Reserves an output for up to `capacity` rows. */
  reserveRows(capacity: number): number {
    return this.reserve(capacity * ROW_BYTES)
  }

  /** The first `count` rows of an output as views; detached by the next growth. */
  rows(output: number, capacity: number, count: number): Batch {
    return rowsAt(this.exports.memory.buffer, output, capacity, count)
  }

  /**
   * Drops the rows that the prefilter does not hold for `kind`; without a filter all stay.
   *
   * @returns how many are left
   */
  retain(output: number, capacity: number, count: number, prefilter: Prefilter | undefined, kind: Kind): number {
    if (count === 0) return count
    const { at, blocks } = this.filterOf(prefilter, kind)
    return blocks === 0 ? count : this.exports.retain(output, capacity, count, at, blocks)
  }

  /** Where the filter of a kind is; without blocks where there is none, and everything is wanted. */
  filterOf(prefilter: Prefilter | undefined, kind: Kind): Filter {
    if (prefilter === undefined) return NO_FILTER
    if (this.#prefilter !== prefilter) throw new TypeError('kernel: the prefilter is not loaded')
    return this.#filters.get(kind) ?? NO_FILTER
  }

  /**
   * Copies the filters of a database into the memory, where they stay until another database's are loaded; free when
   * they are there already. Nothing may be reserved at this time.
   */
  load(prefilter: Prefilter | undefined): void {
    if (prefilter === undefined || prefilter === this.#prefilter) return
    if (this.#top !== this.#stack) throw new TypeError('kernel: a prefilter cannot be loaded while memory is reserved')
    this.#prefilter = undefined
    this.#filters.clear()
    this.#top = this.#bottom
    try {
      for (const kind of Object.values(Kind)) {
        const bits = prefilter.filter(kind)
        if (bits !== undefined) this.#filters.set(kind, this.#copyFilter(bits))
      }
      this.#prefilter = prefilter
    } finally {
      // Also where the memory cannot grow: the next call must not take half a set of filters for a reservation.
      this.#stack = this.#top
    }
  }

  /** An empty filter becomes a block of zeros, which holds nothing either. */
  #copyFilter(bits: Uint8Array): Filter {
    const blocks = Math.max(Math.floor(bits.length / BLOCK_BYTES), 1)
    const at = this.reserve(blocks * BLOCK_BYTES)
    const target = this.bytes(at, blocks * BLOCK_BYTES)
    target.fill(0)
    target.set(bits.subarray(0, target.length))
    return { at, blocks }
  }
}

let own: Kernel | undefined

/** This thread's kernel, compiled at the first call. */
export function kernel(): Kernel {
  own ??= new Kernel()
  return own
}

/**
 * Compiles and instantiates the module anew.
 *
 * It has no imports, so that it can do nothing but compute on its own memory.
 */
export function instantiateKernel(): KernelExports {
  const module = new WebAssembly.Module(readFileSync(new URL('./kernel.wasm', import.meta.url)))
  return new WebAssembly.Instance(module).exports as unknown as KernelExports
}

function aligned(at: number): number {
  return Math.ceil(at / ALIGNMENT) * ALIGNMENT
}
