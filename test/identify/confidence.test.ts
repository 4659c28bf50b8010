import fc from 'fast-check'
import { expect, test } from 'vitest'
import { matchConfidence } from '../../src/identify/confidence.ts'
import type { Presence } from '../../src/identify/presence.ts'
import type { VersionMethod } from '../../src/identify/version.ts'

const METHODS: readonly VersionMethod[] = ['template', 'literal', 'literal-unindexed', 'features', 'none']

function confidence(evidence: number, method: VersionMethod): number {
  return matchConfidence({ evidence, undecided: [] as string[] } as unknown as Presence, method)
}

test('confidence is a probability, to three decimals', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.constantFrom(...METHODS), (evidence, method) => {
      const value = confidence(evidence, method)
      expect(value).toBeGreaterThan(0)
      expect(value).toBeLessThanOrEqual(1)
      expect(Number(value.toFixed(3))).toBe(value)
    }),
  )
})

test('more evidence of the same kind never makes a claim less certain', () => {
  const evidence = fc.double({ min: 0.01, max: 1000, noNaN: true })
  fc.assert(
    fc.property(evidence, evidence, fc.constantFrom(...METHODS), (a, b, method) => {
      expect(confidence(Math.max(a, b), method)).toBeGreaterThanOrEqual(confidence(Math.min(a, b), method))
    }),
  )
})

test('a template is surer than a literal, and a literal, of an indexed release or none, than the code alone', () => {
  const [template, literal, unindexed, features] = METHODS.map((method) => confidence(20, method))
  expect(template).toBeGreaterThan(literal!)
  expect(literal).toBe(unindexed)
  expect(unindexed).toBeGreaterThan(features!)
})

test('a template alone is enough for the default threshold of a report, the least code is too', () => {
  expect(confidence(0, 'template')).toBeGreaterThan(0.8)
  expect(confidence(3, 'features')).toBeGreaterThan(0.8)
})
