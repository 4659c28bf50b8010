/**
 * Finds the strings of a window, 64 bytes at a time: a mask of the bytes that are text, one of those that are NUL, and
 * from them the places where a NUL ends a run. `docs/fingerprints.md`, "Strings", is what this computes.
 */

import { begin, MAX_STRING_BYTES, outputBytes, take } from './constant'
import { characterLength, isAsciiText, isTextBefore } from './text'

export { candidateCount, printCount, rowsFor as stringRows } from './constant'

const BLOCK: u32 = 64
/** What a character or a UTF-16 unit at the end of the last block needs behind it. */
const LOOK_AHEAD: u32 = 4
/** Bytes behind the input that the last window overwrites. */
export const PADDING: u32 = 128
/** Neither text nor NUL, nor part of a character: what lies behind the end ends no string. */
const NO_TEXT: u8 = 1

/**
 * What the next window must know: it starts inside a run that is longer than a string may be, by so many bytes or UTF-16
 * units already. 0 where it does not.
 */
export let openBytes: u32 = 0
export let openUnits: u32 = 0

/** Bytes that {@link strings} needs at `output`: two outputs and room for the longest string. */
export function stringsBytes(size: u32): usize {
  return outputBytes(size) + MAX_STRING_BYTES + BLOCK
}

/** First byte of the window, and the state it began with. */
let first: usize = 0
let skippedBytes: u32 = 0
let skippedUnits: u32 = 0
/** Where the longest string is narrowed. */
let scratch: usize = 0

/**
 * Finds the constants of `size` bytes at `at`, whose file offset is `base`. With `final` nothing follows them, and
 * {@link PADDING} bytes behind them are overwritten. The results are {@link printCount} rows at `output`, then the
 * candidates, {@link candidateCount} of them.
 *
 * @returns how many bytes are done with; the next window must start there, with {@link openBytes} and {@link openUnits}
 */
export function strings(
  at: usize,
  size: u32,
  base: f64,
  final: bool,
  insideBytes: u32,
  insideUnits: u32,
  output: usize,
): u32 {
  begin(output, size, base)
  first = at
  skippedBytes = insideBytes
  skippedUnits = insideUnits
  scratch = output + outputBytes(size)
  if (final) memory.fill(at + size, NO_TEXT, PADDING)
  const whole: u32 = final ? size + BLOCK - 1 : size > LOOK_AHEAD ? size - LOOK_AHEAD : 0
  const stop = at + (whole & ~(BLOCK - 1))

  // Bits of the block before: text; and the NUL of a UTF-16 unit.
  let textBefore: u64 = insideBytes > 0 ? ~0 : 0
  let unitsBefore: u64 = 0
  // Where the run starts that the block before ends with.
  let open = at
  characterRest = 0
  for (let block = at; block < stop; block += BLOCK) {
    const text = textOf(block)
    if (text === 0 && (textBefore | unitsBefore) >> 56 === 0) {
      textBefore = 0
      unitsBefore = 0
      continue
    }
    const ends = nul & ((text << 1) | (textBefore >> 63))
    const second = (text << 2) | (textBefore >> 62)
    for (let bits = ends & second & ((text << 3) | (textBefore >> 61)); bits !== 0; bits &= bits - 1) {
      const end = <usize>ctz(bits)
      const gaps = ~text & (((<u64>1) << end) - 1)
      takeRun(gaps !== 0 ? block + 64 - <usize>clz(gaps) : (textBefore >> 63) !== 0 ? open : block, block + end)
    }
    const units = ends & ~second
    const last = units & ((units << 2) | (unitsBefore >> 62)) & ((units << 4) | (unitsBefore >> 60)) & ~(text >> 1)
    for (let bits = last; bits !== 0; bits &= bits - 1) {
      const end = block + <usize>ctz(bits) + 1
      if (load<u16>(end) === 0) takeWide(end)
    }
    if (text >> 63 !== 0) {
      if (~text !== 0) open = block + 64 - <usize>clz(~text)
      else if (textBefore >> 63 === 0) open = block
    }
    textBefore = text
    unitsBefore = units
  }
  if (final) return size
  return <u32>(resume(stop, open, textBefore, unitsBefore) - at)
}

