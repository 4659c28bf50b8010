import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ascendingOrder, radixOrder } from '../../src/bytes/radix.ts'

const value = fc.oneof(
  fc.constantFrom(0, 1, 0xffff, 0x1_0000, 0x8000_0000, 0xffff_ffff),
  fc.nat(0xffff_ffff),
  fc.nat(3),
)

test('rows come in the order of their columns, equal rows in the order they had', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(value, value, fc.nat(2)), { maxLength: 200 }), (rows) => {
      const columns = [0, 1, 2].map((c) => Uint32Array.from(rows, (row) => row[c]!))
      const expected = rows
        .map((_, i) => i)
        .sort((a, b) => {
          const [x, y] = [rows[a]!, rows[b]!]
          return x[0] - y[0] || x[1] - y[1] || x[2] - y[2] || a - b
        })
      expect([...radixOrder(columns, rows.length)]).toEqual(expected)
    }),
    { numRuns: 60 },
  )
})

test('only the first rows count: columns may be longer', () => {
  expect([...radixOrder([Uint32Array.of(3, 1, 2, 0, 0)], 3)]).toEqual([1, 2, 0])
})

test('no column leaves the rows as they are', () => {
  expect([...radixOrder([], 3)]).toEqual([0, 1, 2])
})

test('more rows than a digit has values are ordered as well', () => {
  const rows = 40_000
  const column = Uint32Array.from({ length: rows }, (_, i) => Math.imul(i, 0x9e37_79b1) >>> (i % 3 === 0 ? 16 : 0))
  const order = radixOrder([column], rows)
  expect(new Set(order).size).toBe(rows)
  for (let i = 1; i < rows; i++) {
    const [before, after] = [order[i - 1]!, order[i]!]
    if (column[before]! > column[after]! || (column[before] === column[after] && before > after))
      throw new Error(`rows ${before} and ${after} stand in the wrong order`)
  }
})

test.each([
  ['few', 100, 0, 1],
  ['many of 32 bits', 9000, 0, 1],
  ['many below zero', 9000, -5000, 1],
  ['many above 32 bits', 9000, 2 ** 40, 2 ** 12],
])('offsets ascend, equal ones in the order they had: %s', (_name, count, lowest, step) => {
  // Every third one repeats an earlier one.
  const values = Float64Array.from({ length: count }, (_, i) => lowest + step * ((i * 7919) % Math.ceil(count / 3)))
  const expected = [...values.keys()].sort((a, b) => values[a]! - values[b]! || a - b)
  expect([...ascendingOrder(values)!]).toEqual(expected)
})

test('what ascends already needs no order', () => {
  expect(ascendingOrder(Float64Array.of())).toBeUndefined()
  expect(ascendingOrder(Float64Array.of(-1, 3, 3, 2 ** 40))).toBeUndefined()
})
