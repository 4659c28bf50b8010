/** What one constant, found by `strings.ts`, is good for: its fingerprint, and whether JavaScript must read it. */

import { putRow, ROW_BYTES } from './memory'
import { isAsciiText, isDigit } from './text'
import { xxh64 } from './xxh64'

/** As in `../../strings.ts`, where the reasons stand. */
export const MIN_STRING_BYTES: u32 = 6
export const MAX_STRING_BYTES: u32 = 65_536
export const MIN_LITERAL_BYTES: u32 = 3
const MAX_LITERAL_BYTES: u32 = 40
const MAX_TEMPLATE_BYTES: u32 = 4096
const MAX_TYPE_NAME_BYTES: u32 = 256
const ARRAY_ALIGNMENT: u32 = 8

/** `PrintFlag.Label`. */
const LABEL: u32 = 1

/** Flags of a candidate; its literal's length stands in the bits above them. `../data.ts` knows them too. */
const MAY_HOLD_VERSION: u32 = 1
const MAY_BE_TYPE_NAME: u32 = 2
const IS_WIDE: u32 = 4
const LITERAL_SHIFT: u32 = 8
/** Bytes of a candidate: offset in the window, length, flags. */
export const CANDIDATE_BYTES: u32 = 12

/** Where the features of this call go. */
let prints: usize = 0
let candidates: usize = 0
let capacity: u32 = 0
/** File offset of the window. */
let base: f64 = 0
export let printCount: u32 = 0
export let candidateCount: u32 = 0

/** Bytes of the region that {@link begin} wants for a window of `size` bytes. */
export function outputBytes(size: u32): usize {
  return <usize>rowsFor(size) * (ROW_BYTES + CANDIDATE_BYTES) + 16
}

/** The shortest constant takes four bytes with its NUL, and constants do not overlap. */
export function rowsFor(size: u32): u32 {
  return size / (MIN_LITERAL_BYTES + 1) + 1
}

export function begin(output: usize, size: u32, offset: f64): void {
  capacity = rowsFor(size)
  prints = output
  candidates = (output + <usize>capacity * ROW_BYTES + 15) & ~15
  base = offset
  printCount = 0
  candidateCount = 0
}

/**
 * Takes a constant of `length` characters of one byte each at `text`; it stands `offset` bytes into the window and takes
 * `unit` bytes for each character there.
 */
export function take(text: usize, length: u32, offset: u32, unit: u32): void {
  const seen = look(text, length)
  let flags: u32 = 0
  if ((seen & HAS_VERSION) !== 0) {
    flags = literalLength(text, length, offset, unit) << LITERAL_SHIFT
    if (length >= MIN_STRING_BYTES && length <= MAX_TEMPLATE_BYTES) flags |= MAY_HOLD_VERSION
  }
  if (length >= MIN_STRING_BYTES) {
    if (mayBeTypeName(text, length)) flags |= MAY_BE_TYPE_NAME
    const label = (seen & HAS_SPACE) === 0 || isName(text, length) ? LABEL : 0
    putRow(prints, capacity, printCount, xxh64(text, length), base + <f64>offset, length * unit, label)
    printCount++
  }
  if (flags === 0) return
  const at = candidates + <usize>candidateCount * CANDIDATE_BYTES
  candidateCount++
  store<u32>(at, offset)
  store<u32>(at, length * unit, 4)
  store<u32>(at, unit === 2 ? flags | IS_WIDE : flags, 8)
}

/**
 * Whether it is words of letters and digits that all begin with a capital or a digit: `Request Header Fields Too Large`, `Old
 * North Arabian`. Sentences and messages have words that do not; names of standards, and of what they list, have none.
 */
function isName(text: usize, length: u32): bool {
  let before: u32 = 0x20
  for (let i: u32 = 0; i < length; i++) {
    const byte: u32 = load<u8>(text + i)
    const isSmall = byte - 0x61 < 26
    if (isSmall && before === 0x20) return false
    if (!isSmall && byte - 0x41 >= 26 && byte - 0x30 >= 10 && byte !== 0x20 && byte !== 0x2d) return false
    before = byte
  }
  return true
}

