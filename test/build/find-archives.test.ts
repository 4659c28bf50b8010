import { readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type BuildPlan, buildPrints } from '../../src/build/build-database.ts'
import { readLock } from '../../src/build/locks.ts'
import { decodePrints } from '../../src/database/prints-file.ts'
import { type OfferedSource, writeApt } from '../fixtures/apt.ts'
import { writeNpm } from '../fixtures/npm.ts'
import { tarOf } from '../fixtures/tar.ts'
import { entryOf } from './component.ts'
import { git, hasGit, repositoryOf, temporaryDirectory } from './sources/repositories.ts'

afterEach(() => vi.unstubAllEnvs())

const VERSION_FROM = { file: 'deps/foo/foo.h', pattern: 'FOO_MAJOR (\\d+)\\s+#define FOO_MINOR (\\d+)' }
const entry = entryOf('foo', {
  debian: { source: ['foo'], libraries: [] },
  npmSources: [
    { package: '@x/foo', versions: ['5.0.0', '6.0.0'], path: 'deps/foo', versionFrom: VERSION_FROM, reason: 'newer' },
  ],
})

function tarball(files: Readonly<Record<string, string>>): Uint8Array {
  return gzipSync(tarOf(files))
}

function offer(version: string, upstream: string, changes: Partial<OfferedSource> = {}): OfferedSource {
  const bytes = tarball({
    [`foo-${upstream}/foo.c`]: `const char *foo = "text of ${upstream}";`,
    [`foo-${upstream}/tables.c`]: `const char *tables = "tables of ${upstream}";`,
  })
  return { source: 'foo', version, file: `foo_${upstream}.orig.tar.gz`, bytes, ...changes }
}

function npmPackage(minor: number): Uint8Array {
  return tarball({
    'package/deps/foo/foo.h': `#define FOO_MAJOR 2\n#define FOO_MINOR ${minor}\n`,
    'package/deps/foo/foo.c': `const char *foo = "bundled text of 2.${minor}";`,
  })
}

const SOURCES = [offer('1:1.0-1', '1.0'), offer('1:1.0-2', '1.0'), offer('1:1.5-1', '1.5')]
const PACKAGES = { '@x/foo@5.0.0': npmPackage(1), '@x/foo@6.0.0': npmPackage(2) }

function offerAll(directory: string, sources: readonly OfferedSource[], packages: Record<string, Uint8Array>): void {
  const bin = join(directory, `bin-${Math.random()}`)
  writeApt(bin, [], sources)
  writeNpm(bin, packages)
  vi.stubEnv('PATH', `${bin}${delimiter}${process.env['PATH']}`)
}

function plan(changes: Partial<BuildPlan['archives']> = {}): BuildPlan & { readonly directory: string } {
  const repository = repositoryOf({ 'foo.c': 'const char *foo = "text of 1.0";' })
  git(repository, 'tag', 'v1.0')
  const directory = temporaryDirectory()
  offerAll(directory, SOURCES, PACKAGES)
  return {
    entries: [{ ...entry, repository }],
    catalog: [entry],
    vendoredPaths: [],
    printsDirectory: join(directory, 'prints'),
    locksDirectory: join(directory, 'locks'),
    gitMirror: linkTo(directory, repository),
    jobs: 1,
    archives: {
      sourcePackages: true,
      npm: true,
      cacheDirectory: join(directory, 'cache'),
      suites: ['bookworm'],
      ...changes,
    },
    directory,
  }
}

function linkTo(directory: string, repository: string): string {
  const mirror = join(directory, 'mirror')
  git(repository, 'clone', '--quiet', '--bare', '.', join(mirror, 'foo.git'))
  return mirror
}

function releases({ directory }: { readonly directory: string }): string[] {
  const prints = decodePrints(readFileSync(join(directory, 'prints/foo.bpf')))
  return prints.releases.map(({ version, provenance }) =>
    `${version}: ${provenance}`.replace(/commit [0-9a-f]+/, 'commit'),
  )
}

