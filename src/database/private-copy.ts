import { copyFile, link, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { DetectorError } from '../errors.ts'
import { ignoreMissing, temporaryPath } from './cache-directory.ts'
import { type DatabaseReader, openReader } from './reader.ts'

/** Copies tried: each fails only when another process opens the same database within these milliseconds. */
const ATTEMPTS = 8
const PAUSE_MILLISECONDS = 25

/**
 * Opens a database that is open elsewhere: LevelDB lets one process open a directory, so a private one is made beside it
 * of hard links to the tables, which never change, and copies of the little rest. It goes away when the reader is closed.
 *
 * @throws DetectorError as {@link openReader}, but never `STORE_LOCKED`
 */
export async function openPrivately(directory: string, cache: string): Promise<DatabaseReader> {
  for (let attempt = 1; ; attempt++) {
    const copy = temporaryPath(cache, 'open')
    const remove = (): Promise<void> => rm(copy, { recursive: true, force: true })
    try {
      await copyDatabase(directory, copy)
      return await openReader(copy, { afterClose: remove })
    } catch (error) {
      await remove()
      if (attempt === ATTEMPTS || !isPassing(error)) throw error
      await delay(PAUSE_MILLISECONDS * attempt)
    }
  }
}

/** Opening elsewhere replaces CURRENT and its manifest, so that a copy made meanwhile may lack one or hold both halves. */
function isPassing(error: unknown): boolean {
  return error instanceof DetectorError && (error.code === 'STORE_CORRUPT' || error.code === 'STORE_NOT_FOUND')
}

async function copyDatabase(from: string, to: string): Promise<void> {
  await mkdir(to, { mode: 0o700 })
  try {
    const current = await readFile(join(from, 'CURRENT'), 'utf8')
    for (const name of await readdir(from)) {
      if (name.endsWith('.ldb')) await linkOrCopy(join(from, name), join(to, name))
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
