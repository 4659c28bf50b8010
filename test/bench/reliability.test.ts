import { describe, expect, test } from 'vitest'

const load = (name: string) => import(new URL(`../../bench/accuracy/${name}`, import.meta.url).href)
const { binsOf, brier, rateOf, toMarkdown, toSvg } = await load('reliability.mjs')

interface Claim {
  readonly confidence: number
  readonly isRight: boolean
}

const claims = (confidence: number, right: number, wrong: number): Claim[] =>
  Array.from({ length: right + wrong }, (_, i) => ({ confidence, isRight: i < right }))

describe('the share to expect', () => {
  test('of few claims is never 1', () => {
    expect(rateOf(claims(0.9, 24, 0))).toEqual({ claims: 24, right: 24, rate: 0.98 })
  })

  test('of none is a half', () => {
    expect(rateOf([]).rate).toBe(0.5)
  })

  test('of many is their share', () => {
    expect(rateOf(claims(0.9, 900, 100)).rate).toBeCloseTo(0.9, 3)
  })
})

test('bins hold every claim once, with what was said and what came', () => {
  const all = [...claims(0.9, 9, 1), ...claims(1, 4, 0), ...claims(0.3, 1, 1)]
  const bins = binsOf(all)
  expect(bins.map(({ claims: count }: { claims: number }) => count)).toEqual([2, 10, 4])
  expect(bins[1].right).toBe(9)
  expect(bins[1].said).toBeCloseTo(0.9, 9)
  for (const { low, high, right, claims: count } of bins) {
    expect(low).toBeLessThan(right / count)
    expect(high).toBeGreaterThanOrEqual(right / count)
    expect(high).toBeLessThanOrEqual(1)
  }
})

test('the Brier score is the mean squared distance', () => {
  expect(brier(claims(0.5, 1, 1))).toBe(0.25)
  expect(brier(claims(1, 3, 1))).toBe(0.25)
  expect(brier([])).toBe(0)
})

test('the report and the diagram name every bin', () => {
  const held = [...claims(0.9, 9, 1), ...claims(0.99, 5, 0)]
  const result = {
    command: 'c',
    database: 'd',
    rates: [{ way: 'code', fitted: rateOf(held), held: rateOf(held) }],
    halves: [{ half: 'held', claims: held.length, brier: brier(held) }],
    bins: binsOf(held),
  }
  expect(toMarkdown(result)).toContain('| 0.900 | 10 | 9 | 0.900 |')
  expect(toSvg(result).match(/<circle/g)).toHaveLength(2)
})
