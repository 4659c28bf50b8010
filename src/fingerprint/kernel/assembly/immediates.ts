/**
 * Which integer operands are rare enough to tell something, each once for a function.
 */

import { putRow } from './memory'
import { xxh64 } from './xxh64'

/** Slots of the table of values that a function had; a power of two. */
const SLOTS: u32 = 8192
/** Distinct values of one function; more are a table that was compiled into code, and half of the slots stay empty. */
const MOST_VALUES: u32 = 4096

/** A slot: a value, and the number of the function that had it. */
const SLOT_BYTES: usize = 16
const slots: usize = memory.data(131072, 16)
const value8: usize = memory.data(8, 8)

let currentFunction: u32 = 0
let values: u32 = 0
let output: usize = 0
let capacity: u32 = 0
let rows: u32 = 0
/** From an address of the window to an offset in the file. */
let toOffset: f64 = 0
let lowest: u32 = 0
let span: u32 = 0

/** @param most rows that `at` has room for; what does not fit is left out */
export function startImmediates(at: usize, most: u32, shift: f64): void {
  output = at
  capacity = most
  rows = 0
  toOffset = shift
}

/** Values from `first` up to `first + bytes` are addresses of the program. */
export function setAddresses(first: u32, bytes: u32): void {
  lowest = first
  span = bytes
}

export function startFunction(): void {
  currentFunction++
  if (currentFunction == 0) {
    // Slots that were never used would count as full.
    memory.fill(slots, 0, <usize>SLOTS * SLOT_BYTES)
    currentFunction = 1
  }
  values = 0
}

/** @returns the rows written so far */
export function immediateRows(): u32 {
  return rows
}

/** Forgets the rows behind the first `count`, of a function that turned out to be none. */
export function forgetImmediates(count: u32): void {
  rows = count
}

/** Whether 32 bits may be rare, for a first look: neither small nor, as a signed number, next to zero. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function mayBeRare(value: u32): bool {
  return value + 0x10000 >= 0x20000
}

/**
 * Takes an operand if it is rare and new in its function.
 *
 * @param operand its 64-bit two's complement
 * @param at address of the instruction
 */
export function noteImmediate(operand: u64, at: usize, length: u32): void {
  const value: u64 = <i64>operand == <i64>(<i32>operand) ? <u64>(<u32>operand) : operand
  if (!isRare(value)) return
  if (values >= MOST_VALUES || !isNew(value)) return
  values++
  store<u64>(value8, value)
  if (rows >= capacity) return
  putRow(output, capacity, rows++, xxh64(value8, 8), <f64>at + toOffset, length, 0)
}

function isRare(value: u64): bool {
  if (value <= 0xffff) return false
  if (value >= 0xffff0000 && value <= 0xffffffff) return false
  const significant = value >> ctz(value)
  if (significant <= 0xfff) return false
  // One run of ones, of which powers of two and those less one are a case; then powers of two and one.
  if ((significant & (significant + 1)) == 0) return false
  if (((value - 1) & (value - 2)) == 0) return false
  if (value <= 0xffffffff ? value >> 16 == (value & 0xffff) : value == (value & 0xffff) * 0x0001000100010001) return false
  return value > 0xffffffff || <u32>value - lowest >= span
}

function isNew(value: u64): bool {
  let slot = <u32>((value * 0x9e3779b185ebca87) >> 51)
  let at = slots + <usize>slot * SLOT_BYTES
  while (load<u32>(at, 8) == currentFunction) {
    if (load<u64>(at) == value) return false
    slot = (slot + 1) & (SLOTS - 1)
    at = slots + <usize>slot * SLOT_BYTES
  }
  store<u64>(at, value)
  store<u32>(at, currentFunction, 8)
  return true
}
