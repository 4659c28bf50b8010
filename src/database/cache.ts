import { mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { DetectorError } from '../errors.ts'
import {
  defaultCacheDirectory,
  discard,
  ignoreMissing,
  isReadOnly,
  LOCK_PREFIX,
  MARKER,
  makeCacheDirectory,
  modified,
  temporaryPath,
  tidyCache,
} from './cache-directory.ts'
import { acquireLock } from './compile-lock.ts'
import { openPrivately, openReadOnly } from './private-copy.ts'
import { type DatabaseReader, openReader } from './reader.ts'

export interface CacheOptions {
  /** Instead of the user's cache directory. */
  readonly cacheDirectory?: string
  /** Ends waiting for another process; a running `compile` has to see to it by itself. */
  readonly signal?: AbortSignal
}

/**
 * Opens the compiled database `key` of the cache, after `compile` has written it into the directory given to it if it is
 * not there. `key` must stand for everything that the content depends on, the schema number included.
 *
 * Any number of processes and callers may do so at once: one compiles while the others wait, and each gets a reader of
 * its own. A database becomes visible only when it is complete; one that turns out to be damaged is compiled again, once.
 * Databases of other keys that were not opened for 30 days are removed. In a cache that this process must not write, that of
 * an image or of another user, nothing is changed: a database that is there is opened, and not compiled again if it is damaged.
 *
 * @throws DetectorError `USAGE` when the cache cannot be written, `ABORTED`, or what `compile` throws
 */
export async function openCompiled(
  key: string,
  compile: (directory: string) => Promise<void>,
  options: CacheOptions = {},
): Promise<DatabaseReader> {
  if (!/^[0-9A-Za-z_][0-9A-Za-z_.-]*$/.test(key)) throw new TypeError(`key: need a plain file name, got ${key}`)
  const cache = options.cacheDirectory ?? defaultCacheDirectory()
  try {
    return await openIn(cache, key, compile, options.signal)
  } catch (error) {
    const { code = '', path = '' } = error as NodeJS.ErrnoException
    if (error instanceof DetectorError || !REFUSALS.includes(code) || !resolve(path).startsWith(resolve(cache)))
      throw error
    const message =
      `cannot use the cache directory ${cache}: let this user read what is there (chmod -R a+rX), or set ` +
      'BINPRINT_CACHE to one that can be written'
    throw new DetectorError('USAGE', message, { locus: { path }, cause: error })
  }
}

/** How a system says that a directory is another user's, or that nobody may write it. */
const REFUSALS = ['EACCES', 'EPERM', 'EROFS']

async function openIn(
  cache: string,
  key: string,
  compile: (directory: string) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<DatabaseReader> {
  if ((await isReadOnly(cache)) && Number.isFinite(await modified(join(cache, key))))
    return openReadOnly(join(cache, key))
  await makeCacheDirectory(cache)
  await tidyCache(cache, key)
  const directory = join(cache, key)
  await compileOnce(cache, key, compile, signal)
  try {
    return await openShared(directory, cache)
  } catch (error) {
    if (!isDamage(error)) throw error
  }
  await discard(cache, directory)
  await compileOnce(cache, key, compile, signal)
  return openShared(directory, cache)
}

/** What another compilation mends. */
function isDamage(error: unknown): boolean {
  return (
    error instanceof DetectorError && ['STORE_CORRUPT', 'STORE_NOT_FOUND', 'STORE_SCHEMA_MISMATCH'].includes(error.code)
  )
}

async function openShared(directory: string, cache: string): Promise<DatabaseReader> {
  const now = new Date()
  await utimes(directory, now, now).catch(ignoreMissing)
  try {
    return await openReader(directory)
  } catch (error) {
    if (!(error instanceof DetectorError) || error.code !== 'STORE_LOCKED') throw error
  }
  return openPrivately(directory, cache)
}

/** Sees to it that the database is there: compiled by this process or, while it waited, by another. */
async function compileOnce(
  cache: string,
  key: string,
  compile: (directory: string) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const target = join(cache, key)
  const exists = async (): Promise<boolean> => Number.isFinite(await modified(target))
  if (await exists()) return
  const lock = await acquireLock(join(cache, LOCK_PREFIX + key), exists, signal)
  if (lock === undefined) return
  const fresh = temporaryPath(cache, 'compile')
  try {
    if (await exists()) return
    await mkdir(fresh, { mode: 0o700 })
    await compile(fresh)
    await writeFile(
      join(fresh, MARKER),
      'A compiled fingerprint database of binprint. It may be deleted at any time.\n',
    )
    await rename(fresh, target).catch(async (error: unknown) => {
      // Another process had the lock as well and was faster; its database is as good.
      if (!(await exists())) throw error
    })
  } finally {
    await rm(fresh, { recursive: true, force: true })
    await lock.release()
  }
}
