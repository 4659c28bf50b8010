import type { Program } from '../binary/program.ts'
import { readRelocations } from '../binary/relocations.ts'
import { hashText, high32, low32 } from '../bytes/hash.ts'
import { type ByteSource, bytesSource } from '../bytes/source.ts'
import { extractFunctions } from './functions.ts'
import type { Batch } from './kernel/batch.ts'
import { type DataSink, scanData } from './kernel/data.ts'
import { kernel } from './kernel/kernel.ts'
import { mayHold, type Prefilter } from './kernel/prefilter.ts'
import { Kind, PrintFlag, type PrintSet } from './print-set.ts'
import { type Candidate, readCandidate, type StringSink } from './strings.ts'
import { extractSymbols } from './symbols.ts'
import type { Template } from './templates.ts'

/** Options of {@link extractProgram}. */
export interface ExtractOptions {
  /** Added to every offset: an archive member's place in its file. 0 by default. */
  readonly base?: number
  /** What a database may hold; fingerprints outside of it are left out. Version literals are always kept. */
  readonly prefilter?: Prefilter | undefined
}

/**
 * Adds the fingerprints of a program to `prints`: the strings, templates and tables of its data, the functions
 * and rare constants of its code, then its symbols.
 *
 * `source` is what the program was read from. This is the only caller of the extractors, for indexing built releases and
 * for scanning alike.
 */
export function extractProgram(
  program: Program,
  source: ByteSource,
  prints: PrintSet,
  options: ExtractOptions = {},
): void {
  const { base = 0, prefilter } = options
  kernel().load(prefilter)
  program.sections.forEach(({ role }, index) => {
    if (role === 'data' || role === 'mixed') extractData(program, source, index, prints, { base, prefilter })
  })
  extractFunctions(program, source, prints, { base, prefilter })
  extractSymbols(program, prints, { base, prefilter })
}

/**
 * Adds the fingerprints of all code whose functions start in `[from, to)` of the file, whether any database knows them or
 * not. `base` is the place of the program's first byte in its file.
 */
export function extractCode(
  program: Program,
  source: ByteSource,
  prints: PrintSet,
  { base, from, to }: { readonly base: number; readonly from: number; readonly to: number },
): void {
  extractFunctions(program, source, prints, { base, prefilter: undefined, within: [from, to] })
}

function extractData(
  program: Program,
  source: ByteSource,
  index: number,
  prints: PrintSet,
  { base = 0, prefilter }: ExtractOptions,
): void {
  const tableKind = program.littleEndian ? Kind.Table : Kind.BigEndianTable
  const { offset, size, address, mergeableStrings } = program.sections[index]!
  const isObject = program.kind === 'object'
  const range = {
    source,
    offset,
    size,
    address,
    base,
    prefilter,
    // A linker puts such strings where it likes: their windows are no windows of the program.
    tableKind: isObject && mergeableStrings ? undefined : tableKind,
    touched: isObject ? readRelocations(program, source, index) : undefined,
  }
  scanData(kernel(), range, new PrintSink(prints, prefilter, tableKind))
}

/**
 * Puts what data holds into a set. A class, as functions made anew for each section would be compiled anew for each: what the
 * engine compiles for a function does not outlive it.
 */
class PrintSink implements DataSink, Omit<StringSink, 'string'> {
  readonly #prints: PrintSet
  readonly #prefilter: Prefilter | undefined
  readonly #tableKind: Kind

  constructor(prints: PrintSet, prefilter: Prefilter | undefined, tableKind: Kind) {
    this.#prints = prints
    this.#prefilter = prefilter
    this.#tableKind = tableKind
  }

  strings(batch: Batch): void {
    this.#prints.addBatch(Kind.String, batch)
  }

  tables(batch: Batch): void {
    this.#prints.addBatch(this.#tableKind, batch)
  }

  candidate(candidate: Candidate): void {
    readCandidate(candidate, this)
  }

  template({ hash, version }: Template, offset: number, length: number): void {
    this.#add(Kind.Template, hash, offset, length, version)
  }

  literal(version: string, offset: number): void {
    this.#prints.literals.push({ version, offset })
  }

  typeName(name: string, offset: number, length: number): void {
    this.#add(Kind.Symbol, hashText(name), offset, length)
  }

  #add(kind: Kind, hash: bigint, offset: number, length: number, capture?: string): void {
    if (mayHold(this.#prefilter, kind, high32(hash), low32(hash)))
      this.#prints.add(kind, hash, offset, length, 0, capture)
  }
}

/** Reads a constant of C source as {@link extractLiterals} does. */
export function extractLiteral(literal: string, sink: StringSink): void {
  extractLiterals([literal], sink)
}

/** Where each literal starts: that of a version behind a table is aligned. */
const LITERAL_ALIGNMENT = 8
/** Neither text nor NUL, so that no literal goes on in the next one. */
const BETWEEN_LITERALS = 1

/**
 * Reads constants of C source through the same scanner as a program's data: each is a section that holds the literal (a
 * character for each byte), then the NUL of the compiler.
 *
 * Many at once are faster. The first one's features have the offsets of the literal; those of the others say nothing.
 */
export function extractLiterals(literals: readonly string[], sink: StringSink): void {
  const placed = (literal: string): number => Math.ceil((literal.length + 2) / LITERAL_ALIGNMENT) * LITERAL_ALIGNMENT
  const size = literals.reduce((sum, literal) => sum + placed(literal), 0)
  const bytes = Buffer.allocUnsafe(size).fill(BETWEEN_LITERALS)
  let at = 0
  for (const literal of literals) {
    bytes.write(literal, at, 'latin1')
    bytes[at + literal.length] = 0
    at += placed(literal)
  }
  scanData(
    kernel(),
    { source: bytesSource(bytes), offset: 0, size, address: 0, base: 0 },
    {
      strings: (batch) => eachString(batch, sink),
      candidate: (candidate) => readCandidate(candidate, sink),
    },
  )
}

function eachString({ count, high, low, offsets, lengths, flags }: Batch, sink: StringSink): void {
  for (let i = 0; i < count; i++) {
    const isLabel = (flags[i]! & PrintFlag.Label) !== 0
    sink.string((BigInt(high[i]!) << 32n) | BigInt(low[i]!), offsets[i]!, lengths[i]!, isLabel)
  }
}

/**
 * Passes on the halves of the hash of every table window of an array of C source, whose bytes are as a program of one byte
 * order has them.
 */
export function extractTable(bytes: Uint8Array, sink: (high: number, low: number, offset: number) => void): void {
  const range = {
    source: bytesSource(bytes),
    offset: 0,
    size: bytes.length,
    address: 0,
    base: 0,
    tableKind: Kind.Table,
  }
  scanData(kernel(), range, {
    strings: () => undefined,
    candidate: () => undefined,
    tables: ({ count, high, low, offsets }) => {
      for (let i = 0; i < count; i++) sink(high[i]!, low[i]!, offsets[i]!)
    },
  })
}
