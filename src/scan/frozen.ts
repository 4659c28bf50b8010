import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'
import type { Program } from '../binary/program.ts'
import { noSymbols } from '../binary/symbol-table.ts'
import { VarintReader, VarintWriter } from '../bytes/varint.ts'
import { DetectorError } from '../errors.ts'
import { EXTRACTION_VERSION } from '../fingerprint/extraction-version.ts'
import { type Kind, PrintSet } from '../fingerprint/print-set.ts'

/** What identification needs of one file, without a byte of it. */
export interface Features {
  readonly sha256: string
  /** Sealed. */
  readonly prints: PrintSet
  readonly programs: readonly Program[]
}

/** Of the layout below. */
const FORMAT = 1
const MAGIC = 'binprint frozen features'
/** Window of 16 MiB, brotli's largest: builds of one program repeat each other at that distance. */
const WINDOW_BITS = 24
/** Above 9 the last percents cost minutes. */
const QUALITY = 9

/**
 * Packs the features of many files: deterministic, and small because files share one dictionary.
 *
 * Places stand in file order, so that each mostly begins where the last one ended, and builds of one program name the
 * same fingerprints in the same order: both are then runs of equal small numbers. A fingerprint's hash is stored whole,
 * once, where it first occurs. Measured on the public corpus: 3.2 million places of 0.58 million fingerprints.
 */
export class FrozenWriter {
  readonly #dictionary = new Map<string, Entry>()
  readonly #hashes = new VarintWriter()
  readonly #columns = COLUMNS.map(() => new VarintWriter())
  #files = 0

  add({ sha256, prints, programs }: Features): void {
    this.#files++
    const write = (column: Column, value: number): void => this.#column(column).number(value)
    this.#column('text').text(JSON.stringify({ sha256, programs: programs.map(programFacts) }))
    write('count', prints.count)
    let reference = -1
    let end = 0
    for (const at of inFileOrder(prints)) {
      const offset = prints.offsets[at] as number
      const length = prints.lengths[at] as number
      const entry = this.#entry(prints, at, length)
      write('reference', entry.isNew ? 0 : 1 + zigzag(entry.index - reference - 1))
      write('gap', zigzag(offset - end))
      write('length', zigzag(length - entry.length))
      const capture = prints.captureAt(at)
      if (capture !== undefined) this.#column('text').text(capture)
      reference = entry.index
      end = offset + length + 1
    }
    write('count', prints.literals.length)
    let literalEnd = 0
    for (const { version, offset } of prints.literals) {
      write('gap', zigzag(offset - literalEnd))
      this.#column('text').text(version)
      literalEnd = offset
    }
  }

