import { expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../../src/bytes/limits.ts'
import { parseApkInstalled } from '../../../src/image/owners/apk.ts'

const INSTALLED = `C:Q1checksum=
P:musl
V:1.2.5-r0
A:x86_64
T:the musl c library: libc
o:musl
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
Z:Q1sum=
R:libc.musl-x86_64.so.1
F:usr
F:usr/share/empty

P:root-file
V:1
F:
R:init
`

test('packages have their version, architecture, origin and paths', () => {
  expect(parseApkInstalled(INSTALLED, DEFAULT_LIMITS)).toEqual([
    {
      package: {
        kind: 'apk',
        name: 'musl',
        version: '1.2.5-r0',
        architecture: 'x86_64',
        source: 'musl',
        sourceVersion: '1.2.5-r0',
      },
      paths: ['lib/ld-musl-x86_64.so.1', 'lib/libc.musl-x86_64.so.1'],
    },
    {
      package: { kind: 'apk', name: 'root-file', version: '1', architecture: null, source: null, sourceVersion: null },
      paths: ['init'],
    },
  ])
})

test('blocks that are no packages are passed over', () => {
  expect(parseApkInstalled('\n\nwords\n\nP:only\n\nV:1\nF:a\nR:b\n', DEFAULT_LIMITS)).toEqual([])
})

test('paths that take more bytes in sum than the limit end in LIMIT_EXCEEDED', () => {
  const text = `P:a\nV:1\nF:${'f'.repeat(1000)}\n${'R:x\n'.repeat(1000)}`
  expect(() => parseApkInstalled(text, { ...DEFAULT_LIMITS, packageDatabaseBytes: 100_000 })).toThrow(
    expect.objectContaining({ code: 'LIMIT_EXCEEDED' }),
  )
})
