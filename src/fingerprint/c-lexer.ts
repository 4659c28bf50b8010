/**
 * C and C++ source text as tokens: just enough of the language to see literals, identifiers and macros.
 *
 * Text is Latin-1, one character per byte, so that literals keep their bytes whatever the file's encoding is.
 */

/**
 * `s`: string literal, `text` holds its bytes. `c`: character literal, the same. `i`: identifier. `n`: number. `p`: one
 * punctuation character.
 */
export interface Token {
  readonly kind: 's' | 'c' | 'i' | 'n' | 'p'
  readonly text: string
}

/** A line that starts with `#`, continuation lines joined. */
export interface Directive {
  readonly name: string
  readonly body: string
}

export interface LexSink {
  token(token: Token): void
  directive(directive: Directive): void
}

/** Characters of identifiers and numbers: 1 digits, 2 letters and `_`. */
const WORD = new Uint8Array(256)
for (let c = 0x30; c <= 0x39; c++) WORD[c] = 1
for (let c = 0x41; c <= 0x5a; c++) WORD[c] = 2
for (let c = 0x61; c <= 0x7a; c++) WORD[c] = 2
WORD[0x5f] = 2
const SPACE = new Uint8Array(256)
for (const c of [0x20, 0x09, 0x0a, 0x0b, 0x0c, 0x0d]) SPACE[c] = 1

/** Half of all tokens are marks: one object for each spares the time to make and to collect millions. */
const PUNCTUATION: readonly Token[] = Array.from({ length: 256 }, (_, c) => ({
  kind: 'p',
  text: String.fromCharCode(c),
}))

const NEWLINE = 0x0a
const BACKSLASH = 0x5c
const QUOTE = 0x22
const APOSTROPHE = 0x27
const SLASH = 0x2f
const STAR = 0x2a
const HASH = 0x23

/** Passes the tokens and directives of a source text on, in order. Broken text never fails: it yields fewer tokens. */
export function lexC(text: string, sink: LexSink): void {
  const end = text.length
  const state: LexState = { rawAllowed: true }
  let i = 0
  let lineStart = true
  while (i < end) {
    const c = text.charCodeAt(i)
    if (SPACE[c] === 1) {
      if (c === NEWLINE) lineStart = true
      i++
      continue
    }
    if (c === SLASH && (text.charCodeAt(i + 1) === SLASH || text.charCodeAt(i + 1) === STAR)) {
      i = skipComment(text, i)
      continue
    }
    if (c === BACKSLASH) {
      i++
      continue
    }
    if (c === HASH && lineStart) {
      const line = logicalLine(text, i + 1)
      const match = /^[ \t]*([A-Za-z_]+)[ \t]*/.exec(line.text)
      if (match !== null) sink.directive({ name: match[1] as string, body: line.text.slice(match[0].length) })
      i = line.next
      continue
    }
    lineStart = false
    i = lexToken(text, i, c, sink, state)
  }
}

/** Tokens of a macro body or another piece of one logical line. */
export function lexFragment(text: string): Token[] {
  const tokens: Token[] = []
  const sink: LexSink = { token: (token) => tokens.push(token), directive: () => undefined }
  const state: LexState = { rawAllowed: true }
  let i = 0
  while (i < text.length) {
    const c = text.charCodeAt(i)
    if (SPACE[c] === 1 || c === BACKSLASH) i++
    else if (c === SLASH && (text.charCodeAt(i + 1) === SLASH || text.charCodeAt(i + 1) === STAR))
      i = skipComment(text, i)
    else i = lexToken(text, i, c, sink, state)
  }
  return tokens
}

interface LexState {
  /** False once a raw literal had no end: no compiler takes such a text as C++, and looking again costs the whole rest. */
  rawAllowed: boolean
}

