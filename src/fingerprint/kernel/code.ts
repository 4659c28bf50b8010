import type { Arch } from '../../model.ts'
import { Kind } from '../print-set.ts'
import type { Batch } from './batch.ts'
import type { Kernel } from './kernel.ts'
import type { Prefilter } from './prefilter.ts'

/** Code of one section with the functions in it. */
export interface CodeWindow {
  readonly bytes: Uint8Array | BytesToRead
  /** Of the first byte, from the start of the file. */
  readonly offset: number
  /** Of the first byte, virtual. */
  readonly address: number
  /** Where functions start and end, bytes from the start of the window; ascending and disjoint. */
  readonly starts: Uint32Array
  readonly ends: Uint32Array
  /** What a linker or loader still changes. */
  readonly relocations?: CodeRelocations
}

/** Bytes that are read straight into the kernel's memory. */
export interface BytesToRead {
  readonly length: number
  /** Fills a view of this length. */
  readInto(target: Uint8Array): void
}

/** Places in a window, from its start: ascending, several may be at one place. */
export interface CodeRelocations {
  readonly count: number
  readonly offsets: Uint32Array
  /** Bytes. */
  readonly sizes: Uint8Array
}

/** What {@link codeBatches} must know of the program. */
export interface CodeOptions {
  readonly arch: Arch
  /**
   * The addresses of the program's own sections, the second is behind them; absent for objects. If they start near zero the
   * program is taken for one that moves when it is loaded, and its operands hold no addresses.
   */
  readonly addresses?: { readonly lowest: number; readonly highest: number }
  /** What is wanted; it must have been loaded into the kernel. */
  readonly prefilter?: Prefilter | undefined
}

/** What a window of code gives, kind by kind. */
export interface CodeBatches {
  readonly functions: Batch
  readonly mnemonics: Batch
  readonly immediates: Batch
}

/** Numbers that the kernel's code knows the instruction sets by. */
const ARCHITECTURES: Readonly<Record<string, number>> = { x86_64: 0, i386: 1, aarch64: 2 }

/** A window of this size, with what is written of it, stays in a processor's second cache. */
const WINDOW_BYTES = 256 * 1024
/**
 * Larger functions give nothing. Generated parsers and interpreters reach a megabyte; what is above is data, or the range
 * is wrong.
 */
const MOST_FUNCTION_BYTES = 4 * 1024 * 1024

/** The decoder may look at as many bytes behind a window: an instruction of 15 bytes with all that its last one could ask for. */
const LOOKAHEAD_BYTES = 32
/** No relocation that code has is wider. */
const MOST_MASK_BYTES = 8
/** Shorter instructions have no operand that may be rare. */
const LEAST_IMMEDIATE_INSTRUCTION = 4

/** Bytes of `Request` in assembly/functions.ts, and where its results are, in 32-bit words. */
const REQUEST_BYTES = 104
const RESULT_WORD = 22

/** Whether functions of an instruction set can be fingerprinted. */
export function isCodeKnown(arch: Arch): boolean {
  return ARCHITECTURES[arch] !== undefined
}

/** Functions that go into one window. */
export interface WindowPlan {
  /** The first function and the one behind the last, as indices. */
  readonly first: number
  readonly end: number
  /** Of the first byte, from the start of the file. */
  readonly offset: number
  /** At most `MOST_FUNCTION_BYTES`. */
  readonly bytes: number
}

/**
 * Groups functions for reading: consecutive ones of a section in windows that cut none. A function that is larger than a
 * window has one to itself; far too large ones are left out.
 *
 * @param ranges file offsets and bytes, ascending and disjoint, and the section of each
 */
export function* planWindows(ranges: {
  readonly count: number
  readonly offsets: Float64Array
  readonly sizes: Uint32Array
  readonly sections: Int32Array
}): Generator<WindowPlan> {
  const { count, offsets, sizes, sections } = ranges
  let first = 0
  while (first < count) {
    const offset = offsets[first]!
    if (sizes[first]! > MOST_FUNCTION_BYTES) {
      first++
      continue
    }
    let end = first + 1
    let last = offset + sizes[first]!
    while (end < count && sections[end] === sections[first] && offsets[end]! + sizes[end]! - offset <= WINDOW_BYTES) {
      last = Math.max(last, offsets[end]! + sizes[end]!)
      end++
    }
    yield { first, end, offset, bytes: last - offset }
    first = end
  }
}

/**
 * Fingerprints the functions of a window: normal forms with and without operands, and rare immediates. Ranges that leave the
 * window, overlap the one before or hold something that is no instruction give nothing.
 *
 * The batches are views of the kernel's memory.
 *
 * @throws TypeError when relocations are not in order, or the instruction set is none of those of {@link isCodeKnown}
 */
