import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../../src/bytes/limits.ts'
import { bytesSource, fileSource } from '../../../src/bytes/source.ts'
import { ndbBlobs } from '../../../src/image/owners/ndb.ts'
import type { OwnedPaths } from '../../../src/image/owners/package-facts.ts'
import { readPackageFacts } from '../../../src/image/owners/read-facts.ts'
import { rpmOwners } from '../../../src/image/owners/rpm.ts'
import { hasProgram, run, workDirectory } from '../../fixtures/compile.ts'
import { buildNdb, buildRpmHeader, headerOf, type RpmFixture } from '../../fixtures/rpm.ts'
import { buildSqlite } from '../../fixtures/sqlite.ts'

const TINY: RpmFixture = {
  name: 'tiny',
  epoch: 2,
  sourceRpm: 'tiny-source-1.2-3.src.rpm',
  files: [
    { path: '/usr/bin/tiny' },
    { path: '/usr/bin', mode: 0o040755 },
    { path: '/usr/bin/replaced', state: 1 },
    { path: '/usr/share/doc/left-out', state: 2 },
    { path: '/usr/lib/elsewhere', state: 3 },
  ],
}
const OTHER: RpmFixture = { name: 'other', version: '4', arch: 'noarch', files: [{ path: '/etc/other' }] }

const EXPECTED: readonly OwnedPaths[] = [
  {
    package: {
      kind: 'rpm',
      name: 'tiny',
      version: '2:1.2-3',
      architecture: 'x86_64',
      source: 'tiny-source',
      sourceVersion: '1.2-3',
    },
    paths: ['usr/bin/tiny', 'usr/lib/elsewhere'],
  },
  {
    package: {
      kind: 'rpm',
      name: 'other',
      version: '4-3',
      architecture: 'noarch',
      source: null,
      sourceVersion: null,
    },
    paths: ['etc/other'],
  },
]

const HEADERS = [TINY, OTHER].map(buildRpmHeader)

test.each([
  ['rpmdb.sqlite', buildSqlite('Packages', HEADERS)],
  ['Packages.db', buildNdb(HEADERS)],
])('%s says which package owns which files that are there', async (name, bytes) => {
  const facts = await readPackageFacts(`var/lib/rpm/${name}`, bytesSource(bytes), { limits: DEFAULT_LIMITS })
  expect(facts).toEqual({ kind: 'owned', packages: EXPECTED })
})

test('keys are no packages', () => {
  expect(rpmOwners([buildRpmHeader({ name: 'gpg-pubkey' })], DEFAULT_LIMITS)).toEqual([])
})

test('paths written out, as before the year 2000, count as well', () => {
  const header = headerOf([
    [1000, 6, ['old']],
    [1001, 6, ['1']],
    [1027, 8, ['/bin/a', '/bin/b']],
  ])
  expect(rpmOwners([header], DEFAULT_LIMITS)[0]?.paths).toEqual(['bin/a', 'bin/b'])
})

test('a file without a folder ends in FORMAT_CORRUPT', () => {
  const header = headerOf([
    [1000, 6, ['odd']],
    [1001, 6, ['1']],
    [1116, 4, [5]],
    [1117, 8, ['a']],
    [1118, 8, ['/bin/']],
  ])
  expect(() => rpmOwners([header], DEFAULT_LIMITS)).toThrow(expect.objectContaining({ code: 'FORMAT_CORRUPT' }))
})

test('a long folder for very many files ends in LIMIT_EXCEEDED', () => {
  const count = 100_000
  const header = headerOf([
    [1000, 6, ['bomb']],
    [1001, 6, ['1']],
    [1116, 4, Array.from({ length: count }, () => 0)],
    [1117, 8, Array.from({ length: count }, () => 'a')],
    [1118, 8, [`/${'f'.repeat(50_000)}/`]],
  ])
  expect(() => rpmOwners([header], DEFAULT_LIMITS)).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }))
})

