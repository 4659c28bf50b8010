import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lowerBound } from '../../src/bytes/search.ts'

test('the lower bound is the first number that is not below, or how many there are', () => {
  expect([0, 1, 2, 3, 9].map((least) => lowerBound([1, 2, 2, 5], least))).toEqual([0, 0, 1, 3, 4])
  expect(lowerBound([], 1)).toBe(0)
  expect(lowerBound(Float64Array.of(1, 2, 2, 0), 9, 3)).toBe(3)
})

test('all before it are below, and none behind it is', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.integer(), (values, least) => {
      const sorted = values.sort((a, b) => a - b)
      const bound = lowerBound(sorted, least)
      expect(sorted.slice(0, bound).every((value) => value < least)).toBe(true)
      expect(sorted.slice(bound).every((value) => value >= least)).toBe(true)
    }),
  )
})
