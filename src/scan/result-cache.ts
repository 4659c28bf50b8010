import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { defaultCacheDirectory, isAlive } from '../database/cache-directory.ts'
import { packComponent, unpackComponent } from '../database/component-records.ts'
import { DetectorError } from '../errors.ts'

/** What is kept: analyses of files, what layers hold, which blobs are which layers, and what was found in images. */
export type ResultKind = 'files' | 'layers' | 'blobs' | 'images'

/** Records that nobody asked for in so long are removed, but for what was found in images. */
const UNUSED_MILLISECONDS = 30 * 24 * 60 * 60 * 1000
/** How long a use, or a look at all records, stays noted: doing it each time would cost more than it is worth. */
const USE_MILLISECONDS = 24 * 60 * 60 * 1000
/** A file of a process that wrote and died. */
const TEMPORARY = /^\.write-(\d+)-/

/**
 * Results of scans, kept in files below `results` of the cache directory. Each is written as a whole under a name that stands for
 * everything it depends on, so that any number of processes may read and write at once. What is missing, damaged or cannot be
 * written is as if it had never been there: a cache never ends a scan.
 */
export class ResultCache {
  readonly #root: string
  readonly #engine: string
  #isWritable = true

  /** `engine` stands for the rules by which files are analysed. */
  constructor(engine: string, cacheDirectory: string = defaultCacheDirectory()) {
    this.#root = join(cacheDirectory, 'results')
    this.#engine = engine
  }

  /** The record under a name, or undefined. */
  read(kind: ResultKind, name: string): Record<string, unknown> | undefined {
    const path = this.#path(kind, name)
    const bytes = attempt(() => readFileSync(path))
    if (bytes === undefined) return undefined
    try {
      const record = unpackComponent(bytes, 'a result', { path })
      attempt(() => noteUse(path))
      return record
    } catch (error) {
      if (!(error instanceof DetectorError)) throw error
      return undefined
    }
  }

  /** Keeps a record: plain data. */
  write(kind: ResultKind, name: string, record: object): void {
    if (!this.#isWritable) return
    const path = this.#path(kind, name)
    const temporary = join(this.#root, `.write-${process.pid}-${randomBytes(6).toString('hex')}`)
    const packed = packComponent(record)
    const write = (): true => {
      writeFileSync(temporary, packed, { mode: 0o600 })
      renameSync(temporary, path)
      return true
    }
    // The directory is there all but a few times.
    const written =
      attempt(write) ??
      attempt(() => {
        mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
        return write()
      })
    if (written === true) return
    // Another user's directory, or a full disk: it will not be better for the next record.
    this.#isWritable = false
    attempt(() => rmSync(temporary, { force: true }))
  }

  /** The names of all records of a kind, those of other engines included, ascending. */
  names(kind: ResultKind): string[] {
    const folder = join(this.#root, kind)
    return namesIn(folder)
      .flatMap((part) => namesIn(join(folder, part)))
      .sort()
  }

  /** Removes what nobody asked for in a month, and what dead processes left behind. Once a day it looks. */
  tidy(): void {
    const marker = join(this.#root, '.tidied')
    const last = attempt(() => statSync(marker).mtimeMs) ?? 0
    if (!this.#isWritable || Date.now() - last < USE_MILLISECONDS) return
    attempt(() => writeFileSync(marker, '', { mode: 0o600 }))
    const oldest = Date.now() - UNUSED_MILLISECONDS
    for (const name of namesIn(this.#root)) {
      const writer = TEMPORARY.exec(name)?.[1]
      if (writer !== undefined && !isAlive(Number(writer)))
        attempt(() => rmSync(join(this.#root, name), { force: true }))
    }
    for (const kind of ['files', 'layers', 'blobs'] as const)
      for (const name of this.names(kind)) {
        const path = join(this.#root, kind, name.slice(0, 2), name)
        attempt(() => statSync(path).mtimeMs < oldest && rmSync(path, { force: true }))
      }
  }

  #path(kind: ResultKind, name: string): string {
    const folder = join(this.#root, kind, name.slice(0, 2))
    // Which blob is which layer, and what was found in an image, stays what it is.
    return join(folder, kind === 'files' || kind === 'layers' ? `${name}-${this.#engine}` : name)
  }
}

function noteUse(path: string): void {
  const now = Date.now()
  if (now - statSync(path).mtimeMs > USE_MILLISECONDS) utimesSync(path, now / 1000, now / 1000)
}

function namesIn(directory: string): string[] {
  return attempt(() => readdirSync(directory)) ?? []
}

/** Undefined where the system refuses. */
function attempt<T>(step: () => T): T | undefined {
  try {
    return step()
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code === 'string') return undefined
    throw error
  }
}
