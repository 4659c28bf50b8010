import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pLimit from 'p-limit'
import type { CatalogEntry, VendoredPaths } from '../database/catalog.ts'
import { PrintsBuilder } from '../database/prints-builder.ts'
import { decodePrints, encodePrints } from '../database/prints-file.ts'
import type { ComponentPrints } from '../database/schema.ts'
import { DetectorError } from '../errors.ts'
import { type ArchivePlan, type FoundArchives, findArchives, lockedArchives } from './find-archives.ts'
import { indexTags, type ReleaseTag, releaseTags } from './index-releases.ts'
import { lockedTags, readLock, updateLock } from './locks.ts'
import { pathRules } from './path-rules.ts'
import { releaseOf } from './sources/debian.ts'
import { type GitRepository, openGitRepository } from './sources/git.ts'

/** Where a component's prints went and what is in them. */
export interface IndexResult {
  readonly component: string
  /** Versions added or replaced by this call, oldest first. */
  readonly releases: readonly string[]
  /** Distinct strings and symbols in the prints now. */
  readonly features: number
  /** The prints file written. */
  readonly path: string
  readonly skipped: readonly { readonly path: string; readonly reason: string }[]
}

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
  readonly signal?: AbortSignal
  readonly onProgress?: (component: string, done: number, total: number) => void
}

/**
 * Indexes all release tags of each component's repository and writes its prints. The same tags give the same bytes,
 * whatever the number of jobs; built releases that the prints have already are kept.
 */
export async function buildPrints(plan: BuildPlan): Promise<IndexResult[]> {
  await mkdir(plan.printsDirectory, { recursive: true })
  const found = plan.archives === undefined ? undefined : await findArchives(plan.entries, plan.archives, plan)
  const limit = pLimit(plan.jobs)
  return Promise.all(plan.entries.map((entry) => limit(() => buildComponent(entry, plan, found?.get(entry.name)))))
}

async function buildComponent(
  entry: CatalogEntry,
  plan: BuildPlan,
  found: FoundArchives | undefined,
): Promise<IndexResult> {
  const { signal, onProgress } = plan
  const repository = await openGitRepository(locate(entry, plan.gitMirror), signal === undefined ? {} : { signal })
  try {
    const tags = await wantedTags(repository, entry, plan)
    const versions = tags.map(({ version }) => version)
    const archives = (found?.archives ?? []).map((one) => ({
      ...one,
      version: releaseOf(entry, one.version, versions),
    }))
    const built = builtReleases(readPrints(plan.printsDirectory, entry.name))
    const indexed = await indexTags(entry, pathRules(entry, plan.catalog, plan.vendoredPaths), repository, tags, {
      ...(signal === undefined ? {} : { signal }),
      ...(built === undefined ? {} : { previous: built }),
      archives,
      onProgress: (done, total) => onProgress?.(entry.name, done, total),
    })
    const path = await writePrints(plan.printsDirectory, indexed.prints)
    await updateLock(plan.locksDirectory, {
      name: entry.name,
      repository: entry.repository,
      tags: lockedTags(indexed.prints),
      ...lockedArchives(indexed.archives),
    })
    return {
      component: entry.name,
      releases: indexed.added,
      features: countFeatures(indexed.prints),
      path,
      skipped: [...(found?.skipped ?? []), ...indexed.skipped],
    }
  } finally {
    await repository.close()
  }
}

async function wantedTags(repository: GitRepository, entry: CatalogEntry, plan: BuildPlan): Promise<ReleaseTag[]> {
  const tags = await releaseTags(repository, entry)
  if (plan.locked !== true) return tags
  const lock = readLock(plan.locksDirectory, entry.name)
  if (lock === undefined)
    throw new DetectorError('INPUT_NOT_FOUND', `need ${entry.name}.json in ${plan.locksDirectory}, have none`, {
      locus: { path: plan.locksDirectory },
    })
  const commits = new Map(tags.map((tag) => [tag.tag, tag.commit]))
  for (const [tag, commit] of lock.tags)
    if (commits.get(tag) !== commit) {
      const have = commits.has(tag) ? `it is at ${commits.get(tag)}` : 'there is no such release'
      throw new DetectorError('SOURCE_FAILED', `need tag ${tag} of ${entry.name} at commit ${commit}, but ${have}`)
    }
  return tags.filter(({ tag }) => lock.tags.has(tag))
}

/** The prints of a component in a directory, or undefined where it has none yet. */
export function readPrints(directory: string, name: string): ComponentPrints | undefined {
  const path = join(directory, `${name}.bpf`)
  return existsSync(path) ? decodePrints(readFileSync(path), { path }) : undefined
}

/** The prints without their source releases, or undefined where nothing is left. */
function builtReleases(prints: ComponentPrints | undefined): ComponentPrints | undefined {
  const built = prints?.releases.filter(({ origin }) => origin === 'built') ?? []
  return prints === undefined || built.length === 0 ? undefined : PrintsBuilder.from(prints, built).finish()
}

function locate(entry: CatalogEntry, mirror: string | undefined): string {
  if (mirror !== undefined) {
    const found = [`${entry.name}.git`, entry.name].map((name) => join(mirror, name)).find(existsSync)
    if (found !== undefined) return found
    throw new DetectorError(
      'INPUT_NOT_FOUND',
      `need ${entry.name}.git in ${mirror}, found neither it nor ${entry.name}`,
      {
        locus: { path: mirror },
      },
    )
  }
  if (entry.repository !== null) return entry.repository
  throw new DetectorError(
    'INPUT_NOT_FOUND',
    `the catalog names no repository of ${entry.name}: index it from an archive`,
  )
}

/** Writes `<name>.bpf` beside its final place first, so that a reader never sees half of it. */
export async function writePrints(directory: string, prints: ComponentPrints): Promise<string> {
  const path = join(directory, `${prints.name}.bpf`)
  const partial = `${path}.${process.pid}.partial`
  await writeFile(partial, encodePrints(prints))
  await rename(partial, path)
  return path
}

export function countFeatures(prints: ComponentPrints): number {
  return Object.values(prints.features).reduce((sum, { high }) => sum + high.length, 0)
}
