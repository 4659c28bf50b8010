import { randomBytes } from 'node:crypto'
import { renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** How long a use, or a look at all records, stays noted: doing it each time would cost more than it is worth. */
export const USE_MILLISECONDS: number = 24 * 60 * 60 * 1000
/** A file of a process that wrote and died. */
export const TEMPORARY: RegExp = /^\.write-(\d+)-/

/**
 * Writes a file that is never seen in part.
 *
 * @throws what the system says
 */
export function writeWhole(path: string, bytes: Uint8Array): void {
  const temporary = join(dirname(path), `.write-${process.pid}-${randomBytes(6).toString('hex')}`)
  try {
    writeFileSync(temporary, bytes, { mode: 0o600 })
    renameSync(temporary, path)
  } catch (error) {
    attempt(() => rmSync(temporary, { force: true }))
    throw error
  }
}

/** Notes that a file was used, by its time of change. */
export function noteUse(path: string): void {
  const now = Date.now()
  if (now - statSync(path).mtimeMs > USE_MILLISECONDS) utimesSync(path, now / 1000, now / 1000)
}

/** Undefined where the system refuses. */
export function attempt<T>(step: () => T): T | undefined {
  try {
    return step()
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code === 'string') return undefined
    throw error
  }
}
