import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { buildPackages, type PackagePlan } from '../../src/build/build-packages.ts'
import { readLock } from '../../src/build/locks.ts'
import { writePrints } from '../../src/build/prints-directory.ts'
import { decodePrints } from '../../src/database/prints-file.ts'
import { buildDatabase } from '../../src/scan/build-database.ts'
import { type OfferedPackage, writeApt } from '../fixtures/apt.ts'
import { workDirectory } from '../fixtures/compile.ts'
import { buildDeb } from '../fixtures/deb.ts'
import { elfProgram } from '../fixtures/programs.ts'
import { entryOf, printsOf, sourceReleases } from './component.ts'
import { git, writeFiles } from './sources/repositories.ts'

const work = workDirectory()
afterAll(() => work.remove())
afterEach(() => vi.unstubAllEnvs())

const entry = entryOf('foo', { debian: { source: ['foo'], libraries: ['libfoo1'] } })

function offer(version: string, architecture: string, changes: Partial<OfferedPackage> = {}): OfferedPackage {
  const library = elfProgram({ strings: [`foo ${version.replace(/^.*:|-.*$/g, '')} for ${architecture}`] })
  const bytes = buildDeb({ files: { 'usr/lib/libfoo.so.1': library } })
  return { name: 'libfoo1', version, architecture, source: 'foo', bytes, ...changes }
}

const OFFERED = [offer('1:1.2-1', 'amd64'), offer('1:1.2-2', 'arm64'), offer('1:1.3-1', 'amd64')]

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(work.path, 'case-'))
  mkdirSync(join(directory, 'prints'))
  offerAll(OFFERED)
})

function offerAll(offered: readonly OfferedPackage[]): void {
  const bin = join(directory, `bin-${offered.length}-${offered.some(({ gone }) => gone === true)}`)
  writeApt(bin, offered)
  vi.stubEnv('PATH', `${bin}${delimiter}${process.env['PATH']}`)
}

function build(changes: Partial<PackagePlan> = {}): ReturnType<typeof buildPackages> {
  return buildPackages({
    entries: [entry, entryOf('bar')],
    printsDirectory: join(directory, 'prints'),
    locksDirectory: join(directory, 'locks'),
    cacheDirectory: join(directory, 'cache'),
    suites: ['bookworm'],
    architectures: ['amd64', 'arm64'],
    jobs: 1,
    ...changes,
  })
}

function releases(): string[] {
  const prints = decodePrints(readFileSync(join(directory, 'prints/foo.bpf')))
  return prints.releases.map(({ origin, version, provenance }) => `${origin} ${version}: ${provenance}`)
}

describe.skipIf(process.platform === 'win32')('packages that apt offers', () => {
  test('become one built release for each upstream version', async () => {
    const [result] = await build()
    expect(result).toMatchObject({ component: 'foo', releases: ['1.2', '1.3'] })
    expect(releases()).toEqual([
      'built 1.2: Debian foo 1:1.2-1 (amd64); foo 1:1.2-2 (arm64)',
      'built 1.3: Debian foo 1:1.3-1 (amd64)',
    ])
  })

  test('stand beside the source releases, in place of those built before', async () => {
    await writePrints(join(directory, 'prints'), printsOf('foo', { 'foo.c': ['some text'] }, sourceReleases('1.2')))
    await build()
    await build({ exclusion: { sha256: new Set(), packages: new Set(['foo 1:1.3-1']), npm: new Set<string>() } })
    expect(releases()).toEqual(['source 1.2: test 1.2', 'built 1.2: Debian foo 1:1.2-1 (amd64); foo 1:1.2-2 (arm64)'])
  })

  test('are named in the lock with their sha256 and that of their libraries', async () => {
    await build()
    const lock = readLock(join(directory, 'locks'), 'foo')
    expect(lock?.packages.map((one) => [one.version, one.architecture, one.release, one.files.length])).toEqual([
      ['1:1.2-1', 'amd64', '1.2', 1],
      ['1:1.2-2', 'arm64', '1.2', 1],
      ['1:1.3-1', 'amd64', '1.3', 1],
    ])
  })

  test('of a suite whose list is missing are named by suite and architecture', async () => {
    const [result] = await build()
    const reason = 'its package list could not be fetched'
    expect(result?.skipped).toEqual([
      { path: 'bookworm-updates (amd64)', reason },
      { path: 'bookworm-updates (arm64)', reason },
    ])
  })

  test('that come after the lock are no part of a locked build', async () => {
    await build()
    const before = readFileSync(join(directory, 'prints/foo.bpf'))
    offerAll([...OFFERED, offer('1:1.4-1', 'amd64')])
    await build({ locked: true })
    expect(readFileSync(join(directory, 'prints/foo.bpf'))).toEqual(before)
  })

  test('that are listed no more end a locked build', async () => {
    await build()
    offerAll(OFFERED.slice(1))
    await expect(build({ locked: true })).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      message: expect.stringContaining('libfoo1 1:1.2-1 (amd64)'),
    })
  })

  test('that cannot be downloaded are named, and the others count', async () => {
    offerAll([offer('1:1.2-1', 'amd64'), offer('1:1.3-1', 'amd64', { gone: true })])
    const [result] = await build()
    expect(result?.releases).toEqual(['1.2'])
    expect(result?.skipped).toContainEqual({ path: 'libfoo1:amd64=1:1.3-1', reason: 'it could not be downloaded' })
  })
})

test('without apt there is a message that says so', async () => {
  vi.stubEnv('PATH', join(directory, 'nothing'))
  await expect(build()).rejects.toMatchObject({
    code: 'SOURCE_FAILED',
    message: expect.stringMatching(/need the program apt-get/),
  })
})

test.skipIf(process.platform === 'win32')(
  'a locked build of sources and packages reads both again from the lock',
  async () => {
    const mirror = join(directory, 'mirror')
    const repository = join(mirror, 'foo')
    mkdirSync(repository, { recursive: true })
    git(repository, 'init', '--quiet', '--initial-branch=main', '.')
    writeFiles(repository, { 'foo.c': 'const char *foo = "text of foo 1.2";' })
    git(repository, 'add', '--all')
    git(repository, 'commit', '--quiet', '--message=first')
    git(repository, 'tag', 'v1.2')
    const catalog = join(directory, 'catalog')
    writeFiles(catalog, { 'components/foo.json': JSON.stringify(entry), 'vendored-paths.json': '[]' })
    const options = {
      catalogDirectory: catalog,
      printsDirectory: join(directory, 'prints'),
      packageCache: join(directory, 'cache'),
      gitMirror: mirror,
      suites: ['bookworm'],
      architectures: ['amd64', 'arm64'],
      from: ['sources', 'packages'] as const,
      jobs: 1,
    }
    await buildDatabase(options)
    const before = [readFileSync(join(directory, 'prints/foo.bpf')), readFileSync(join(directory, 'locks/foo.json'))]
    expect(releases()).toHaveLength(3)
    rmSync(join(directory, 'prints'), { recursive: true })
    await buildDatabase({ ...options, locked: true })
    expect([readFileSync(join(directory, 'prints/foo.bpf')), readFileSync(join(directory, 'locks/foo.json'))]).toEqual(
      before,
    )
  },
)
