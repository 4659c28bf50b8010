import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hash64 } from '../../src/bytes/hash.ts'
import { Kernel } from '../../src/fingerprint/kernel/kernel.ts'
import { MAX_STRING_BYTES, MIN_STRING_BYTES } from '../../src/fingerprint/strings.ts'
import { expected, places, scan } from './collect.ts'

const long = (length: number) => 'a'.repeat(length)
const wide = (text: string) => Buffer.from(text, 'utf16le').toString('latin1')

describe('a string is a run of text that a NUL ends', () => {
  test.each([
    ['ended by a NUL', 'inflate\0', ['0 7']],
    ['ended by the end of the data', 'inflate', []],
    ['ended by another byte', 'inflate\x01\0', []],
    ['ended by DEL', 'inflate\x7f\0', []],
    ['behind a byte that is no text', '\x90inflate\0', ['1 7']],
    ['behind another string', 'first one\0second\0', ['0 9', '10 6']],
    ['with tab, newline and carriage return', 'a\tb\r\nc\0', ['0 6']],
    ['with a vertical tab, which is no text', 'abcdef\vghijkl\0', ['7 6']],
    ['with an escape character, which is no text', '\x1b[0mwarning\0', ['1 10']],
    [`of ${MIN_STRING_BYTES - 1} bytes`, 'infla\0', []],
    [`of ${MIN_STRING_BYTES} bytes`, 'inflat\0', ['0 6']],
    [`of ${MAX_STRING_BYTES} bytes`, `${long(MAX_STRING_BYTES)}\0`, [`0 ${MAX_STRING_BYTES}`]],
    [`of ${MAX_STRING_BYTES + 1} bytes`, `${long(MAX_STRING_BYTES + 1)}\0`, []],
  ])('%s', (_name, bytes, found) => {
    expect(places(scan(bytes))).toEqual(found)
  })
})

describe('bytes above 0x7f are text where they are UTF-8', () => {
  test.each([
    ['two bytes', 'caf\xc3\xa9 ok', true],
    ['three bytes', 'cost \xe2\x82\xac', true],
    ['four bytes', 'smile \xf0\x9f\x98\x80', true],
    ['the last code point', 'ab\xf4\x8f\xbf\xbfcd', true],
    ['Latin-1', 'caf\xe9', false],
    ['a continuation byte alone', 'abcdef\x80', false],
    ['an overlong slash', 'abcdef\xc0\xaf', false],
    ['an overlong form of three bytes', 'abcdef\xe0\x80\xaf', false],
    ['an overlong form of four bytes', 'abcdef\xf0\x80\x80\xaf', false],
    ['a surrogate', 'abcdef\xed\xa0\x80', false],
    ['above U+10FFFF', 'abcdef\xf4\x90\x80\x80', false],
    ['a lead byte of five', 'abcdef\xf8\x88\x80\x80\x80', false],
    ['a cut character', 'abcdef\xe2\x82', false],
  ])('%s', (_name, text, isText) => {
    const all = scan(`${text}\0`)
    expect(places(all)).toEqual(isText ? [`0 ${text.length}`] : [])
  })

  test('a lead byte without its character ends the run and starts none', () => {
    expect(places(scan('abcdef\xc3ghijkl\0'))).toEqual(['7 6'])
  })
})

describe('UTF-16LE', () => {
  test.each([
    ['a run that a NUL unit ends', `\x01${wide('inflate\0')}`, ['1 14']],
    ['a run that another unit ends', wide('inflate\u20ac\0'), []],
    ['a run without an end', wide('inflate'), []],
    ['at an odd offset', `\x01\x01\x01${wide('inflate\0')}`, ['3 14']],
    ['fewer than six units', wide('infla\0'), []],
    ['one narrow character is no UTF-16', 'a\0bcdefgh\0', ['2 7']],
    ['a wide run that goes on as a narrow one', 'a\0b\0c\0string\0', ['6 6']],
    [`${MAX_STRING_BYTES} units`, wide(`${long(MAX_STRING_BYTES)}\0`), [`0 ${2 * MAX_STRING_BYTES}`]],
    [`${MAX_STRING_BYTES + 1} units`, wide(`${long(MAX_STRING_BYTES + 1)}\0`), []],
  ])('%s', (_name, bytes, found) => {
    expect(places(scan(bytes))).toEqual(found)
  })

  test('has the fingerprint of the same text in bytes', () => {
    const hashOf = (bytes: string) => scan(bytes).strings[0]?.split(' ')[0]
    expect(hashOf(wide('invalid distance\0'))).toBe(hashOf('invalid distance\0'))
  })
})

test('the fingerprint is the hash of the bytes without the NUL', () => {
  expect(scan('invalid distance\0').strings).toEqual([`${hash64(Buffer.from('invalid distance'))} 0 16`])
})

