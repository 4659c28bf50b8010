import type { CatalogEntry, VendoredPaths } from '../database/catalog.ts'
import { DetectorError } from '../errors.ts'
import { type LockedArchive, lockedArchives } from './find-archives.ts'
import { indexBuilt } from './index-programs.ts'
import { type IndexedReleases, indexTags, type ReleaseTag } from './index-releases.ts'
import { sameFolders } from './inputs.ts'
import { type LockedPackage, lockedTags, readLock, updateLock } from './locks.ts'
import { pathRules } from './path-rules.ts'
import { countFeatures, printsDigest, printsPath, readPrints, releasesOf, writePrints } from './prints-directory.ts'
import type { AptPackage } from './sources/apt.ts'
import { type DebianRelease, debianProvenance, debianReleases, releaseOf } from './sources/debian.ts'
import { openGitRepository } from './sources/git.ts'
import { askedNames } from './sources/paths.ts'

/** Where a component's prints went and what is in them. */
export interface IndexResult {
  readonly component: string
  /** Versions added or replaced by this call, oldest first. */
  readonly releases: readonly string[]
  /** Distinct fingerprints in the prints now, of all kinds. */
  readonly features: number
  /** The prints file written. */
  readonly path: string
  readonly skipped: readonly { readonly path: string; readonly reason: string }[]
  /** The prints had been made from the same inputs, so that nothing was read again. */
  readonly current?: true
}

interface Job {
  readonly entry: CatalogEntry
  readonly printsDirectory: string
  readonly locksDirectory: string
  /** The digest of the inputs, for the lock. */
  readonly inputs: string
}

/** Makes the source releases of one component anew. */
export interface SourcesJob extends Job {
  readonly kind: 'sources'
  /** Directory of the repository; undefined where all releases come from archives. */
  readonly repository: string | undefined
  readonly tags: readonly ReleaseTag[]
  readonly archives: readonly LockedArchive[]
  /** Names and aliases of all components. */
  readonly names: readonly string[]
  readonly vendoredPaths: VendoredPaths
  /** Built releases of the prints stay; false where they are made anew as well. */
  readonly keepBuilt: boolean
}

/** Makes the built releases of one component anew. */
export interface PackagesJob extends Job {
  readonly kind: 'packages'
  /** With the path of each. */
  readonly packages: readonly (readonly [AptPackage, string])[]
  /** sha256 of files that must not be read. */
  readonly excluded: readonly string[]
}

/** One component's share of a build: plain data, so that another thread can do it. */
export type ComponentJob = SourcesJob | PackagesJob

/** What is said of a job whose prints are there, made from the same inputs; undefined where it has to be done. */
export function unchanged(job: ComponentJob): IndexResult | undefined {
  const { entry, kind, inputs, printsDirectory, locksDirectory } = job
  const lock = readLock(locksDirectory, entry.name)
  if (lock?.inputs[kind] !== inputs || lock.prints !== printsDigest(printsDirectory, entry.name)) return undefined
  if (job.kind === 'sources' && !sameFolders(lock, job.names)) return undefined
  return {
    component: entry.name,
    releases: [],
    features: countFeatures(readPrints(printsDirectory, entry.name)!),
    path: printsPath(printsDirectory, entry.name),
    skipped: [],
    current: true,
  }
}

export interface JobWatch {
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, total: number) => void
}

/**
 * Does a job: writes the prints first, then the lock, each as a whole. Whoever is killed between the two finds prints that the
 * lock is not about, and makes them again.
 *
 * @throws DetectorError what reading the sources or libraries throws, `ABORTED`
 */
export function runJob(job: ComponentJob, watch: JobWatch = {}): Promise<IndexResult> {
  return job.kind === 'sources' ? indexSources(job, watch) : indexPackages(job, watch)
}

async function indexSources(job: SourcesJob, { signal, onProgress }: JobWatch): Promise<IndexResult> {
  const { entry, tags, printsDirectory, locksDirectory } = job
  const repository =
    job.repository === undefined
      ? undefined
      : await openGitRepository(job.repository, signal === undefined ? {} : { signal })
  try {
    const versions = tags.map(({ version }) => version)
    const archives = job.archives.map((one) => ({ ...one, version: releaseOf(entry, one.version, versions) }))
    const built = job.keepBuilt ? releasesOf(readPrints(printsDirectory, entry.name), 'built') : undefined
    const rules = pathRules(entry, job.names, job.vendoredPaths)
    const indexed = await indexTags(entry, rules, repository, tags, {
      ...(signal === undefined ? {} : { signal }),
      ...(built === undefined ? {} : { previous: built }),
      archives,
      ...(onProgress === undefined ? {} : { onProgress }),
    })
    const { path, sha256 } = await writePrints(printsDirectory, indexed.prints)
    // Packages stay named until others were read: a locked build reads them next.
    await updateLock(locksDirectory, {
      name: entry.name,
      repository: entry.repository,
      tags: lockedTags(indexed.prints),
      ...lockedArchives(indexed.archives),
      folders: askedNames(rules),
      inputs: { ...(job.keepBuilt ? readLock(locksDirectory, entry.name)?.inputs : {}), sources: job.inputs },
      prints: sha256,
    })
    return resultOf(entry, indexed, path)
  } finally {
    await repository?.close()
  }
}

async function indexPackages(job: PackagesJob, { signal, onProgress }: JobWatch): Promise<IndexResult> {
  const { entry, printsDirectory, locksDirectory } = job
  const sources = releasesOf(readPrints(printsDirectory, entry.name), 'source')
  const known = sources?.releases.map(({ version }) => version) ?? []
  const paths = new Map(job.packages)
  const releases = debianReleases(entry, [...paths.keys()], known)
  if (releases.length === 0)
    throw new DetectorError('SOURCE_FAILED', `need a library package of ${entry.name}, have none`)
  const byPath = new Map([...paths].map(([one, path]) => [path, one]))
  const excluded = new Set(job.excluded)
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
      accept: (sha256) => !excluded.has(sha256),
      onFile: (path, { sha256 }) => {
        const one = byPath.get(path)!
        files.set(one, [...(files.get(one) ?? []), sha256])
      },
      ...(onProgress === undefined ? {} : { onProgress }),
    },
  )
  const { path, sha256 } = await writePrints(printsDirectory, indexed.prints)
  await updateLock(locksDirectory, {
    name: entry.name,
    repository: entry.repository,
    tags: lockedTags(indexed.prints),
    packages: lockOf(releases, files),
    inputs: { ...readLock(locksDirectory, entry.name)?.inputs, packages: job.inputs },
    prints: sha256,
  })
  return resultOf(entry, indexed, path)
}

function resultOf({ name }: CatalogEntry, { added, prints, skipped }: IndexedReleases, path: string): IndexResult {
  return { component: name, releases: added, features: countFeatures(prints), path, skipped }
}

/** Packages without libraries of their own stay: their headers were read. */
function lockOf(
  releases: readonly DebianRelease[],
  files: ReadonlyMap<AptPackage, readonly string[]>,
): LockedPackage[] {
  return releases.flatMap(({ version: release, packages }) =>
    packages.map((one) => {
      const { name, ...built } = one
      return { ...built, package: name, release, files: files.get(one) ?? [] }
    }),
  )
}
