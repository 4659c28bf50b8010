import { DEFAULT_LIMITS, type Limits } from '../bytes/limits.ts'
import type { CatalogEntry } from '../database/catalog.ts'
import { PrintsBuilder } from '../database/prints-builder.ts'
import type { ComponentPrints, ReleaseRecord } from '../database/schema.ts'
import { DetectorError, throwIfAborted } from '../errors.ts'
import { versionOrder } from '../versions/order.ts'
import { versionOfTag } from '../versions/tag.ts'
import { SourceIndexer } from './index-sources.ts'
import { addArchives, type ReleaseArchive, type ReleaseParts } from './release-archives.ts'
import type { GitRepository } from './sources/git.ts'
import { classifyPath, type PathRules } from './sources/paths.ts'
import type { SourceTree } from './sources/tree.ts'

export interface IndexOptions {
  /** Prints to go on from; a release that they hold already is replaced. */
  readonly previous?: ComponentPrints
  /** Archives of releases, read beside the tags; of one version, in this order. */
  readonly archives?: readonly ReleaseArchive[]
  readonly limits?: Limits
  readonly signal?: AbortSignal
  /** `done` of `total` steps; files are read first, then releases are added. */
  readonly onProgress?: (done: number, total: number) => void
}

export interface IndexedReleases {
  readonly prints: ComponentPrints
  /** Versions added or replaced, oldest first. */
  readonly added: readonly string[]
  readonly skipped: readonly { readonly path: string; readonly reason: string }[]
}

export interface IndexedTags extends IndexedReleases {
  /** Those of {@link IndexOptions.archives} that a release took something from. */
  readonly archives: readonly ReleaseArchive[]
}

/** Digits of git's usual object ids, which files of archives get where there is no repository to agree with. */
const SHA1_DIGITS = 40

/** A tag that names a release of the component. */
export interface ReleaseTag {
  readonly version: string
  readonly tag: string
  readonly commit: string
}

/**
 * The releases among a repository's tags, oldest first. Of several tags with one version the shortest counts (`v1.2`
 * before `v1.2-final`).
 */
export async function releaseTags(repository: GitRepository, entry: CatalogEntry): Promise<ReleaseTag[]> {
  const pattern = new RegExp(entry.tagPattern)
  const byVersion = new Map<string, ReleaseTag>()
  for (const { name, commit } of await repository.tags()) {
    const version = versionOfTag(name, pattern, entry.versionScheme)
    if (version === undefined) continue
    const known = byVersion.get(version)
    if (known === undefined || name.length < known.tag.length) byVersion.set(version, { version, tag: name, commit })
  }
  const order = versionOrder(entry.versionScheme)
  return [...byVersion.values()].sort((a, b) => order(a.version, b.version))
}

/** Enough to see how the tags of a repository are written. */
const TAGS_SHOWN = 5

async function tagsThere(repository: GitRepository | undefined): Promise<string> {
  const names = ((await repository?.tags()) ?? []).map(({ name }) => name)
  if (names.length === 0) return 'it has no tags'
  const more = names.length > TAGS_SHOWN ? ` and ${names.length - TAGS_SHOWN} more` : ''
  return `it has ${names.slice(-TAGS_SHOWN).join(', ')}${more}`
}

/**
 * Indexes the tags of a repository, each content once however many tags hold it, and the archives beside them. A release
 * is the union of its tag and its archives, where the tag's file counts; its provenance names all of them. Without tags
 * there may be no repository.
 *
 * @throws DetectorError `SOURCE_FAILED` when there is neither a tag that is a release nor an archive; what reading the repository throws
 */
