import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareDebian, parseDebian } from '../../src/versions/debian.ts'
import { compareByDpkg, hasDpkg } from './dpkg.ts'

const PAIRS: readonly (readonly [string, '<' | '=', string])[] = [
  ['1.2.11', '<', '1:1.2.3'],
  ['0:1.2', '=', '1.2'],
  ['1.2-0', '=', '1.2'],
  ['1.02', '=', '1.2'],
  ['1.2', '<', '1.2.0'],
  ['1.0~rc1-1', '<', '1.0-1'],
  ['1.0~~', '<', '1.0~'],
  ['1.0~~a', '<', '1.0~'],
  ['1.2.1-1', '<', '1.2.dfsg-1'],
  ['1:1.2.11.dfsg-2+deb11u1', '<', '1:1.2.11.dfsg-2+deb11u2'],
  ['1:1.2.13.dfsg-1', '<', '1:1.3.dfsg+really1.3.1-1'],
  ['2.9.14+dfsg-1.3~deb12u1', '<', '2.9.14+dfsg-1.3'],
  ['1.1.1n-0+deb11u5', '<', '1.1.1w-0+deb11u1'],
  ['5.2.4-1+deb11u1', '<', '5.2.5-2.1~deb11u1'],
  ['1.0a', '<', '1.0+'],
  ['1.0-1', '<', '1.0-1ubuntu1'],
  ['20240722.0-4', '<', '20260526.0-2'],
  ['1-1-1', '<', '1-2-1'],
]

describe('Debian versions', () => {
  test.each(PAIRS)('%s %s %s', (a, relation, b) => {
    const expected = relation === '<' ? -1 : 0
    expect([Math.sign(compareDebian(a, b)), Math.sign(compareDebian(b, a)) + 0]).toEqual([expected, 0 - expected])
  })

  test('the epoch ends at the first colon, the revision starts at the last dash', () => {
    expect(parseDebian('1:2.6.1-r134+dfsg1-2')).toEqual({ epoch: '1', upstream: '2.6.1-r134+dfsg1', revision: '2' })
  })
})

describe.skipIf(!hasDpkg)('dpkg agrees', () => {
  test.each(PAIRS)('that %s %s %s', (a, relation, b) => {
    expect(compareByDpkg(a, b)).toBe(relation === '<' ? -1 : 0)
  })

  test('on random versions', () => {
    const piece = fc.constantFrom('0', '1', '2', '10', '01', '.', '.', '~', '+', 'a', 'b', 'Z', 'rc', 'dfsg')
    const upstream = fc.array(piece, { maxLength: 6 }).map((pieces) => `1${pieces.join('')}`)
    const revision = fc.array(piece, { minLength: 1, maxLength: 3 }).map((pieces) => `-${pieces.join('')}`)
    const version = fc
      .tuple(fc.constantFrom('', '0:', '1:'), upstream, fc.oneof(fc.constant(''), revision))
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(version, version, (a, b) => Math.sign(compareDebian(a, b)) === compareByDpkg(a, b)),
      { numRuns: 400 },
    )
  }, 60_000)
})
