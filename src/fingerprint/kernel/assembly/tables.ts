/** Windows of constant data, chosen by their content: "Tables" in `docs/fingerprints.md`. */

import { mayHold } from './filter'
import { putRow } from './memory'
import { isAsciiText } from './text'
import { xxh64 } from './xxh64'

const WINDOW_BYTES: u32 = 32
/** Distinct byte values that a window must have. */
const MIN_VALUES: u32 = 10
const FACTOR_1: u32 = 0x9e3779b1
const FACTOR_2: u32 = 0x85ebca77
/** Bits of the mixed words that must be zero. */
const CHOSEN_SHIFT: i32 = 28

/** Ranges that relocations touch: pairs of offset and size, ascending by offset. */
let range: usize = 0
let rangesEnd: usize = 0

/** Rows that {@link tables} may write for `size` bytes. */
export function tableRows(size: u32): u32 {
  return size / 4 + 1
}

/**
 * Finds the table windows that lie within `size` bytes at `at` and start at `from`, `from + 4` and so on; writes
 * {@link tableRows} rows at most to `output`. `base` is the file offset of `at`. The `rangeCount` ranges at `ranges` are
 * counted from `at - rangeBase`. What the `blocks` blocks of `filter` do not hold is left out; without blocks nothing is.
 *
 * @returns the rows written
 */
