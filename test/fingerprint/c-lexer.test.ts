import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lexC, lexFragment, type Token } from '../../src/fingerprint/c-lexer.ts'

/** `s:text`, `i:name`, `n:1`, `p:;`; directives as `#name body`. */
function lex(text: string): string[] {
  const seen: string[] = []
  lexC(text, {
    token: ({ kind, text: spelled }) => seen.push(`${kind}:${spelled}`),
    directive: ({ name, body }) => seen.push(`#${name} ${body}`),
  })
  return seen
}

function literalsOf(text: string): string[] {
  return lex(text)
    .filter((token) => token.startsWith('s:'))
    .map((token) => token.slice(2))
}

describe('escape sequences', () => {
  test.each([
    [String.raw`"\n\t\r\a\b\f\v\e"`, '\n\t\r\x07\b\f\v\x1b'],
    [String.raw`"\"\\\'\?"`, `"\\'?`],
    [String.raw`"\0"`, '\0'],
    [String.raw`"\1234"`, 'S4'],
    [String.raw`"\377\400"`, '\xff\0'],
    [String.raw`"\x41"`, 'A'],
    [String.raw`"\x000041"`, 'A'],
    [String.raw`"\xe9t"`, '\xe9t'],
    [String.raw`"\u00e9"`, '\xc3\xa9'],
    [String.raw`"\U0001F600"`, '\xf0\x9f\x98\x80'],
    [String.raw`"\U00110000"`, ''],
    [String.raw`"\q"`, 'q'],
    [String.raw`"\x"`, 'x'],
    [String.raw`"\u00"`, 'u00'],
    ['"a\\\nb"', 'ab'],
    ['"a\\\r\nb"', 'ab'],
  ])('%s', (source, bytes) => {
    expect(literalsOf(source)).toEqual([bytes])
  })

  test('a literal keeps the bytes of its file, whatever the encoding', () => {
    expect(literalsOf('"caf\xe9 caf\xc3\xa9"')).toEqual(['caf\xe9 caf\xc3\xa9'])
  })
})

describe('prefixes and raw literals', () => {
  test.each([
    ['L"wide"', ['wide']],
    ['u8"utf"', ['utf']],
    ['u"utf"', ['utf']],
    ['U"utf"', ['utf']],
    [String.raw`R"(a\n"b)"`, [String.raw`a\n"b`]],
    ['u8R"(a)"', ['a']],
    ['LR"x(a)" b)x"', ['a)" b']],
    ['R"(two\nlines)"', ['two\nlines']],
    ['R"abcdefghijklmnop(sixteen)abcdefghijklmnop"', ['sixteen']],
    // A macro of C that happens to be called R.
    ['R"plain" "next"', ['plain', 'next']],
    ['R"(%d" "next"', ['(%d', 'next']],
  ])('%s', (source, texts) => {
    expect(literalsOf(source)).toEqual(texts)
  })

  test('another name before a literal is an identifier', () => {
    expect(lex('PRI"x"')).toEqual(['i:PRI', 's:x'])
  })
})

describe('what is no token', () => {
  test.each([
    ['a block comment', 'a/* "no" */b', ['i:a', 'i:b']],
    ['a line comment', 'a // "no"\nb', ['i:a', 'i:b']],
    ['a line comment that goes on', 'a // no \\\n "no"\nb', ['i:a', 'i:b']],
    ['a line comment that goes on, with CRLF', 'a // no \\\r\n "no"\r\nb', ['i:a', 'i:b']],
    ['an unterminated comment', 'a /* "no"', ['i:a']],
    ['a text between apostrophes', `a 'not a character' b`, ['i:a', 'i:b']],
    ['nothing between apostrophes', "a '' b", ['i:a', 'i:b']],
    ['an unterminated literal, up to its line', '"no\nb "c"', ['i:b', 's:c']],
    ['an unterminated character, up to its line', "'no\nb", ['i:b']],
    ['a comment in a literal', '"/* yes */"', ['s:/* yes */']],
    ['a quote in a comment', '/* " */ "yes"', ['s:yes']],
    ['a continued line', 'a\\\nb', ['i:a', 'i:b']],
  ])('%s', (_name, source, tokens) => {
    expect(lex(source)).toEqual(tokens)
  })
})

