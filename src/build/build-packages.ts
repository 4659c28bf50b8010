import type { CatalogEntry } from '../database/catalog.ts'
import { PrintsBuilder } from '../database/prints-builder.ts'
import type { ComponentPrints } from '../database/schema.ts'
import { DetectorError, throwIfAborted } from '../errors.ts'
import { countFeatures, type IndexResult, readPrints, writePrints } from './build-database.ts'
import { type Exclusion, NOTHING_EXCLUDED } from './exclusion.ts'
import { indexBuilt } from './index-programs.ts'
import { type LockedPackage, lockedTags, readLock, readLocks, updateLock } from './locks.ts'
import type { AptPackage } from './sources/apt.ts'
import { AptArchitectures } from './sources/apt-architectures.ts'
import {
  DEBIAN_ARCHITECTURES,
  DEBIAN_SUITES,
  type DebianRelease,
  debianProvenance,
  debianReleases,
  libraryPackages,
} from './sources/debian.ts'

export interface PackagePlan {
  readonly entries: readonly CatalogEntry[]
  readonly printsDirectory: string
  readonly locksDirectory: string
  /** Where package lists and packages are kept between builds. */
  readonly cacheDirectory: string
  /** Default: {@link DEBIAN_SUITES}. */
  readonly suites?: readonly string[]
  /** Default: {@link DEBIAN_ARCHITECTURES}. */
  readonly architectures?: readonly string[]
  /** What must not be read. */
  readonly exclusion?: Exclusion
  /** Read the packages of the locks and no others. */
  readonly locked?: boolean
  readonly signal?: AbortSignal
  readonly onProgress?: (component: string, done: number, total: number) => void
}

/**
 * Adds built releases from Debian's library packages to the prints of each component, in place of those that the prints
 * had, and locks what was read. Components without library packages are passed over.
 *
 * @throws DetectorError `SOURCE_FAILED` when apt gives nothing, or with `locked` when a package is gone
 */
export async function buildPackages(plan: PackagePlan): Promise<IndexResult[]> {
  const { exclusion = NOTHING_EXCLUDED, suites = DEBIAN_SUITES, signal } = plan
  const entries = plan.entries.filter(({ debian }) => debian.libraries.length > 0)
  const apt = await AptArchitectures.open({
    directory: plan.cacheDirectory,
    suites,
    architectures: plan.architectures ?? DEBIAN_ARCHITECTURES,
    signal,
  })
  const listed = await apt.find(entries.flatMap(({ debian }) => debian.libraries))
  const results: IndexResult[] = []
  for (const entry of entries) {
    throwIfAborted(signal)
    const wanted =
      plan.locked === true ? lockedPackages(entry, listed, plan) : libraryPackages(entry, listed, exclusion)
    const result = await buildComponent(entry, wanted, apt, plan)
    if (result !== undefined) results.push(result)
  }
  return results
}

