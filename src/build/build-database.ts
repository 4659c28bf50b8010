import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { CatalogEntry, VendoredPaths } from '../database/catalog.ts'
import { DetectorError, throwIfAborted } from '../errors.ts'
import { type IndexResult, type SourcesJob, unchanged } from './component-jobs.ts'
import { type ArchivePlan, type FoundArchives, findArchives, NO_ARCHIVES } from './find-archives.ts'
import { type ReleaseTag, releaseTags } from './index-releases.ts'
import { sourcesDigest } from './inputs.ts'
import { withJobPool } from './job-pool.ts'
import { type Lock, readLock } from './locks.ts'
import { componentNames } from './path-rules.ts'
import { prepareDirectory } from './prints-directory.ts'
import { type GitRepository, openGitRepository } from './sources/git.ts'
import { Steps } from './steps.ts'

export interface BuildPlan {
  readonly entries: readonly CatalogEntry[]
  /** The whole catalog, for the names of other components. */
  readonly catalog: readonly CatalogEntry[]
  readonly vendoredPaths: VendoredPaths
  readonly printsDirectory: string
  /** Where it is written what was read. */
  readonly locksDirectory: string
  /** Index the tags of the lock and no others, and only at the commits that it names. */
  readonly locked?: boolean
  /** Directory of repositories to use instead of the network, one for each component (`zlib.git`, `zlib`). */
  readonly gitMirror?: string
  /** Archives beside the tags. Default: none. */
  readonly archives?: ArchivePlan
  /** Components at the same time. */
  readonly jobs: number
  /** Built releases that the prints have already stay; false where they are made anew afterwards. Default: true. */
  readonly keepBuilt?: boolean
  readonly signal?: AbortSignal
  readonly onProgress?: BuildProgress
  /** Told of a component that could not be built, while the others go on. Without it the first one ends the build. */
  readonly onFailure?: BuildFailure
}

export type BuildFailure = (component: string, error: DetectorError) => void

/** `fetch` counts components whose releases are listed, `index` releases that were read. */
export type BuildProgress = (phase: 'fetch' | 'index', done: number, total: number, label: string) => void

/** What the source releases of one component are made from. */
interface FoundSources {
  readonly entry: CatalogEntry
  /** Directory of the repository; undefined where there is none. */
  readonly repository: string | undefined
  readonly tags: readonly ReleaseTag[]
  readonly archives: FoundArchives
}

/**
 * Makes the source releases of each component: the release tags of its repository and what archives add. The same inputs
 * give the same bytes, whatever the number of jobs and their order. Prints that were made from the same inputs before
 * are left as they are, so that a build that was ended goes on where it was.
 *
 * @throws DetectorError `SOURCE_FAILED`, `INPUT_NOT_FOUND`, `ABORTED`; what fails ends the jobs that run
 */
export async function buildPrints(plan: BuildPlan): Promise<IndexResult[]> {
  await prepareDirectory(plan.printsDirectory)
  await prepareDirectory(plan.locksDirectory)
  const archives = plan.archives === undefined ? undefined : await findArchives(plan.entries, plan.archives, plan)
  const found: FoundSources[] = []
  for (const [i, entry] of plan.entries.entries()) {
    plan.onProgress?.('fetch', i, plan.entries.length, entry.name)
    const one = await attempt(plan, entry, () => findTags(entry, archives?.get(entry.name) ?? NO_ARCHIVES, plan))
    if (one !== undefined) found.push(one)
  }
  const steps = new Steps((done, total, label) => plan.onProgress?.('index', done, total, label))
  const results = await withJobPool(plan.jobs, plan.signal, (pool) =>
    Promise.all(
      found.map((one) =>
        attempt(plan, one.entry, async () => {
          const job = sourcesJob(one, plan)
          const step = steps.add(one.entry.name, one.tags.length + one.archives.archives.length)
          const result = unchanged(job) ?? (await pool.run(job, step.at))
          step.end()
          return { ...result, skipped: [...one.archives.skipped, ...result.skipped] }
        }),
      ),
    ),
  )
  return results.filter((result) => result !== undefined)
}

