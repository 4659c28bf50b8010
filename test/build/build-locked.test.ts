import { mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type BuildPlan, buildPrints } from '../../src/build/build-database.ts'
import { indexBuilt } from '../../src/build/index-programs.ts'
import { readLock } from '../../src/build/locks.ts'
import { readPrints, writePrints } from '../../src/build/prints-directory.ts'
import { elfProgram } from '../fixtures/programs.ts'
import { entryOf } from './component.ts'
import { git, hasGit, repositoryOf, temporaryDirectory, writeFiles } from './sources/repositories.ts'

const entry = entryOf('foo')

function source(version: string): Record<string, string> {
  return { 'foo.c': `const char *foo = "text of ${version}";` }
}

/** A repository with the tags 1.0 and 1.1, as the mirror of a build. */
function plan(): BuildPlan & { readonly repository: string } {
  const first = repositoryOf(source('1.0'))
  git(first, 'tag', 'v1.0')
  writeFiles(first, source('1.1'))
  git(first, 'commit', '--quiet', '--all', '--message=second')
  git(first, 'tag', 'v1.1')
  const directory = temporaryDirectory()
  const repository = join(directory, 'mirror/foo')
  mkdirSync(join(directory, 'mirror'))
  renameSync(first, repository)
  return {
    entries: [entry],
    catalog: [entry],
    vendoredPaths: [],
    printsDirectory: join(directory, 'prints'),
    locksDirectory: join(directory, 'locks'),
    gitMirror: join(directory, 'mirror'),
    jobs: 1,
    repository,
  }
}

describe.skipIf(!hasGit)('a build from tags', () => {
  test('locks the commit of each tag', async () => {
    const build = plan()
    await buildPrints(build)
    const commits = ['v1.0', 'v1.1'].map((tag) => [tag, git(build.repository, 'rev-parse', tag)])
    expect([...(readLock(build.locksDirectory, 'foo')?.tags ?? [])]).toEqual(commits)
  })

  test('that is locked leaves later tags out and gives the same bytes', async () => {
    const build = plan()
    const [result] = await buildPrints(build)
    const before = readFileSync(result!.path)
    git(build.repository, 'tag', 'v1.2')
    await buildPrints({ ...build, locked: true })
    expect(readFileSync(result!.path)).toEqual(before)
  })

  test.each([
    ['moved', ['tag', '--force', 'v1.0', 'v1.1'], 'but it is at'],
    ['gone', ['tag', '--delete', 'v1.0'], 'but there is no such release'],
  ])('that is locked ends when a tag is %s', async (_, change, message) => {
    const build = plan()
    await buildPrints(build)
    git(build.repository, ...change)
    await expect(buildPrints({ ...build, locked: true })).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      message: expect.stringContaining(message),
    })
  })

  test('that is locked needs a lock', async () => {
    await expect(buildPrints({ ...plan(), locked: true })).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' })
  })

  test('keeps built releases', async () => {
    const build = plan()
    await buildPrints(build)
    writeFiles(build.printsDirectory, { 'libfoo.so': elfProgram({ strings: ['text of the build'] }) })
    const release = { version: '1.1', inputs: [join(build.printsDirectory, 'libfoo.so')] }
    const previous = readPrints(build.printsDirectory, 'foo')!
    const { prints } = await indexBuilt(entry, [release], { previous })
    await writePrints(build.printsDirectory, prints)
    await buildPrints(build)
    expect(readPrints(build.printsDirectory, 'foo')).toEqual(prints)
  })
})

describe.skipIf(!hasGit)('a catalog with more components', () => {
  const VENDORED = [{ pattern: '(^|/)contrib/[^/]+/', strength: 'weak' as const }]
  const build = (changes: Partial<BuildPlan>, base: BuildPlan): ReturnType<typeof buildPrints> =>
    buildPrints({ ...base, vendoredPaths: VENDORED, ...changes })

  test('builds again where a folder is a component now, and nowhere else', async () => {
    const base = plan()
    writeFiles(base.repository, { 'contrib/otter/otter.c': 'const char *otter = "text of an otter";' })
    git(base.repository, 'add', '--all')
    git(base.repository, 'commit', '--quiet', '--message=third')
    git(base.repository, 'tag', 'v1.2')
    await build({}, base)
    const [unrelated] = await build({ catalog: [entry, entryOf('gnat')] }, base)
    expect(unrelated).toMatchObject({ current: true })
    const [related] = await build({ catalog: [entry, entryOf('otter')] }, base)
    expect(related?.current).toBeUndefined()
    expect(readLock(base.locksDirectory, 'foo')?.folders).toEqual({ own: [], foreign: ['otter'] })
    const units = readPrints(base.printsDirectory, 'foo')?.units
    expect(units).toContainEqual({ path: 'otter.c', vendored: true })
  })
})
