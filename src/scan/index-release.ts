import { existsSync, statSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { IndexResult } from '../build/component-jobs.ts'
import { indexBuilt } from '../build/index-programs.ts'
import {
  type IndexedReleases,
  type IndexOptions,
  indexTags,
  indexTree,
  type ReleaseTag,
  releaseTags,
} from '../build/index-releases.ts'
import { componentNames, pathRules } from '../build/path-rules.ts'
import { countFeatures, readPrints, writePrints } from '../build/prints-directory.ts'
import { isBuilt } from '../build/sources/built-input.ts'
import { directoryTree } from '../build/sources/directory.ts'
import { openSource } from '../build/sources/open.ts'
import { classifyPath, type PathRules } from '../build/sources/paths.ts'
import type { SourceTree } from '../build/sources/tree.ts'
import { type CatalogEntry, defaultEntry, readCatalog, readVendoredPaths } from '../database/catalog.ts'
import { PACKAGED_DATABASE } from '../database/packaged.ts'
import type { ComponentPrints } from '../database/schema.ts'
import { DetectorError } from '../errors.ts'
import type { Watch } from './progress.ts'

export type { IndexResult } from '../build/component-jobs.ts'

/** Whose releases an input holds, and which. */
export interface IndexReleaseOptions extends Watch {
  /** Canonical name; a component of the catalog lends its entry, any other gets `pkg:generic/<name>`. */
  readonly component: string
  /** The version that the inputs hold. Required for everything but git repositories. */
  readonly release?: string
  /** Of a git repository: the tags to take; a group `version` may pick the version out of the tag. */
  readonly tags?: RegExp
  /** How versions are ordered. Default: the catalog's scheme, or `semver-like`. */
  readonly scheme?: string
  /** Holds `components/` that come before those of the default catalog. */
  readonly catalogDirectory?: string
}

/**
 * Adds releases of a component to `<component>.bpf` in a directory of prints, which `openDatabase` then reads.
 *
 * An input is the source directory or archive of the release, or a git repository (a path or an address) whose tags are
 * the releases; with `release`, the repository's tag of that version alone. Static libraries (`.a`, `.lib`), shared
 * libraries, programs and Debian packages are the release as it was built; any number of them describe it together, beside
 * one source at most. Of packages only the libraries are read. A call replaces what was indexed of the same version and
 * kind before.
 *
 * @throws DetectorError `USAGE` without a release, `SOURCE_UNSAFE`, `SOURCE_FAILED`, `INPUT_NOT_FOUND`, `ABORTED`
 */
export async function indexRelease(
  printsDirectory: string,
  inputs: readonly string[],
  options: IndexReleaseOptions,
): Promise<IndexResult> {
  const built = inputs.filter(isBuiltFile)
  const [source, ...others] = inputs.filter((input) => !built.includes(input))
  if (inputs.length === 0)
    throw new DetectorError('USAGE', 'need an input: sources or libraries of the release, have none')
  if (others.length > 0)
    throw new DetectorError(
      'USAGE',
      `need one source for one release, have ${others.length + 1}: ${source}, ${others.join(', ')}`,
    )
  if (!/^[a-z0-9][a-z0-9._+-]*$/.test(options.component))
    throw new DetectorError(
      'USAGE',
      `need a component name like zlib or my-lib, have ${JSON.stringify(options.component)}`,
    )
  const catalog = catalogOf(options.catalogDirectory)
  const entry = entryFor(catalog, options)
  const rules = pathRules(entry, componentNames(catalog), readVendoredPaths(PACKAGED_DATABASE))
  const previous = readPrints(printsDirectory, entry.name)
  const steps: IndexedReleases[] = []
  if (source !== undefined) steps.push(await indexInput(source, entry, rules, previous, options))
  if (built.length > 0) steps.push(await indexFiles(built, entry, steps[0]?.prints ?? previous, options))
  const indexed = steps.at(-1) as IndexedReleases
  await mkdir(printsDirectory, { recursive: true })
  const { path } = await writePrints(printsDirectory, indexed.prints)
  return {
    component: entry.name,
    releases: [...new Set(steps.flatMap(({ added }) => added))],
    features: countFeatures(indexed.prints),
    path,
    skipped: steps.flatMap(({ skipped }) => skipped),
  }
}

/** The default catalog, with entries of one's own in place of those of the same name. */
function catalogOf(directory: string | undefined): CatalogEntry[] {
  const own = directory === undefined || !existsSync(join(directory, 'components')) ? [] : readCatalog(directory)
  const names = new Set(own.map(({ name }) => name))
  return [...own, ...readCatalog(PACKAGED_DATABASE).filter(({ name }) => !names.has(name))]
}

function isBuiltFile(input: string): boolean {
  return statSync(input, { throwIfNoEntry: false })?.isFile() === true && isBuilt(input)
}

async function indexFiles(
  inputs: readonly string[],
  entry: CatalogEntry,
  previous: ComponentPrints | undefined,
  { release, signal, onProgress }: IndexReleaseOptions,
): Promise<IndexedReleases> {
  if (release === undefined)
    throw new DetectorError(
      'USAGE',
      `need --release VERSION: ${inputs[0]} does not say which release it was built from`,
    )
  return indexBuilt(entry, [{ version: release, inputs }], {
    ...(signal === undefined ? {} : { signal }),
    ...(previous === undefined ? {} : { previous }),
    onProgress: (done, total) => onProgress?.({ phase: 'index', done, total, label: entry.name }),
  })
}

async function indexInput(
  input: string,
  entry: CatalogEntry,
  rules: PathRules,
  previous: ComponentPrints | undefined,
  options: IndexReleaseOptions,
): Promise<IndexedReleases> {
  const { signal, onProgress, release } = options
  const accept = (path: string): boolean => classifyPath(path, rules) !== 'skip'
  const watch: IndexOptions = {
    ...(signal === undefined ? {} : { signal }),
    ...(previous === undefined ? {} : { previous }),
    onProgress: (done: number, total: number) => onProgress?.({ phase: 'index', done, total, label: entry.name }),
  }
  const opened = await openSource(input, accept, signal === undefined ? {} : { signal })
  if (opened.kind === 'tree') return indexOne(opened.tree, input, entry, rules, release, watch)
  let tags: ReleaseTag[]
  try {
    tags = (await releaseTags(opened.repository, entry)).filter(
      ({ version }) => release === undefined || version === release,
    )
    if (tags.length > 0 || release === undefined) return await indexTags(entry, rules, opened.repository, tags, watch)
  } finally {
    await opened.repository.close()
  }
  // A work tree whose release was never tagged, or is tagged in another way: the files that lie there are the release.
  return indexOne(await directoryTree(input, accept), input, entry, rules, release, watch)
}

async function indexOne(
  tree: SourceTree,
  input: string,
  entry: CatalogEntry,
  rules: PathRules,
  release: string | undefined,
  options: IndexOptions,
): Promise<IndexedReleases> {
  try {
    if (release === undefined)
      throw new DetectorError('USAGE', `need --release VERSION: ${input} holds one release and does not say which`)
    return await indexTree(entry, rules, tree, { version: release, provenance: `file ${baseName(input)}` }, options)
  } finally {
    await tree.close?.()
  }
}

function baseName(path: string): string {
  return path.replace(/[/\\]+$/, '').replace(/^.*[/\\]/, '')
}

function entryFor(catalog: readonly CatalogEntry[], options: IndexReleaseOptions): CatalogEntry {
  const known = catalog.find(({ name }) => name === options.component) ?? defaultEntry(options.component)
  const pattern = options.tags?.source
  return {
    ...known,
    ...(options.scheme === undefined ? {} : { versionScheme: options.scheme }),
    ...(pattern === undefined ? {} : { tagPattern: withVersionGroup(pattern) }),
  }
}

/** `^v` alone says which tags count; the version is then the first number in them and what follows. */
export function withVersionGroup(pattern: string): string {
  return pattern.includes('(?<version>') ? pattern : `(?=.*(?:${pattern})).*?(?<version>\\d[\\w.+~-]*)$`
}
