import { hash64 } from '../../src/bytes/hash.ts'
import { typeOfRuntimeName } from '../../src/fingerprint/qualified-names.ts'
import { MAX_STRING_BYTES, MIN_STRING_BYTES, type StringSink } from '../../src/fingerprint/strings.ts'
import { templatesOf, versionLiteral } from '../../src/fingerprint/templates.ts'

/** `1.3` is the shortest version literal. */
const MIN_LITERAL_BYTES = 3

/** 0: ends a run. 1: text. 2, 3, 4: first byte of a UTF-8 sequence of that many bytes. */
const CLASS = new Uint8Array(256)
for (const code of [0x09, 0x0a, 0x0d]) CLASS[code] = 1
CLASS.fill(1, 0x20, 0x7f)
CLASS.fill(2, 0xc2, 0xe0)
CLASS.fill(3, 0xe0, 0xf0)
CLASS.fill(4, 0xf0, 0xf5)

/**
 * The strings of `bytes`, byte by byte: every text run that is ended by a NUL, in bytes (ASCII and UTF-8) or UTF-16LE code
 * units below 0x7f. The kernel must find the same, whatever windows it reads.
 */
export function scanStrings(bytes: Uint8Array, base: number, sink: StringSink): void {
  const end = bytes.length
  let i = 0
  while (i < end) {
    if (CLASS[bytes[i]!] === 0) {
      i++
      continue
    }
    const start = i
    i = textEnd(bytes, start)
    if (i >= end) return
    if (bytes[i] !== 0) {
      // A lead byte without its sequence ends the run; it must not start the next one.
      i++
      continue
    }
    const length = i - start
    if (length === 1 && i + 2 < end && bytes[i + 2] === 0 && CLASS[bytes[i + 1]!] === 1) {
      i = wideEnd(bytes, start)
      emitWide(bytes, start, i, base, sink)
      continue
    }
    if (length >= MIN_LITERAL_BYTES && length <= MAX_STRING_BYTES) emit(bytes, start, i, base + start, length, sink)
    i++
  }
}

/** Where the text from `start` ends: at the first byte that is no text, or at a character that is not whole. */
function textEnd(bytes: Uint8Array, start: number): number {
  let i = start
  for (;;) {
    const kind = i < bytes.length ? CLASS[bytes[i]!]! : 0
    if (kind === 1) i++
    else if (kind !== 0 && isContinued(bytes, i, kind)) i += kind
    else return i
  }
}

/** Where the UTF-16LE text from `start` ends. */
function wideEnd(bytes: Uint8Array, start: number): number {
  let i = start
  while (i + 1 < bytes.length && bytes[i + 1] === 0 && CLASS[bytes[i]!] === 1) i += 2
  return i
}

/** Passes a UTF-16LE run on as the bytes that its code units are, if a NUL unit ends it. */
function emitWide(bytes: Uint8Array, start: number, end: number, base: number, sink: StringSink): void {
  const units = (end - start) / 2
  if (bytes[end] !== 0 || bytes[end + 1] !== 0 || units < MIN_LITERAL_BYTES || units > MAX_STRING_BYTES) return
  const narrow = new Uint8Array(units)
  for (let unit = 0; unit < units; unit++) narrow[unit] = bytes[start + 2 * unit]!
  emit(narrow, 0, units, base + start, end - start, sink)
}

/** Whether the bytes behind the lead byte at `at` make it a valid UTF-8 character of `length` bytes. */
function isContinued(bytes: Uint8Array, at: number, length: number): boolean {
  if (at + length > bytes.length) return false
  const second = bytes[at + 1]!
  const lead = bytes[at]!
  // Overlong forms, surrogates and code points above U+10FFFF (RFC 3629, section 4).
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  if (second < low || second > high) return false
  for (let k = 2; k < length; k++) if ((bytes[at + k]! & 0xc0) !== 0x80) return false
  return true
}

