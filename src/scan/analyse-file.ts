import { readAr } from '../archive/ar.ts'
import { mayBeContainer, openContainer, promisesContainer } from '../archive/container.ts'
import { type Container, type ContainerMember, HEAD_BYTES, UnpackBudget } from '../archive/container-member.ts'
import { notAnalysed } from '../archive/not-analysed.ts'
import { detectFormat, mayBeProgram } from '../binary/detect.ts'
import type { Program } from '../binary/program.ts'
import { readProgram } from '../binary/read.ts'
import { latin1 } from '../bytes/cursor.ts'
import { sha256Of } from '../bytes/digest.ts'
import type { Limits } from '../bytes/limits.ts'
import { type ByteSource, bytesSource, sliceSource } from '../bytes/source.ts'
import type { DatabaseReader } from '../database/reader.ts'
import { DetectorError, throwIfAborted } from '../errors.ts'
import { extractCode, extractProgram } from '../fingerprint/extract.ts'
import { PrintSet } from '../fingerprint/print-set.ts'
import { identify } from '../identify/identify.ts'
import type { FileFormat, FileReport } from '../model.ts'
import { problemCode } from './problem-code.ts'

/** A program, wherever it lies. Claims of any confidence are there. */
export interface AnalysedProgram
  extends Pick<FileReport, 'sha256' | 'size' | 'format' | 'arch' | 'stripped' | 'components' | 'contradictions'> {
  /** Behind the path of the file that was analysed: empty for the file itself, else `!/native/libz.so`. */
  readonly within: string
}

/** What could not be read of a file. */
export interface Problem {
  /** As {@link AnalysedProgram.within}. */
  readonly within: string
  readonly code: string
  readonly message: string
}

/** All that is known of one file, whatever it is called and wherever it lies: plain data. */
export interface FileAnalysis {
  readonly programs: readonly AnalysedProgram[]
  readonly problems: readonly Problem[]
  /** Files that are neither programs nor containers: the file itself, or those within it. */
  readonly skipped: number
}

export interface AnalysisOptions {
  readonly reader: DatabaseReader
  readonly limits: Limits
  readonly signal?: AbortSignal
  /** Of the file, where it is known already. */
  readonly sha256?: string
}

/** Whether there may be something to analyse in a file that begins like this. */
export function isWorthAnalysing(source: ByteSource, head: Uint8Array, name: string): boolean {
  if (mayBeProgram(head) && detectFormat(source) !== undefined) return true
  return promisesContainer(source, head, name) || notAnalysed(source, head) !== undefined
}

/**
 * Analyses a program, an archive of objects, or a container and all that is in it. `name` is that of the file without
 * directories; null for bytes that came from nowhere. What cannot be read is a problem of the result; nothing is thrown for it.
 *
 * @throws DetectorError `STORE_*`, `ABORTED`
 */
export async function analyseFile(
  source: ByteSource,
  name: string | null,
  options: AnalysisOptions,
): Promise<FileAnalysis> {
  const analysis = new Analysis(options)
  await analysis.file(source, name, '', 0)
  return { programs: analysis.programs, problems: analysis.problems, skipped: analysis.skipped }
}

class Analysis {
  readonly #options: AnalysisOptions
  readonly programs: AnalysedProgram[] = []
  readonly problems: Problem[] = []
  skipped = 0
  /** For all containers within the file together. */
  readonly #budget: UnpackBudget

  constructor(options: AnalysisOptions) {
    this.#options = options
    this.#budget = new UnpackBudget(options.limits)
  }

