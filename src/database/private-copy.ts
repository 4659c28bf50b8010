import { copyFile, link, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { DetectorError } from '../errors.ts'
import { ignoreMissing, temporaryPath } from './cache-directory.ts'
import { PREFILTERS } from './prefilter-file.ts'
import { type DatabaseReader, openReader } from './reader.ts'

/** Copies tried: each fails only when another process opens the same database within these milliseconds. */
const ATTEMPTS = 8
const PAUSE_MILLISECONDS = 25

/**
 * Opens a database that is open elsewhere: LevelDB lets one process open a directory, so a private one is made beside it
 * of hard links to the tables and prefilters, which never change, and copies of the little rest. It goes away when the reader is closed.
 *
 * @throws DetectorError as {@link openReader}, but never `STORE_LOCKED`
 */
export async function openPrivately(directory: string, cache: string): Promise<DatabaseReader> {
  for (let attempt = 1; ; attempt++) {
    const copy = temporaryPath(cache, 'open')
    const remove = (): Promise<void> => rm(copy, { recursive: true, force: true })
    try {
      await copyDatabase(directory, copy, linkOrCopy)
      return await openReader(copy, { afterClose: remove })
    } catch (error) {
      await remove()
      if (attempt === ATTEMPTS || !isPassing(error)) throw error
      await delay(PAUSE_MILLISECONDS * attempt)
    }
  }
}

/**
 * Opens a database in a directory that must not be written: LevelDB writes a lock and a log wherever it opens. The private
 * directory is one of the system's for temporary files, and goes away when the reader is closed.
 *
 * @throws DetectorError as {@link openReader}, but never `STORE_LOCKED`
 */
export async function openReadOnly(directory: string): Promise<DatabaseReader> {
  const copy = await mkdtemp(join(tmpdir(), 'binprint-open-'))
  const remove = (): Promise<void> => rm(copy, { recursive: true, force: true })
  try {
    // Nobody replaces tables in a directory like this one, so that links to them are as good as copies.
    await copyDatabase(directory, join(copy, 'database'), symlink)
    return await openReader(join(copy, 'database'), { afterClose: remove })
  } catch (error) {
    await remove()
    throw error
  }
}

/** Opening elsewhere replaces CURRENT and its manifest, so that a copy made meanwhile may lack one or hold both halves. */
function isPassing(error: unknown): boolean {
  return error instanceof DetectorError && (error.code === 'STORE_CORRUPT' || error.code === 'STORE_NOT_FOUND')
}

async function copyDatabase(
  from: string,
  to: string,
  place: (from: string, to: string) => Promise<void>,
): Promise<void> {
  await mkdir(to, { mode: 0o700 })
  try {
    const current = await readFile(join(from, 'CURRENT'), 'utf8')
    for (const name of await readdir(from)) {
      if (name.endsWith('.ldb') || name === PREFILTERS) await place(resolve(from, name), join(to, name))
      else if (name === 'CURRENT' || name.startsWith('MANIFEST-') || name.endsWith('.log'))
        await copyFile(join(from, name), join(to, name))
    }
    if ((await readFile(join(to, 'CURRENT'), 'utf8')) === current) return
  } catch (cause) {
    ignoreMissing(cause)
    throw new DetectorError('STORE_NOT_FOUND', `database ${from} went away while it was copied`, {
      locus: { path: from },
      cause,
    })
  }
  throw new DetectorError('STORE_CORRUPT', `database ${from} changed while it was copied`, { locus: { path: from } })
}

/** Not every file system has hard links, and some refuse them for files of other owners. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw error
    await copyFile(from, to)
  }
}
