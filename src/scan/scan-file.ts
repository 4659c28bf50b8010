import { lstatSync, readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { readAr } from '../archive/ar.ts'
import { detectFormat } from '../binary/detect.ts'
import type { Program } from '../binary/program.ts'
import { readProgram } from '../binary/read.ts'
import { latin1 } from '../bytes/cursor.ts'
import { sha256Of } from '../bytes/digest.ts'
import { DEFAULT_LIMITS, type Limits } from '../bytes/limits.ts'
import { type ByteSource, bytesSource, fileSource, sliceSource } from '../bytes/source.ts'
import { DetectorError, throwIfAborted } from '../errors.ts'
import { extractCode, extractProgram } from '../fingerprint/extract.ts'
import { PrintSet } from '../fingerprint/print-set.ts'
import { familyConfidence } from '../identify/confidence.ts'
import { identify } from '../identify/identify.ts'
import type { FileFormat, FileReport, Report, Unknown } from '../model.ts'
import type { FingerprintDatabase } from './open-database.ts'
import { VERSION } from './package-version.ts'
import type { Watch } from './progress.ts'

/** With what a scan compares, and what its report leaves out. */
export interface ScanOptions extends Watch {
  readonly db: FingerprintDatabase
  /** Matches below this confidence are left out. Default: 0.8. */
  readonly minConfidence?: number
  readonly limits?: Partial<Limits>
}

export const DEFAULT_MIN_CONFIDENCE = 0.8
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
  const names = report.attempt(directory, () => readdirSync(directory).sort())
  for (const name of names ?? []) {
    const path = join(directory, name)
    const status = report.attempt(path, () => lstatSync(path))
    if (status?.isDirectory() === true) await scanDirectory(path, report)
    else if (status?.isFile() === true) await report.add(path, () => fileSource(path), false)
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

  constructor(options: ScanOptions) {
    const { minConfidence = DEFAULT_MIN_CONFIDENCE } = options
    if (!(minConfidence >= 0 && minConfidence <= 1))
      throw new TypeError(`minConfidence: need a number from 0 to 1, got ${minConfidence}`)
    this.#options = options
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits }
    this.#minConfidence = minConfidence
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

  /** `named`: the user asked for this file, so that it must be a program. */
  async add(path: string, open: () => ByteSource, named: boolean): Promise<void> {
    throwIfAborted(this.#options.signal)
    const done = this.#files.length + this.#unknowns.length
    this.#options.onProgress?.({ phase: 'scan', done, total: 0, label: path })
    const source = this.attempt(path, open)
    if (source === undefined) return
    try {
      const format = detectFormat(source)
      if (format === undefined && !named) this.#skipped++
      else if (format === undefined) throw noProgram(source)
      else await this.#scan(path, source, format)
    } catch (error) {
      this.#addUnknown(path, error)
    } finally {
      source.close()
    }
  }

  finish(): Report {
    const { components, releases, digest } = this.#options.db.summary
    return {
      schemaVersion: 1,
      tool: { name: 'binprint', version: VERSION },
      database: { components, releases, digest },
      files: this.#files.sort(byPath),
      findings: [],
      unknowns: this.#unknowns.sort(byPath),
      skipped: this.#skipped,
    }
  }

  async #scan(path: string, source: ByteSource, format: FileFormat): Promise<void> {
    const parts = format === 'ar' ? this.#members(path, source) : [readPart(source, 0, this.#limits)]
    const first = parts[0]
    if (first === undefined) throw new DetectorError('FORMAT_CORRUPT', 'need an archive with object files, found none')
    const prints = new PrintSet()
    const { prefilter } = this.#options.db.reader
    for (const { program, source: bytes, base } of parts) extractProgram(program, bytes, prints, { base, prefilter })
    const programs = parts.map(({ program }) => program)
    const textAt = (offset: number, length: number): string => latin1(source.read(offset, length))
    const sha256 = sha256Of(source)
    const readCode = (found: PrintSet, from: number, to: number): void => {
      for (const { program, source: bytes, base } of parts)
        if (from < base + bytes.size && to > base) extractCode(program, bytes, found, { base, from, to })
    }
    const fileName = path === BYTES_PATH ? null : basename(path)
    const input = { prints: prints.seal(), programs, textAt, readCode, fileName, sha256 }
    const { components, contradictions } = await identify(input, this.#options.db.reader)
    for (const program of programs)
      for (const damage of program.damage) this.#unknowns.push({ path, code: 'FORMAT_CORRUPT', message: damage })
    this.#files.push({
      path,
      sha256,
      size: source.size,
      format,
      arch: first.program.arch,
      stripped: programs.every((program) => program.stripped),
      layer: null,
      visibility: 'visible',
      ownedBy: null,
      components: components.filter((match) => familyConfidence(match) >= this.#minConfidence),
      contradictions,
    })
  }

  /** The object files of an archive; a broken one is an unknown of its own. */
  #members(path: string, source: ByteSource): Part[] {
    const parts: Part[] = []
    for (const member of readAr(source, this.#limits)) {
      const bytes = sliceSource(source, member.offset, member.size)
      const memberPath = `${path}!/${member.name}`
      const part = this.attempt(memberPath, () => {
        const format = detectFormat(bytes)
        return format === 'ar' ? undefined : readPart(bytes, member.offset, this.#limits)
      })
      if (part !== undefined) parts.push(part)
    }
    return parts
  }

  /** Store and usage errors end the scan; what concerns one input does not. */
  #addUnknown(path: string, error: unknown): void {
    const code = error instanceof DetectorError ? error.code : (systemCode(error) ?? engineLimit(error))
    if (code === undefined || code === 'ABORTED' || code.startsWith('STORE_')) throw error
    const message = error instanceof Error ? error.message : String(error)
    this.#unknowns.push({ path, code, message })
  }
}

interface Part {
  readonly program: Program
  readonly source: ByteSource
  /** File offset of the source's first byte. */
  readonly base: number
}

function readPart(source: ByteSource, base: number, limits: Limits): Part {
  return { program: readProgram(source, limits), source, base }
}

function noProgram(source: ByteSource): DetectorError {
  const head = Buffer.from(source.read(0, Math.min(8, source.size))).toString('hex')
  const what = head === '' ? 'it is empty' : `it starts with ${head}`
  return new DetectorError('FORMAT_BAD_MAGIC', `need an ELF or PE program or an ar archive, ${what}`)
}

/** Errors of the file system concern one file; anything else is a defect and must surface. */
function systemCode(error: unknown): 'INPUT_UNREADABLE' | undefined {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? 'INPUT_UNREADABLE' : undefined
}

function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0
}

/** V8's words for a map, a buffer or a memory of WebAssembly that cannot grow further. */
const ENGINE_LIMIT =
  /maximum (?:memory )?size exceeded|allocation failed|^Invalid (?:typed array|array|string) length|unable to grow/i

/** A file that needs more than the engine can hold is one file; other range errors are defects. */
function engineLimit(error: unknown): 'LIMIT_EXCEEDED' | undefined {
  return error instanceof RangeError && ENGINE_LIMIT.test(error.message) ? 'LIMIT_EXCEEDED' : undefined
}
