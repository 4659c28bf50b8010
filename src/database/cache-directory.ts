import { access, constants, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { homedir, hostname } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { hashText } from '../bytes/hash.ts'
import { DetectorError } from '../errors.ts'

/** Lies in every compiled database of the cache. Directories without it are not ours and are never removed. */
export const MARKER = 'BINPRINT-CACHE'

/** A compiled database that nobody opened for so long is removed. */
const UNUSED_MILLISECONDS = 30 * 24 * 60 * 60 * 1000

/** What a temporary directory is for: a database being compiled, one opened privately, or one about to be removed. */
export type Purpose = 'compile' | 'open' | 'remove'

/** Starts the name of every lock file; the key follows. */
export const LOCK_PREFIX = '.binprint-lock-'

/** Starts the name of every file that notes a digest; the stamp of what was digested follows. */
export const DIGEST_PREFIX = '.binprint-digest-'

const TEMPORARY = /^\.binprint-(?:compile|open|remove)-(?<host>[0-9a-f]{8})-(?<pid>\d+)-[0-9a-f]+$/

/** Process ids mean something on one machine only, and caches are shared over networks and between containers. */
export const HOST: string = hashText(hostname()).toString(16).padStart(16, '0').slice(0, 8)

/** Where compiled databases are kept unless told otherwise. */
export function defaultCacheDirectory(
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  const { BINPRINT_CACHE: own, XDG_CACHE_HOME: xdg, LOCALAPPDATA: local } = environment
  if (own) return own
  if (platform === 'win32') return join(local || join(home, 'AppData', 'Local'), 'binprint', 'Cache')
  // Relative paths are to be ignored: XDG Base Directory Specification, "Basics".
  if (xdg && isAbsolute(xdg)) return join(xdg, 'binprint')
  return platform === 'darwin' ? join(home, 'Library', 'Caches', 'binprint') : join(home, '.cache', 'binprint')
}

/** Creates the directory, readable by its user only, unless it is there. */
export async function makeCacheDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new DetectorError(
      'USAGE',
      `cannot create the cache directory ${directory}: set BINPRINT_CACHE to one that can be written`,
      { locus: { path: directory }, cause },
    )
  }
}

/** True for a directory that is there and that this process must not write. */
export async function isReadOnly(directory: string): Promise<boolean> {
  try {
    await access(directory, constants.W_OK)
    return false
  } catch (error) {
    return ['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')
  }
}

/** A path in the cache that no one else uses. It is removed by {@link tidyCache} once this process is gone. */
export function temporaryPath(cache: string, purpose: Purpose): string {
  // Importing node:crypto would cost each process that only opens a database.
  const token = Buffer.from(crypto.getRandomValues(new Uint8Array(6))).toString('hex')
  return join(cache, `.binprint-${purpose}-${HOST}-${process.pid}-${token}`)
}

/** Removes a directory at once for everyone who looks for it by name, then its content. */
export async function discard(cache: string, directory: string): Promise<void> {
  const away = temporaryPath(cache, 'remove')
  await rename(directory, away).catch(ignoreMissing)
  await rm(away, { recursive: true, force: true })
}

/**
 * Removes what dead processes left behind, compiled databases other than `key` that nobody opened for 30 days, and digests noted
 * before that. What cannot be removed stays for another time.
 */
export async function tidyCache(cache: string, key: string): Promise<void> {
  const oldest = Date.now() - UNUSED_MILLISECONDS
  for (const entry of await readdir(cache, { withFileTypes: true })) {
    if (entry.name === key) continue
    const path = join(cache, entry.name)
    const owner = TEMPORARY.exec(entry.name)?.groups
    const old = (await modified(path)) < oldest
    if (old && [LOCK_PREFIX, DIGEST_PREFIX].some((prefix) => entry.name.startsWith(prefix)))
      await rm(path, { force: true }).catch(ignoreRefused)
    if (!entry.isDirectory()) continue
    if (owner !== undefined) {
      const dead = owner['host'] === HOST && !isAlive(Number(owner['pid']))
      if (dead || old) await rm(path, { recursive: true, force: true }).catch(ignoreRefused)
    } else if (old && Number.isFinite(await modified(join(path, MARKER))))
      await discard(cache, path).catch(ignoreRefused)
  }
}

/** Whether a process of this machine runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it runs, as another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Time of the last change in milliseconds since 1970; infinite for what is not there. */
export async function modified(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs
  } catch (error) {
    ignoreMissing(error)
    return Number.POSITIVE_INFINITY
  }
}

/** Rethrows any error but that of a file that is not there. */
export function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
}

const REFUSALS = ['ENOENT', 'EACCES', 'EPERM', 'EBUSY', 'ENOTEMPTY', 'EROFS']

/** Rethrows any error but that of a system which does not let us remove something, or of someone who was faster. */
function ignoreRefused(error: unknown): void {
  if (!REFUSALS.includes((error as NodeJS.ErrnoException).code ?? '')) throw error
}
