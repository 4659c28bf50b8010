import { copyFileSync, existsSync, readdirSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { joinPrints } from '../build/join-prints.ts'
import { type Lock, readLock, writeLock } from '../build/locks.ts'
import { printsPath, requirePrints, writePrints, writeWhole } from '../build/prints-directory.ts'
import { defaultEntry, readCatalog, readFamilies } from '../database/catalog.ts'
import { databaseFiles, printedComponents, requireDatabase } from '../database/database-files.ts'
import { DESCRIPTOR, readDescriptor } from '../database/descriptor.ts'
import { defaultDatabase } from '../database/installed.ts'
import type { ComponentPrints } from '../database/schema.ts'
import { DetectorError, throwIfAborted } from '../errors.ts'
import type { Watch } from './progress.ts'

/** What a merge wrote. */
export interface MergedDatabase {
  readonly directory: string
  readonly components: number
  /** Components that several of the databases hold: their releases were joined. */
  readonly joined: readonly string[]
}

/**
 * Writes a database that holds what all of the given ones hold. Of a component in several of them all releases are there; of a
 * release, a catalog entry, a background or a list in several of them that of the last one.
 *
 * @throws DetectorError `USAGE` where there is something at the target already, `STORE_NOT_FOUND`, `STORE_CORRUPT`, `ABORTED`
 */
export async function mergeDatabases(
  target: string,
  locations: readonly (string | undefined)[],
  { signal, onProgress }: Watch = {},
): Promise<MergedDatabase> {
  const directories = locations.map((location) => resolve(location ?? defaultDatabase()))
  if (existsSync(target) && readdirSync(target).length > 0)
    throw new DetectorError('USAGE', `need a new directory or an empty one, have ${target} with content`)
  for (const directory of directories) {
    requireDatabase(directory)
    readDescriptor(directory)
  }
  const parent = dirname(resolve(target))
  await mkdir(parent, { recursive: true })
  const fresh = await mkdtemp(join(parent, '.binprint-merge-'))
  try {
    await copyTexts(directories, fresh)
    const names = [...new Set(directories.flatMap(printedComponents))].sort()
    const joined: string[] = []
    for (const [i, name] of names.entries()) {
      throwIfAborted(signal)
      onProgress?.({ phase: 'merge', done: i, total: names.length, label: name })
      const holders = directories.filter((directory) => existsSync(printsPath(join(directory, 'prints'), name)))
      if (holders.length > 1) joined.push(name)
      await mergeComponent(name, holders, fresh)
    }
    await rm(target, { recursive: true, force: true })
    await rename(fresh, target)
    return { directory: resolve(target), components: names.length, joined }
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
}

/** Everything but prints and locks, and what says which published database this was: it is another one now. */
async function copyTexts(directories: readonly string[], fresh: string): Promise<void> {
  for (const folder of ['components', 'prints', 'locks']) await mkdir(join(fresh, folder))
  for (const directory of directories)
    for (const path of databaseFiles(directory))
      if (!/^(?:prints|locks)\//.test(path) && path !== DESCRIPTOR)
        copyFileSync(join(directory, path), join(fresh, path))
  const families = new Map<string, Set<string>>()
  for (const directory of directories.filter((one) => existsSync(join(one, 'families.json'))))
    for (const [family, members] of readFamilies(directory))
      families.set(family, new Set([...(families.get(family) ?? []), ...members]))
  const sorted = [...families]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, members]) => [name, [...members].sort()])
  if (sorted.length > 0)
    await writeWhole(join(fresh, 'families.json'), `${JSON.stringify(Object.fromEntries(sorted), undefined, 2)}\n`)
  // Two catalogs may each be sound and call two components by one name.
  readCatalog(fresh)
}

async function mergeComponent(name: string, holders: readonly string[], fresh: string): Promise<void> {
  const [prints, locks] = [join(fresh, 'prints'), join(fresh, 'locks')]
  let before: { readonly prints: ComponentPrints; readonly lock: Lock | undefined } | undefined
  for (const holder of holders) {
    const own = requirePrints(join(holder, 'prints'), name)
    const lock = readLock(join(holder, 'locks'), name)
    if (before === undefined) {
      copyFileSync(printsPath(join(holder, 'prints'), name), printsPath(prints, name))
      if (lock !== undefined) await writeLock(locks, lock)
      before = { prints: own, lock }
      continue
    }
    const { versionScheme } = readCatalog(fresh).find((one) => one.name === name) ?? defaultEntry(name)
    const joined = joinPrints(before.prints, own, versionScheme)
    const { sha256 } = await writePrints(prints, joined)
    const both = joinLocks(before.lock, lock, sha256)
    if (both !== undefined) await writeLock(locks, both)
    before = { prints: joined, lock: both }
  }
}

/** All that the prints were made from. No build gives the same from one set of inputs, so that none is named. */
function joinLocks(first: Lock | undefined, second: Lock | undefined, prints: string): Lock | undefined {
  const last = second ?? first
  if (last === undefined) return undefined
  const both = [first, second].filter((lock) => lock !== undefined)
  const distinct = <T>(items: readonly T[]): T[] => [
    ...new Map(items.map((item) => [JSON.stringify(item), item])).values(),
  ]
  return {
    ...last,
    tags: new Map(both.flatMap(({ tags }) => [...tags])),
    sourcePackages: distinct(both.flatMap(({ sourcePackages }) => sourcePackages)),
    npm: distinct(both.flatMap(({ npm }) => npm)),
    packages: distinct(both.flatMap(({ packages }) => packages)),
    inputs: {},
    prints,
  }
}
