import type { ByteSource } from '../../bytes/source.ts'
import { Kind } from '../print-set.ts'
import { type Candidate, MAX_STRING_BYTES } from '../strings.ts'
import { type Batch, ROW_BYTES } from './batch.ts'
import type { Kernel } from './kernel.ts'
import type { Prefilter } from './prefilter.ts'

/** Receives what {@link scanData} finds, a window at a time. Batches are views: copy what must stay. */
export interface DataSink {
  strings(batch: Batch): void
  /** A string that must be read; whether it passed the prefilter or not. */
  candidate(candidate: Candidate): void
  tables?(batch: Batch): void
}

/** Byte ranges, ascending by offset: the shape of a section's relocations. */
export interface ByteRanges {
  readonly count: number
  /** From the start of the section. */
  readonly offsets: Uint32Array
  /** Bytes. */
  readonly sizes: Uint8Array
}

/** A stretch of data and what is wanted of it. */
export interface DataRange {
  readonly source: ByteSource
  /** In the source. */
  readonly offset: number
  readonly size: number
  /** Virtual address of the first byte; table windows are aligned by it. */
  readonly address: number
  /** Added to the offsets of features. */
  readonly base: number
  /** {@link Kind.Table} or {@link Kind.BigEndianTable}; undefined where tables are not wanted. */
  readonly tableKind?: Kind | undefined
  /** What no table window may touch. */
  readonly touched?: ByteRanges | undefined
  readonly prefilter?: Prefilter | undefined
  /** Bytes read at once; any number gives the same features. 1 MiB by default. */
  readonly windowBytes?: number
}

/** Bytes read at once: a processor's second cache holds them. */
const WINDOW_BYTES = 1 << 20
/** What may be kept of a window for the next: the longest string in UTF-16, its end, a block, and what is looked ahead. */
const KEPT_BYTES = 2 * MAX_STRING_BYTES + 256
/** Bytes behind the input that the kernel overwrites; `assembly/strings.ts` has the number too. */
const PADDING_BYTES = 128
const TABLE_BYTES = 32
/** Offset and size of what no table window may touch. */
const RANGE_BYTES = 8
const TABLE_ALIGNMENT = 4

/** Flags of a candidate, as `assembly/constant.ts` has them. */
const MAY_HOLD_VERSION = 1
const MAY_BE_TYPE_NAME = 2
const IS_WIDE = 4
const LITERAL_SHIFT = 8

/**
 * Finds the strings and table windows of a stretch of data. Each byte is read once, straight into the kernel's memory.
 *
 * The prefilter, if any, must be loaded. The sink may use the kernel itself.
 *
 * @throws DetectorError as {@link ByteSource.read} does
 */
export function scanData(kernel: Kernel, range: DataRange, sink: DataSink): void {
  // An empty section may claim to lie anywhere.
  if (range.size === 0) return
  kernel.scope(() => {
    const scan = new DataScan(kernel, range, sink)
    while (scan.step());
  })
}

/** One stretch of data on its way through the kernel; positions are bytes from its start unless said otherwise. */
class DataScan {
  readonly #kernel: Kernel
  readonly #range: DataRange
  readonly #sink: DataSink
  /** Addresses in the kernel. */
  readonly #input: number
  readonly #output: number
  readonly #touched: number
  readonly #windowBytes: number
  /** The bytes from {@link #start} to {@link #end} are in the kernel, at {@link #input}. */
  #start = 0
  #end = 0
  /** Where strings, and table windows, are looked for next. */
  #nextString = 0
  #nextTable: number
  /** The first of the ranges that a table window from {@link #nextTable} on may touch. */
  #nextTouched = 0
  #openBytes = 0
  #openUnits = 0

