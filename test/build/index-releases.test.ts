import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  type IndexedReleases,
  type IndexOptions,
  indexTags,
  indexTree,
  releaseTags,
} from '../../src/build/index-releases.ts'
import { pathRules } from '../../src/build/path-rules.ts'
import { directoryTree } from '../../src/build/sources/directory.ts'
import { type GitRepository, openGitRepository } from '../../src/build/sources/git.ts'
import { trustedTemplates } from '../../src/build/template-trust.ts'
import { DEFAULT_LIMITS, type Limits } from '../../src/bytes/limits.ts'
import { FeatureKind } from '../../src/database/feature-kinds.ts'
import { entryOf, postingsOf, versionsOf } from './component.ts'
import { git, hasGit, repositoryOf, temporaryDirectory, writeFiles } from './sources/repositories.ts'

const entry = entryOf('libfoo')
const rules = pathRules(entry, [entry.name, 'zlib'], [{ pattern: '(^|/)third_party/[^/]+/', strength: 'strong' }])

const SAME = 'int foo_open(void) { return say("cannot open it"); }\n'
const VERSION_C = 'const char *foo_version(void) { return "libfoo " FOO_VERSION; }\n'
const COPY = 'int inflate(void) { return say("text of another project"); }\n'

function release(version: string, files: Readonly<Record<string, string>>): Record<string, string> {
  return { 'src/open.c': SAME, 'src/version.c': VERSION_C, 'foo.h': `#define FOO_VERSION "${version}"\n`, ...files }
}

/** Four releases: a text changes in 1.2, a function and a copy of another project come with 1.10. */
function repository(): string {
  const directory = repositoryOf(release('1.0', { 'src/read.c': 'int f(void) { return say("old text of it"); }\n' }))
  const commit = (tag: string, files: Readonly<Record<string, string>>): void => {
    writeFiles(directory, release(tag.slice(1), files))
    git(directory, 'add', '--all')
    git(directory, 'commit', '--quiet', '--message=next')
    git(directory, 'tag', tag)
  }
  git(directory, 'tag', 'v1.0')
  commit('v1.1', {})
  commit('v1.2', { 'src/read.c': 'int f(void) { return say("new text of it"); }\n' })
  commit('v1.10', { 'src/write.c': 'int foo_write(void) { return 0; }\n', 'third_party/zlib/inflate.c': COPY })
  git(directory, 'tag', 'nightly-2024')
  return directory
}

async function using<T>(
  directory: string,
  use: (repository: GitRepository) => Promise<T>,
  limits: Limits = DEFAULT_LIMITS,
): Promise<T> {
  const opened = await openGitRepository(directory, { limits })
  try {
    return await use(opened)
  } finally {
    await opened.close()
  }
}

function indexAll(directory: string, only = /./, options: IndexOptions = {}): Promise<IndexedReleases> {
  const index = async (opened: GitRepository): Promise<IndexedReleases> => {
    const tags = (await releaseTags(opened, entry)).filter(({ version }) => only.test(version))
    return indexTags(entry, rules, opened, tags, options)
  }
  return using(directory, index, options.limits)
}

describe.skipIf(!hasGit)('tags', () => {
  test('that match the pattern are releases, in the order of their versions', async () => {
    const tags = await using(repository(), (opened) => releaseTags(opened, entry))
    expect(tags.map(({ version }) => version)).toEqual(['1.0', '1.1', '1.2', '1.10'])
  })

  test('of one version the shortest counts', async () => {
    const directory = repositoryOf({ 'a.c': SAME })
    for (const tag of ['v1.2-final', 'v1.2', 'rel-1.2']) git(directory, 'tag', tag)
    const loose = entryOf('libfoo', { tagPattern: '(?<version>\\d+\\.\\d+)(?:-final)?$' })
    const tags = await using(directory, (opened) => releaseTags(opened, loose))
    expect(tags.map(({ tag }) => tag)).toEqual(['v1.2'])
  })

  test('none of them is SOURCE_FAILED', async () => {
    await expect(indexAll(repository(), /^9/)).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
  })
})