function lexToken(text: string, start: number, c: number, sink: LexSink, state: LexState): number {
  if (c === QUOTE) return lexString(text, start, sink)
  if (c === APOSTROPHE) return lexCharacter(text, start, sink)
  const word = WORD[c]
  if (word === 2) {
    let i = start + 1
    while (i < text.length && WORD[text.charCodeAt(i)] !== 0 && text.charCodeAt(i) < 256) i++
    const name = text.slice(start, i)
    if (text.charCodeAt(i) === QUOTE) {
      if (name === 'R' || name === 'u8R' || name === 'LR' || name === 'uR' || name === 'UR')
        return lexRaw(text, i, sink, state)
      // Encoding prefixes: wide literals are stored as the text they spell, as the scanner reads UTF-16 back.
      if (name === 'L' || name === 'u8' || name === 'u' || name === 'U') return lexString(text, i, sink)
    }
    // The prefixes of a wide character.
    if (text.charCodeAt(i) === APOSTROPHE && /^(?:L|u8|u|U)$/.test(name)) return lexCharacter(text, i, sink)
    sink.token({ kind: 'i', text: name })
    return i
  }
  if (word === 1) {
    // A preprocessing number (C17, 6.4.8): dots and exponents belong to it, so `1.9.4` is one token.
    const exponent = /^0[xX]/.test(text.slice(start, start + 2)) ? /[pP]/ : /[eEpP]/
    let i = start + 1
    for (; i < text.length; i++) {
      const d = text.charCodeAt(i)
      if (d < 256 && WORD[d] !== 0) continue
      if (d === 0x2e) continue
      if ((d === 0x2b || d === 0x2d) && exponent.test(text[i - 1] as string)) continue
      // Digit separators (C++14, C23): the apostrophe opens no character literal.
      if (d === APOSTROPHE && i + 1 < text.length && WORD[text.charCodeAt(i + 1)]! > 0) continue
      break
    }
    sink.token({ kind: 'n', text: text.slice(start, i) })
    return i
  }
  sink.token(PUNCTUATION[c] ?? { kind: 'p', text: text[start] as string })
  return start + 1
}

/** Reads from the opening quote; an unterminated literal ends at its line and yields nothing. */
function lexString(text: string, quote: number, sink: LexSink): number {
  let bytes = ''
  let plain = quote + 1
  let i = plain
  while (i < text.length) {
    const c = text.charCodeAt(i)
    if (c === QUOTE) {
      sink.token({ kind: 's', text: bytes + text.slice(plain, i) })
      return i + 1
    }
    if (c === NEWLINE) return i
    if (c !== BACKSLASH) {
      i++
      continue
    }
    bytes += text.slice(plain, i)
    const sequence = readEscape(text, i)
    bytes += sequence.bytes
    i = plain = sequence.next
  }
  return i
}

/** Bytes of a character literal's text, escapes included, beyond which it is a stray apostrophe. */
const MAX_CHARACTER_TEXT = 16

/** Reads from the opening apostrophe; what is no character of one to four bytes yields nothing. */
function lexCharacter(text: string, apostrophe: number, sink: LexSink): number {
  const next = skipQuoted(text, apostrophe + 1, APOSTROPHE)
  if (next - apostrophe > MAX_CHARACTER_TEXT || next - apostrophe < 3 || text[next - 1] !== "'") return next
  let bytes = ''
  for (let i = apostrophe + 1; i < next - 1; ) {
    if (text.charCodeAt(i) !== BACKSLASH) {
      bytes += text[i++] as string
      continue
    }
    const sequence = readEscape(text, i)
    bytes += sequence.bytes
    i = sequence.next
  }
  if (bytes.length >= 1 && bytes.length <= 4) sink.token({ kind: 'c', text: bytes })
  return next
}

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  e: '\x1b',
}