/** Does the work of one component; undefined where it failed and the build goes on. */
export async function attempt<T>(
  { onFailure }: Pick<BuildPlan, 'onFailure'>,
  entry: CatalogEntry,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (onFailure === undefined || !(error instanceof DetectorError) || error.code === 'ABORTED') throw error
    onFailure(entry.name, error)
    return undefined
  }
}

/** Opens or fetches the repository and lists its releases. */
async function findTags(entry: CatalogEntry, archives: FoundArchives, plan: BuildPlan): Promise<FoundSources> {
  throwIfAborted(plan.signal)
  const lock = plan.locked === true ? requiredLock(entry, plan) : undefined
  const location = locate(entry, plan.gitMirror)
  if (location === undefined || lock?.tags.size === 0) {
    if (archives.archives.length > 0) return { entry, repository: undefined, tags: [], archives }
    throw noSources(entry, plan)
  }
  const { signal } = plan
  const repository = await openGitRepository(location, signal === undefined ? {} : { signal })
  try {
    const tags = await wantedTags(repository, entry, lock)
    return { entry, repository: repository.directory, tags, archives }
  } finally {
    await repository.close()
  }
}

function requiredLock(entry: CatalogEntry, { locksDirectory }: BuildPlan): Lock {
  const lock = readLock(locksDirectory, entry.name)
  if (lock !== undefined) return lock
  throw new DetectorError('INPUT_NOT_FOUND', `need ${entry.name}.json in ${locksDirectory}, have none`, {
    locus: { path: locksDirectory },
  })
}

async function wantedTags(
  repository: GitRepository,
  entry: CatalogEntry,
  lock: Lock | undefined,
): Promise<ReleaseTag[]> {
  const tags = await releaseTags(repository, entry)
  if (lock === undefined) return tags
  const commits = new Map(tags.map((tag) => [tag.tag, tag.commit]))
  for (const [tag, commit] of lock.tags)
    if (commits.get(tag) !== commit) {
      const have = commits.has(tag) ? `it is at ${commits.get(tag)}` : 'there is no such release'
      throw new DetectorError('SOURCE_FAILED', `need tag ${tag} of ${entry.name} at commit ${commit}, but ${have}`)
    }
  return tags.filter(({ tag }) => lock.tags.has(tag))
}

/** A directory or address of the component's repository; undefined where the catalog knows of none. */
function locate(entry: CatalogEntry, mirror: string | undefined): string | undefined {
  if (entry.repository === null && mirror === undefined) return undefined
  if (mirror === undefined) return entry.repository!
  const found = [`${entry.name}.git`, entry.name].map((name) => join(mirror, name)).find(existsSync)
  if (found !== undefined || entry.repository === null) return found
  throw new DetectorError(
    'INPUT_NOT_FOUND',
    `need ${entry.name}.git in ${mirror}, found neither it nor ${entry.name}`,
    {
      locus: { path: mirror },
    },
  )
}

function noSources(entry: CatalogEntry, { archives }: BuildPlan): DetectorError {
  const hint =
    archives?.sourcePackages === true
      ? 'and no source package could be had'
      : 'read its source packages (--from source-packages) or index it from an archive'
  return new DetectorError('INPUT_NOT_FOUND', `the catalog names no repository of ${entry.name}: ${hint}`)
}

function sourcesJob({ entry, repository, tags, archives: { archives } }: FoundSources, plan: BuildPlan): SourcesJob {
  const { catalog, vendoredPaths, printsDirectory, locksDirectory, keepBuilt = true } = plan
  const names = componentNames(catalog)
  const inputs = sourcesDigest({ entry, vendoredPaths, tags, archives })
  return {
    kind: 'sources',
    ...{ entry, printsDirectory, locksDirectory, inputs },
    ...{ repository, tags, archives, names, vendoredPaths, keepBuilt },
  }
}
