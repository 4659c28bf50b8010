import { radixOrder } from '../bytes/radix.ts'
import type { Batch } from './kernel/batch.ts'
import type { Prefilter } from './kernel/prefilter.ts'

/** The kinds of fingerprint. The numbers are stored: never renumber one. */
export const Kind = {
  String: 1,
  Template: 2,
  Symbol: 3,
  /** A function's instructions in normal form, operands kept. */
  Function: 4,
  /** The same without operands. */
  Mnemonics: 5,
  /** A window of constant data of a little-endian program. */
  Table: 6,
  /** A rare constant of an instruction. */
  Immediate: 7,
  /** A window of constant data of a big-endian program. */
  BigEndianTable: 8,
} as const
export type Kind = (typeof Kind)[keyof typeof Kind]

/** Whether fingerprints of the kind are of text, as against code and data. */
export function isText(kind: Kind): boolean {
  return kind === Kind.String || kind === Kind.Symbol || kind === Kind.Template
}

/** Bits of {@link PrintSet.flags}. */
export const PrintFlag = {
  /**
   * A string without a space, or of words that all begin with a capital or a digit: a name, a keyword, an identifier.
   * Specifications are full of them, and nobody owns those.
   */
  Label: 1,
} as const

/** A string of a program that is nothing but a version, `1.2.13`: evidence of a release, known or not. */
export interface VersionLiteral {
  readonly version: string
  /** Bytes from the start of the file. */
  readonly offset: number
}

/**
 * The fingerprints of one input as a struct of arrays. One feature that occurs at several places is listed once for
 * each. Sealed sets are sorted by kind, then hash, then offset, so that a lookup walks the database in order.
 */
export class PrintSet {
  #count = 0
  #kinds = new Uint8Array(1024)
  #flags = new Uint8Array(1024)
  #high = new Uint32Array(1024)
  #low = new Uint32Array(1024)
  #offsets = new Float64Array(1024)
  #lengths = new Uint32Array(1024)
  /** The version token that each template print captured, by print index as added; see {@link captureAt}. */
  #captures = new Map<number, string>()
  #sealed = false
  readonly literals: VersionLiteral[] = []
  /** What let all prints through; undefined where nothing was asked. */
  readonly filteredBy: Prefilter | undefined

  constructor(filteredBy?: Prefilter) {
    this.filteredBy = filteredBy
  }

  get count(): number {
    return this.#count
  }

