/** Fingerprints of the functions in a window of code: reads a request from memory, writes results behind it. */

import * as aarch64 from './aarch64'
import { mayHold } from './filter'
import { forgetImmediates, immediateRows, setAddresses, startFunction, startImmediates } from './immediates'
import { putRow } from './memory'
import * as x86 from './x86'
import { decode } from './x86-decode'
import { LEGACY_MODE, LONG_MODE } from './x86-tables'
import { xxh64 } from './xxh64'

/** Shorter functions are alike everywhere. */
const LEAST_INSTRUCTIONS: u32 = 10
const MOST_VARIETY: u32 = 255
/** Addresses below are given to no program that stays where it was linked to; one linked to 0 moves. */
const LEAST_FIXED_ADDRESS: u32 = 0x10000

const RANGE_BYTES: u32 = 8
const MASK_BYTES: u32 = 8

/** What is asked for; `../code.ts` writes the fields in this order, each but the first a `u32`. */
@unmanaged
class Request {
  /** Of the first byte of the window, in the file. */
  fileOffset: f64
  architecture: u32
  windowAt: u32
  windowBytes: u32
  /** Of the first byte of the window, in the program, its lower half. */
  windowAddress: u32
  /** Start and end of each function, from the start of the window. */
  rangesAt: u32
  rangeCount: u32
  /** Address and bytes (at most 8) of each mask, ascending and without two at one address. */
  masksAt: u32
  maskCount: u32
  /** The addresses of the program. */
  lowest: u32
  addressBytes: u32
  /** Room for the largest function and 32 bytes, and for twice as much. */
  keptAt: u32
  tokensAt: u32
  /** Outputs: rows for every function in the first two. */
  functionsAt: u32
  mnemonicsAt: u32
  immediatesAt: u32
  immediateCapacity: u32
  /** What is wanted of the first two: filters and their blocks, 0 blocks where everything is. */
  functionFilter: u32
  functionBlocks: u32
  mnemonicFilter: u32
  mnemonicBlocks: u32
  /** Results: rows. */
  functionCount: u32
  mnemonicCount: u32
  immediateCount: u32
}

const I386: u32 = 1
const AARCH64: u32 = 2

