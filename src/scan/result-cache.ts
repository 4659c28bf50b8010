import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { defaultCacheDirectory, isAlive } from '../database/cache-directory.ts'
import { packRecord, unpackRecord } from '../database/records.ts'
import { DetectorError } from '../errors.ts'
import { attempt, noteUse, TEMPORARY, USE_MILLISECONDS, writeWhole } from './result-files.ts'
import { ResultPacks } from './result-packs.ts'

/** What is kept: analyses of files, what layers hold, which blobs are which layers, and what was found in images. */
export type ResultKind = 'files' | 'layers' | 'blobs' | 'images'

/** Records that nobody asked for in so long are removed, but for what was found in images. */
const UNUSED_MILLISECONDS = 30 * 24 * 60 * 60 * 1000

/**
 * Results of scans, kept in files below `results` of the cache directory. Each is written as a whole under a name that stands for
 * everything it depends on, so that any number of processes may read and write at once. What is missing, damaged or cannot be
 * written is as if it had never been there: a cache never ends a scan. Analyses of files share files, as {@link ResultPacks} says.
 */
export class ResultCache {
  readonly #root: string
  readonly #engine: string
  readonly #files: ResultPacks
  #isWritable = true

  /** `engine` stands for the rules by which files are analysed. */
  constructor(engine: string, cacheDirectory: string = defaultCacheDirectory()) {
    this.#root = join(cacheDirectory, 'results')
    this.#engine = engine
    this.#files = new ResultPacks(join(this.#root, 'files', engine))
  }

  /** The record under a name, or undefined. */
  read(kind: ResultKind, name: string): Record<string, unknown> | undefined {
    if (kind === 'files') return this.#files.read(name)
    const path = this.#path(kind, name)
    const bytes = attempt(() => readFileSync(path))
    if (bytes === undefined) return undefined
    try {
      const record = unpackRecord(bytes, 'a result', { path })
      attempt(() => noteUse(path))
      return record
    } catch (error) {
      if (!(error instanceof DetectorError)) throw error
      return undefined
    }
  }

  /** Keeps a record: plain data. One of a file may be seen by other processes only after {@link flush}. */
  write(kind: ResultKind, name: string, record: object): void {
    this.#try(() => {
      if (kind === 'files') return this.#files.write(name, record)
      const path = this.#path(kind, name)
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      writeWhole(path, packRecord(record))
    })
  }

  /** Writes what waits to be written. */
  flush(): void {
    this.#try(() => this.#files.flush())
  }

  /** The names of all images of which there are records, ascending. */
  imageNames(): string[] {
    const folder = join(this.#root, 'images')
    return namesIn(folder)
      .flatMap((part) => namesIn(join(folder, part)))
      .filter((name) => !TEMPORARY.test(name))
      .sort()
  }

  /** Removes what nobody asked for in a month, and what dead processes left behind. Once a day it looks. */
  tidy(): void {
    const marker = join(this.#root, '.tidied')
    const last = attempt(() => statSync(marker).mtimeMs) ?? 0
    if (!this.#isWritable || Date.now() - last < USE_MILLISECONDS) return
    attempt(() => writeFileSync(marker, '', { mode: 0o600 }))
    const oldest = Date.now() - UNUSED_MILLISECONDS
    for (const kind of ['files', 'layers', 'blobs', 'images'] as const)
      for (const part of namesIn(join(this.#root, kind)))
        for (const name of namesIn(join(this.#root, kind, part))) {
          const path = join(this.#root, kind, part, name)
          const writer = TEMPORARY.exec(name)?.[1]
          const isUnused = (): boolean =>
            writer === undefined ? kind !== 'images' && statSync(path).mtimeMs < oldest : !isAlive(Number(writer))
          attempt(() => isUnused() && rmSync(path, { force: true }))
        }
  }

  /** Does nothing any more once it failed: another user's directory, or a full disk, will not be better for the next record. */
  #try(step: () => void): void {
    if (!this.#isWritable) return
    const written = attempt(() => {
      step()
      return true
    })
    this.#isWritable = written === true
  }

  #path(kind: ResultKind, name: string): string {
    const folder = join(this.#root, kind, name.slice(0, 2))
    // Which blob is which layer, and what was found in an image, stays what it is.
    return join(folder, kind === 'layers' ? `${name}-${this.#engine}` : name)
  }
}

function namesIn(directory: string): string[] {
  return attempt(() => readdirSync(directory)) ?? []
}
