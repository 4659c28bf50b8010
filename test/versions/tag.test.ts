import { expect, test } from 'vitest'
import { versionOfTag } from '../../src/versions/tag.ts'

const OPENSSL = /^(?:OpenSSL_|openssl-)(?<version>\d+[._]\d+[._]\d+[a-z]{0,2}(?:-(?:alpha|beta|pre)\d+)?)$/

test.each([
  ['OpenSSL_1_1_1w', OPENSSL, 'letters', '1.1.1w'],
  ['OpenSSL_0_9_8zh', OPENSSL, 'letters', '0.9.8zh'],
  ['OpenSSL_1_1_0-pre3', OPENSSL, 'letters', '1.1.0-pre3'],
  ['openssl-3.3.2', OPENSSL, 'letters', '3.3.2'],
  ['openssl-3.3.0-quic1', OPENSSL, 'letters', undefined],
  ['OpenSSL_1_1_1w+quic1', OPENSSL, 'letters', undefined],
  ['VER-2-13-2', /^VER-(?<version>\d+(?:-\d+)*)$/, 'dashes', '2.13.2'],
  ['1_36_1', /^(?<version>\d+(?:_\d+)*)$/, 'underscores', '1.36.1'],
  ['V_9_8_P1', /^V_(?<version>\d+(?:_\d+)+_P\d+)$/, 'underscores', '9.8p1'],
  ['1_00_pre1', /^(?<version>\d+_\d+_pre\d)$/, 'underscores', '1.00-pre1'],
  ['2025-11-05', /^(?<version>\d+(?:-\d+)*)$/, 'date', '2025-11-05'],
  ['v6.9.5_rev1', /^v(?<version>.*)$/, 'semver-like', '6.9.5_rev1'],
  ['v1.2.3', /^x(?<version>.*)$/, 'semver-like', undefined],
])('the tag %s, read with %s as %s, is %s', (tag, pattern, scheme, expected) => {
  expect(versionOfTag(tag, pattern, scheme)).toBe(expected)
})

test('a pattern with the flag g gives the same answer every time', () => {
  const pattern = /^v(?<version>\d+)$/g
  expect([versionOfTag('v1', pattern, 'semver-like'), versionOfTag('v1', pattern, 'semver-like')]).toEqual(['1', '1'])
})

test('a pattern without the group is a mistake of the caller', () => {
  expect(() => versionOfTag('v1', /^v(\d+)$/, 'semver-like')).toThrow(TypeError)
})
