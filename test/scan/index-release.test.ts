import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { FeatureKind } from '../../src/database/feature-kinds.ts'
import { decodePrints } from '../../src/database/prints-file.ts'
import type { ComponentPrints } from '../../src/database/schema.ts'
import { type IndexReleaseOptions, indexRelease } from '../../src/scan/index-release.ts'
import { openDatabase } from '../../src/scan/open-database.ts'
import { scanFile } from '../../src/scan/scan-file.ts'
import { git, hasGit, repositoryOf, writeFiles } from '../build/sources/repositories.ts'
import { fixtureContent, fixtureSources, fixtureVersions, writeSources } from '../fixtures/database.ts'
import { elfProgram } from '../fixtures/programs.ts'
import { buildTar } from '../fixtures/tar.ts'

const work = mkdtempSync(join(tmpdir(), 'binprint-index-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))

const component = 'heronzip'
const VERSIONS = fixtureVersions(component)
let prints = ''
let sources = ''

beforeEach(() => {
  const directory = mkdtempSync(join(work, 'case-'))
  prints = join(directory, 'prints')
  sources = join(directory, 'sources')
})

/** Indexes the source directory of one release. */
function index(release: string, options: Partial<IndexReleaseOptions> = {}): ReturnType<typeof indexRelease> {
  return indexRelease(prints, [writeSources(sources, component, release)], { component, release, ...options })
}

function stored(): ComponentPrints {
  return decodePrints(readFileSync(join(prints, `${component}.bpf`)), {})
}

function storedVersions(): string[] {
  return stored().releases.map(({ version }) => version)
}

/** The releases as one archive, below a top folder as upstreams pack them. */
function archive(version: string): string {
  const members = Object.entries(fixtureSources(component, version)).map(([path, text]) => ({
    path: `${component}-${version}/${path}`,
    bytes: Buffer.from(text),
  }))
  const path = join(work, `${component}-${version}.tar.gz`)
  writeFileSync(path, gzipSync(buildTar(members)))
  return path
}

describe('one release', () => {
  test('is read from a directory', async () => {
    const result = await index('1.0.0')
    expect(result).toMatchObject({
      component,
      releases: ['1.0.0'],
      path: join(prints, 'heronzip.bpf'),
      skipped: [],
    })
    expect(result.features).toBeGreaterThan(20)
    expect(stored().releases).toMatchObject([{ version: '1.0.0', origin: 'source' }])
    expect(stored().units.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['inflate.c', 'deflate.c', 'banner.c']),
    )
  })

  test('is read from an archive, with the same features as from its directory', async () => {
    await index('1.0.0')
    const fromDirectory = stored()
    rmSync(prints, { recursive: true })
    await indexRelease(prints, [archive('1.0.0')], { component, release: '1.0.0' })
    const { releases } = stored()
    expect({ ...stored(), releases: [] }).toEqual({ ...fromDirectory, releases: [] })
    expect(releases[0]?.provenance).toContain('heronzip-1.0.0.tar.gz')
  })

  test('gives the same bytes every time', async () => {
    await index('1.0.0')
    const first = readFileSync(join(prints, 'heronzip.bpf'))
    rmSync(prints, { recursive: true })
    await index('1.0.0')
    expect(readFileSync(join(prints, 'heronzip.bpf')).equals(first)).toBe(true)
  })
})

describe('prints that are there already', () => {
  test('are extended; releases stand in the component’s order, not in that of indexing', async () => {
    for (const version of ['1.2.0', '2.0.0', '1.0.0']) await index(version)
    expect(storedVersions()).toEqual(['1.0.0', '1.2.0', '2.0.0'])
  })

  test('are the same in whatever order releases were added', async () => {
    for (const version of ['1.0.0', '1.1.0', '1.2.0']) await index(version)
    const ascending = readFileSync(join(prints, 'heronzip.bpf'))
    rmSync(prints, { recursive: true })
    for (const version of ['1.2.0', '1.0.0', '1.1.0']) await index(version)
    expect(readFileSync(join(prints, 'heronzip.bpf')).equals(ascending)).toBe(true)
  })

  test('have a release replaced that is added again', async () => {
    await index('1.0.0')
    const before = stored()
    const other = join(sources, 'other')
    writeFiles(other, { 'inflate.c': 'const char *const text = "this release is another one now";\n' })
    await indexRelease(prints, [other], { component, release: '1.0.0' })
    expect(storedVersions()).toEqual(['1.0.0'])
    expect(stored().features[FeatureKind.String].high).toHaveLength(1)
    await index('1.0.0')
    expect(stored()).toEqual(before)
  })

  test('are left as they were when indexing fails', async () => {
    await index('1.0.0')
    const before = readFileSync(join(prints, 'heronzip.bpf'))
    const empty = mkdtempSync(join(work, 'empty-'))
    await expect(indexRelease(prints, [empty], { component, release: '1.1.0' })).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
    })
    expect(readFileSync(join(prints, 'heronzip.bpf')).equals(before)).toBe(true)
  })

  test('that are damaged end the call and are not overwritten', async () => {
    await index('1.0.0')
    const path = join(prints, 'heronzip.bpf')
    writeFileSync(path, readFileSync(path).subarray(0, 60))
    await expect(index('1.1.0')).rejects.toMatchObject({ code: 'STORE_CORRUPT' })
    expect(readFileSync(path)).toHaveLength(60)
  })
})