/** Where the next window starts after one that ends at `stop`; sets {@link openBytes} and {@link openUnits}. */
function resume(stop: usize, open: usize, text: u64, units: u64): usize {
  openBytes = 0
  openUnits = 0
  if (stop === first) {
    openBytes = skippedBytes
    openUnits = skippedUnits
    return stop
  }
  const isOpen = text >> 63 !== 0
  // The unit that `stop` cuts, or that starts there, and goes on a run of units.
  const unit = isOpen ? stop - 1 : stop
  const goesOn = (units >> (isOpen ? 62 : 63)) & 1
  if (goesOn !== 0 && isAsciiText(load<u8>(unit)) && load<u8>(unit, 1) === 0) {
    const start = wideStart(unit)
    const count = <u32>((unit - start) >> 1) + (start === first ? skippedUnits : 0)
    if (count <= MAX_STRING_BYTES) return start
    openUnits = count
    return unit
  }
  if (!isOpen) return stop
  const length = <u32>(stop - open) + (open === first ? skippedBytes : 0)
  if (length <= MAX_STRING_BYTES) return open
  openBytes = MAX_STRING_BYTES + 1
  if (characterRest === 0) return stop
  // The window must not start within a character.
  let lead = stop - 1
  while (load<u8>(lead) < 0xc0) lead--
  return lead
}

/** Bits of the last block's NULs. */
let nul: u64 = 0
/** Bits of the next block that belong to a character of this one. */
let characterRest: u64 = 0

/** The mask of text bytes of a block; sets {@link nul}. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function textOf(block: usize): u64 {
  const a = v128.load(block)
  const b = v128.load(block, 16)
  const c = v128.load(block, 32)
  const d = v128.load(block, 48)
  nul = mask(i8x16.eq(a, ZERO), i8x16.eq(b, ZERO), i8x16.eq(c, ZERO), i8x16.eq(d, ZERO))
  const ascii = mask(asciiText(a), asciiText(b), asciiText(c), asciiText(d))
  if (!v128.any_true(v128.and(v128.or(v128.or(a, b), v128.or(c, d)), i8x16.splat(-128))) && characterRest === 0)
    return ascii
  return ascii | characters(block)
}

const ZERO: v128 = i64x2.splat(0)
/** Tab, newline and carriage return by their value; all others select a zero. */
const BREAKS: v128 = i8x16(0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 0, 0, -1, 0, 0)

/** 20 to 7e, which one comparison of signed bytes tells when they are one more; and the three breaks. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function asciiText(x: v128): v128 {
  return v128.or(i8x16.gt_s(i8x16.add(x, i8x16.splat(1)), i8x16.splat(0x20)), i8x16.swizzle(BREAKS, x))
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function mask(a: v128, b: v128, c: v128, d: v128): u64 {
  const low = <u32>i8x16.bitmask(a) | (<u32>i8x16.bitmask(b) << 16)
  const high = <u32>i8x16.bitmask(c) | (<u32>i8x16.bitmask(d) << 16)
  return <u64>low | (<u64>high << 32)
}

/** The bits of a block's characters of two to four bytes; sets {@link characterRest}. */
function characters(block: usize): u64 {
  let found = characterRest
  characterRest = 0
  const limit = i8x16.splat(-64)
  const a = v128.load(block)
  const b = v128.load(block, 16)
  const c = v128.load(block, 32)
  const d = v128.load(block, 48)
  const continuations = mask(i8x16.lt_s(a, limit), i8x16.lt_s(b, limit), i8x16.lt_s(c, limit), i8x16.lt_s(d, limit))
  const followed = (continuations >> 1) | (((load<u8>(block, 64) & 0xc0) === 0x80 ? <u64>1 : <u64>0) << 63)
  for (let bits = mask(a, b, c, d) & ~continuations & followed; bits !== 0; bits &= bits - 1) {
    const at = <usize>ctz(bits)
    const length = characterLength(block + at)
    if (length === 0) continue
    const whole = ((<u64>1) << length) - 1
    found |= whole << at
    if (at + length > 64) characterRest = whole >> (64 - at)
  }
  return found
}

/** A run of at least three bytes with a NUL behind it. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function takeRun(start: usize, end: usize): void {
  const length = <u32>(end - start)
  if (length > MAX_STRING_BYTES || (start === first && skippedBytes > 0)) return
  take(start, length, <u32>(start - first), 1)
}

/** A run of at least three UTF-16 units that ends at `end`, where a unit of zero stands. */
function takeWide(end: usize): void {
  const start = wideStart(end)
  const units = <u32>((end - start) >> 1)
  if (units > MAX_STRING_BYTES || (start === first && skippedUnits > 0)) return
  for (let i: u32 = 0; i < units; i++) store<u8>(scratch + i, load<u8>(start + 2 * i))
  take(scratch, units, <u32>(start - first), 2)
}

/** Where the run of UTF-16 units starts that ends at `end`: the first of them is no end of a run of bytes. */
function wideStart(end: usize): usize {
  let start = end
  while (start - first >= 2 && load<u8>(start - 1) === 0 && isAsciiText(load<u8>(start - 2))) start -= 2
  if (start === end) return end
  const isInside = start === first ? skippedBytes > 0 : isTextBefore(start, first)
  return isInside ? start + 2 : start
}