  /** The bytes for {@link readFrozen}. */
  finish(): Uint8Array {
    const writer = new VarintWriter()
    writer.text(MAGIC)
    writer.number(FORMAT)
    writer.number(EXTRACTION_VERSION)
    writer.number(this.#files)
    for (const column of [...this.#columns.map((each) => compress(each.finish())), this.#hashes.finish()]) {
      writer.number(column.length)
      writer.raw(column)
    }
    return writer.finish()
  }

  #entry(prints: PrintSet, at: number, length: number): Entry & { readonly isNew: boolean } {
    const [kind, flags, high, low] = [prints.kinds[at], prints.flags[at], prints.high[at], prints.low[at]] as [
      number,
      number,
      number,
      number,
    ]
    const key = `${kind} ${flags} ${high} ${low}`
    const known = this.#dictionary.get(key)
    if (known !== undefined) return { ...known, isNew: false }
    const entry = { index: this.#dictionary.size, length }
    this.#dictionary.set(key, entry)
    const hash = new Uint8Array(8)
    const view = new DataView(hash.buffer)
    view.setUint32(0, high)
    view.setUint32(4, low)
    this.#hashes.raw(hash)
    this.#column('dictionary').number(kind * 256 + flags)
    this.#column('dictionary').number(length)
    return { ...entry, isNew: true }
  }

  #column(name: Column): VarintWriter {
    return this.#columns[COLUMNS.indexOf(name)] as VarintWriter
  }
}

const COLUMNS = ['dictionary', 'reference', 'gap', 'length', 'count', 'text'] as const
type Column = (typeof COLUMNS)[number]

interface Entry {
  readonly index: number
  /** Bytes at its first place; wide text takes twice those of narrow text. */
  readonly length: number
}

/**
 * The files that {@link FrozenWriter} packed, one after the other, in the order in which they were added. Programs come
 * without symbols, imports and tables of the file.
 *
 * @throws DetectorError `STORE_SCHEMA_MISMATCH` when they were extracted by other rules, `STORE_CORRUPT`
 */
export function* readFrozen(bytes: Uint8Array): Generator<Features> {
  const header = new VarintReader(bytes)
  if (bytes[0] !== MAGIC.length || header.text() !== MAGIC)
    throw new DetectorError('STORE_CORRUPT', `need "${MAGIC}" at the start, have other bytes`)
  const [format, extraction, files] = [header.number(), header.number(), header.number()]
  if (format !== FORMAT || extraction !== EXTRACTION_VERSION)
    throw new DetectorError(
      'STORE_SCHEMA_MISMATCH',
      `frozen features have format ${format} and extraction ${extraction}, this version reads ${FORMAT} and ${EXTRACTION_VERSION}: freeze them again (npm run bench:freeze)`,
    )
  const columns = COLUMNS.map(() => new VarintReader(decompress(header.raw(header.number()))))
  const column = (name: Column): VarintReader => columns[COLUMNS.indexOf(name)] as VarintReader
  const hashes = header.raw(header.number())
  const dictionary = new Dictionary(hashes, column('dictionary'))
  for (let file = 0; file < files; file++) {
    const facts = JSON.parse(column('text').text()) as { sha256: string; programs: ProgramFacts[] }
    const prints = readPrints(dictionary, column)
    yield { sha256: facts.sha256, prints: prints.seal(), programs: facts.programs.map(programOf) }
  }
}

function readPrints(dictionary: Dictionary, column: (name: Column) => VarintReader): PrintSet {
  const [references, gaps, lengths, counts, texts] = (['reference', 'gap', 'length', 'count', 'text'] as const).map(
    column,
  ) as [VarintReader, VarintReader, VarintReader, VarintReader, VarintReader]
  const prints = new PrintSet()
  let reference = -1
  let end = 0
  for (let left = counts.number(); left > 0; left--) {
    const code = references.number()
    reference = code === 0 ? dictionary.next() : reference + 1 + unzigzag(code - 1)
    const { kind, flags, hash, length: usual } = dictionary.at(reference)
    const offset = end + unzigzag(gaps.number())
    const length = usual + unzigzag(lengths.number())
    if (kind === TEMPLATE) prints.add(kind, hash, offset, length, flags, texts.text())
    else prints.add(kind, hash, offset, length, flags)
    end = offset + length + 1
  }
  let literalEnd = 0
  for (let left = counts.number(); left > 0; left--) {
    literalEnd += unzigzag(gaps.number())
    prints.literals.push({ version: texts.text(), offset: literalEnd })
  }
  return prints
}

/** Every print of this kind, and no other, has a captured version. */
const TEMPLATE: Kind = 2

class Dictionary {
  readonly #hashes: DataView
  readonly #facts: VarintReader
  readonly #kinds: number[] = []
  readonly #lengths: number[] = []

  constructor(hashes: Uint8Array, facts: VarintReader) {
    this.#hashes = new DataView(hashes.buffer, hashes.byteOffset, hashes.byteLength)
    this.#facts = facts
  }

  /** Takes the entry that occurs here for the first time; returns its index. */
  next(): number {
    this.#kinds.push(this.#facts.number())
    return this.#lengths.push(this.#facts.number()) - 1
  }

  at(index: number): { kind: Kind; flags: number; hash: bigint; length: number } {
    const [kind, length] = [this.#kinds[index], this.#lengths[index]]
    if (kind === undefined || length === undefined || 8 * index + 8 > this.#hashes.byteLength)
      throw new DetectorError('STORE_CORRUPT', `need fingerprint ${index}, have ${this.#kinds.length}`)
    return {
      kind: Math.floor(kind / 256) as Kind,
      flags: kind % 256,
      hash: this.#hashes.getBigUint64(8 * index),
      length,
    }
  }
}

/** By offset; at one place by kind and hash, as the sealed set has them. */
function inFileOrder(prints: PrintSet): Uint32Array {
  const order = new Uint32Array(prints.count).map((_, index) => index)
  return order.sort((a, b) => (prints.offsets[a] as number) - (prints.offsets[b] as number) || a - b)
}

/** Without what only the bytes of the file give a meaning to. */
type ProgramFacts = Omit<Program, 'symbols' | 'imports' | 'relocationTables' | 'unwindTables'>

function programFacts(program: Program): ProgramFacts {
  const {
    symbols: _symbols,
    imports: _imports,
    relocationTables: _relocations,
    unwindTables: _unwind,
    ...facts
  } = program
  return facts
}

function programOf(facts: ProgramFacts): Program {
  return { ...facts, symbols: NO_SYMBOLS, imports: [], relocationTables: [], unwindTables: [] }
}

const NO_SYMBOLS = noSymbols()

function compress(bytes: Uint8Array): Uint8Array {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: QUALITY,
    [constants.BROTLI_PARAM_LGWIN]: WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  }
  return brotliCompressSync(bytes, { params })
}

function decompress(bytes: Uint8Array): Uint8Array {
  try {
    return brotliDecompressSync(bytes)
  } catch (cause) {
    throw new DetectorError('STORE_CORRUPT', `need brotli data: ${(cause as Error).message}`, { cause })
  }
}

/** 0, -1, 1, -2 … as 0, 1, 2, 3 …; not with bit operations, because offsets may exceed 32 bits. */
function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}