describe.skipIf(!hasGit)('a git repository', () => {
  /** A work tree with a commit and a tag for each release, and tags that are none. */
  function repository(): string {
    const directory = repositoryOf({ README: 'nothing yet\n' })
    for (const version of VERSIONS) {
      writeFiles(directory, fixtureSources(component, version))
      git(directory, 'add', '--all')
      git(directory, 'commit', '--quiet', `--message=${version}`)
      git(directory, 'tag', `v${version}`)
    }
    git(directory, 'tag', 'nightly')
    git(directory, 'tag', 'v9.9.9-alpha')
    return directory
  }

  test('gives the releases that its tags name, with their commits', async () => {
    const result = await indexRelease(prints, [repository()], { component })
    expect(result.releases).toEqual(VERSIONS)
    for (const { provenance } of stored().releases) expect(provenance).toMatch(/^tag v[\d.]+ \(commit [0-9a-f]{40}\)$/)
  })

  test('has the same features as the directories of its releases', async () => {
    await indexRelease(prints, [repository()], { component })
    const fromTags = stored()
    rmSync(prints, { recursive: true })
    for (const version of VERSIONS) await index(version)
    expect({ ...stored(), releases: [] }).toEqual({ ...fromTags, releases: [] })
  })

  test('gives the tags that a pattern names', async () => {
    const { releases } = await indexRelease(prints, [repository()], { component, tags: /^v1\.2/ })
    expect(releases).toEqual(['1.2.0', '1.2.1'])
  })

  test('gives the one release that is asked for', async () => {
    const { releases } = await indexRelease(prints, [repository()], { component, release: '1.1.0' })
    expect(releases).toEqual(['1.1.0'])
  })

  test('without a tag that names a release is a failure that names the pattern', async () => {
    await expect(indexRelease(prints, [repository()], { component, tags: /^release-/ })).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      message: expect.stringContaining('release-'),
    })
  })
})

describe('what cannot be indexed', () => {
  test.each<[string, () => readonly string[], Partial<IndexReleaseOptions>, string]>([
    ['no input', () => [], {}, 'USAGE'],
    ['two inputs for one release', () => [sources, sources], {}, 'USAGE'],
    ['a name that is none', () => [archive('1.0.0')], { component: '../zlib' }, 'USAGE'],
    ['an input that is not there', () => [join(work, 'missing')], {}, 'INPUT_NOT_FOUND'],
  ])('%s', async (_name, inputs, options, code) => {
    const call = indexRelease(prints, inputs(), { component, release: '1.0.0', ...options })
    await expect(call).rejects.toMatchObject({ code })
    expect(existsSync(prints)).toBe(false)
  })

  test('an archive without its version', async () => {
    await expect(indexRelease(prints, [archive('1.0.0')], { component })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('--release'),
    })
  })

  test('anything, once the signal has fired', async () => {
    await expect(index('1.0.0', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' })
    expect(existsSync(prints)).toBe(false)
  })
})

test('what was indexed is found', async () => {
  for (const version of VERSIONS) await index(version)
  await using db = await openDatabase(prints, { cacheDirectory: join(work, 'cache') })
  const report = await scanFile(elfProgram(fixtureContent(component, '1.2.1')), { db })
  expect(report.files[0]?.components).toMatchObject([
    { name: component, role: 'embedded', purl: 'pkg:generic/heronzip@1.2.1', version: { version: '1.2.1' } },
  ])
})
