import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rangesOf } from '../../src/identify/ranges.ts'

const KIB = 1024
const at = (...offsets: number[]): { offset: number; length: number }[] =>
  offsets.map((offset) => ({ offset, length: 16 }))

test.each([
  ['nothing has no ranges', [], []],
  ['one place is one range', at(100), [[100, 116]]],
  ['places closer than 64 KiB share a range', at(100, 60 * KIB), [[100, 60 * KIB + 16]]],
  ['the order of the places does not matter', at(60 * KIB, 100), [[100, 60 * KIB + 16]]],
  [
    'a wider gap ends a range',
    at(0, 100, 200 * KIB, 201 * KIB),
    [
      [0, 116],
      [200 * KIB, 201 * KIB + 16],
    ],
  ],
  ['a lone place beside others is left out: merged strings lie anywhere', at(0, 100, 500 * KIB), [[0, 116]]],
  [
    'lone places everywhere are all kept',
    at(0, 500 * KIB),
    [
      [0, 16],
      [500 * KIB, 500 * KIB + 16],
    ],
  ],
])('%s', (_name, places, expected) => {
  expect(rangesOf(places)).toEqual(expected)
})

test('ranges ascend, do not overlap, and begin and end at a place', () => {
  const place = fc.record({ offset: fc.nat(2 ** 22), length: fc.integer({ min: 1, max: 200 }) })
  fc.assert(
    fc.property(fc.array(place), (places) => {
      const starts = new Set(places.map(({ offset }) => offset))
      const ends = new Set(places.map(({ offset, length }) => offset + length))
      let last = Number.NEGATIVE_INFINITY
      for (const [start, end] of rangesOf(places)) {
        expect(start).toBeGreaterThan(last)
        expect(end).toBeGreaterThan(start)
        expect([starts.has(start), ends.has(end)]).toEqual([true, true])
        last = end
      }
    }),
  )
})