/** Fingerprints all functions of a window. Ranges that leave it or are empty give nothing. */
export function fingerprintFunctions(request: Request): void {
  const fixed = request.lowest >= LEAST_FIXED_ADDRESS
  x86.setX86Program(request.lowest, request.addressBytes, fixed, request.windowAddress - request.windowAt)
  setAddresses(request.lowest, fixed ? request.addressBytes : 0)
  const toOffset = request.fileOffset - <f64>request.windowAt
  startImmediates(request.immediatesAt, request.immediateCapacity, toOffset)
  const capacity = request.rangeCount
  let functionRows: u32 = 0
  let mnemonicRows: u32 = 0
  for (let i: u32 = 0; i < request.rangeCount; i++) {
    const range: usize = request.rangesAt + i * RANGE_BYTES
    const from = load<u32>(range)
    const to = load<u32>(range, 4)
    if (from >= to || to > request.windowBytes) continue
    const at: usize = request.windowAt + from
    const immediates = immediateRows()
    startFunction()
    if (!normalise(request, at, at + (to - from))) {
      forgetImmediates(immediates)
      continue
    }
    if (instructions < LEAST_INSTRUCTIONS) continue
    const kept = xxh64(request.keptAt, <u32>(keptEnd - request.keptAt))
    const bare = xxh64(request.tokensAt, <u32>(tokensEnd - request.tokensAt))
    const isKeptWanted = isWanted(request.functionFilter, request.functionBlocks, kept)
    const isBareWanted = isWanted(request.mnemonicFilter, request.mnemonicBlocks, bare)
    // Most functions of a large program are nobody's.
    if (!isKeptWanted && !isBareWanted) continue
    const variety = min(varietyOf(request), MOST_VARIETY)
    const offset = <f64>at + toOffset
    if (isKeptWanted) putRow(request.functionsAt, capacity, functionRows++, kept, offset, to - from, variety)
    if (isBareWanted) putRow(request.mnemonicsAt, capacity, mnemonicRows++, bare, offset, to - from, variety)
  }
  request.functionCount = functionRows
  request.mnemonicCount = mnemonicRows
  request.immediateCount = immediateRows()
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function isWanted(filter: usize, blocks: u32, hash: u64): bool {
  return blocks == 0 || mayHold(filter, blocks, <u32>(hash >> 32), <u32>hash)
}

let keptEnd: usize = 0
let tokensEnd: usize = 0
let instructions: u32 = 0

/** For each pair of neighbours the number of the function that it was last seen in; two pairs of a slot are one. */
const SLOT_BITS: i32 = 12
const slots: usize = memory.data(4 << 12)
let functionNumber: u32 = 0

/** A function with fewer conditional branches has one way through: a stack protector and a test are two. */
const LEAST_BRANCHES: u32 = 3
/** What such a function counts at most … */
const MOST_OF_ONE_WAY: u32 = 14
/** … unless it computes: no wrapper has so many different pairs. */
const COMPUTING: u32 = 64

/**
 * How many different pairs of neighbouring instructions, without operands, the function has. Wrappers that save all registers
 * and tables of cases repeat few pairs, however long they are, or pass on what they get without a decision.
 */
function varietyOf(request: Request): u32 {
  functionNumber++
  if (functionNumber == 0) {
    memory.fill(slots, 0, 4 << SLOT_BITS)
    functionNumber = 1
  }
  const wide = request.architecture == AARCH64
  const bytes: usize = wide ? 4 : 2
  let token: usize = request.tokensAt
  let before: u32 = 0
  let variety: u32 = 0
  let branches: u32 = 0
  for (; token < tokensEnd; token += bytes) {
    // The upper bits of an AArch64 instruction tell what it does; registers and distances follow.
    const value = wide ? load<u32>(token) >> 22 : <u32>load<u16>(token)
    branches += u32(wide ? isConditional(load<u32>(token)) : value - 0x70 < 16)
    const slot = slots + (<usize>((((before << 5) | (before >> 27)) ^ value) * 0x9e3779b1 >> (32 - SLOT_BITS)) << 2)
    if (load<u32>(slot) != functionNumber) {
      store<u32>(slot, functionNumber)
      variety++
    }
    before = value
  }
  return branches < LEAST_BRANCHES && variety < COMPUTING ? min(variety, MOST_OF_ONE_WAY) : variety
}

/** `cbz`, `cbnz`, `tbz`, `tbnz`, `b.cond`. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function isConditional(token: u32): bool {
  return (token & 0x7c000000) == 0x34000000 || (token & 0xff000000) == 0x54000000
}

/** Writes both forms of a function and sets their ends. @returns whether all of it was instructions */
function normalise(request: Request, at: usize, end: usize): bool {
  const masksEnd: usize = request.masksAt + request.maskCount * MASK_BYTES
  const mask = firstMask(request.masksAt, request.maskCount, at)
  if (request.architecture == AARCH64) {
    aarch64.setAarch64Masks(mask, masksEnd)
    if (!aarch64.aarch64Function(at, end, request.keptAt, request.tokensAt)) return false
    keptEnd = aarch64.keptEnd
    tokensEnd = aarch64.tokensEnd
    instructions = aarch64.instructions
    return true
  }
  x86.setX86Masks(mask, masksEnd)
  const mode = request.architecture == I386 ? LEGACY_MODE : LONG_MODE
  if (!x86.x86Function(at, end, request.keptAt, request.tokensAt, mode)) return false
  keptEnd = x86.keptEnd
  tokensEnd = x86.tokensEnd
  instructions = x86.instructions
  return true
}

/** The first mask at `at` or behind, or one before it that may reach there. */
function firstMask(masks: usize, count: u32, at: usize): usize {
  let low: u32 = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >> 1
    if (<usize>load<u32>(masks + middle * MASK_BYTES) + 8 > at) high = middle
    else low = middle + 1
  }
  return masks + low * MASK_BYTES
}

/** Bytes of the x86 instruction at `at`, 0 if it is none; 15 bytes must be readable. */
export function x86Length(at: usize, long: bool): u32 {
  return decode(at, long ? LONG_MODE : LEGACY_MODE)
}
