import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { lockedTags, readLock, updateLock } from '../build/locks.ts'
import {
  printsDigest,
  printsPath,
  readPrints,
  requirePrints,
  writePrints,
  writeWhole,
} from '../build/prints-directory.ts'
import { type CatalogEntry, defaultEntry, readCatalog } from '../database/catalog.ts'
import { PrintsBuilder } from '../database/prints-builder.ts'
import { DetectorError } from '../errors.ts'
import { type IndexReleaseOptions, type IndexResult, indexRelease, withVersionGroup } from './index-release.ts'

/** Whose releases are added to a database, and which. */
export interface AddOptions extends IndexReleaseOptions {
  /** Of a component that the database has no catalog entry of yet: its package URL. Default: `pkg:generic/<name>`. */
  readonly purl?: string
  /** Of such a component: its licence, an SPDX expression. */
  readonly licence?: string
}

/**
 * Adds releases of a component to a database of one's own, as `indexRelease` reads them: prints, a catalog entry where there
 * is none yet, and a lock with the checksum of the prints. The directory is made where it is missing.
 *
 * @throws DetectorError as `indexRelease`
 */
export async function addToDatabase(
  directory: string,
  inputs: readonly string[],
  options: AddOptions,
): Promise<IndexResult> {
  const { purl, licence, ...index } = options
  const prints = join(directory, 'prints')
  const result = await indexRelease(prints, inputs, { ...index, catalogDirectory: directory })
  await mkdir(join(directory, 'components'), { recursive: true })
  const path = join(directory, 'components', `${options.component}.json`)
  if (!existsSync(path)) {
    const entry: CatalogEntry = {
      ...defaultEntry(options.component),
      summary: options.component,
      licence: licence ?? 'NOASSERTION',
      language: 'C',
      ...(purl === undefined ? {} : { purl }),
      ...(options.scheme === undefined ? {} : { versionScheme: options.scheme }),
      ...(options.tags === undefined ? {} : { tagPattern: withVersionGroup(options.tags.source) }),
    }
    await writeWhole(path, `${JSON.stringify(entry, undefined, 2)}\n`)
    // What a purl or scheme of the caller's may have spoiled shows now, and not in the next scan.
    readCatalog(directory)
  }
  await relock(directory, options.component)
  return result
}

/** What was taken out of a database. */
export interface RemovedRelease {
  readonly component: string
  /** Null where the whole component went. */
  readonly version: string | null
}

/**
 * Takes components (`zlib`) or releases (`zlib@1.2.3`) out of a database; with its last release a component goes.
 *
 * @throws DetectorError `USAGE` for what is not there, before anything is taken out
 */
export async function removeFromDatabase(directory: string, names: readonly string[]): Promise<RemovedRelease[]> {
  const folder = join(resolve(directory), 'prints')
  const wanted = names.map((name) => {
    const at = name.indexOf('@')
    const [component, version] = at < 0 ? [name, null] : [name.slice(0, at), name.slice(at + 1)]
    const prints = readPrints(folder, component)
    if (prints === undefined) throw new DetectorError('USAGE', `${directory} has no prints of ${component}`)
    if (version !== null && !prints.releases.some((release) => release.version === version))
      throw new DetectorError('USAGE', `${directory} has no release ${version} of ${component}`)
    return { component, version }
  })
  for (const { component, version } of wanted) await remove(resolve(directory), component, version)
  return wanted
}

async function remove(directory: string, component: string, version: string | null): Promise<void> {
  const folder = join(directory, 'prints')
  const prints = readPrints(folder, component)
  const kept = prints?.releases.filter((release) => version !== null && release.version !== version) ?? []
  if (prints !== undefined && kept.length > 0) {
    await writePrints(folder, PrintsBuilder.from(prints, kept).finish())
    await relock(directory, component, version ?? undefined)
    return
  }
  await rm(printsPath(folder, component), { force: true })
  for (const part of ['locks', 'components']) await rm(join(directory, part, `${component}.json`), { force: true })
}

/** Brings the lock of a component in step with its prints: its tags, without a release that went, and its checksum. */
async function relock(directory: string, component: string, gone?: string): Promise<void> {
  const locks = join(directory, 'locks')
  const folder = join(directory, 'prints')
  const lock = readLock(locks, component)
  const stays = <T extends { readonly release: string }>(one: T): boolean => one.release !== gone
  await updateLock(locks, {
    name: component,
    repository: lock?.repository ?? null,
    tags: lockedTags(requirePrints(folder, component)),
    sourcePackages: lock?.sourcePackages.filter(stays) ?? [],
    npm: lock?.npm.filter(stays) ?? [],
    packages: lock?.packages.filter(stays) ?? [],
    // Edited by hand: no build gives the same.
    inputs: {},
    prints: printsDigest(folder, component) ?? null,
  })
}