describe.skipIf(process.platform === 'win32' || !hasGit)('archives beside the tags', () => {
  test('complete releases and add others', async () => {
    const build = plan()
    await buildPrints(build)
    expect(releases(build)).toEqual([
      '1.0: tag v1.0 (commit); Debian source foo 1:1.0-2',
      '1.5: Debian source foo 1:1.5-1',
      '2.1: npm @x/foo@5.0.0',
      '2.2: npm @x/foo@6.0.0',
    ])
  })

  test('are named in the lock with what identifies them', async () => {
    const build = plan()
    await buildPrints(build)
    const lock = readLock(build.locksDirectory, 'foo')
    expect(lock?.tags.size).toBe(1)
    expect(lock?.sourcePackages.map(({ version, release, file }) => [version, release, file])).toEqual([
      ['1:1.0-2', '1.0', 'foo_1.0.orig.tar.gz'],
      ['1:1.5-1', '1.5', 'foo_1.5.orig.tar.gz'],
    ])
    expect(lock?.npm.map((one) => [one.package, one.version, one.release])).toEqual([
      ['@x/foo', '5.0.0', '2.1'],
      ['@x/foo', '6.0.0', '2.2'],
    ])
  })

  test('that are excluded are not read', async () => {
    const exclusion = {
      sha256: new Set<string>(),
      packages: new Set(['foo 1:1.5-1', 'foo 1:1.0-2']),
      npm: new Set(['@x/foo@6.0.0']),
    }
    const build = plan({ exclusion })
    await buildPrints(build)
    expect(releases(build)).toEqual(['1.0: tag v1.0 (commit); Debian source foo 1:1.0-1', '2.1: npm @x/foo@5.0.0'])
  })

  test('are read when asked for', async () => {
    const build = plan({ sourcePackages: false, npm: false })
    await buildPrints(build)
    expect(releases(build)).toEqual(['1.0: tag v1.0 (commit)'])
  })

  test('of a lock are read whatever is asked for, and give the same bytes', async () => {
    const build = plan()
    const [result] = await buildPrints(build)
    const [before, lock] = [readFileSync(result!.path), readFileSync(join(build.directory, 'locks/foo.json'))]
    offerAll(build.directory, [...SOURCES, offer('1:1.6-1', '1.6')], PACKAGES)
    const archives = {
      ...build.archives!,
      sourcePackages: false,
      npm: false,
      cacheDirectory: join(build.directory, 'new'),
    }
    await buildPrints({ ...build, archives, locked: true })
    expect(readFileSync(result!.path)).toEqual(before)
    expect(readFileSync(join(build.directory, 'locks/foo.json'))).toEqual(lock)
  })

  test('of a lock may come with another revision of the source package', async () => {
    const build = plan()
    const [result] = await buildPrints(build)
    const before = readFileSync(result!.path)
    offerAll(build.directory, [offer('1:1.0-3', '1.0'), offer('1:1.5-1', '1.5')], PACKAGES)
    await buildPrints({
      ...build,
      archives: { ...build.archives!, cacheDirectory: join(build.directory, 'new') },
      locked: true,
    })
    expect(readFileSync(result!.path)).toEqual(before)
  })

  test.each([
    ['a source package is gone', SOURCES.slice(0, 2), PACKAGES, 'source package foo 1:1.5-1'],
    ['a package of npm is gone', SOURCES, {}, '@x/foo@5.0.0'],
    ['a package of npm is another', SOURCES, { ...PACKAGES, '@x/foo@6.0.0': npmPackage(7) }, '@x/foo@6.0.0'],
  ])('of a lock end the build when %s', async (_, sources, packages, message) => {
    const build = plan()
    await buildPrints(build)
    offerAll(build.directory, sources, packages)
    const archives = { ...build.archives!, cacheDirectory: join(build.directory, 'new') }
    await expect(buildPrints({ ...build, archives, locked: true })).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      message: expect.stringContaining(message),
    })
  })

  test('that cannot be had are named, unless another revision has the same bytes', async () => {
    const build = plan()
    const [first, second] = SOURCES
    offerAll(build.directory, [first!, { ...second!, gone: true }, offer('1:1.5-1', '1.5', { gone: true })], {})
    const [result] = await buildPrints(build)
    expect(releases(build)).toEqual(['1.0: tag v1.0 (commit); Debian source foo 1:1.0-2'])
    expect(result!.skipped.map(({ path }) => path)).toEqual([
      'source package foo=1:1.5-1',
      'npm @x/foo@5.0.0',
      'npm @x/foo@6.0.0',
    ])
  })

  test('that do not state the version are refused', async () => {
    const build = plan()
    offerAll(build.directory, [], { '@x/foo@5.0.0': tarball({ 'package/deps/foo/foo.h': '/* none */' }) })
    await expect(buildPrints(build)).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
  })
})
