import { expect, test } from 'vitest'
import { NOTHING_EXCLUDED } from '../../../src/build/exclusion.ts'
import { type AptPackage, packageOf, sourceLines } from '../../../src/build/sources/apt.ts'
import { debianProvenance, debianReleases, libraryPackages } from '../../../src/build/sources/debian.ts'
import { entryOf } from '../component.ts'

const entry = entryOf('libevent', { debian: { source: ['libevent'], libraries: ['libevent-2.1-7', 'libevent-dev'] } })

function build(changes: Partial<AptPackage>): AptPackage {
  const version = changes.version ?? '2.1.12-stable-8'
  return {
    name: 'libevent-2.1-7',
    version,
    architecture: 'amd64',
    source: 'libevent',
    sourceVersion: version,
    sha256: 'a'.repeat(64),
    ...changes,
  }
}

test("a package is a component's when name and source are in its catalog entry", () => {
  const listed = [build({}), build({ name: 'libevent-tools' }), build({ source: 'another' })]
  expect(libraryPackages(entry, listed, NOTHING_EXCLUDED)).toEqual([listed[0]])
})

test.each([
  [
    'its source package in this version',
    { sha256: new Set<string>(), packages: new Set(['libevent 2.1.12-stable-8']), npm: new Set<string>() },
  ],
  ['its sha256', { sha256: new Set(['a'.repeat(64)]), packages: new Set<string>(), npm: new Set<string>() }],
])('a package is left out when %s is excluded', (_, exclusion) => {
  expect(libraryPackages(entry, [build({ sourceVersion: '2.1.12-stable-8+b2' })], exclusion)).toEqual([])
})

test('architectures and revisions of one upstream version are one release, named as the sources name it', () => {
  const packages = [
    build({ version: '2.1.13-stable-1' }),
    build({ architecture: 'arm64' }),
    build({ version: '2.1.12-stable-1' }),
    build({}),
  ]
  const releases = debianReleases(entry, packages, ['2.1.11', '2.1.12'])
  expect(releases.map(({ version, packages }) => [version, packages.length])).toEqual([
    ['2.1.12', 3],
    ['2.1.13', 1],
  ])
})

test('the spelling of a version is that of the source release', () => {
  const re2 = entryOf('re2', { versionScheme: 'date' })
  const [release] = debianReleases(re2, [build({ sourceVersion: '20240702-3' })], ['2024-06-01', '2024-07-02'])
  expect(release?.version).toBe('2024-07-02')
})

test('the provenance names source package, version and architectures', () => {
  const [release] = debianReleases(entry, [build({ architecture: 'arm64' }), build({})], [])
  expect(debianProvenance(release!)).toBe('Debian libevent 2.1.12-stable-8 (amd64, arm64)')
})

test('a stanza names the source package and its version only where they differ', () => {
  const stanza = 'Package: zlib1g\nArchitecture: amd64\nVersion: 1:1.3-1+b1\nSource: zlib (1:1.3-1)\nSHA256: ab'
  expect(packageOf(stanza)).toMatchObject({ source: 'zlib', sourceVersion: '1:1.3-1' })
  expect(packageOf('Package: a\nArchitecture: all\nVersion: 1\nSHA256: ab')).toMatchObject({
    source: 'a',
    sourceVersion: '1',
  })
  expect(packageOf('N: no such package')).toBeUndefined()
})

test('a suite comes with its updates and security suites, the rolling one alone', () => {
  const mirrors = { main: 'http://mirror/debian', security: 'http://mirror/debian-security' }
  expect(sourceLines(mirrors, ['bookworm', 'sid'], ['amd64', 'arm64']).map(({ line }) => line)).toEqual([
    'deb [arch=amd64,arm64] http://mirror/debian bookworm main',
    'deb [arch=amd64,arm64] http://mirror/debian bookworm-updates main',
    'deb [arch=amd64,arm64] http://mirror/debian-security bookworm-security main',
    'deb [arch=amd64,arm64] http://mirror/debian sid main',
  ])
})
