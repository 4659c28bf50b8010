import { statSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { buildPrints } from '../build/build-database.ts'
import { buildPackages } from '../build/build-packages.ts'
import type { IndexResult } from '../build/component-jobs.ts'
import { readExclusion } from '../build/exclusion.ts'
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
import { defaultCacheDirectory } from '../database/cache-directory.ts'
import { type CatalogEntry, defaultEntry, readCatalog, readVendoredPaths } from '../database/catalog.ts'
import type { ComponentPrints } from '../database/schema.ts'
import { DetectorError } from '../errors.ts'
import { DEFAULT_DATABASE } from './open-database.ts'
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
  const catalog = readCatalog(DEFAULT_DATABASE)
  const entry = entryFor(catalog, options)
  const rules = pathRules(entry, componentNames(catalog), readVendoredPaths(DEFAULT_DATABASE))
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
function withVersionGroup(pattern: string): string {
  return pattern.includes('(?<version>') ? pattern : `(?=.*(?:${pattern})).*?(?<version>\\d[\\w.+~-]*)$`
}

/**
 * An input of a build. Source releases are made anew from `sources`, the release tags of the repositories, together with
 * `source-packages`, upstream's tarballs in Debian's source packages, and `npm`, the packages that the catalog names as
 * sources; either of these two reads the tags as well. `packages` are Debian's library packages, as built releases beside
 * the source releases that the prints have.
 */
export type BuildInput = 'sources' | 'source-packages' | 'npm' | 'packages'

/** Which prints `buildDatabase` makes, from what, and where they go. */
export interface BuildOptions extends Watch {
  /** Components to build. Default: the whole catalog. */
  readonly names?: readonly string[]
  /** Directory that holds `components/` and `vendored-paths.json`. Default: the catalog that ships with binprint. */
  readonly catalogDirectory?: string
  /** Default: `prints/` beside the catalog. */
  readonly printsDirectory?: string
  /** Directory of repositories to use instead of the network, one for each component (`zlib.git`). */
  readonly gitMirror?: string
  /** Components at the same time. Default: one for each processor. */
  readonly jobs?: number
  /** What is read. Default: the release tags alone. */
  readonly from?: readonly BuildInput[]
  /** Debian suites whose packages are read, with their updates and security suites. Default: all that are reachable. */
  readonly suites?: readonly string[]
  /** Default: amd64, arm64, armhf and i386. */
  readonly architectures?: readonly string[]
  /** Where packages are kept between builds. Default: `debian` in the user's cache directory. */
  readonly packageCache?: string
  /** A corpus of the accuracy bench: its files, and the packages of Debian and npm they come from, are left out. */
  readonly excludeFrom?: string
  /** Build what the locks say, `locks/` beside the prints, and nothing else. */
  readonly locked?: boolean
}

/** The prints that were made. */
export interface BuildResult {
  /** In catalog order; one that was built from packages as well comes twice. */
  readonly built: readonly IndexResult[]
  /** Components that could not be built, and why; their prints are as they were. */
  readonly failed: readonly { readonly component: string; readonly error: DetectorError }[]
}

/**
 * Builds the prints of catalog components from the release tags of their repositories and the other inputs asked for, and
 * writes to `locks/` beside the prints what was read.
 *
 * @throws DetectorError `USAGE` for a name that the catalog lacks; what {@link indexRelease} throws, where no component
 * could be built
 */
export async function buildDatabase(options: BuildOptions = {}): Promise<BuildResult> {
  const { catalogDirectory = DEFAULT_DATABASE, signal, onProgress, gitMirror, names } = options
  const catalog = readCatalog(catalogDirectory)
  const unknown = names?.filter((name) => !catalog.some((entry) => entry.name === name)) ?? []
  if (unknown.length > 0) throw new DetectorError('USAGE', `no such component in the catalog: ${unknown.join(', ')}`)
  const { from = ['sources'], suites, architectures, excludeFrom, locked } = options
  const printsDirectory = resolve(options.printsDirectory ?? join(catalogDirectory, 'prints'))
  const common = {
    entries: names === undefined ? catalog : catalog.filter(({ name }) => names.includes(name)),
    printsDirectory,
    locksDirectory: join(dirname(printsDirectory), 'locks'),
    ...(locked === undefined ? {} : { locked }),
    ...(signal === undefined ? {} : { signal }),
    jobs: options.jobs ?? availableParallelism(),
    onProgress: (phase: string, done: number, total: number, label: string) =>
      onProgress?.({ phase, done, total, label }),
  }
  const failures = new Map<string, DetectorError>()
  const onFailure = (component: string, error: DetectorError): void => void failures.set(component, error)
  const exclusion = excludeFrom === undefined ? undefined : readExclusion(excludeFrom)
  const packages = {
    cacheDirectory: options.packageCache ?? join(defaultCacheDirectory(), 'debian'),
    ...(suites === undefined ? {} : { suites }),
    ...(exclusion === undefined ? {} : { exclusion }),
  }
  const built: IndexResult[] = []
  if (from.some((input) => input !== 'packages')) {
    const vendoredPaths = readVendoredPaths(catalogDirectory)
    const archives = { ...packages, sourcePackages: from.includes('source-packages'), npm: from.includes('npm') }
    const keepBuilt = !from.includes('packages')
    const sources = { ...common, catalog, vendoredPaths, archives, keepBuilt, onFailure }
    built.push(...(await buildPrints(gitMirror === undefined ? sources : { ...sources, gitMirror })))
  }
  if (from.includes('packages')) {
    const entries = common.entries.filter(({ name }) => !failures.has(name))
    const plan = { ...common, ...packages, entries, onFailure }
    built.push(...(await buildPackages(architectures === undefined ? plan : { ...plan, architectures })))
  }
  const [first] = failures.values()
  if (built.length === 0 && first !== undefined) throw first
  return { built, failed: [...failures].map(([component, error]) => ({ component, error })) }
}