  constructor(kernel: Kernel, range: DataRange, sink: DataSink) {
    this.#kernel = kernel
    this.#range = range
    this.#sink = sink
    this.#windowBytes = Math.min(range.windowBytes ?? WINDOW_BYTES, range.size)
    const capacity = Math.min(this.#windowBytes + KEPT_BYTES, range.size)
    this.#input = kernel.reserve(capacity + PADDING_BYTES)
    const { stringsBytes, tableRows } = kernel.exports
    this.#output = kernel.reserve(Math.max(stringsBytes(capacity), tableRows(capacity) * ROW_BYTES))
    this.#touched = this.#copyRanges(range.touched)
    this.#nextTable = (TABLE_ALIGNMENT - (range.address % TABLE_ALIGNMENT)) % TABLE_ALIGNMENT
  }

  #copyRanges(ranges: ByteRanges | undefined): number {
    if (ranges === undefined || ranges.count === 0) return 0
    const at = this.#kernel.reserve(RANGE_BYTES * ranges.count)
    const pairs = new Uint32Array(this.#kernel.exports.memory.buffer, at, 2 * ranges.count)
    for (let i = 0; i < ranges.count; i++) {
      pairs[2 * i] = ranges.offsets[i]!
      pairs[2 * i + 1] = ranges.sizes[i]!
    }
    return at
  }

  /** Reads a window and scans it. @returns whether there is more */
  step(): boolean {
    const { source, offset, size, tableKind } = this.#range
    const fresh = Math.min(this.#windowBytes, size - this.#end)
    const target = this.#kernel.bytes(this.#input + (this.#end - this.#start), fresh)
    source.readInto(target, offset + this.#end)
    this.#end += fresh
    if (tableKind !== undefined) this.#scanTables(tableKind)
    this.#scanStrings()
    if (this.#end === size) return false
    const kept = tableKind === undefined ? this.#nextString : Math.min(this.#nextString, this.#nextTable)
    const held = this.#kernel.bytes(this.#input, this.#end - this.#start)
    held.copyWithin(0, kept - this.#start)
    this.#start = kept
    return true
  }

  #scanTables(kind: Kind): void {
    const held = this.#end - this.#start
    const { base, offset, prefilter } = this.#range
    const touched = this.#passTouched()
    const filter = this.#kernel.filterOf(prefilter, kind)
    const count = this.#kernel.exports.tables(
      this.#input,
      held,
      this.#nextTable - this.#start,
      base + offset + this.#start,
      this.#touched + RANGE_BYTES * touched.first,
      touched.count,
      this.#start,
      this.#output,
      filter.at,
      filter.blocks,
    )
    // The first place whose window is not yet whole.
    const places = Math.floor((this.#end - TABLE_BYTES - this.#nextTable) / TABLE_ALIGNMENT) + 1
    this.#nextTable += Math.max(places, 0) * TABLE_ALIGNMENT
    const capacity = this.#kernel.exports.tableRows(held)
    if (count > 0) this.#sink.tables?.(this.#kernel.rows(this.#output, capacity, count))
  }

  /** The ranges that are still ahead: each is passed once, and not again in every window. */
  #passTouched(): { first: number; count: number } {
    const { touched } = this.#range
    if (touched === undefined) return { first: 0, count: 0 }
    const { count, offsets, sizes } = touched
    let first = this.#nextTouched
    while (first < count && offsets[first]! + sizes[first]! <= this.#nextTable) first++
    this.#nextTouched = first
    return { first, count: count - first }
  }

  #scanStrings(): void {
    const { exports } = this.#kernel
    const skip = this.#nextString - this.#start
    const at = this.#input + skip
    const size = this.#end - this.#nextString
    const base = this.#range.base + this.#range.offset + this.#nextString
    const done = exports.strings(
      at,
      size,
      base,
      this.#end === this.#range.size ? 1 : 0,
      this.#openBytes,
      this.#openUnits,
      this.#output,
    )
    this.#nextString += done
    this.#openBytes = exports.openBytes.value
    this.#openUnits = exports.openUnits.value
    const capacity = exports.stringRows(size)
    const candidates = this.#candidates(capacity, exports.candidateCount.value)
    const count = this.#kernel.retain(
      this.#output,
      capacity,
      exports.printCount.value,
      this.#range.prefilter,
      Kind.String,
    )
    if (count > 0) this.#sink.strings(this.#kernel.rows(this.#output, capacity, count))
    for (let i = 0; i < candidates.length; i += 3)
      this.#sink.candidate(this.#candidate(at, base, candidates[i]!, candidates[i + 1]!, candidates[i + 2]!))
  }

  /** Offset in the window, length and flags of each, copied: the sink may use the kernel. */
  #candidates(capacity: number, count: number): Uint32Array {
    const at = Math.ceil((this.#output + capacity * ROW_BYTES) / 16) * 16
    return new Uint32Array(this.#kernel.exports.memory.buffer, at, 3 * count).slice()
  }

  #candidate(at: number, base: number, start: number, length: number, flags: number): Candidate {
    const bytes = this.#kernel.bytes(at + start, length)
    const narrow = (flags & IS_WIDE) !== 0 ? bytes.filter((_, i) => i % 2 === 0) : bytes
    return {
      text: Buffer.from(narrow.buffer, narrow.byteOffset, narrow.length).toString('latin1'),
      offset: base + start,
      length,
      literal: flags >>> LITERAL_SHIFT,
      mayHoldVersion: (flags & MAY_HOLD_VERSION) !== 0,
      mayBeTypeName: (flags & MAY_BE_TYPE_NAME) !== 0,
    }
  }
}