export async function indexTags(
  entry: CatalogEntry,
  rules: PathRules,
  repository: GitRepository | undefined,
  tags: readonly ReleaseTag[],
  options: IndexOptions = {},
): Promise<IndexedTags> {
  const { archives = [] } = options
  if (tags.length === 0 && archives.length === 0)
    throw new DetectorError(
      'SOURCE_FAILED',
      `no tag of the repository of ${entry.name} matches ${entry.tagPattern}: ${await tagsThere(repository)}`,
    )
  const { limits = DEFAULT_LIMITS, signal, onProgress } = options
  const accept = (path: string): boolean => classifyPath(path, rules) !== 'skip'
  const paths = new Map<string, string>()
  const parts = new Map<string, ReleaseParts>()
  for (const { version, tag, commit } of tags) {
    throwIfAborted(signal)
    const files = await repository!.tree(commit, accept)
    parts.set(version, { files, provenance: [`tag ${tag} (commit ${commit})`] })
    for (const { id, path } of files) if (!paths.has(id)) paths.set(id, path)
  }
  const fromGit = new Set(paths.keys())
  const idLength = tags[0]?.commit.length ?? SHA1_DIGITS
  const { blobs, skipped, used } = await addArchives(archives, { entry, rules, parts, idLength, limits, signal })
  for (const [id, { path }] of blobs) if (!paths.has(id)) paths.set(id, path)
  const order = versionOrder(entry.versionScheme)
  const releases = [...parts].sort(([a], [b]) => order(a, b))
  const records = releases.map(([version, { provenance }]) => sourceRelease(version, provenance.join('; ')))
  const { builder, placeOf } = openBuilder(entry, records, options.previous)
  const indexer = new SourceIndexer(builder, rules, [entry.name, ...entry.aliases], limits)
  // Adding a release costs about as much as reading twenty files.
  const total = paths.size + 20 * releases.length
  let done = 0
  for await (const blob of repository?.blobs(fromGit) ?? []) {
    indexer.addFile(blob, paths.get(blob.id)!)
    if (++done % 256 === 0) onProgress?.(done, total)
  }
  for (const [id, { path, blob }] of blobs) if (!fromGit.has(id)) indexer.addFile(blob, path)
  for (const [version, { files }] of releases) {
    throwIfAborted(signal)
    indexer.addRelease(placeOf('source', version), version, files)
    done += 20
    onProgress?.(done, total)
  }
  for (const { id, reason } of repository?.skipped ?? []) skipped.push({ path: paths.get(id) ?? id, reason })
  return { prints: builder.finish(), added: releases.map(([version]) => version), skipped, archives: used }
}

/** Indexes one release from its files. `provenance` says what was read, for the report and the lock. */
export async function indexTree(
  entry: CatalogEntry,
  rules: PathRules,
  tree: SourceTree,
  release: { readonly version: string; readonly provenance: string },
  options: IndexOptions = {},
): Promise<IndexedReleases> {
  const { limits = DEFAULT_LIMITS, signal, onProgress } = options
  const { builder, placeOf } = openBuilder(
    entry,
    [sourceRelease(release.version, release.provenance)],
    options.previous,
  )
  const indexer = new SourceIndexer(builder, rules, [entry.name, ...entry.aliases], limits)
  const files = tree.files.filter(({ path }) => classifyPath(path, rules) !== 'skip')
  if (files.length === 0)
    throw new DetectorError('SOURCE_FAILED', `need C or C++ sources of ${entry.name} ${release.version}, found none`)
  const paths = new Map(files.map(({ id, path }) => [id, path]))
  let done = 0
  for await (const blob of tree.blobs(new Set(paths.keys()))) {
    throwIfAborted(signal)
    indexer.addFile(blob, paths.get(blob.id)!)
    onProgress?.(++done, paths.size)
  }
  indexer.addRelease(placeOf('source', release.version), release.version, files)
  return { prints: builder.finish(), added: [release.version], skipped: tree.skipped }
}

function sourceRelease(version: string, provenance: string): ReleaseRecord {
  return { version, origin: 'source', provenance }
}

/**
 * A builder over the old and the new releases, in the component's order; of one version the sources stand before the
 * built release, so that whoever looks a version up meets the one that competes.
 */
export function openBuilder(
  entry: CatalogEntry,
  fresh: readonly ReleaseRecord[],
  previous: ComponentPrints | undefined,
): { builder: PrintsBuilder; placeOf: (origin: ReleaseRecord['origin'], version: string) => number } {
  const replaced = new Set(fresh.map((release) => `${release.origin} ${release.version}`))
  const kept = previous?.releases.filter(({ origin, version }) => !replaced.has(`${origin} ${version}`)) ?? []
  const order = versionOrder(entry.versionScheme)
  const releases = [...kept, ...fresh].sort((a, b) => order(a.version, b.version) || (a.origin > b.origin ? -1 : 1))
  const builder =
    previous === undefined ? new PrintsBuilder(entry.name, releases) : PrintsBuilder.from(previous, releases)
  const places = new Map(releases.map((release, i) => [`${release.origin} ${release.version}`, i]))
  return { builder, placeOf: (origin, version) => places.get(`${origin} ${version}`)! }
}
