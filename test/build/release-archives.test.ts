import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { type IndexedTags, indexTags, releaseTags } from '../../src/build/index-releases.ts'
import { pathRules } from '../../src/build/path-rules.ts'
import { align, type ReleaseArchive } from '../../src/build/release-archives.ts'
import { openGitRepository } from '../../src/build/sources/git.ts'
import { FeatureKind } from '../../src/database/feature-kinds.ts'
import { tarOf } from '../fixtures/tar.ts'
import { entryOf, postingsOf } from './component.ts'
import { git, hasGit, repositoryOf, temporaryDirectory, writeFiles } from './sources/repositories.ts'

const entry = entryOf('foo')

type Files = Readonly<Record<string, string>>

function archive(version: string, files: Files, changes: Partial<ReleaseArchive> = {}): ReleaseArchive {
  const directory = temporaryDirectory()
  writeFiles(directory, { 'a.tar.gz': gzipSync(tarOf(files)) })
  const path = join(directory, 'a.tar.gz')
  return { version, provenance: `tarball ${version}`, path, under: '', completes: true, ...changes }
}

function text(value: string): string {
  return `const char *text = "${value}";`
}

/** Indexes a repository with the files tagged v1.0, and the archives. */
async function index(files: Files, ...archives: readonly ReleaseArchive[]): Promise<IndexedTags> {
  const directory = repositoryOf(files)
  git(directory, 'tag', 'v1.0')
  const repository = await openGitRepository(directory)
  try {
    const tags = await releaseTags(repository, entry)
    return await indexTags(entry, pathRules(entry, [entry.name], []), repository, tags, { archives })
  } finally {
    await repository.close()
  }
}

function releasesOf({ prints }: IndexedTags): string[] {
  return prints.releases.map(({ version, provenance }) =>
    `${version}: ${provenance}`.replace(/commit [0-9a-f]+/, 'commit'),
  )
}

test.skipIf(!hasGit)('a tarball adds the files that its tag has not, and the provenance names both', async () => {
  const added = archive('1.0', { 'foo-1.0/foo.c': text('text of the tag'), 'foo-1.0/tables.c': text('generated text') })
  const indexed = await index({ 'foo.c': text('text of the tag') }, added)
  expect(releasesOf(indexed)).toEqual(['1.0: tag v1.0 (commit); tarball 1.0'])
  expect(postingsOf(indexed.prints, indexed.prints.features[FeatureKind.String], 'generated text')).toEqual([
    'tables.c 1.0',
  ])
  expect(indexed.archives).toEqual([added])
})

test.skipIf(!hasGit)('of one path the file of the tag counts', async () => {
  const other = archive('1.0', { 'foo.c': text('text of the tarball'), 'b.c': text('generated text') })
  const { prints } = await index({ 'foo.c': text('text of the tag') }, other)
  expect(postingsOf(prints, prints.features[FeatureKind.String], 'text of the tarball')).toEqual([])
  expect(postingsOf(prints, prints.features[FeatureKind.String], 'text of the tag')).toEqual(['foo.c 1.0'])
})

test.skipIf(!hasGit)('a tarball that adds nothing is no part of the release', async () => {
  const indexed = await index({ 'foo.c': text('some text') }, archive('1.0', { 'moved/foo.c': text('some text') }))
  expect(releasesOf(indexed)).toEqual(['1.0: tag v1.0 (commit)'])
  expect(indexed.archives).toEqual([])
})

test.skipIf(!hasGit)('a version without a tag is a release of its own, in the order of the versions', async () => {
  const files = { 'foo.c': text('text of the tag') }
  const [newer, older] = [
    archive('1.1', { 'foo.c': text('newer text') }),
    archive('0.9', { 'foo.c': text('older text') }),
  ]
  const indexed = await index(files, newer, older)
  expect(releasesOf(indexed)).toEqual(['0.9: tarball 0.9', '1.0: tag v1.0 (commit)', '1.1: tarball 1.1'])
  expect(postingsOf(indexed.prints, indexed.prints.features[FeatureKind.String], 'newer text')).toEqual(['foo.c 1.1'])
})

test.skipIf(!hasGit)('an archive that does not complete stands in for a missing version only', async () => {
  const files = { 'package/deps/foo/foo.c': text('bundled text'), 'package/binding.c': text('text of the binding') }
  const changes = { completes: false, under: 'deps/foo' }
  const indexed = await index(
    { 'a.c': text('some text') },
    archive('1.0', files, changes),
    archive('1.1', files, changes),
  )
  expect(releasesOf(indexed)).toEqual(['1.0: tag v1.0 (commit)', '1.1: tarball 1.1'])
  expect(postingsOf(indexed.prints, indexed.prints.features[FeatureKind.String], 'bundled text')).toEqual(['foo.c 1.1'])
  expect(postingsOf(indexed.prints, indexed.prints.features[FeatureKind.String], 'text of the binding')).toEqual([])
})

test.skipIf(!hasGit)('build files of a tarball do not speak for a tag', async () => {
  const indexed = await index({ 'foo.c': text('some text') }, archive('1.0', { 'Makefile.in': 'VERSION = @VERSION@' }))
  expect(indexed.archives).toEqual([])
})

test.skipIf(!hasGit)('an archive without the directory named is SOURCE_FAILED', async () => {
  const none = archive('1.1', { 'a/b.c': '' }, { under: 'deps/foo' })
  await expect(index({ 'foo.c': text('some text') }, none)).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
})

test.each([
  ['the same layout', ['lib/a.c', 'b.c'], ['lib/a.c', 'b.c'], { strip: '', add: '' }],
  ['one folder of the repository', ['lib/a.c', 'b.c'], ['foo/lib/a.c', 'foo/b.c', 'x.c'], { strip: '', add: 'foo/' }],
  ['a folder two levels down', ['a.c'], ['libraries/foo/a.c'], { strip: '', add: 'libraries/foo/' }],
  ['a folder more', ['src/a.c', 'src/b.c', 'etc/c.c'], ['a.c', 'b.c'], { strip: 'src/', add: '' }],
  ['nothing in common', ['x/a.c'], ['y/b.c'], { strip: '', add: '' }],
  ['a path that both have, and one by chance', ['a.c', 'b.c'], ['a.c', 'b.c', 'c/a.c'], { strip: '', add: '' }],
])('an archive is laid over the repository: %s', (_, paths, layout, alignment) => {
  expect(align(paths, layout)).toEqual(alignment)
})