export function tables(
  at: usize,
  size: u32,
  from: u32,
  base: f64,
  ranges: usize,
  rangeCount: u32,
  rangeBase: u32,
  output: usize,
  filter: usize,
  blocks: u32,
): u32 {
  if (size < WINDOW_BYTES || from > size - WINDOW_BYTES) return 0
  range = ranges
  rangesEnd = ranges + (<usize>rangeCount << 3)
  const capacity = tableRows(size)
  const factor1 = i32x4.splat(FACTOR_1)
  const factor2 = i32x4.splat(FACTOR_2)
  const zero = i64x2.splat(0)
  const last = at + size - WINDOW_BYTES
  let rows: u32 = 0
  for (let place = at + from; place <= last; place += 16) {
    const x = v128.load(place)
    // Its last word belongs to the fourth place; a window has 32 bytes, so the input does not end here.
    const y = v128.load(place, 4)
    const mixed = v128.xor(i32x4.mul(x, factor1), i32x4.mul(y, factor2))
    let chosen = <u32>i32x4.bitmask(i32x4.eq(i32x4.shr_u(mixed, CHOSEN_SHIFT), zero))
    if (chosen === 0) continue
    // Zeros choose every place; most of what is chosen four times is nothing else.
    if (chosen === 15 && place + 48 <= last + WINDOW_BYTES && isZero48(place)) continue
    for (; chosen !== 0; chosen &= chosen - 1) {
      const window = place + 4 * <usize>ctz(chosen)
      if (window > last) break
      const offset = <u32>(window - at)
      if (isText(window) || isMostlyZero(window)) continue
      // Known windows are few, and asking costs less than the tests that are left.
      const hash = xxh64(window, WINDOW_BYTES)
      if (blocks !== 0 && !mayHold(filter, blocks, <u32>(hash >> 32), <u32>hash)) continue
      if (!isVaried(window) || isTouched(rangeBase + offset) || isAscending(window)) continue
      putRow(output, capacity, rows, hash, base + <f64>offset, WINDOW_BYTES, 0)
      rows++
    }
  }
  return rows
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function isZero48(at: usize): bool {
  return !v128.any_true(v128.or(v128.or(v128.load(at), v128.load(at, 16)), v128.load(at, 32)))
}

/** Bytes of text and NULs, of these one at least: strings that lie behind one another. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function isText(at: usize): bool {
  const zero = i64x2.splat(0)
  const a = v128.load(at)
  const b = v128.load(at, 16)
  const zeros = v128.or(i8x16.eq(a, zero), i8x16.eq(b, zero))
  return v128.any_true(zeros) && i8x16.all_true(textOrZero(a)) && i8x16.all_true(textOrZero(b))
}

/** 00, tab, newline and carriage return by their value; all others select a zero. */
const LOW_TEXT: v128 = i8x16(-1, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 0, 0, -1, 0, 0)

// @ts-expect-error: a decorator of AssemblyScript
@inline
function textOrZero(x: v128): v128 {
  return v128.or(i8x16.gt_s(i8x16.add(x, i8x16.splat(1)), i8x16.splat(0x20)), i8x16.swizzle(LOW_TEXT, x))
}

/** For each byte value the number of the window that it was last seen in. */
const seen: usize = memory.data(1024)
let windowNumber: u32 = 0

/** Whether it has so many zeros that there are too few other values; {@link isVaried} would say the same. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function isMostlyZero(at: usize): bool {
  const zero = i64x2.splat(0)
  const zeros =
    popcnt(<u32>i8x16.bitmask(i8x16.eq(v128.load(at), zero))) +
    popcnt(<u32>i8x16.bitmask(i8x16.eq(v128.load(at, 16), zero)))
  return zeros + MIN_VALUES > WINDOW_BYTES + 1
}

/** Whether the window has enough distinct byte values: a cheap test decides nearly always, then all are counted. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function isVaried(at: usize): bool {
  let values = lowBits(load<u64>(at)) | lowBits(load<u64>(at, 8))
  if (popcnt(values) >= MIN_VALUES) return true
  values |= lowBits(load<u64>(at, 16)) | lowBits(load<u64>(at, 24))
  return popcnt(values) >= MIN_VALUES || countValues(at) >= MIN_VALUES
}

/** A bit for each value of the lower six bits among eight bytes. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function lowBits(bytes: u64): u64 {
  // Shifts count modulo 64.
  const one: u64 = 1
  return (
    (one << bytes) |
    (one << (bytes >> 8)) |
    (one << (bytes >> 16)) |
    (one << (bytes >> 24)) |
    (one << (bytes >> 32)) |
    (one << (bytes >> 40)) |
    (one << (bytes >> 48)) |
    (one << (bytes >> 56))
  )
}

function countValues(at: usize): u32 {
  windowNumber++
  if (windowNumber === 0) {
    memory.fill(seen, 0, 1024)
    windowNumber = 1
  }
  let values: u32 = 0
  for (let i: u32 = 0; i < WINDOW_BYTES; i++) {
    const slot = seen + (<usize>load<u8>(at + i) << 2)
    values += u32(load<u32>(slot) !== windowNumber)
    store<u32>(slot, windowNumber)
  }
  return values
}

/**
 * Whether the window holds numbers of two or four bytes, in either byte order, none below the one before: ranges of code
 * points, offsets, sums. Whoever tabulates the same standard has the same ones.
 */
function isAscending(at: usize): bool {
  return ascends16(at, false) || ascends16(at, true) || ascends32(at, false) || ascends32(at, true)
}

function ascends16(at: usize, swapped: bool): bool {
  let before: u32 = 0
  for (let i: usize = 0; i < WINDOW_BYTES; i += 2) {
    const raw = load<u16>(at + i)
    const value = <u32>(swapped ? bswap<u16>(raw) : raw)
    if (value < before) return false
    before = value
  }
  return true
}

function ascends32(at: usize, swapped: bool): bool {
  let before: u32 = 0
  for (let i: usize = 0; i < WINDOW_BYTES; i += 4) {
    const raw = load<u32>(at + i)
    const value = swapped ? bswap<u32>(raw) : raw
    if (value < before) return false
    before = value
  }
  return true
}

/** Whether a range touches the window at `offset`; offsets must come in ascending order. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function isTouched(offset: u32): bool {
  while (range < rangesEnd && <u64>load<u32>(range) + load<u32>(range, 4) <= <u64>offset) range += 8
  return range < rangesEnd && <u64>load<u32>(range) < <u64>offset + WINDOW_BYTES
}
