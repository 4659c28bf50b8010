import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BitReader, BitWriter, groupedBits } from '../../src/database/bits.ts'

const item = fc.oneof(
  fc.record({ how: fc.constant('fixed' as const), value: fc.nat(0xffff_ffff), width: fc.constant(32) }),
  fc
    .integer({ min: 0, max: 31 })
    .chain((width) =>
      fc.record({ how: fc.constant('fixed' as const), value: fc.nat(2 ** width - 1), width: fc.constant(width) }),
    ),
  fc.record({ how: fc.constant('unary' as const), value: fc.nat(200), width: fc.constant(0) }),
  fc.record({
    how: fc.constant('grouped' as const),
    value: fc.nat(0xffff_ffff),
    width: fc.integer({ min: 1, max: 12 }),
  }),
)

test('bits come back as they were written, whatever the widths', () => {
  fc.assert(
    fc.property(fc.array(item, { maxLength: 60 }), (items) => {
      const writer = new BitWriter()
      for (const { how, value, width } of items) {
        if (how === 'unary') writer.unary(value)
        else writer[how](value, width)
      }
      const reader = new BitReader(writer.finish())
      for (const { how, value, width } of items)
        expect(how === 'unary' ? reader.unary() : reader[how](width)).toBe(value)
      reader.finish()
    }),
  )
})

test('the size of a grouped number is the bits it is written in', () => {
  for (const value of [0, 1, 7, 8, 63, 64, 100_000]) {
    const writer = new BitWriter()
    for (let i = 0; i < 8; i++) writer.grouped(value, 3)
    expect(writer.finish().length).toBe(groupedBits(value, 3))
  }
})

test.each([
  ['fixed', (reader: BitReader) => reader.fixed(32)],
  ['unary', (reader: BitReader) => reader.unary()],
  ['grouped', (reader: BitReader) => reader.grouped(4)],
])('reading %s past the end is STORE_CORRUPT', (_, read) => {
  expect(() => {
    const reader = new BitReader(new Uint8Array(3))
    for (let i = 0; i < 10; i++) read(reader)
  }).toThrow(expect.objectContaining({ code: 'STORE_CORRUPT' }))
})
