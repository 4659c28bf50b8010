import { expect, test } from 'vitest'
import { checkLimit, DEFAULT_LIMITS } from '../../src/bytes/limits.ts'
import { codeOf } from './code-of.ts'

test.each([
  [0, undefined],
  [DEFAULT_LIMITS.symbols, undefined],
  [DEFAULT_LIMITS.symbols + 1, 'LIMIT_EXCEEDED'],
  [Number.NaN, 'LIMIT_EXCEEDED'],
  [Infinity, 'LIMIT_EXCEEDED'],
])('a maximum is inclusive: %d symbols end in %s', (value, code) => {
  expect(codeOf(() => checkLimit(DEFAULT_LIMITS, 'symbols', value))).toBe(code)
})

test('the message names the limit, both numbers and how to raise it', () => {
  expect(() => checkLimit({ ...DEFAULT_LIMITS, symbols: 10 }, 'symbols', 11)).toThrow(
    'symbols is 11, limit 10; raise with limits.symbols',
  )
})

test.each(Object.entries(DEFAULT_LIMITS))('%s is a positive whole number', (_name, value) => {
  expect(Number.isSafeInteger(value) && value > 0).toBe(true)
})
