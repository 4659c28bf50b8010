import { expect, test } from 'vitest'
import { FEATURE_KINDS, FeatureKind, isFeatureKind } from '../../src/database/feature-kinds.ts'
import { Kind } from '../../src/fingerprint/print-set.ts'

test('kinds of feature have the numbers of fingerprints, and only templates are held apart', () => {
  const { Template, ...rest } = Kind
  expect(FeatureKind).toEqual(rest)
  expect(isFeatureKind(Template)).toBe(false)
  expect(FEATURE_KINDS).toEqual([...FEATURE_KINDS].sort((a, b) => a - b))
})