  /**
   * `hash` is the xxh64 of the feature; `offset` and `length` are file bytes, as `xxd -s -l` takes them; `flags` are bits
   * of {@link PrintFlag}.
   */
  add(kind: Kind, hash: bigint, offset: number, length: number, flags = 0, capture?: string): void {
    if (this.#sealed) throw new TypeError('print set is sealed')
    const at = this.#count++
    if (this.#count > this.#kinds.length) this.#grow()
    this.#kinds[at] = kind
    this.#flags[at] = flags
    this.#high[at] = Number(hash >> 32n)
    this.#low[at] = Number(hash & 0xffff_ffffn)
    this.#offsets[at] = offset
    this.#lengths[at] = length
    if (capture !== undefined) this.#captures.set(at, capture)
  }

  /** Adds a batch of prints of one kind; its columns are copied. */
  addBatch(kind: Kind, batch: Batch): void {
    if (this.#sealed) throw new TypeError('print set is sealed')
    const { count } = batch
    const at = this.#count
    this.#count += count
    if (this.#count > this.#kinds.length) this.#grow()
    this.#kinds.fill(kind, at, this.#count)
    this.#flags.set(batch.flags.subarray(0, count), at)
    this.#high.set(batch.high.subarray(0, count), at)
    this.#low.set(batch.low.subarray(0, count), at)
    this.#offsets.set(batch.offsets.subarray(0, count), at)
    this.#lengths.set(batch.lengths.subarray(0, count), at)
  }

  /** Sorts the set; nothing can be added afterwards. */
  seal(): this {
    if (this.#sealed) return this
    const kinds = new Uint32Array(this.#kinds.subarray(0, this.#count))
    const order = radixOrder([kinds, this.#high], this.#count)
    orderTies(order, kinds, this.#high, this.#low)
    this.#kinds = permute(this.#kinds, order)
    this.#high = permute(this.#high, order)
    this.#low = permute(this.#low, order)
    this.#orderPlaces(order)
    this.#flags = permute(this.#flags, order)
    this.#offsets = permute(this.#offsets, order)
    this.#lengths = permute(this.#lengths, order)
    this.#captures = movedTo(order, this.#captures)
    this.literals.sort((a, b) => a.offset - b.offset)
    this.#sealed = true
    return this
  }

  /** Sorts the places of each fingerprint by offset; most have one. Kinds and hashes are in order already. */
  #orderPlaces(order: Uint32Array): void {
    const [kinds, high, low] = [this.#kinds, this.#high, this.#low]
    for (let start = 0, end = 1; start < order.length; start = end++) {
      while (end < order.length && low[end] === low[start] && high[end] === high[start] && kinds[end] === kinds[start])
        end++
      if (end - start > 1) order.subarray(start, end).sort((a, b) => this.#offsets[a]! - this.#offsets[b]! || a - b)
    }
  }

  /** {@link Kind} of each print. The arrays may be longer than {@link count} until the set is sealed. */
  get kinds(): Uint8Array {
    return this.#kinds
  }
  /** {@link PrintFlag} bits of each print. */
  get flags(): Uint8Array {
    return this.#flags
  }
  /** Upper halves of the hashes. */
  get high(): Uint32Array {
    return this.#high
  }
  /** Lower halves of the hashes. */
  get low(): Uint32Array {
    return this.#low
  }
  /** File offsets in bytes. */
  get offsets(): Float64Array {
    return this.#offsets
  }
  /** Bytes at the offset. */
  get lengths(): Uint32Array {
    return this.#lengths
  }

  /** The version token of a template print; undefined for other kinds. */
  captureAt(index: number): string | undefined {
    return this.#captures.get(index)
  }

  #grow(): void {
    const size = Math.max(this.#kinds.length * 2, this.#count)
    this.#kinds = enlarge(this.#kinds, new Uint8Array(size))
    this.#flags = enlarge(this.#flags, new Uint8Array(size))
    this.#high = enlarge(this.#high, new Uint32Array(size))
    this.#low = enlarge(this.#low, new Uint32Array(size))
    this.#offsets = enlarge(this.#offsets, new Float64Array(size))
    this.#lengths = enlarge(this.#lengths, new Uint32Array(size))
  }
}

/** Orders what has one kind and one upper half by the lower one: hardly anything but one fingerprint at several places. */
function orderTies(order: Uint32Array, kinds: Uint32Array, high: Uint32Array, low: Uint32Array): void {
  for (let start = 0, end = 1; start < order.length; start = end++) {
    const first = order[start]!
    let isOrdered = true
    for (; end < order.length; end++) {
      const row = order[end]!
      if (high[row] !== high[first] || kinds[row] !== kinds[first]) break
      if (low[row]! < low[order[end - 1]!]!) isOrdered = false
    }
    if (!isOrdered) order.subarray(start, end).sort((a, b) => low[a]! - low[b]! || a - b)
  }
}

type Column = Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>

function enlarge<T extends Column>(from: T, to: T): T {
  to.set(from)
  return to
}

/** The captures by their place in `order`. Few prints have one. */
function movedTo(order: Uint32Array, captures: ReadonlyMap<number, string>): Map<number, string> {
  const moved = new Map<number, string>()
  const isCaptured = new Uint8Array(order.length)
  for (const from of captures.keys()) isCaptured[from] = 1
  for (let to = 0; to < order.length; to++) {
    const from = order[to]!
    if (isCaptured[from] === 1) moved.set(to, captures.get(from)!)
  }
  return moved
}

function permute<T extends Column>(column: T, order: Uint32Array): T {
  const sorted = column.slice(0, order.length) as T
  for (let i = 0; i < order.length; i++) sorted[i] = column[order[i]!]!
  return sorted
}
