import { readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { DetectorError, throwIfAborted } from '../errors.ts'
import { HOST, ignoreMissing, isAlive, modified } from './cache-directory.ts'

/** How often a waiting process looks again. */
const POLL_MILLISECONDS = 50

/** How often the holder shows that it lives. */
const BEAT_MILLISECONDS = 10_000

/** A lock without a sign of life for so long is given up: several beats, and longer than any step of a compilation. */
const STALE_MILLISECONDS = 120_000

/** A lock file held by this process. */
export interface CompileLock {
  release(): Promise<void>
}

/**
 * Waits until this process holds the lock file, or until `done` says that there is nothing left to lock for, and then
 * returns undefined. Locks of dead processes are taken over. The lock only saves work: in rare races two processes may
 * hold it at once, and what they do must be right even then.
 *
 * @throws DetectorError `ABORTED`, `USAGE` when the file cannot be written
 */
export async function acquireLock(
  path: string,
  done: () => Promise<boolean>,
  signal?: AbortSignal,
): Promise<CompileLock | undefined> {
  const token = `${HOST} ${process.pid} ${performance.timeOrigin + performance.now()}\n`
  for (;;) {
    throwIfAborted(signal)
    if (await done()) return undefined
    if (await create(path, token)) return hold(path, token)
    if (await isStale(path)) await rm(path, { force: true })
    else await delay(POLL_MILLISECONDS)
  }
}

async function create(path: string, token: string): Promise<boolean> {
  try {
    await writeFile(path, token, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw new DetectorError(
      'USAGE',
      `cannot write to the cache directory ${dirname(path)}: set BINPRINT_CACHE to one that can be written`,
      { locus: { path }, cause: error },
    )
  }
}

function hold(path: string, token: string): CompileLock {
  const beat = setInterval(() => {
    const now = new Date()
    // Whoever took the lock away, or a disk that fails, harms no more than that another process compiles as well.
    utimes(path, now, now).catch(() => clearInterval(beat))
  }, BEAT_MILLISECONDS)
  beat.unref()
  return {
    async release() {
      clearInterval(beat)
      if ((await content(path)) === token) await rm(path, { force: true })
    },
  }
}

async function isStale(path: string): Promise<boolean> {
  const [host, pid] = (await content(path)).split(' ')
  if (host === HOST && !isAlive(Number(pid))) return true
  return (await modified(path)) < Date.now() - STALE_MILLISECONDS
}

/** Empty when the lock is gone, or made just now and not yet written. */
async function content(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    ignoreMissing(error)
    return ''
  }
}
