import { readFileSync, type Stats, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hash64, hashText } from '../bytes/hash.ts'
import { DIGEST_PREFIX, ignoreMissing } from './cache-directory.ts'

/**
 * So old the last change of a file must be before what was read of it is remembered. Times of files have a grain, of up to two
 * seconds on some file systems, and the clock of a server need not be ours: within it, a file may change twice and look the
 * same.
 */
const SETTLED_MILLISECONDS = 10_000

/** What the system says of files without reading them. */
export interface FileStamp {
  /** Hexadecimal; another one whenever a path, an inode, a size, or a time of change is another. */
  readonly name: string
  /** When one of them changed last, in milliseconds since 1970. */
  readonly changed: number
}

/** The stamp of these files, in this order. */
export function stampOf(paths: readonly string[]): FileStamp {
  const numbers = new Float64Array(paths.length * 5)
  let changed = 0
  for (let i = 0; i < paths.length; i++) {
    const stats = statSync(paths[i]!)
    setNumbers(numbers, i * 5, stats)
    // Whoever sets the time of a file back, as tar and git do, cannot set back when that was done.
    changed = Math.max(changed, stats.mtimeMs, stats.ctimeMs)
  }
  const halves = [hashText(paths.join('\n')), hash64(new Uint8Array(numbers.buffer))]
  return { name: halves.map((half) => half.toString(16).padStart(16, '0')).join(''), changed }
}

function setNumbers(numbers: Float64Array, at: number, { dev, ino, size, mtimeMs, ctimeMs }: Stats): void {
  numbers[at] = dev
  numbers[at + 1] = ino
  numbers[at + 2] = size
  numbers[at + 3] = mtimeMs
  numbers[at + 4] = ctimeMs
}

/** Whether a file of this stamp that changes now gets another one for sure. */
export function isSettled({ changed }: FileStamp, now: number): boolean {
  return changed + SETTLED_MILLISECONDS <= now
}

/** The digest that was remembered for the stamp; undefined where there is none, or not a whole one. */
export function rememberedDigest(cache: string, { name }: FileStamp): string | undefined {
  try {
    const text = readFileSync(memoPath(cache, name), 'utf8')
    const digest = text.slice(0, text.indexOf(' '))
    return text === memoText(name, digest) ? digest : undefined
  } catch (error) {
    ignoreRefused(error)
    return undefined
  }
}

/** Remembers the digest of files with the stamp. Where the cache cannot be written they are read again the next time. */
export function rememberDigest(cache: string, { name }: FileStamp, digest: string): void {
  try {
    writeFileSync(memoPath(cache, name), memoText(name, digest))
  } catch (error) {
    ignoreRefused(error)
  }
}

function memoPath(cache: string, name: string): string {
  return join(cache, DIGEST_PREFIX + name)
}

/** With a checksum, as the file may be read while it is written, or stay half-written. */
function memoText(name: string, digest: string): string {
  return `${digest} ${hashText(`${name} ${digest}`).toString(16)}\n`
}

const REFUSALS = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT']

function ignoreRefused(error: unknown): void {
  if (!REFUSALS.includes((error as NodeJS.ErrnoException).code ?? '')) ignoreMissing(error)
}
