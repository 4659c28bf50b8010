import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { buildPrints } from '../build/build-database.ts'
import { buildPackages } from '../build/build-packages.ts'
import type { IndexResult } from '../build/component-jobs.ts'
import { readExclusion } from '../build/exclusion.ts'
import { defaultCacheDirectory } from '../database/cache-directory.ts'
import { readCatalog, readVendoredPaths } from '../database/catalog.ts'
import { PACKAGED_DATABASE } from '../database/packaged.ts'
import { DetectorError } from '../errors.ts'
import type { Watch } from './progress.ts'

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
  /**
   * Directory that holds `components/` and perhaps `vendored-paths.json`, else that of the default catalog is used. Default:
   * the catalog that ships with binprint.
   */
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
 * @throws DetectorError `USAGE` for a name that the catalog lacks; what `indexRelease` throws, where no component
 * could be built
 */
export async function buildDatabase(options: BuildOptions = {}): Promise<BuildResult> {
  const { catalogDirectory = PACKAGED_DATABASE, signal, onProgress, gitMirror, names } = options
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
    const hasOwnPaths = existsSync(join(catalogDirectory, 'vendored-paths.json'))
    const vendoredPaths = readVendoredPaths(hasOwnPaths ? catalogDirectory : PACKAGED_DATABASE)
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