async function buildComponent(
  entry: CatalogEntry,
  wanted: readonly AptPackage[],
  apt: AptArchitectures,
  plan: PackagePlan,
): Promise<IndexResult | undefined> {
  const { exclusion = NOTHING_EXCLUDED, signal, onProgress } = plan
  const paths = await apt.download(wanted)
  const gone = wanted.filter((one) => !paths.has(one))
  if (gone.length > 0 && plan.locked === true) throw packageGone(entry, gone[0]!)
  const sources = sourceReleases(readPrints(plan.printsDirectory, entry.name))
  const known = sources?.releases.map(({ version }) => version) ?? []
  const releases = debianReleases(entry, [...paths.keys()], known)
  if (releases.length === 0) return undefined
  const byPath = new Map([...paths].map(([one, path]) => [path, one]))
  const files = new Map<AptPackage, string[]>()
  const indexed = await indexBuilt(
    entry,
    releases.map((release) => ({
      version: release.version,
      inputs: release.packages.map((one) => paths.get(one)!),
      provenance: debianProvenance(release),
    })),
    {
      ...(sources === undefined ? {} : { previous: sources }),
      ...(signal === undefined ? {} : { signal }),
      accept: (sha256) => !exclusion.sha256.has(sha256),
      onFile: (path, { sha256 }) => {
        const one = byPath.get(path)!
        files.set(one, [...(files.get(one) ?? []), sha256])
      },
      onProgress: (done, total) => onProgress?.(entry.name, done, total),
    },
  )
  const path = await writePrints(plan.printsDirectory, indexed.prints)
  const { name, repository } = entry
  await updateLock(plan.locksDirectory, {
    name,
    repository,
    tags: lockedTags(indexed.prints),
    packages: lockOf(releases, files),
  })
  return {
    component: entry.name,
    releases: indexed.added,
    features: countFeatures(indexed.prints),
    path,
    skipped: [
      ...gone.map(({ name, version, architecture }) => {
        return { path: `${name}:${architecture}=${version}`, reason: 'it could not be downloaded' }
      }),
      ...apt.missing.map((suite) => ({ path: suite, reason: 'its package list could not be fetched' })),
      ...indexed.skipped,
    ],
  }
}

/** Packages without libraries of their own stay: their headers were read. */
function lockOf(
  releases: readonly DebianRelease[],
  files: ReadonlyMap<AptPackage, readonly string[]>,
): LockedPackage[] {
  return releases.flatMap(({ version: release, packages }) =>
    packages.map((one) => {
      const { name, version, architecture, source, sourceVersion, sha256 } = one
      return {
        package: name,
        version,
        architecture,
        source,
        sourceVersion,
        release,
        sha256,
        files: files.get(one) ?? [],
      }
    }),
  )
}

/** The prints without their built releases. */
function sourceReleases(prints: ComponentPrints | undefined): ComponentPrints | undefined {
  const sources = prints?.releases.filter(({ origin }) => origin === 'source') ?? []
  return prints === undefined || sources.length === 0 ? undefined : PrintsBuilder.from(prints, sources).finish()
}

function lockedPackages(entry: CatalogEntry, listed: readonly AptPackage[], plan: PackagePlan): AptPackage[] {
  const packages = readLock(plan.locksDirectory, entry.name)?.packages ?? []
  const places = new Map(listed.map((one, place) => [one, place]))
  const found = packages.map((locked) => {
    const found = listed.find((one) => one.sha256 === locked.sha256 && one.name === locked.package)
    if (found === undefined) throw packageGone(entry, { ...locked, name: locked.package })
    return found
  })
  // In the order of a build without a lock.
  return found.sort((a, b) => places.get(a)! - places.get(b)!)
}

function packageGone(
  entry: CatalogEntry,
  { name, version, architecture }: Pick<AptPackage, 'name' | 'version' | 'architecture'>,
): DetectorError {
  return new DetectorError(
    'SOURCE_FAILED',
    `need ${name} ${version} (${architecture}), which the lock of ${entry.name} names; the mirror has it no more: build without the lock`,
  )
}

/**
 * What a database was built from, as its locks say: files and packages by sha256, Debian source packages, and packages of
 * npm as `name@version`.
 */
export function builtFrom(locksDirectory: string): {
  sha256: Set<string>
  packages: { source: string; version: string }[]
  npm: string[]
} {
  const locks = readLocks(locksDirectory)
  const packages = locks.flatMap((lock) => lock.packages)
  const sources = locks.flatMap((lock) => lock.sourcePackages)
  return {
    sha256: new Set([
      ...packages.flatMap(({ sha256, files }) => [sha256, ...files]),
      ...sources.map((one) => one.sha256),
    ]),
    packages: [
      ...packages.map(({ source, sourceVersion }) => ({ source, version: sourceVersion })),
      ...sources.map(({ source, version }) => ({ source, version })),
    ],
    npm: locks.flatMap((lock) => lock.npm.map((one) => `${one.package}@${one.version}`)),
  }
}
