import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { packageKey, readExclusion, withoutRebuild } from '../../src/build/exclusion.ts'
import {
  builtFrom,
  encodeLock,
  type Lock,
  type LockedPackage,
  lockedTags,
  readLock,
  readLocks,
  writeLock,
} from '../../src/build/locks.ts'
import { workDirectory } from '../fixtures/compile.ts'
import { printsOf } from './component.ts'

const COMMIT = '51b7f2abdade71cd9bb0e7a373ef2610ec6f9daf'
const work = workDirectory()
afterAll(() => work.remove())

function locked(changes: Partial<LockedPackage>): LockedPackage {
  return {
    package: 'zlib1g',
    version: '1:1.3.1-1',
    architecture: 'amd64',
    source: 'zlib',
    sourceVersion: '1:1.3.1-1',
    release: '1.3.1',
    sha256: 'a'.repeat(64),
    files: ['b'.repeat(64)],
    ...changes,
  }
}

const LOCK: Lock = {
  name: 'zlib',
  repository: 'https://example.org/zlib',
  tags: new Map([['v1.3', COMMIT]]),
  sourcePackages: [
    {
      source: 'zlib',
      version: '1:1.2.13.dfsg-1',
      release: '1.2.13',
      file: 'zlib_1.2.13.dfsg.orig.tar.bz2',
      sha256: 'c'.repeat(64),
    },
  ],
  npm: [{ package: '@scope/zlib', version: '1.0.0', release: '1.2.3', integrity: `sha512-${'A'.repeat(86)}==` }],
  packages: [locked({ architecture: 'amd64' }), locked({ architecture: 'arm64' })],
  inputs: { sources: 'd'.repeat(32) },
  folders: { own: ['compat'], foreign: ['zlib'] },
  prints: 'e'.repeat(64),
}

test('a lock is read as it was written', async () => {
  await writeLock(work.path, LOCK)
  expect(readLock(work.path, 'zlib')).toEqual(LOCK)
})

test('the order of packages and files does not show in a lock', () => {
  const files = ['c'.repeat(64), 'b'.repeat(64)]
  const one = { ...LOCK, packages: [locked({ files }), locked({ architecture: 'arm64' })] }
  const other = { ...LOCK, packages: [locked({ architecture: 'arm64' }), locked({ files: [...files].reverse() })] }
  expect(encodeLock(one)).toBe(encodeLock(other))
})

test('a component that was never built has no lock', () => {
  expect(readLock(work.path, 'nothing')).toBeUndefined()
})

test.each([
  ['another name', { name: 'other' }],
  ['a commit that is none', { tags: { 'v1.3': 'main' } }],
  ['an option as a package', { packages: [{ ...locked({}), package: '--help' }] }],
])('a lock with %s is refused', (_, changes) => {
  const directory = join(work.path, 'broken')
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'zlib.json'), JSON.stringify({ ...JSON.parse(encodeLock(LOCK)), ...changes }))
  expect(() => readLock(directory, 'zlib')).toThrow(expect.objectContaining({ code: 'CATALOG_CORRUPT' }))
})

test('a lock of an older build lacks what came later', () => {
  const directory = join(work.path, 'old')
  mkdirSync(directory, { recursive: true })
  const { sourcePackages: _, npm: __, inputs: ___, folders: ____, prints: _____, ...old } = JSON.parse(encodeLock(LOCK))
  writeFileSync(join(directory, 'zlib.json'), JSON.stringify(old))
  expect(readLock(directory, 'zlib')).toEqual({
    ...LOCK,
    sourcePackages: [],
    npm: [],
    inputs: {},
    folders: { own: [], foreign: [] },
    prints: null,
  })
})

test('tags and commits are taken from the provenance of source releases', () => {
  const provenance = `tag v1.3 (commit ${COMMIT})`
  const prints = printsOf('zlib', { 'a.c': ['some text'] }, [
    { version: '1.2', origin: 'source', provenance: 'file zlib-1.2.tar.gz' },
    { version: '1.3', origin: 'source', provenance: `${provenance}; Debian source zlib 1:1.3-1` },
    { version: '1.3', origin: 'built', provenance: 'Debian zlib 1:1.3-1 (amd64)' },
  ])
  expect([...lockedTags(prints)]).toEqual([['v1.3', COMMIT]])
})

describe('the database and the corpus that measures it', () => {
  const locks = join(import.meta.dirname, '../../fingerprint-db/locks')
  const corpus = join(import.meta.dirname, '../../bench/accuracy/corpora/public.json')
  const ready = existsSync(corpus) && readLocks(locks).length > 0

  test.skipIf(!ready)('share no package of npm', () => {
    const { npm } = readExclusion(corpus)
    expect(builtFrom(locks).npm.filter((name) => npm.has(name))).toEqual([])
  })

  test.skipIf(!ready)('share no file', () => {
    const { sha256 } = readExclusion(corpus)
    expect([...builtFrom(locks).sha256].filter((digest) => sha256.has(digest))).toEqual([])
  })

  test.skipIf(!ready)('share no source package in one version', () => {
    const { packages } = readExclusion(corpus)
    const keys = builtFrom(locks).packages.map(({ source, version }) => packageKey(source, withoutRebuild(version)))
    expect(keys.filter((key) => packages.has(key))).toEqual([])
  })
})