test('offsets start at the base', () => {
  expect(places(scan('\0inflate\0', 0x1000))).toEqual(['4097 7'])
})

test.each([
  ['inflateInit2_', true],
  ['a-b/c:d', true],
  ['tab\tonly', true],
  ['two words', false],
  [' led by one', false],
  ['Request Header Fields Too Large', true],
  ['Non-Authoritative Information', true],
  ['Range Not satisfiable', false],
  ['Out of Memory', false],
  ['Size: %d', false],
  ['2 Kinds 4 All', true],
  ['Trailing ', true],
])('%j is a label: %s, as it has no space or names something', (text, isLabel) => {
  expect(scan(`${text}\0`).strings[0]?.endsWith(' label')).toBe(isLabel)
})

describe('a version literal', () => {
  test.each([
    ['1.3', '1.3'],
    ['1.2.13', '1.2.13'],
    ['v1.2.13', '1.2.13'],
    ['1_2_13', '1.2.13'],
    ['1.1.1w', '1.1.1w'],
    ['3.0.15+quic', '3.0.15+quic'],
    ['127.0.0.1', undefined],
    ['13', undefined],
    ['1.2.13 ', undefined],
    ['x1.2', undefined],
    [`1.2-${long(37)}`, undefined],
  ])('%j tells %s', (text, version) => {
    expect(scan(`${text}\0`).literals).toEqual(version === undefined ? [] : [`${version} 0`])
  })

  test.each([
    ['at an aligned place', 'table##|1.2.13\0', ['1.2.13 8']],
    ['elsewhere', 'table#|1.2.13\0', []],
    ['behind a space', 'version 1.2.13\0', []],
    ['behind punctuation of prose', 'version:1.2.13\0', []],
    ['in UTF-16, at an aligned place', wide('table##|1.2.13\0'), ['1.2.13 16']],
    ['in UTF-16, elsewhere', wide('abc##|1.2.13\0'), []],
  ])('may stand behind a table that happens to be text: %s', (_name, bytes, found) => {
    expect(scan(bytes).literals).toEqual(found)
  })

  test('may be UTF-16', () => {
    expect(scan(wide('1.2.13\0')).literals).toEqual(['1.2.13 0'])
  })

  test('is a string as well from six bytes on', () => {
    expect([scan('1.2.1\0'), scan('1.2.13\0')].map((found) => found.strings.length)).toEqual([0, 1])
  })
})

describe('templates', () => {
  test('come from strings of up to 4096 bytes', () => {
    const banner = (length: number) => `${'deflate 1.2.13 '.padEnd(length, 'x')}\0`
    expect(scan(banner(4096)).templates).toHaveLength(2)
    expect(scan(banner(4097)).templates).toHaveLength(0)
  })

  test('need six bytes, as strings do', () => {
    expect(scan('x1.25\0').templates).toEqual([])
    expect(scan('x1.2.5\0').templates).toHaveLength(1)
  })
})

/** Text, NULs, invalid bytes, characters of several bytes and UTF-16, so that cuts fall into all of them. */
const piece = fc.oneof(
  fc.constantFrom('\0', '\0\0', '\xff', '\xc3', '\xc3\xa9', '\xe2\x82\xac', '\xf0\x9f\x98\x80', '\xe2\x82', 'v1.2.3'),
  fc.string({ maxLength: 12 }),
  fc.string({ maxLength: 9 }).map((text) => wide(`${text}\0`)),
  fc.constantFrom(MAX_STRING_BYTES - 1, MAX_STRING_BYTES, MAX_STRING_BYTES + 1, 5).map(long),
  fc.constantFrom(MAX_STRING_BYTES, MAX_STRING_BYTES + 1, 6).map((units) => wide(long(units))),
)
const data = fc.array(piece, { maxLength: 12 }).map((pieces) => Buffer.from(pieces.join(''), 'latin1'))

/** Few bytes that tell much, so that runs, characters and units begin and end in all ways. */
const telling = fc
  .array(fc.constantFrom(0, 0, 0, 0x61, 0x61, 0x31, 0x2e, 0x20, 0xc3, 0xa9, 0xe2, 0x82, 0xf0, 0x9f, 0xff), {
    maxLength: 300,
  })
  .map((list) => Uint8Array.from(list))
/** Texts that are more than strings: versions, type names, banners. */
const texts = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '1.2.13',
        'v1_2_3',
        'libfoo 1.2.3',
        'N3foo6ReaderE',
        '.?AVReader@foo@@',
        'table##|1.2.13',
        '|1.2',
      ),
      fc.stringMatching(/^[ -~]{0,40}$/),
      fc.stringMatching(/^[a-z#|(/]{0,9}[0-9]{1,5}[._][0-9a-z+]{0,40}$/),
    ),
    { maxLength: 12 },
  )
  .chain((list) => fc.tuple(fc.constant(list), fc.constantFrom('utf16le', 'latin1'), fc.constantFrom('\0', '\0\x01')))
  .map(([list, encoding, end]) => Buffer.from(list.join(end) + end, encoding as BufferEncoding))
