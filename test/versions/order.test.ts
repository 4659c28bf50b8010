import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DetectorError } from '../../src/errors.ts'
import { VERSION_SCHEMES, versionOrder } from '../../src/versions/order.ts'

/** Versions that look real enough to collide often. */
const version = fc
  .array(
    fc.constantFrom(
      ...['0', '1', '2', '9', '10', '01', '007', '20210405', '.', '.', '-', '_', '~', '^', '+', ':'],
      ...['a', 'b', 'z', 'za', 'p', 'rc', 'beta', 'alpha', 'pre', 'dev', '_rc', '_p', '-r', '-rc1', 'git', '.0'],
    ),
    { maxLength: 6 },
  )
  .map((pieces) => pieces.join(''))

describe.each(VERSION_SCHEMES)('the order %s', (scheme) => {
  const order = versionOrder(scheme)

  test('is antisymmetric', () => {
    fc.assert(fc.property(version, version, (a, b) => Math.sign(order(a, b)) === -Math.sign(order(b, a)) + 0))
  })

  test('is transitive', () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        const [first, second, third] = [a, b, c].sort(order)
        return order(first!, second!) <= 0 && order(second!, third!) <= 0 && order(first!, third!) <= 0
      }),
      { numRuns: 2000 },
    )
  })

  test('is 0 for nothing but equal texts', () => {
    fc.assert(fc.property(version, version, (a, b) => (order(a, b) === 0) === (a === b)))
  })

  test('sorts any list the same way, however it was shuffled', () => {
    const lists = fc.array(version, { maxLength: 12 }).chain((list) => {
      return fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))
    })
    fc.assert(
      fc.property(lists, ([list, shuffled]) => {
        expect([...shuffled].sort(order)).toEqual([...list].sort(order))
      }),
    )
  })

  test('takes texts of any characters', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.string(), (a, b) => Number.isFinite(order(a, b))))
  })

  test('tells 1.2 from 1.2.0', () => {
    expect(order('1.2', '1.2.0')).toBeLessThan(0)
  })
})

test('an unknown scheme is a usage error that names the known ones', () => {
  expect(() => versionOrder('calver')).toThrow(DetectorError)
  expect(() => versionOrder('calver')).toThrow(/semver-like, letters, .* apk, have "calver"/)
  expect(() => versionOrder('toString')).toThrow(DetectorError)
})
