import { basename } from 'node:path'
import { HEAD_BYTES } from '../archive/container-member.ts'
import { DEFAULT_LIMITS, type Limits } from '../bytes/limits.ts'
import type { ByteSource } from '../bytes/source.ts'
import { DetectorError, throwIfAborted } from '../errors.ts'
import type { FileReport, Report, Unknown } from '../model.ts'
import { type AnalysedProgram, analyseFile, type FileAnalysis, isWorthAnalysing } from './analyse-file.ts'
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
export const BYTES_PATH: string = '(bytes)'

/** Collects what is found of files outside of images. */
export class FilesReport {
  readonly #options: ScanOptions
  readonly limits: Limits
  readonly #minConfidence: number
  readonly #files: FileReport[] = []
  readonly #unknowns: Unknown[] = []
  #skipped = 0
  readonly #head = new Uint8Array(HEAD_BYTES)

  constructor(options: ScanOptions) {
    this.#options = options
    this.limits = { ...DEFAULT_LIMITS, ...options.limits }
    this.#minConfidence = checkedConfidence(options.minConfidence)
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

  /** Analyses a file that the user asked for, so that it must be a program or hold some. */
  async add(path: string, open: () => ByteSource): Promise<void> {
    const { signal, db, onProgress } = this.#options
    throwIfAborted(signal)
    onProgress?.({ phase: 'scan', done: 0, total: 0, label: path })
    const source = this.attempt(path, open)
    if (source === undefined) return
    try {
      const name = path === BYTES_PATH ? null : basename(path)
      const options = { reader: db.reader, limits: this.limits, ...(signal === undefined ? {} : { signal }) }
      this.addAnalysis(path, await analyseFile(source, name, options), headOf(source))
    } catch (error) {
      this.#addUnknown(path, error)
    } finally {
      source.close()
    }
  }

  /** Adds what was found. With the first bytes of a file that the user asked for, nothing at all is an unknown. */
  addAnalysis(path: string, { programs, problems, skipped }: FileAnalysis, head?: Uint8Array): void {
    for (const program of programs) this.#addProgram(path, program)
    for (const { within, code, message } of problems) this.#unknowns.push(unknownOf(path + within, code, message))
    if (head !== undefined && skipped === 1 && programs.length + problems.length === 0)
      this.#addUnknown(path, noProgram(head))
    else this.#skipped += skipped
  }

  /** Whether there may be something in a file, of which hardly more than the first bytes is read; one without is counted. */
  isWorthAnalysing(source: ByteSource, name: string): boolean {
    const head = this.#head.subarray(0, Math.min(HEAD_BYTES, source.size))
    source.readInto(head, 0)
    const isWorth = isWorthAnalysing(source, head, name)
    if (!isWorth) this.#skipped++
    return isWorth
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

/** Of a file as much as a message shows. */
export function headOf(source: ByteSource): Uint8Array {
  return source.read(0, Math.min(8, source.size)).slice()
}

function noProgram(head: Uint8Array): DetectorError {
  const what = head.length === 0 ? 'it is empty' : `it starts with ${Buffer.from(head).toString('hex')}`
  return new DetectorError('FORMAT_BAD_MAGIC', `need a program, or an archive or image that holds some, ${what}`)
}

function unknownOf(path: string, code: string, message: string): Unknown {
  return { path, layer: null, layerIndex: null, code, message }
}

function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0
}
