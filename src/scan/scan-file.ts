import { readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { HEAD_BYTES } from '../archive/container-member.ts'
import { DEFAULT_LIMITS, type Limits } from '../bytes/limits.ts'
import { type ByteSource, bytesSource, fileSource } from '../bytes/source.ts'
import { DetectorError, throwIfAborted } from '../errors.ts'
import type { FileReport, Report, Unknown } from '../model.ts'
import { type AnalysedProgram, analyseFile, isWorthAnalysing } from './analyse-file.ts'
import type { FingerprintDatabase } from './open-database.ts'
import { VERSION } from './package-version.ts'
import { problemCode } from './problem-code.ts'
import type { Watch } from './progress.ts'
import { checkedConfidence, confidentMatches, databaseSummary } from './report-parts.ts'

/** With what a scan compares, and what its report leaves out. */
export interface ScanOptions extends Watch {
  readonly db: FingerprintDatabase
  /** Matches below this confidence are left out. Default: 0.8. */
  readonly minConfidence?: number
  readonly limits?: Partial<Limits>
}

/** The path that a report gives to bytes that came from nowhere. */
const BYTES_PATH = '(bytes)'

/** As the function of this name in `scanning.ts`. */
export async function scanFile(input: string | Uint8Array, options: ScanOptions): Promise<Report> {
  const report = new ReportBuilder(options)
  if (typeof input === 'string') await report.add(input, () => openNamed(input), true)
  else await report.add(BYTES_PATH, () => bytesSource(input), true)
  return report.finish()
}

/** As the function of this name in `scanning.ts`. */
export async function scanPaths(paths: readonly string[], options: ScanOptions): Promise<Report> {
  const report = new ReportBuilder(options)
  for (const path of paths) {
    // Links that lead in a circle, and directories that may not be entered, cannot even be asked.
    const directory = report.attempt(path, () => isDirectory(path))
    if (directory === true) await scanDirectory(path, report)
    else if (directory === false) await report.add(path, () => openNamed(path), true)
  }
  return report.finish()
}

async function scanDirectory(directory: string, report: ReportBuilder): Promise<void> {
  report.expectMany()
  const entries = report.attempt(directory, () => readdirSync(directory, { withFileTypes: true })) ?? []
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) await scanDirectory(path, report)
    else if (entry.isFile()) await report.add(path, () => fileSource(path), false)
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** A named path must be a regular file: reading a pipe or device would wait for ever. */
function openNamed(path: string): ByteSource {
  const status = statSync(path, { throwIfNoEntry: false })
  if (status !== undefined && !status.isFile())
    throw new DetectorError('INPUT_UNREADABLE', `need a regular file, ${path} is none`, { locus: { path } })
  return fileSource(path)
}

class ReportBuilder {
  readonly #options: ScanOptions
  readonly #limits: Limits
  readonly #minConfidence: number
  readonly #files: FileReport[] = []
  readonly #unknowns: Unknown[] = []
  #skipped = 0
  readonly #head = new Uint8Array(HEAD_BYTES)

  constructor(options: ScanOptions) {
    this.#options = options
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits }
    this.#minConfidence = checkedConfidence(options.minConfidence)
  }

  /** Many files are to come: what is read of the database is kept for the next. */
  expectMany(): void {
    this.#options.db.reader.keepBuckets()
  }

  /** Runs a step that may fail for one path; its failure becomes an unknown. */
  attempt<T>(path: string, step: () => T): T | undefined {
    try {
      return step()
    } catch (error) {
      this.#addUnknown(path, error)
      return undefined
    }
  }

  /** `named`: the user asked for this file, so that it must be a program or hold some. */
  async add(path: string, open: () => ByteSource, named: boolean): Promise<void> {
    const { signal, db, onProgress } = this.#options
    throwIfAborted(signal)
    onProgress?.({ phase: 'scan', done: this.#files.length + this.#unknowns.length, total: 0, label: path })
    const source = this.attempt(path, open)
    if (source === undefined) return
    try {
      const name = path === BYTES_PATH ? null : basename(path)
      if (!named && !this.#isWorthAnalysing(source, name ?? '')) {
        this.#skipped++
        return
      }
      const options = { reader: db.reader, limits: this.#limits, ...(signal === undefined ? {} : { signal }) }
      const { programs, problems, skipped } = await analyseFile(source, name, options)
      for (const program of programs) this.#addProgram(path, program)
      for (const { within, code, message } of problems) this.#unknowns.push(unknownOf(path + within, code, message))
      if (named && skipped === 1 && programs.length + problems.length === 0) throw noProgram(source)
      this.#skipped += skipped
    } catch (error) {
      this.#addUnknown(path, error)
    } finally {
      source.close()
    }
  }

  /** Of most files of a directory nothing but these bytes is read. */
  #isWorthAnalysing(source: ByteSource, name: string): boolean {
    const head = this.#head.subarray(0, Math.min(HEAD_BYTES, source.size))
    source.readInto(head, 0)
    return isWorthAnalysing(source, head, name)
  }

  finish(): Report {
    return {
      schemaVersion: 1,
      tool: { name: 'binprint', version: VERSION },
      database: databaseSummary(this.#options.db),
      source: null,
      image: null,
      files: this.#files.sort(byPath),
      findings: [],
      unknowns: this.#unknowns.sort(byPath),
      skipped: this.#skipped,
    }
  }

  #addProgram(path: string, { within, components, ...program }: AnalysedProgram): void {
    this.#files.push({
      path: path + within,
      ...program,
      layer: null,
      layerIndex: null,
      visibility: 'visible',
      shadowedBy: null,
      ownedBy: null,
      owner: null,
      components: confidentMatches(components, this.#minConfidence),
    })
  }

  #addUnknown(path: string, error: unknown): void {
    const code = problemCode(error)
    if (code === undefined) throw error
    this.#unknowns.push(unknownOf(path, code, error instanceof Error ? error.message : String(error)))
  }
}

function noProgram(source: ByteSource): DetectorError {
  const head = Buffer.from(source.read(0, Math.min(8, source.size))).toString('hex')
  const what = head === '' ? 'it is empty' : `it starts with ${head}`
  return new DetectorError('FORMAT_BAD_MAGIC', `need a program, or an archive or image that holds some, ${what}`)
}

function unknownOf(path: string, code: string, message: string): Unknown {
  return { path, layer: null, layerIndex: null, code, message }
}

function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0
}
