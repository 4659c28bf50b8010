import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { versionOrder } from '../../src/versions/order.ts'
import { compareByDpkg, hasDpkg } from './dpkg.ts'

const order = versionOrder('semver-like')

/** Each line is a list in release order. */
const ASCENDING: readonly (readonly string[])[] = [
  ['1.2.9', '1.2.10', '1.2.11', '1.3', '1.3.1', '1.10', '2.0'],
  ['0.9.8-beta1', '0.9.8', '0.9.8a', '0.9.8y', '0.9.8za', '0.9.8zb', '0.9.8zh', '1.0.0'],
  ['1.0.2-beta1', '1.0.2-beta3', '1.0.2', '1.0.2a', '1.0.2u', '1.1.0-pre1', '1.1.0-pre10', '1.1.0', '1.1.1', '1.1.1w'],
  ['3.0.0-dev', '3.0.0-alpha1', '3.0.0-alpha17', '3.0.0-beta1', '3.0.0', '3.0.1'],
  ['1.2.0-alpha', '1.2.0-beta2', '1.2.0-pre', '1.2.0-rc1', '1.2.0', '1.2.0.1'],
  ['1.2rc1', '1.2', '1.2.1rc1', '1.2.1'],
  ['1.2.0-rc1', '1.2', '1.2.0', '1.2.0.0', '1.2.0.1'],
  ['1.2.0.beta2', '1.2.0.rc1', '1.2.0'],
  ['8.1p1', '8.2', '8.2p1', '8.2p2', '8.2.1'],
  ['1.00-pre10', '1.00-rc1', '1.00', '1.01', '1.1.0', '1.1.1'],
  ['1.0~rc1', '1.0-rc1', '1.0', '1.0+git2'],
  ['6.9.5', '6.9.5_rev1', '6.9.6'],
  ['5.9', '5.1000000000000000000000', '5.1000000000000000000001'],
  ['v1.9', 'v1.10'],
  ['1.0-RC1', '1.0'],
]

test.each(ASCENDING.map((list) => [list.join(' < '), list] as const))('%s', (_, list) => {
  expect([...list].reverse().sort(order)).toEqual(list)
})

describe.skipIf(!hasDpkg)('plain dotted numbers', () => {
  test('are in the order that dpkg gives them', () => {
    const part = fc.oneof(fc.nat({ max: 12 }), fc.nat({ max: 30000 }))
    const version = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'))
    fc.assert(
      fc.property(version, version, (a, b) => Math.sign(order(a, b)) === compareByDpkg(a, b)),
      { numRuns: 100 },
    )
  })
})

test('a long run of separators or zeros costs no more than its length', () => {
  const zeros = '0.'.repeat(50_000)
  const started = performance.now()
  order(`${zeros}1`, `${zeros}2`)
  expect(performance.now() - started).toBeLessThan(2000)
})