export function codeBatches(kernel: Kernel, window: CodeWindow, options: CodeOptions): CodeBatches {
  const architecture = ARCHITECTURES[options.arch]
  if (architecture === undefined) throw new TypeError(`options.arch: no code of ${options.arch} is known`)
  const { prefilter } = options
  kernel.load(prefilter)
  return kernel.scope(() => {
    const size = window.bytes.length
    const largest = Math.min(size, MOST_FUNCTION_BYTES)
    const most = Math.min(window.starts.length, window.ends.length)
    const maskCapacity = window.relocations?.count ?? 0
    const immediateCapacity = Math.ceil(size / LEAST_IMMEDIATE_INSTRUCTION)
    const requestAt = kernel.reserve(REQUEST_BYTES)
    const windowAt = kernel.reserve(size + LOOKAHEAD_BYTES)
    const rangesAt = kernel.reserve(most * 8)
    const masksAt = kernel.reserve(maskCapacity * 8)
    const keptAt = kernel.reserve(largest + LOOKAHEAD_BYTES)
    const tokensAt = kernel.reserve(2 * largest + LOOKAHEAD_BYTES)
    const functionsAt = kernel.reserveRows(most)
    const mnemonicsAt = kernel.reserveRows(most)
    const immediatesAt = kernel.reserveRows(immediateCapacity)

    const target = kernel.bytes(windowAt, size)
    if (window.bytes instanceof Uint8Array) target.set(window.bytes)
    else window.bytes.readInto(target)
    kernel.bytes(windowAt + size, LOOKAHEAD_BYTES).fill(0)
    const ranges = writeRanges(words(kernel, rangesAt, most * 2), window, most)
    const masks = writeMasks(words(kernel, masksAt, maskCapacity * 2), window.relocations, windowAt, size)
    const [lowest, addressBytes] = lowAddresses(options.addresses)
    const functions = kernel.filterOf(prefilter, Kind.Function)
    const mnemonics = kernel.filterOf(prefilter, Kind.Mnemonics)
    new Float64Array(kernel.exports.memory.buffer, requestAt, 1)[0] = window.offset
    const request = words(kernel, requestAt, REQUEST_BYTES / 4)
    request.set(
      [
        architecture,
        windowAt,
        size,
        window.address % 2 ** 32,
        rangesAt,
        ranges,
        masksAt,
        masks,
        lowest,
        addressBytes,
        keptAt,
        tokensAt,
        functionsAt,
        mnemonicsAt,
        immediatesAt,
        immediateCapacity,
        functions.at,
        functions.blocks,
        mnemonics.at,
        mnemonics.blocks,
      ],
      2,
    )
    kernel.exports.fingerprintFunctions(requestAt)
    const [functionRows, mnemonicRows, immediateRows] = request.subarray(RESULT_WORD)
    const wanted = kernel.retain(immediatesAt, immediateCapacity, immediateRows!, prefilter, Kind.Immediate)
    return {
      functions: kernel.rows(functionsAt, ranges, functionRows!),
      mnemonics: kernel.rows(mnemonicsAt, ranges, mnemonicRows!),
      immediates: kernel.rows(immediatesAt, immediateCapacity, wanted),
    }
  })
}

function words(kernel: Kernel, at: number, count: number): Uint32Array {
  return new Uint32Array(kernel.exports.memory.buffer, at, count)
}

/** @returns how many ranges there are */
function writeRanges(target: Uint32Array, window: CodeWindow, most: number): number {
  const { starts, ends, bytes } = window
  let count = 0
  let last = 0
  for (let i = 0; i < most; i++) {
    const start = starts[i]!
    const end = ends[i]!
    if (start < last || end <= start || end > bytes.length || end - start > MOST_FUNCTION_BYTES) continue
    target[2 * count] = start
    target[2 * count + 1] = end
    last = end
    count++
  }
  return count
}

/** Writes masks by address, one for each place. @returns how many there are */
function writeMasks(
  target: Uint32Array,
  relocations: CodeRelocations | undefined,
  windowAt: number,
  windowBytes: number,
): number {
  if (relocations === undefined) return 0
  let count = 0
  let last = -1
  for (let i = 0; i < relocations.count; i++) {
    const offset = relocations.offsets[i]!
    const size = Math.min(relocations.sizes[i]!, MOST_MASK_BYTES)
    if (offset < last) throw new TypeError('window.relocations: offsets must ascend')
    if (offset >= windowBytes) break
    if (size === 0) continue
    if (offset === last) {
      target[2 * count - 1] = Math.max(target[2 * count - 1]!, size)
      continue
    }
    target[2 * count] = windowAt + offset
    target[2 * count + 1] = size
    last = offset
    count++
  }
  return count
}

/** The part of the program's addresses that 32 bits can hold, as start and bytes. */
function lowAddresses(addresses: CodeOptions['addresses']): [number, number] {
  if (addresses === undefined || addresses.lowest >= 2 ** 32) return [0, 0]
  return [addresses.lowest, Math.max(Math.min(addresses.highest, 2 ** 32) - 1 - addresses.lowest, 0)]
}
