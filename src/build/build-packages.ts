import pLimit from 'p-limit'
import type { CatalogEntry } from '../database/catalog.ts'
import { DetectorError } from '../errors.ts'
import { attempt, type BuildFailure, type BuildProgress } from './build-database.ts'
import { type IndexResult, type PackagesJob, unchanged } from './component-jobs.ts'
import { type Exclusion, NOTHING_EXCLUDED } from './exclusion.ts'
import { packagesDigest } from './inputs.ts'
import { type JobPool, withJobPool } from './job-pool.ts'
import { readLock } from './locks.ts'
import { prepareDirectory } from './prints-directory.ts'
import type { AptPackage } from './sources/apt.ts'
import { AptArchitectures } from './sources/apt-architectures.ts'
import { DEBIAN_ARCHITECTURES, DEBIAN_SUITES, libraryPackages } from './sources/debian.ts'
import { Steps } from './steps.ts'

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
  /** Components at the same time. */
  readonly jobs: number
  readonly signal?: AbortSignal
  readonly onProgress?: BuildProgress
  /** As in `BuildPlan`. */
  readonly onFailure?: BuildFailure
}

/**
 * Adds built releases from Debian's library packages to the prints of each component, in place of those that the prints
 * had, and locks what was read. Components without library packages are passed over, and prints that were made from the same
 * packages before are left as they are.
 *
 * @throws DetectorError `SOURCE_FAILED` when apt gives nothing, or with `locked` when a package is gone
 */
export async function buildPackages(plan: PackagePlan): Promise<IndexResult[]> {
  const { exclusion = NOTHING_EXCLUDED, suites = DEBIAN_SUITES, signal } = plan
  await prepareDirectory(plan.printsDirectory)
  await prepareDirectory(plan.locksDirectory)
  const entries = plan.entries.filter(({ debian }) => debian.libraries.length > 0)
  const apt = await AptArchitectures.open({
    directory: plan.cacheDirectory,
    suites,
    architectures: plan.architectures ?? DEBIAN_ARCHITECTURES,
    signal,
  })
  const listed = await apt.find(entries.flatMap(({ debian }) => debian.libraries))
  const missing = apt.missing.map((suite) => ({ path: suite, reason: 'its package list could not be fetched' }))
  const steps = new Steps((done, total, label) => plan.onProgress?.('index', done, total, label))
  const oneAtATime = pLimit(1)
  const build = async (entry: CatalogEntry, wanted: readonly AptPackage[], pool: JobPool): Promise<IndexResult> => {
    const step = steps.add(entry.name, wanted.length)
    const known = unchanged(packagesJob(entry, new Map(wanted.map((one) => [one, ''])), plan))
    if (known !== undefined) {
      step.end()
      return { ...known, skipped: missing }
    }
    const paths = await oneAtATime(() => apt.download(wanted))
    const gone = wanted.filter((one) => !paths.has(one))
    if (gone.length > 0 && plan.locked === true) throw packageGone(entry, gone[0]!)
    const job = packagesJob(entry, paths, plan)
    const result = unchanged(job) ?? (await pool.run(job, step.at))
    step.end()
    return { ...result, skipped: [...gone.map(notDownloaded), ...missing, ...result.skipped] }
  }
  const results = await withJobPool(plan.jobs, signal, (pool) =>
    Promise.all(
      entries.map((entry) =>
        attempt(plan, entry, async () => {
          const wanted =
            plan.locked === true ? lockedPackages(entry, listed, plan) : libraryPackages(entry, listed, exclusion)
          return wanted.length === 0 ? undefined : await build(entry, wanted, pool)
        }),
      ),
    ),
  )
  return results.filter((result) => result !== undefined)
}

function packagesJob(
  entry: CatalogEntry,
  paths: ReadonlyMap<AptPackage, string>,
  { printsDirectory, locksDirectory, exclusion = NOTHING_EXCLUDED }: PackagePlan,
): PackagesJob {
  const excluded = [...exclusion.sha256]
  const sources = readLock(locksDirectory, entry.name)?.inputs.sources
  const inputs = packagesDigest({ entry, packages: [...paths.keys()], excluded, sources })
  return { kind: 'packages', entry, printsDirectory, locksDirectory, inputs, packages: [...paths], excluded }
}

function notDownloaded({ name, version, architecture }: AptPackage): { path: string; reason: string } {
  return { path: `${name}:${architecture}=${version}`, reason: 'it could not be downloaded' }
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