describe('characters', () => {
  test.each([
    ['one', `a '"' b`, ['i:a', 'c:"', 'i:b']],
    ['an escaped one', String.raw`a '\'' "b"`, ['i:a', "c:'", 's:b']],
    ['a number', String.raw`'\x7f' '\0' '\377'`, ['c:\x7f', 'c:\0', 'c:\xff']],
    ['a wide one', "L'a'", ['c:a']],
    ['four that make one number', "'RIFF'", ['c:RIFF']],
    ['five are none', "'RIFFS'", []],
  ])('%s', (_name, source, tokens) => {
    expect(lex(source)).toEqual(tokens)
  })
})

describe('numbers', () => {
  test.each([
    ['1.9.4', ['n:1.9.4']],
    ['0x1f', ['n:0x1f']],
    ['1e+5', ['n:1e+5']],
    ['0xe+1', ['n:0xe', 'p:+', 'n:1']],
    ['0x1p-3', ['n:0x1p-3']],
    ['10UL', ['n:10UL']],
    ['1\'000\'000, "text"', ["n:1'000'000", 'p:,', 's:text']],
    ["0xff'ff", ["n:0xff'ff"]],
  ])('%s', (source, tokens) => {
    expect(lex(source)).toEqual(tokens)
  })
})

describe('directives', () => {
  test.each([
    ['#define A 1\nb', ['#define A 1', 'i:b']],
    ['  #  define A 1', ['#define A 1']],
    ['#define A "x" \\\n  "y"\nb', ['#define A "x"    "y"', 'i:b']],
    ['#define A "x" \\\r\n  "y"\r\nb', ['#define A "x"    "y"', 'i:b']],
    ['#define A 1 /* two\nlines */ 2\nb', ['#define A 1   2', 'i:b']],
    ['#define A 1 // "no"\nb', ['#define A 1', 'i:b']],
    ['#define A "/*"\nb', ['#define A "/*"', 'i:b']],
    [`#define A '"' /* two\nlines */ 2\nb`, [`#define A '"'   2`, 'i:b']],
    ['#define A "a\\\r\nb"\r\nc', ['#define A "a\\\r\nb"', 'i:c']],
    ['/* c */ #if X\nb', ['#if X', 'i:b']],
    ['a # b', ['i:a', 'p:#', 'i:b']],
    ['#\nb', ['i:b']],
    ['#42 "file"\nb', ['i:b']],
  ])('%j', (source, tokens) => {
    expect(lex(source)).toEqual(tokens)
  })

  test('a literal that goes on over CRLF in a macro is one literal', () => {
    expect(lexFragment('"a\\\r\nb"')).toEqual([{ kind: 's', text: 'ab' } satisfies Token])
  })
})

test('line ends of either kind give the same tokens', () => {
  const source = '#define A "x" \\\n "y"\nint f(void) { return "a" /* c\n d */ "b"; } // e\n"f"\n'
  expect(lex(source.replaceAll('\n', '\r\n'))).toEqual(lex(source))
})

test('no text makes it fail, and every token is part of the text or an escape of it', () => {
  const piece = fc.constantFrom(
    '"',
    "'",
    '\\',
    '/*',
    '*/',
    '//',
    '\n',
    '\r\n',
    '#define ',
    'R"(',
    ')"',
    'L',
    'a',
    '1',
    '(',
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 4 }))), (pieces) => {
      const source = Buffer.from(pieces.join('')).toString('latin1')
      for (const token of lex(source)) expect(token.length).toBeLessThanOrEqual(source.length + 10)
      lexFragment(source)
    }),
  )
})
