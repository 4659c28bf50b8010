import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Cursor, latin1 } from '../../src/bytes/cursor.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { codeOf } from './code-of.ts'

const bytes = Uint8Array.from({ length: 10_000 }, (_, i) => (i * 37) & 0x7f)
const view = new DataView(bytes.buffer)

describe.each([
  ['little', true],
  ['big', false],
])('numbers in %s-endian order', (_name, littleEndian) => {
  test.each([
    ['u8', 1, (at: number) => view.getUint8(at)],
    ['u16', 2, (at: number) => view.getUint16(at, littleEndian)],
    ['u32', 4, (at: number) => view.getUint32(at, littleEndian)],
  ] as const)('%s equals what DataView reads, wherever the window is', (method, size, expected) => {
    const cursor = new Cursor(bytesSource(bytes), littleEndian)
    fc.assert(
      fc.property(fc.integer({ min: 0, max: bytes.length - size }), (at) => {
        expect(cursor[method](at)).toBe(expected(at))
      }),
    )
  })

  test('u64 is exact up to 2^53-1 and FORMAT_CORRUPT above', () => {
    const number = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 2n ** 53n + 2n }))
    fc.assert(
      fc.property(number, (value) => {
        const stored = new DataView(new ArrayBuffer(8))
        stored.setBigUint64(0, value, littleEndian)
        const cursor = new Cursor(bytesSource(new Uint8Array(stored.buffer)), littleEndian)
        if (value < 2n ** 53n) expect(cursor.u64(0)).toBe(Number(value))
        else expect(codeOf(() => cursor.u64(0))).toBe('FORMAT_CORRUPT')
      }),
    )
  })
})

describe('no offset escapes the window', () => {
  test.each([
    ['u8', 1],
    ['u16', 2],
    ['u32', 4],
    ['u64', 8],
  ] as const)('%s', (method, size) => {
    const cursor = new Cursor(bytesSource(bytes.subarray(0, 100)), true)
    const offset = fc.oneof(fc.integer({ min: -10, max: 110 }), fc.constantFrom(Number.NaN, 2 ** 53, -Infinity))
    fc.assert(
      fc.property(offset, (at) => {
        const code = codeOf(() => cursor[method](at))
        if (!(at >= 0 && at + size <= 100)) expect(code).toBe('FORMAT_TRUNCATED')
        else expect([undefined, 'FORMAT_CORRUPT']).toContain(code)
      }),
    )
  })

  test.each([
    [0, 100, undefined],
    [100, 0, undefined],
    [0, 101, 'FORMAT_TRUNCATED'],
    [-1, 5, 'FORMAT_TRUNCATED'],
    [5, -1, 'FORMAT_TRUNCATED'],
    [Number.NaN, 1, 'FORMAT_TRUNCATED'],
    [1e300, 1, 'FORMAT_TRUNCATED'],
  ])('need of %d, %d bytes in 100 ends in %s', (offset, length, code) => {
    expect(codeOf(() => new Cursor(bytesSource(bytes.subarray(0, 100)), true).need(offset, length))).toBe(code)
  })
})

describe('a name', () => {
  const cursorOf = (text: string) => new Cursor(bytesSource(Buffer.from(text, 'latin1')), true)

  test('ends at its NUL and is Latin-1', () => {
    expect(cursorOf('xxn\xe4me\0rest').cstring(2, 100)).toBe('n\xe4me')
  })

  test('may have as many bytes as allowed, and no more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 300 }), (length, most) => {
        const cursor = cursorOf(`${'a'.repeat(length)}\0${'b'.repeat(400)}`)
        if (length <= most) expect(cursor.cstring(0, most)).toBe('a'.repeat(length))
        else expect(codeOf(() => cursor.cstring(0, most))).toBe('FORMAT_CORRUPT')
      }),
    )
  })

  test.each([
    ['has no NUL', 'abc', 0, 3, 'FORMAT_CORRUPT'],
    ['has its NUL behind the end given', 'abc\0', 0, 3, 'FORMAT_CORRUPT'],
    ['starts at the end given', 'abc\0', 2, 2, 'FORMAT_CORRUPT'],
    ['starts behind the end given', 'abc\0', 3, 1, 'FORMAT_TRUNCATED'],
    ['starts behind the source', 'abc\0', 9, 4, 'FORMAT_TRUNCATED'],
  ])('that %s is refused', (_name, text, at, end, code) => {
    expect(codeOf(() => cursorOf(text).cstring(at, 100, end))).toBe(code)
  })
})

test('bytes are a view of the source', () => {
  expect(Buffer.from(new Cursor(bytesSource(bytes), true).bytes(3, 4))).toEqual(Buffer.from(bytes.slice(3, 7)))
})

test('Latin-1 text has one character per byte', () => {
  fc.assert(fc.property(fc.uint8Array(), (raw) => [...latin1(raw)].every((c, i) => c.charCodeAt(0) === raw[i])))
})
