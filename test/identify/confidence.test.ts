import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Kind } from '../../src/fingerprint/print-set.ts'
import { matchConfidence } from '../../src/identify/confidence.ts'
import type { Presence } from '../../src/identify/presence.ts'
import type { VersionMethod } from '../../src/identify/version.ts'

const METHODS: readonly VersionMethod[] = ['template', 'literal', 'literal-unindexed', 'features', 'none']

function confidence(evidence: number, method: VersionMethod): number {
  return matchConfidence(presence(evidence, [Kind.Table, Kind.String]), method, () => false)
}

/** One live unit with hits of these kinds. */
function presence(evidence: number, kinds: readonly Kind[]): Presence {
  const candidate = { hits: { kinds: Uint8Array.from(kinds) }, templates: [] }
  const live = [{ hits: Uint32Array.from(kinds, (_, row) => row) }]
  return { evidence, undecided: [] as string[], candidate, live } as unknown as Presence
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

test('tables alone are below the default threshold, unless the file has the name of the library', () => {
  const tables = presence(40, [Kind.Table, Kind.BigEndianTable])
  expect(matchConfidence(tables, 'features', () => false)).toBeLessThan(0.8)
  expect(matchConfidence(tables, 'features', () => true)).toBeGreaterThan(0.8)
  for (const kind of [Kind.Immediate, Kind.Function, Kind.Symbol, Kind.String])
    expect(matchConfidence(presence(40, [Kind.Table, kind]), 'features', () => false)).toBeGreaterThan(0.8)
})