const HAS_SPACE: u32 = 1
const HAS_VERSION: u32 = 2

/** Whether a text has a space; and whether it has a digit, a `.` or `_`, and a digit, as versions do and few others. */
function look(text: usize, length: u32): u32 {
  let seen: u32 = 0
  const space = i8x16.splat(0x20)
  const dot = i8x16.splat(0x2e)
  const underscore = i8x16.splat(0x5f)
  for (let i: u32 = 0; i < length; i += 16) {
    const x = v128.load(text + i)
    const spaces = i8x16.eq(x, space)
    const separators = v128.or(i8x16.eq(x, dot), i8x16.eq(x, underscore))
    if (!v128.any_true(v128.or(spaces, separators))) continue
    const within: u32 = length - i >= 16 ? 0xffff : (1 << (length - i)) - 1
    if ((<u32>i8x16.bitmask(spaces) & within) !== 0) seen |= HAS_SPACE
    if ((seen & HAS_VERSION) !== 0) continue
    for (let bits = <u32>i8x16.bitmask(separators) & within; bits !== 0; bits &= bits - 1) {
      const at = i + ctz(bits)
      if (at === 0 || at + 1 >= length) continue
      if (isDigit(load<u8>(text + at - 1)) && isDigit(load<u8>(text + at + 1))) {
        seen |= HAS_VERSION
        break
      }
    }
  }
  return seen
}

/** `N` and a length, or `.?A`; longer names are instances of templates. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function mayBeTypeName(text: usize, length: u32): bool {
  if (length > MAX_TYPE_NAME_BYTES) return false
  const first: u32 = load<u8>(text)
  const second: u32 = load<u8>(text, 1)
  return first === 0x4e ? second - 0x31 < 9 : first === 0x2e && second === 0x3f
}

/** Digits, letters and the separators of versions: `._+-~`. One bit for each byte value below 128. */
const IN_LITERAL_LOW: u64 = 0x03ff_6800_0000_0000
const IN_LITERAL_HIGH: u64 = 0x47ff_fffe_87ff_fffe

/** What a version is written behind in running text: space, tab, line ends and `"'()/,:;=<>[]{}`. */
const IN_PROSE_LOW: u64 = 0x7c00_9385_0000_2600
const IN_PROSE_HIGH: u64 = 0x2800_0000_2800_0000

// @ts-expect-error: a decorator of AssemblyScript
@inline
function isIn(byte: u32, low: u64, high: u64): bool {
  return byte < 64 ? ((low >> byte) & 1) !== 0 : byte < 128 && ((high >> (byte - 64)) & 1) !== 0
}

/**
 * Characters at the end of a constant that may be a version literal, 0 where none are. A literal is the whole constant; or,
 * behind a table whose bytes happen to be text, it starts at an aligned place that no letter, digit, space or punctuation
 * of prose stands before.
 */
function literalLength(text: usize, length: u32, offset: u32, unit: u32): u32 {
  let at = length
  while (at > 0 && length - at <= MAX_LITERAL_BYTES && isIn(load<u8>(text + at - 1), IN_LITERAL_LOW, IN_LITERAL_HIGH)) at--
  const found = length - at
  if (found < MIN_LITERAL_BYTES || found > MAX_LITERAL_BYTES || !mayBeginVersion(text + at, found)) return 0
  if (at === 0) return found
  const before: u32 = load<u8>(text + at - 1)
  if (!isAsciiText(before) || isIn(before, IN_PROSE_LOW, IN_PROSE_HIGH)) return 0
  const place = <u64>base + offset + at * unit
  return place % ARRAY_ALIGNMENT === 0 ? found : 0
}

/** An optional `v`, one to four digits, `.` or `_`, and a digit. */
function mayBeginVersion(text: usize, length: u32): bool {
  const end = text + length
  if (load<u8>(text) === 0x76) text++
  let digits: u32 = 0
  while (text < end && digits < 5 && isDigit(load<u8>(text))) {
    text++
    digits++
  }
  if (digits === 0 || digits > 4 || text + 1 >= end) return false
  const separator: u32 = load<u8>(text)
  return (separator === 0x2e || separator === 0x5f) && isDigit(load<u8>(text, 1))
}