/** One escape sequence from its backslash (C17, 6.4.4.4); universal names become UTF-8. */
function readEscape(text: string, backslash: number): { bytes: string; next: number } {
  const c = text[backslash + 1] ?? ''
  const simple = SIMPLE_ESCAPES[c]
  if (simple !== undefined) return { bytes: simple, next: backslash + 2 }
  if (c === '\n') return { bytes: '', next: backslash + 2 }
  if (c === '\r') return { bytes: '', next: backslash + (text[backslash + 2] === '\n' ? 3 : 2) }
  const numeric = /^(?:x([0-9A-Fa-f]+)|([0-7]{1,3})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))/.exec(
    text.slice(backslash + 1, backslash + 12),
  )
  if (numeric === null) return { bytes: c, next: backslash + 2 }
  const next = backslash + 1 + numeric[0].length
  const [, hexDigits, octal, short, long] = numeric
  if (hexDigits !== undefined) return { bytes: String.fromCharCode(Number.parseInt(hexDigits, 16) & 0xff), next }
  if (octal !== undefined) return { bytes: String.fromCharCode(Number.parseInt(octal, 8) & 0xff), next }
  const point = Number.parseInt((short ?? long) as string, 16)
  const utf8 = point > 0x10ffff ? '' : Buffer.from(String.fromCodePoint(point), 'utf8').toString('latin1')
  return { bytes: utf8, next }
}

/** `R"tag( … )tag"` from its quote. */
function lexRaw(text: string, quote: number, sink: LexSink, state: LexState): number {
  // The tag has up to 16 characters (C++20, 5.13.5). Without one, or without an end, `R` is a macro before a literal.
  const tag = state.rawAllowed ? /^[^()\\\s]{0,16}(?=\()/.exec(text.slice(quote + 1, quote + 18))?.[0] : undefined
  if (tag === undefined) return lexString(text, quote, sink)
  const open = quote + 1 + tag.length
  const close = `)${tag}"`
  const end = text.indexOf(close, open + 1)
  if (end < 0) {
    state.rawAllowed = false
    return lexString(text, quote, sink)
  }
  sink.token({ kind: 's', text: text.slice(open + 1, end) })
  return end + close.length
}

function skipQuoted(text: string, from: number, quote: number): number {
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === BACKSLASH) i += escapedLength(text, i) - 1
    else if (c === quote) return i + 1
    else if (c === NEWLINE) return i
  }
  return text.length
}

function skipComment(text: string, start: number): number {
  if (text.charCodeAt(start + 1) === STAR) {
    const end = text.indexOf('*/', start + 2)
    return end < 0 ? text.length : end + 2
  }
  let i = start + 2
  while (i < text.length && text.charCodeAt(i) !== NEWLINE)
    i += text.charCodeAt(i) === BACKSLASH ? escapedLength(text, i) : 1
  return Math.min(i, text.length)
}

/** Characters of a backslash and what it takes along: one character, or a whole line end. */
function escapedLength(text: string, backslash: number): number {
  return text[backslash + 1] === '\r' && text[backslash + 2] === '\n' ? 3 : 2
}

/** The text up to the end of the line, backslash-newlines joined and block comments that span lines included. */
function logicalLine(text: string, start: number): { text: string; next: number } {
  let result = ''
  let from = start
  let i = start
  while (i < text.length) {
    const c = text.charCodeAt(i)
    if (c === NEWLINE) break
    if (c === BACKSLASH) {
      const lineEnd = text[i + 1] === '\n' ? 2 : text[i + 1] === '\r' && text[i + 2] === '\n' ? 3 : 0
      if (lineEnd > 0) {
        result += `${text.slice(from, i)} `
        i += lineEnd
        from = i
      } else i += 2
    } else if (c === QUOTE || c === APOSTROPHE) i = skipQuoted(text, i + 1, c)
    else if (c === SLASH && (text.charCodeAt(i + 1) === STAR || text.charCodeAt(i + 1) === SLASH)) {
      result += `${text.slice(from, i)} `
      i = from = skipComment(text, i)
    } else i++
  }
  return { text: (result + text.slice(from, i)).trim(), next: Math.min(i + 1, text.length) }
}