/** One constant becomes its features: the string itself, its templates, and a version literal where it is one. */
function emit(bytes: Uint8Array, start: number, end: number, offset: number, length: number, sink: StringSink): void {
  // 2 for UTF-16, whose units `bytes` holds as one byte each.
  const unitBytes = length / (end - start)
  const literal = literalStart(bytes, start, end, offset, unitBytes)
  if (literal >= 0) {
    const version = versionLiteral(asciiText(bytes, literal, end))
    if (version !== undefined) sink.literal(version, offset + (literal - start) * unitBytes)
  }
  if (end - start < MIN_STRING_BYTES) return
  const text = bytes.subarray(start, end)
  sink.string(hash64(text), offset, length, isLabel(Buffer.from(text).toString('latin1')))
  if (sink.typeName !== undefined && mayBeTypeName(text)) {
    const name = typeOfRuntimeName(asciiText(bytes, start, end))
    if (name !== undefined) sink.typeName(name, offset, length)
  }
  if (!mayHoldVersion(bytes, start, end)) return
  for (const template of templatesOf(asciiText(bytes, start, end))) sink.template(template, offset, length)
}

/** `N` and a length, or `.?A`; longer names are instances of templates. */
function mayBeTypeName(text: Uint8Array): boolean {
  if (text.length > 256) return false
  const [first, second] = [text[0]!, text[1]!]
  return (first === 0x4e && second >= 0x31 && second <= 0x39) || (first === 0x2e && second === 0x3f)
}

/** Longer tokens are no versions. */
const MAX_LITERAL_BYTES = 40
/** Where compilers let an array of characters begin. */
const ARRAY_ALIGNMENT = 8

/**
 * Where a version literal may start: at the start of the run; or, behind a table whose bytes happen to be text, at an
 * aligned place that no letter, digit, space or punctuation of prose stands before. -1 where neither holds.
 */
function literalStart(bytes: Uint8Array, start: number, end: number, offset: number, unitBytes: number): number {
  let at = end
  while (at > start && end - at <= MAX_LITERAL_BYTES && IN_LITERAL[bytes[at - 1]!] === 1) at--
  if (end - at < MIN_LITERAL_BYTES || end - at > MAX_LITERAL_BYTES) return -1
  const first = bytes[at]!
  if (first !== 0x76 && (first < 0x30 || first > 0x39)) return -1
  if (at === start) return at
  const before = bytes[at - 1]!
  const isProse = before === 0x20 || CLASS[before] !== 1 || IN_PROSE.includes(String.fromCharCode(before))
  return !isProse && (offset + (at - start) * unitBytes) % ARRAY_ALIGNMENT === 0 ? at : -1
}

/** Digits, letters and the separators of versions. */
const IN_LITERAL = new Uint8Array(256)
for (const c of '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._+-~') IN_LITERAL[c.charCodeAt(0)] = 1
/** What a version is written behind in running text. */
const IN_PROSE = '\t\n\r"\'()/,:;=<>[]{}'

/** Banners with a licence behind them reach two thousand bytes; longer texts are manuals. */
const MAX_TEMPLATE_BYTES = 4096

/** A digit, a separator, a digit: cheap, and false for nearly every string. */
function mayHoldVersion(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > MAX_TEMPLATE_BYTES) return false
  for (let i = start + 1; i < end - 1; i++) {
    const byte = bytes[i]
    if (byte !== 0x2e && byte !== 0x5f) continue
    const before = bytes[i - 1]!
    const after = bytes[i + 1]!
    if (before >= 0x30 && before <= 0x39 && after >= 0x30 && after <= 0x39) return true
  }
  return false
}

function asciiText(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
}

/** No space, or words that begin with no small letter. */
function isLabel(text: string): boolean {
  return !text.includes(' ') || (/^[A-Za-z0-9 -]*$/.test(text) && !/(?:^| )[a-z]/.test(text))
}