const anyBytes = fc.oneof(telling, texts, fc.uint8Array({ maxLength: 300 }))

describe('the kernel finds what a scan byte by byte finds', () => {
  test('in any bytes, at any place of the file', () => {
    fc.assert(
      fc.property(anyBytes, fc.nat(9), (bytes, base) => {
        expect(scan(bytes, base)).toEqual(expected(bytes, base))
      }),
      { numRuns: 1500 },
    )
  })

  test('in windows of any size', () => {
    fc.assert(
      fc.property(anyBytes, fc.integer({ min: 1, max: 90 }), (bytes, windowBytes) => {
        expect(scan(bytes, 3, windowBytes)).toEqual(expected(bytes, 3))
      }),
      { numRuns: 500 },
    )
  })

  test('where runs are longer than strings may be', () => {
    fc.assert(
      fc.property(data, fc.integer({ min: 4_000, max: 150_000 }), (bytes, windowBytes) => {
        expect(scan(bytes, 100, windowBytes)).toEqual(expected(bytes, 100))
      }),
      { numRuns: 100 },
    )
  })

  test.each([
    ['a long run of characters of several bytes', '\xc3\xa9'.repeat(MAX_STRING_BYTES), 'goes on here\0'],
    ['a long run that ends where a string begins', `${long(MAX_STRING_BYTES + 10)}\0`, 'next string\0'],
    ['a long run that ends where UTF-16 begins', long(MAX_STRING_BYTES + 10), wide('next string\0')],
    ['the longest string', long(MAX_STRING_BYTES), '\0next string\0'],
    ['a long run of UTF-16', wide(long(MAX_STRING_BYTES + 10)), wide('goes on here\0')],
    ['the longest string of UTF-16', wide(long(MAX_STRING_BYTES)), wide('\0next string\0')],
    ['a long run of UTF-16 behind text', `a${wide(long(MAX_STRING_BYTES + 1))}`, wide('\0next string\0')],
  ])('where a window ends around the end of %s', (_name, before, after) => {
    for (let shift = 0; shift < 5; shift++) {
      const bytes = Buffer.from('\x01'.repeat(shift * 13) + before + after, 'latin1')
      for (let cut = -70; cut < 74; cut += 9) expect(scan(bytes, 0, before.length + cut)).toEqual(expected(bytes))
    }
  })

  test('in every window of a program that does not start at a block', () => {
    const bytes = readFileSync(process.execPath).subarray(0, 6_000_000)
    expect(scan(bytes, 0, 100_003)).toEqual(expected(bytes))
  })
})

test('what lies around the bytes in the memory changes nothing, and what is written stays in its region', () => {
  const own = new Kernel()
  fc.assert(
    fc.property(anyBytes, fc.integer({ min: 0, max: 255 }), fc.boolean(), (bytes, guard, isFinal) => {
      const run = (fill: number): string =>
        own.scope(() => {
          const { exports } = own
          const size = bytes.length
          const outputBytes = exports.stringsBytes(size)
          const before = own.reserve(64)
          const input = own.reserve(size + 128)
          const output = own.reserve(outputBytes)
          const behind = own.reserve(256)
          own.bytes(before, behind + 256 - before).fill(fill)
          own.bytes(input, size).set(bytes)
          const done = exports.strings(input, size, 0, isFinal ? 1 : 0, 0, 0, output)
          const isKept = own.bytes(before, 64).every((byte) => byte === fill)
          const isKeptBehind = own.bytes(output + outputBytes, 200).every((byte) => byte === fill)
          const rows = own.rows(output, exports.stringRows(size), exports.printCount.value)
          return JSON.stringify([isKept, isKeptBehind, done, exports.candidateCount.value, rows])
        })
      expect(run(guard)).toBe(run(0x61))
      expect(run(guard).startsWith('[true,true,')).toBe(true)
    }),
    { numRuns: 300 },
  )
})

test('features lie within the data and have the lengths of strings', () => {
  fc.assert(
    fc.property(data, (bytes) => {
      for (const place of places(scan(bytes))) {
        const [offset, length] = place.split(' ').map(Number) as [number, number]
        expect(offset + length).toBeLessThan(bytes.length)
        expect(bytes[offset + length]).toBe(0)
        expect(length).toBeGreaterThanOrEqual(MIN_STRING_BYTES)
      }
    }),
    { numRuns: 50 },
  )
})