describe('a database of the ndb format', () => {
  function patched(at: number, value: number): Buffer {
    const bytes = Buffer.from(buildNdb(HEADERS))
    bytes.writeUInt32LE(value, at)
    return bytes
  }
  test.each([
    ['of another version', patched(4, 1), 'FORMAT_UNSUPPORTED'],
    ['with more slots than bytes', patched(12, 5000), 'FORMAT_TRUNCATED'],
    ['without a slot', patched(32, 0), 'FORMAT_CORRUPT'],
    ['with a package outside of it', patched(40, 99_999), 'FORMAT_TRUNCATED'],
    ['with a package that has another number', patched(36, 7), 'FORMAT_CORRUPT'],
    ['with a package of another length', patched(4096 + 12, 100), 'FORMAT_CORRUPT'],
    ['with a package beyond all limits', patched(4096 + 12, 0x7fffffff), 'LIMIT_EXCEEDED'],
  ])('%s ends in an error', (_name, bytes, code) => {
    expect(() => [...ndbBlobs(bytesSource(bytes), DEFAULT_LIMITS)]).toThrow(expect.objectContaining({ code }))
  })

  test('whose slots all lead to one package comes to an end', () => {
    const bytes = Buffer.from(buildNdb([buildRpmHeader(TINY)]))
    for (let at = 48; at < 4096; at += 16) bytes.copy(bytes, at, 32, 48)
    expect(() => [...ndbBlobs(bytesSource(bytes), DEFAULT_LIMITS)]).toThrow(
      expect.objectContaining({ code: 'FORMAT_CORRUPT' }),
    )
  })
})

const SPEC = `Name: tiny
Epoch: 1
Version: 1.2
Release: 3
Summary: s
License: l
BuildArch: noarch
%description
d
%package more
Summary: m
%description more
m
%install
mkdir -p %{buildroot}/usr/share/tiny %{buildroot}/etc
for i in $(seq 1 200); do echo $i > %{buildroot}/usr/share/tiny/a-file-with-number-$i; done
ln -s tiny %{buildroot}/usr/share/link
touch %{buildroot}/etc/tiny.conf
%files
%config /etc/tiny.conf
/usr/share/link
%files more
/usr/share/tiny
`

test.skipIf(!hasProgram('rpmbuild'))('rpm and we list the same files of a database that rpm made', async () => {
  const work = workDirectory()
  const database = `${work.path}/db`
  mkdirSync(database)
  writeFileSync(`${work.path}/tiny.spec`, SPEC)
  run('rpmbuild', '-bb', '--quiet', '-D', `_topdir ${work.path}`, `${work.path}/tiny.spec`)
  const rpm = (...rest: string[]): string => run('rpm', '--dbpath', database, '-D', '_db_backend sqlite', ...rest)
  rpm('--initdb')
  const folder = `${work.path}/RPMS/noarch`
  rpm('-i', '--nodeps', '--justdb', ...readdirSync(folder).map((name) => `${folder}/${name}`))
  const source = fileSource(`${database}/rpmdb.sqlite`)
  const facts = await readPackageFacts('var/lib/rpm/rpmdb.sqlite', source, { limits: DEFAULT_LIMITS })
  source.close()
  const packages = facts.kind === 'owned' ? facts.packages : []
  expect(packages.map(({ package: { name } }) => name).sort()).toEqual(['tiny', 'tiny-more'])
  for (const { package: owner, paths } of packages) {
    const isFile = (path: string): boolean => path !== '/usr/share/tiny'
    const truth = rpm('-ql', owner.name).trim().split('\n').filter(isFile)
    expect(paths.map((path) => `/${path}`).sort()).toEqual(truth.sort())
    expect(rpm('-q', '--qf', '%{EVR} %{ARCH}', owner.name)).toBe(`${owner.version} ${owner.architecture}`)
  }
  work.remove()
})
