import { expect, test } from 'vitest'
import { namesRelease, sameRelease } from '../../src/versions/same.ts'

test.each([
  ['1.2.13', '1.2.13'],
  ['v1.2.13', '1.2.13'],
  ['1.3.1-e00f703', '1.3.1'],
  ['1.3.1-e00f703', '1.3.1-0123abc'],
  ['1.1.1k+quic', '1.1.1k'],
  ['1.3.0.1-motley', '1.3.0.1'],
  ['1.3.2.1-motley-8002e91', '1.3.2.1'],
  ['10.2.154.26-node.39', '10.2.154.26'],
  ['1:1.3.dfsg+really1.3.1-1+b1', '1.3.1'],
  ['2.41-12+deb13u4', '2.41'],
  ['2.41-12', '2.41'],
  ['0.7.9+nmu1', '0.7.9'],
  ['1.0.2-beta1', '1.0.2-beta1'],
  ['1.10.1-DEV', '1.10.1-dev'],
  ['2_9_14', '2.9.14'],
  ['70.1', '70.1.0'],
  ['2022-06-01', '20220601+dfsg-1+b1'],
  ['3.1-20221030', '3.1-20221030'],
])('%s and %s name one release', (a, b) => {
  expect([sameRelease(a, b), sameRelease(b, a)]).toEqual([true, true])
})

test.each([
  ['1.2.13', '1.2.12'],
  ['1.1.1k', '1.1.1l'],
  ['1.10.1-DEV', '1.10.1'],
  ['1.0.2-beta1', '1.0.2'],
  ['3.1-20221030', '3.1-20250104'],
  ['4.2.8p15', '4.2.8p14'],
  ['2022-06-01', '2022.6.1'],
  ['2.41-12', '2.41-13'],
  ['', ''],
  ['072ca92', '072ca92'],
])('%s and %s do not', (a, b) => {
  expect([sameRelease(a, b), sameRelease(b, a)]).toEqual([false, false])
})

test.each([
  ['1.2', true],
  ['20230101', true],
  ['', false],
  ['072ca92', false],
  ['0826579', false],
  ['unknown', false],
])('that "%s" names a release is %s', (version, expected) => {
  expect(namesRelease(version)).toBe(expected)
})
