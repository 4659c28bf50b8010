import { expect, test } from 'vitest'
import { defaultEntry } from '../../src/database/catalog.ts'
import { formatCpe, formatPurl } from '../../src/database/names.ts'

test.each([
  ['pkg:github/madler/zlib', '1.2.11', 'pkg:github/madler/zlib@1.2.11'],
  ['pkg:generic/sqlite', undefined, 'pkg:generic/sqlite'],
  ['pkg:generic/x', '1.0+git~2', 'pkg:generic/x@1.0%2Bgit~2'],
  ['pkg:generic/x', '1:2.0-rc1_3', 'pkg:generic/x@1:2.0-rc1_3'],
  ['pkg:generic/x', 'a b/c@d(e)', 'pkg:generic/x@a%20b%2Fc%40d%28e%29'],
])('the purl of %s at %s is %s', (purl, version, expected) => {
  expect(formatPurl({ purl }, version)).toBe(expected)
})

test.each([
  ['zlib:zlib', '1.2.11', 'cpe:2.3:a:zlib:zlib:1.2.11:*:*:*:*:*:*:*'],
  ['openssl:openssl', '1.1.1w', 'cpe:2.3:a:openssl:openssl:1.1.1w:*:*:*:*:*:*:*'],
  ['openssl:openssl', '1.0.2-beta1', 'cpe:2.3:a:openssl:openssl:1.0.2:beta1:*:*:*:*:*:*'],
  ['openssl:openssl', '3.0.0', 'cpe:2.3:a:openssl:openssl:3.0.0:*:*:*:*:*:*:*'],
  ['openbsd:openssh', '8.2p1', 'cpe:2.3:a:openbsd:openssh:8.2p1:*:*:*:*:*:*:*'],
  ['haxx:curl', undefined, 'cpe:2.3:a:haxx:curl:*:*:*:*:*:*:*:*'],
  ['a:c++', '1.0+1~2', 'cpe:2.3:a:a:c\\+\\+:1.0\\+1\\~2:*:*:*:*:*:*:*'],
  ['a:b', '2025-11-05', 'cpe:2.3:a:a:b:2025-11-05:*:*:*:*:*:*:*'],
])('the CPE of %s at %s is %s', (pair, version, expected) => {
  expect(formatCpe(pair, version)).toBe(expected)
})

test('a component without a catalog file has a generic purl, percent-encoded', () => {
  expect(formatPurl(defaultEntry('my lib'), '1.0')).toBe('pkg:generic/my%20lib@1.0')
})