  async file(source: ByteSource, name: string | null, within: string, depth: number): Promise<void> {
    throwIfAborted(this.#options.signal)
    try {
      const head = source.read(0, Math.min(HEAD_BYTES, source.size))
      const closed = notAnalysed(source, head)
      if (closed !== undefined)
        this.#problem(within, new DetectorError('FORMAT_UNSUPPORTED', `not analysed: ${closed.what}; ${closed.advice}`))
      // A Debian package is an archive as well, of other things than objects.
      const container = await this.#open(source, head, name ?? '', depth)
      if (container !== undefined) return await this.#members(container, within, depth)
      const format = detectFormat(source)
      if (format !== undefined) await this.#program(source, name, within, format)
      else if (closed === undefined) this.skipped++
    } catch (error) {
      this.#problem(within, error)
    }
  }

  async #open(source: ByteSource, head: Uint8Array, name: string, depth: number): Promise<Container | undefined> {
    if (!mayBeContainer(head, name)) return undefined
    const { limits, signal } = this.#options
    const container = await openContainer(source, name, { limits, signal, budget: this.#budget })
    if (container === undefined || depth < limits.containerDepth) return container
    container.close()
    throw new DetectorError(
      'LIMIT_EXCEEDED',
      `containerDepth is ${depth + 1}, limit ${limits.containerDepth}; raise with limits.containerDepth`,
    )
  }

  async #members(container: Container, within: string, depth: number): Promise<void> {
    try {
      for (const member of container.members()) {
        const path = `${within}!/${member.path}`
        try {
          await this.#member(member, path, depth)
        } catch (error) {
          this.#problem(path, error)
        }
      }
    } catch (error) {
      this.#problem(within, error)
    } finally {
      for (const { path, code, message } of container.problems)
        this.problems.push({ within: path === '' ? within : `${within}!/${path}`, code, message })
      container.close()
    }
  }

  async #member(member: ContainerMember, within: string, depth: number): Promise<void> {
    throwIfAborted(this.#options.signal)
    if (!isTelling(member)) {
      this.skipped++
      return
    }
    const source = await member.open()
    try {
      await this.file(source, baseName(member.path), within, depth + 1)
    } finally {
      source.close()
    }
  }

  async #program(source: ByteSource, name: string | null, within: string, format: FileFormat): Promise<void> {
    const { reader, limits } = this.#options
    const parts = format === 'ar' ? this.#objects(source, within) : [readPart(source, 0, limits)]
    const first = parts[0]
    if (first === undefined) throw new DetectorError('FORMAT_CORRUPT', 'need an archive with object files, found none')
    const { prefilter } = reader
    const prints = new PrintSet(prefilter)
    for (const { program, source: bytes, base } of parts) extractProgram(program, bytes, prints, { base, prefilter })
    const programs = parts.map(({ program }) => program)
    const textAt = (offset: number, length: number): string => latin1(source.read(offset, length))
    const sha256 = (within === '' ? this.#options.sha256 : undefined) ?? sha256Of(source)
    const readCode = (found: PrintSet, from: number, to: number): void => {
      for (const { program, source: bytes, base } of parts)
        if (from < base + bytes.size && to > base) extractCode(program, bytes, found, { base, from, to })
    }
    const input = { prints: prints.seal(), programs, textAt, readCode, fileName: name, sha256 }
    const { components, contradictions } = await identify(input, reader)
    for (const program of programs)
      for (const damage of program.damage) this.problems.push({ within, code: 'FORMAT_CORRUPT', message: damage })
    this.programs.push({
      within,
      sha256,
      size: source.size,
      format,
      arch: first.program.arch,
      stripped: programs.every((program) => program.stripped),
      components,
      contradictions,
    })
  }

  /** The object files of an archive; a broken one is a problem of its own. */
  #objects(source: ByteSource, within: string): Part[] {
    const parts: Part[] = []
    for (const member of readAr(source, this.#options.limits)) {
      const bytes = sliceSource(source, member.offset, member.size)
      try {
        if (detectFormat(bytes) !== 'ar') parts.push(readPart(bytes, member.offset, this.#options.limits))
      } catch (error) {
        this.#problem(`${within}!/${member.name}`, error)
      }
    }
    return parts
  }

  /** Store and usage errors end the scan; what concerns one input does not. */
  #problem(within: string, error: unknown): void {
    const code = problemCode(error)
    if (code === undefined) throw error
    this.problems.push({ within, code, message: error instanceof Error ? error.message : String(error) })
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

/** Whether the first bytes of a member promise a program or a container; the test on the whole file follows. */
function isTelling({ path, head }: Pick<ContainerMember, 'path' | 'head'>): boolean {
  const bytes = head()
  return (
    mayBeProgram(bytes) || mayBeContainer(bytes, baseName(path)) || notAnalysed(bytesSource(bytes), bytes) !== undefined
  )
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
