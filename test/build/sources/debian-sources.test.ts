import { expect, test } from 'vitest'
import { NOTHING_EXCLUDED } from '../../../src/build/exclusion.ts'
import { sourceOf } from '../../../src/build/sources/apt-sources.ts'
import { upstreamTarballs } from '../../../src/build/sources/debian-sources.ts'
import { entryOf } from '../component.ts'

const entry = entryOf('zlib', { debian: { source: ['zlib'], libraries: [] } })

function grouped(...versions: string[]): string[][] {
  const listed = versions.map((version) => ({
    source: 'zlib',
    version,
    file: 'zlib.orig.tar.gz',
    sha256: 'a'.repeat(64),
  }))
  return upstreamTarballs(entry, listed, NOTHING_EXCLUDED).map((group) => group.map(({ version }) => version))
}

test('source packages of one upstream version stand together, the newest first', () => {
  expect(grouped('1:1.2.13.dfsg-1', '1:1.3.dfsg+really1.3.1-1', '1:1.2.13.dfsg-3+deb12u1')).toEqual([
    ['1:1.2.13.dfsg-3+deb12u1', '1:1.2.13.dfsg-1'],
    ['1:1.3.dfsg+really1.3.1-1'],
  ])
})

test.each([
  ['a snapshot of git', '1.0+git20210101-1'],
  ['a snapshot by date', '1.0+20210101-1'],
  ['a pre-release', '1.0~rc1-1'],
])('%s is no release', (_, version) => {
  expect(grouped(version)).toEqual([])
})

test.each([
  ['a repack', '1.0~dfsg-1'],
  ['a date', '20210101.0-1'],
  ['a date that sorts low', '0~20200923.3-2'],
  ['an update of a stable suite', '1.0-1~deb12u1'],
])('%s is one', (_, version) => {
  expect(grouped(version)).toEqual([[version]])
})

const DIGEST = 'b'.repeat(64)

test.each([
  ['the main tarball of several', ` ${DIGEST} 9 a_1.orig-docs.tar.xz\n ${DIGEST} 9 a_1.orig.tar.xz`, 'a_1.orig.tar.xz'],
  ['no signature', ` ${DIGEST} 9 a_1.orig.tar.gz.asc\n ${DIGEST} 9 a_1.orig.tar.gz`, 'a_1.orig.tar.gz'],
  ['nothing of a native package', ` ${DIGEST} 9 a_1.tar.xz`, undefined],
  ['no path', ` ${DIGEST} 9 ../a_1.orig.tar.xz`, undefined],
])('a stanza names %s', (_, checksums, file) => {
  expect(sourceOf(`Package: a\nVersion: 1-1\nChecksums-Sha256:\n${checksums}\nDirectory: pool`)?.file).toBe(file)
})
