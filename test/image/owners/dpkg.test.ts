import { expect, test } from 'vitest'
import { parseDiversions, parseDpkgList, parseDpkgStatus, parseMd5sums } from '../../../src/image/owners/dpkg.ts'

const STATUS = `Package: libz
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Source: zlib (1:1.2.13.dfsg-1)
Version: 1:1.2.13.dfsg-1+b1
Description: compression
 Version: 9 is no field here

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1

Package: half
Status: install ok half-installed
Architecture: amd64
Version: 2

Package: hash
Status: hold ok installed
Architecture: all
Source: hash-source
Version: 3-1
`

test('installed packages have version, architecture and source; those that are not installed are left out', () => {
  expect(parseDpkgStatus(STATUS)).toEqual([
    {
      kind: 'deb',
      name: 'libz',
      version: '1:1.2.13.dfsg-1+b1',
      architecture: 'amd64',
      source: 'zlib',
      sourceVersion: '1:1.2.13.dfsg-1',
    },
    { kind: 'deb', name: 'hash', version: '3-1', architecture: 'all', source: 'hash-source', sourceVersion: '3-1' },
  ])
})

test('a stanza without status, as distroless images have it, is of an installed package', () => {
  expect(parseDpkgStatus('Package: base-files\nVersion: 12\nArchitecture: amd64')).toEqual([
    {
      kind: 'deb',
      name: 'base-files',
      version: '12',
      architecture: 'amd64',
      source: 'base-files',
      sourceVersion: '12',
    },
  ])
})

test.each(['', '\n\n\n', 'no field', 'Package: a\nStatus: install ok installed\n', 'Version: 1'])(
  '%j holds no package',
  (text) => {
    expect(parseDpkgStatus(text)).toEqual([])
  },
)

test('a list gives paths without the folders that they are in', () => {
  expect(parseDpkgList('/.\n/usr\n/usr/bin\n/usr/bin/a\n/usr/bin/ab\n/var\n/var/empty\n')).toEqual([
    'usr/bin/a',
    'usr/bin/ab',
    'var/empty',
  ])
})

test('checksums of distroless images give paths', () => {
  const sum = 'd41d8cd98f00b204e9800998ecf8427e'
  expect(parseMd5sums(`${sum}  usr/lib/a b\n${sum}  ./usr/c\nodd line\n`)).toEqual(['usr/lib/a b', 'usr/c'])
})

test('diversions are triples of lines', () => {
  expect(parseDiversions('/bin/sh\n/bin/sh.distrib\ndash\n/a\n/b\n:\n')).toEqual([
    { from: 'bin/sh', to: 'bin/sh.distrib', package: 'dash' },
    { from: 'a', to: 'b', package: null },
  ])
  expect(parseDiversions('')).toEqual([])
})

test.each(['/a\n/b\n', 'a\n/b\nc\n', '/a\nb\nc\n'])('the diversions %j do not parse', (text) => {
  expect(() => parseDiversions(text)).toThrow(expect.objectContaining({ code: 'FORMAT_CORRUPT' }))
})
