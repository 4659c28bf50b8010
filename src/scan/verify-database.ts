import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Lock, readLock } from '../build/locks.ts'
import { printsDigest, printsPath } from '../build/prints-directory.ts'
import { readCatalog } from '../database/catalog.ts'
import { printedComponents, requireDatabase } from '../database/database-files.ts'
import { readDescriptor } from '../database/descriptor.ts'
import { defaultDatabase } from '../database/installed.ts'
import { decodePrints, verifyPrints } from '../database/prints-file.ts'
import { DetectorError, hex, throwIfAborted } from '../errors.ts'
import type { Watch } from './progress.ts'

/** What is wrong with a database, or nothing. */
export interface Verification {
  /** Prints files that are whole and what their lock says. */
  readonly proved: readonly string[]
  /** Prints files that are whole, and that no lock says anything of. */
  readonly unlocked: readonly string[]
  /** By path. */
  readonly problems: readonly DatabaseProblem[]
}

/** One file of a database that is not what it should be. */
export interface DatabaseProblem {
  /** Below the database's directory. */
  readonly path: string
  /** Of a prints file, where it is damaged. */
  readonly section?: string
  /** Bytes from the start of the file. */
  readonly offset?: number
  /** A sentence. */
  readonly reason: string
}

/**
 * Reads everything that a database holds and compares it with its checksums: each section of each prints file with the one in
 * the file, the file with the sha256 in its lock, catalog and locks with what they should look like.
 *
 * @throws DetectorError `STORE_NOT_FOUND` where there is no database, `ABORTED`
 */
export async function verifyDatabase(location?: string, { signal, onProgress }: Watch = {}): Promise<Verification> {
  const directory = resolve(location ?? defaultDatabase())
  requireDatabase(directory)
  const [proved, unlocked, problems]: [string[], string[], DatabaseProblem[]] = [[], [], []]
  const attempt = <T>(path: string, read: () => T): T | undefined => {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof DetectorError)) throw error
      problems.push({ path, reason: error.message })
      return undefined
    }
  }
  attempt('database.json', () => readDescriptor(directory))
  if (existsSync(join(directory, 'components'))) attempt('components', () => readCatalog(directory))
  const names = printedComponents(directory)
  for (const [i, name] of names.entries()) {
    throwIfAborted(signal)
    onProgress?.({ phase: 'verify', done: i, total: names.length, label: name })
    const path = `prints/${name}.bpf`
    const damage = printsDamage(directory, path, name)
    const lock = attempt(`locks/${name}.json`, () => readLock(join(directory, 'locks'), name))
    const foreign = damage.length === 0 ? lockProblem(directory, path, name, lock) : []
    problems.push(...damage, ...foreign)
    if (damage.length + foreign.length > 0) continue
    if (lock?.prints == null) unlocked.push(path)
    else proved.push(path)
  }
  if (existsSync(join(directory, 'background.bpf')))
    problems.push(...printsDamage(directory, 'background.bpf', undefined))
  problems.sort((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)))
  return { proved, unlocked, problems }
}

function printsDamage(directory: string, path: string, name: string | undefined): DatabaseProblem[] {
  try {
    const bytes = readFileSync(join(directory, path))
    const damaged = verifyPrints(bytes).filter(({ intact }) => !intact)
    if (damaged.length > 0)
      return damaged.map(({ name: section, offset }) => {
        return { path, section, offset, reason: `section ${section} at ${hex(offset)} is not what its checksum says` }
      })
    const prints = decodePrints(bytes)
    if (name === undefined || prints.name === name) return []
    return [{ path, reason: `these are the prints of ${prints.name}` }]
  } catch (error) {
    if (!(error instanceof DetectorError)) throw error
    const { section, offset } = error.locus ?? {}
    return [
      {
        path,
        ...(section === undefined ? {} : { section }),
        ...(offset === undefined ? {} : { offset }),
        reason: error.message,
      },
    ]
  }
}

function lockProblem(directory: string, path: string, name: string, lock: Lock | undefined): DatabaseProblem[] {
  if (lock?.prints == null) return []
  const prints = join(directory, 'prints')
  if (printsDigest(prints, name) === lock.prints) return []
  return [{ path, reason: `${printsPath(prints, name)} is not the file that locks/${name}.json names by its sha256` }]
}
