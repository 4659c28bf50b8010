import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { VarintReader, VarintWriter } from '../../src/bytes/varint.ts'
import { codeOf } from './code-of.ts'

const natural = fc.oneof(
  fc.maxSafeNat(),
  fc.nat(300),
  fc.constantFrom(0, 127, 128, 16_383, 16_384, 2 ** 32, Number.MAX_SAFE_INTEGER),
)

function written(write: (writer: VarintWriter) => void): Uint8Array {
  const writer = new VarintWriter()
  write(writer)
  return writer.finish()
}

describe('what is written is read back', () => {
  test('numbers', () => {
    fc.assert(
      fc.property(fc.array(natural, { maxLength: 400 }), (numbers) => {
        const reader = new VarintReader(written((writer) => numbers.forEach((n) => void writer.number(n))))
        expect(numbers.map(() => reader.number())).toEqual(numbers)
        expect(reader.done).toBe(true)
      }),
    )
  })

  test('ascending lists', () => {
    fc.assert(
      fc.property(fc.array(natural), (numbers) => {
        const ascending = numbers.toSorted((a, b) => a - b)
        const bytes = written((writer) => writer.deltas(ascending))
        expect(new VarintReader(bytes).deltas(ascending.length)).toEqual(ascending)
      }),
    )
  })

  test('text and bytes, between each other', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.uint8Array({ maxLength: 3000 }), (text, raw) => {
        const bytes = written((writer) => {
          writer.text(text)
          writer.raw(raw)
          writer.number(7)
        })
        const reader = new VarintReader(bytes)
        expect(reader.text()).toBe(text)
        expect(Buffer.from(reader.raw(raw.length))).toEqual(Buffer.from(raw))
        expect(reader.number()).toBe(7)
      }),
    )
  })
})

test.each([
  [0, '00'],
  [127, '7f'],
  [128, '8001'],
  [624_485, 'e58e26'],
  [Number.MAX_SAFE_INTEGER, 'ffffffffffffff0f'],
])('%d is %s, as unsigned LEB128 writes it', (value, hexadecimal) => {
  expect(Buffer.from(written((writer) => writer.number(value))).toString('hex')).toBe(hexadecimal)
})

test.each([-1, 0.5, Number.NaN, 2 ** 53])('%d is a TypeError to write', (value) => {
  expect(() => new VarintWriter().number(value)).toThrow(TypeError)
})

test('a list that descends is a TypeError to write', () => {
  expect(() => new VarintWriter().deltas([3, 2])).toThrow(TypeError)
})

test('what finish returned is not changed by later writing', () => {
  const writer = new VarintWriter()
  writer.number(1)
  const before = writer.finish()
  writer.number(2)
  expect([...before]).toEqual([1])
  expect([...writer.finish()]).toEqual([1, 2])
})

describe('stored bytes that are damaged end in STORE_CORRUPT', () => {
  const damaged: readonly [string, string, (reader: VarintReader) => unknown][] = [
    ['a number without its end', 'ffff', (reader) => reader.number()],
    ['a number of nothing', '', (reader) => reader.number()],
    ['a number above 2^53', 'ffffffffffffff7f', (reader) => reader.number()],
    ['a number of nine bytes', '80808080808080808001', (reader) => reader.number()],
    ['a list longer than the bytes', '0101', (reader) => reader.deltas(3)],
    ['a list of 2^53 numbers', '0101', (reader) => reader.deltas(2 ** 53)],
    ['a list whose sum exceeds 2^53', 'ffffffffffffff0f01', (reader) => reader.deltas(2)],
    ['bytes behind the end', '0101', (reader) => reader.raw(3)],
    ['a text behind the end', '0561', (reader) => reader.text()],
  ]
  test.each(damaged)('%s', (_name, bytes, read) => {
    expect(codeOf(() => read(new VarintReader(Buffer.from(bytes, 'hex'))))).toBe('STORE_CORRUPT')
  })

  test('or in numbers: nothing else happens', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
        const reader = new VarintReader(bytes)
        while (!reader.done)
          if (codeOf(() => expect(Number.isSafeInteger(reader.number())).toBe(true)) !== undefined) break
        expect(reader.position).toBeLessThanOrEqual(bytes.length)
      }),
    )
  })
})