describe.skipIf(!hasGit)('the prints of a repository', () => {
  test('have intervals of releases for strings and functions', async () => {
    const { prints, added, skipped } = await indexAll(repository())
    expect([added, skipped]).toEqual([['1.0', '1.1', '1.2', '1.10'], []])
    expect(postingsOf(prints, prints.features[FeatureKind.String], 'cannot open it')).toEqual(['open.c 1.0-1.10'])
    expect(postingsOf(prints, prints.features[FeatureKind.String], 'old text of it')).toEqual(['read.c 1.0-1.1'])
    expect(postingsOf(prints, prints.features[FeatureKind.String], 'new text of it')).toEqual(['read.c 1.2-1.10'])
    expect(postingsOf(prints, prints.features[FeatureKind.Symbol], 'foo_write')).toEqual(['write.c 1.10'])
    expect(postingsOf(prints, prints.features[FeatureKind.String], 'libfoo 1.2')).toEqual(['version.c 1.2'])
  })

  test('flag copies of others', async () => {
    const { prints } = await indexAll(repository())
    expect(postingsOf(prints, prints.features[FeatureKind.String], 'text of another project')).toEqual([
      'inflate.c vendored 1.10',
    ])
  })

  test('learn the templates whose version is the release’s own', async () => {
    const { prints } = await indexAll(repository())
    const flags = Uint8Array.from(prints.units, ({ vendored }) => Number(vendored))
    const [trusted] = trustedTemplates([prints], [0], [flags], [])
    expect(trusted!.map(({ head }) => head).toSorted()).toEqual([false, true])
    expect(trusted!.map(({ agreeing }) => versionsOf(prints, agreeing))).toEqual(['1.0-1.10', '1.0-1.10'])
  })

  test('say from which commit each release is', async () => {
    const directory = repository()
    const { prints } = await indexAll(directory)
    expect(prints.releases.at(-1)).toEqual({
      version: '1.10',
      origin: 'source',
      provenance: `tag v1.10 (commit ${git(directory, 'rev-parse', 'v1.10')})`,
    })
  })

  test('are the same whether releases are added at once or one after the other, in any order', async () => {
    const directory = repository()
    const { prints } = await indexAll(directory)
    const some = await indexAll(directory, /^1\.(?:1|10)$/)
    const { prints: later, added } = await indexAll(directory, /^1\.[02]$/, { previous: some.prints })
    expect(added).toEqual(['1.0', '1.2'])
    expect(later).toEqual(prints)
  })

  test('are the same when a release is indexed again', async () => {
    const directory = repository()
    const { prints } = await indexAll(directory)
    expect((await indexAll(directory, /^1\.1$/, { previous: prints })).prints).toEqual(prints)
  })

  test('leave out files over the limit, and name them', async () => {
    const limits = { ...DEFAULT_LIMITS, sourceFileBytes: SAME.length - 1 }
    const { prints, skipped } = await indexAll(repository(), /./, { limits })
    expect(skipped.map(({ path }) => path)).toContain('src/open.c')
    expect(postingsOf(prints, prints.features[FeatureKind.String], 'cannot open it')).toEqual([])
  })

  test('tell their progress, up to the end', async () => {
    const seen: [number, number][] = []
    await indexAll(repository(), /./, { onProgress: (done, total) => seen.push([done, total]) })
    expect(seen.at(-1)?.[0]).toBe(seen.at(-1)?.[1])
    expect(seen.map(([done]) => done)).toEqual(seen.map(([done]) => done).toSorted((a, b) => a - b))
  })

  test('end in ABORTED when the signal fires', async () => {
    await expect(indexAll(repository(), /./, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
    })
  })
})

describe('one release from its files', () => {
  const index = async (directory: string, version: string, options: IndexOptions = {}) =>
    indexTree(entry, rules, await directoryTree(directory, () => true), { version, provenance: 'files' }, options)

  test('has the features that its tag has', async () => {
    const directory = temporaryDirectory()
    writeFiles(directory, release('1.0', {}))
    const { prints, added } = await index(directory, '1.0')
    expect(added).toEqual(['1.0'])
    expect(postingsOf(prints, prints.features[FeatureKind.String], 'cannot open it')).toEqual(['open.c 1.0'])
    expect(postingsOf(prints, prints.features[FeatureKind.Symbol], 'foo_version')).toEqual(['version.c 1.0'])
  })

  test('replaces what an earlier run had of it', async () => {
    const directory = temporaryDirectory()
    writeFiles(directory, release('1.0', { 'src/gone.c': 'int f(void) { return say("text that goes"); }' }))
    const { prints: before } = await index(directory, '1.0')
    rmSync(join(directory, 'src/gone.c'))
    const { prints } = await index(directory, '1.0', { previous: before })
    expect(postingsOf(before, before.features[FeatureKind.String], 'text that goes')).toEqual(['gone.c 1.0'])
    expect(postingsOf(prints, prints.features[FeatureKind.String], 'text that goes')).toEqual([])
    expect(prints).toEqual((await index(directory, '1.0')).prints)
  })
})
