/**
 * The header and the two header tables of an ELF file, read through elfy where elfy is right.
 *
 * elfy 1.0.0 is called step by step on a window that holds just the table. Taken from it: the header, and of segments flags, offsets,
 * addresses, sizes and alignments. Read here instead: `e_machine` and segment types (elfy has no name for newer and for GNU ones),
 * addresses in the upper half of the 64-bit range, program header tables whose entry size elfy cannot read, and sections (elfy reads
 * alignments of 64-bit files from the wrong place, and copies of each section what nobody asks for).
 */

import elfy, { type ElfyHeader, type ElfyProgram, type Parser } from 'elfy'
import { Cursor } from '../bytes/cursor.ts'
import { checkLimit, type Limits } from '../bytes/limits.ts'
import type { ByteSource } from '../bytes/source.ts'
import { DetectorError, hex } from '../errors.ts'
import type { DamageLog } from './damage.ts'

export interface ElfHeader {
  readonly bits: 32 | 64
  readonly littleEndian: boolean
  /** `e_type`. */
  readonly type: number
  /** `e_machine`. */
  readonly machine: number
}

export interface ElfSegment {
  readonly type: number
  readonly executable: boolean
  readonly offset: number
  readonly address: number
  readonly fileSize: number
  readonly memorySize: number
  readonly align: number
}

/** One entry of the section header table as it stands there; nothing is checked against the file yet. */
export interface RawSection {
  /** Offset of the name in the section name table. */
  readonly nameAt: number
  readonly type: number
  readonly flags: number
  readonly address: number
  readonly offset: number
  readonly size: number
  readonly link: number
  readonly info: number
  readonly align: number
}

export interface ElfTables {
  readonly header: ElfHeader
  readonly cursor: Cursor
  /** Empty where the file has none or the table cannot be read. */
  readonly segments: readonly ElfSegment[]
  /** With the null section at index 0; empty where the file has none or the table cannot be read. */
  readonly sections: readonly RawSection[]
  /** Index of the section that holds section names; 0 for none. */
  readonly namesIndex: number
}

export const SegmentType = {
  Load: 1,
  Dynamic: 2,
  Interp: 3,
  Note: 4,
  EhFrame: 0x6474e550,
  ArmExidx: 0x70000001,
} as const

/** The values of `e_shnum`, `e_shstrndx` and `e_phnum` that send the reader to section 0. System V gABI, ch. 4. */
const EXTENDED_SECTION_COUNT = 0
const EXTENDED_NAMES_INDEX = 0xffff
const EXTENDED_SEGMENT_COUNT = 0xffff

/** Entries parsed in one call of elfy, so that its objects stay few: 224 KiB of program headers. */
const CHUNK_ENTRIES = 4096

/**
 * Reads header, program header table and section header table.
 *
 * A table that leaves the file is read as far as it goes, and `damage` says so.
 *
 * @throws DetectorError `FORMAT_TRUNCATED` if the header itself is incomplete, `FORMAT_CORRUPT` for a class or byte
 *   order that does not exist, `LIMIT_EXCEEDED`
 * @see System V gABI, ch. 4 "ELF Header", ch. 5 "Program Header"
 */
export function readElfTables(source: ByteSource, limits: Limits, damage: DamageLog): ElfTables {
  const head = source.read(0, Math.min(64, source.size))
  const headerBytes = head[4] === 1 ? 52 : 64
  if (source.size < headerBytes)
    throw new DetectorError('FORMAT_TRUNCATED', `need ${headerBytes} bytes of ELF header, have ${source.size}`)

  const parser = new elfy.Parser()
  const fields = parseHeader(parser, head)
  const bits = fields.class === '64' ? 64 : 32
  const littleEndian = fields.endian === 'lsb'
  const cursor = new Cursor(source, littleEndian)
  const header: ElfHeader = { bits, littleEndian, type: cursor.u16(16), machine: cursor.u16(18) }

  const reader = new TableReader(parser, fields, cursor, bits, limits, damage)
  const first = reader.firstSection()
  const extended = fields.shnum === EXTENDED_SECTION_COUNT && first !== undefined
  const sectionCount = extended ? first.size : fields.shnum
  const segmentCount = fields.phnum === EXTENDED_SEGMENT_COUNT && first !== undefined ? first.info : fields.phnum
  const namesIndex = fields.shstrndx === EXTENDED_NAMES_INDEX && first !== undefined ? first.link : fields.shstrndx
  return {
    header,
    cursor,
    segments: reader.segments(segmentCount),
    sections: reader.sections(sectionCount),
    namesIndex,
  }
}

function parseHeader(parser: Parser, head: Uint8Array): ElfyHeader {
  try {
    return parser.parseHeader(asBuffer(head))
  } catch (cause) {
    const found = `class ${head[4]} and byte order ${head[5]}`
    throw new DetectorError('FORMAT_CORRUPT', `ELF header at 0x4 has ${found}, known are 1 and 2`, { cause })
  }
}

/** A table of the file: where it starts, how far its entries are apart and how many of them the file holds. */
interface Table {
  readonly offset: number
  readonly entryBytes: number
  readonly count: number
  /** False where the entry size of the header makes no sense, so that the standard one was taken. */
  readonly elfyReadsIt: boolean
}

class TableReader {
  readonly #parser: Parser
  readonly #fields: ElfyHeader
  readonly #cursor: Cursor
  readonly #bits: 32 | 64
  readonly #limits: Limits
  readonly #damage: DamageLog

  constructor(parser: Parser, fields: ElfyHeader, cursor: Cursor, bits: 32 | 64, limits: Limits, damage: DamageLog) {
    this.#parser = parser
    this.#fields = fields
    this.#cursor = cursor
    this.#bits = bits
    this.#limits = limits
    this.#damage = damage
  }

  /** Section 0, where counts stand that do not fit into the header; undefined without a section header table. */
  firstSection(): RawSection | undefined {
    const { shoff } = this.#fields
    const bytes = this.#bits === 64 ? 64 : 40
    return shoff === 0 || shoff + bytes > this.#cursor.size ? undefined : this.#ownSection(shoff)
  }

  sections(count: number): RawSection[] {
    const { shoff, shentsize } = this.#fields
    const standard = this.#bits === 64 ? 64 : 40
    const table = this.#table('section header table', shoff, shentsize, standard, count)
    const sections: RawSection[] = []
    for (let i = 0; i < table.count; i++) sections.push(this.#ownSection(table.offset + i * table.entryBytes))
    return sections
  }

  segments(count: number): ElfSegment[] {
    const { phoff, phentsize } = this.#fields
    const standard = this.#bits === 64 ? 56 : 32
    const table = this.#table('program header table', phoff, phentsize, standard, count)
    const segments: ElfSegment[] = []
    for (let done = 0; done < table.count; done += CHUNK_ENTRIES) {
      const chunk = Math.min(CHUNK_ENTRIES, table.count - done)
      const offset = table.offset + done * table.entryBytes
      const entries = table.elfyReadsIt ? this.#tryElfy(offset, chunk * table.entryBytes, chunk) : undefined
      for (let i = 0; i < chunk; i++) {
        const at = offset + i * table.entryBytes
        const entry = entries?.[i]
        segments.push(entry === undefined ? this.#ownSegment(at) : this.#fromElfy(entry, at))
      }
    }
    return segments
  }

  #table(what: string, offset: number, announced: number, standard: number, count: number): Table {
    if (offset === 0 || count === 0) return { offset: 0, entryBytes: standard, count: 0, elfyReadsIt: false }
    const elfyReadsIt = announced >= standard
    if (!elfyReadsIt) this.#damage.add(`${what} has entries of ${announced} bytes, read as ${standard}`)
    const entryBytes = elfyReadsIt ? announced : standard
    const fit = Math.max(0, Math.floor((this.#cursor.size - offset) / entryBytes))
    if (fit < count)
      this.#damage.add(
        `${what} needs ${count * entryBytes} bytes at ${hex(offset)}, file has ${this.#cursor.size} bytes`,
      )
    const readable = Math.min(fit, count)
    checkLimit(this.#limits, 'tableEntries', readable, { offset })
    return { offset, entryBytes, count: readable, elfyReadsIt }
  }

  /** Program headers as elfy reads them; undefined where it fails. */
  #tryElfy(offset: number, length: number, count: number): ElfyProgram[] | undefined {
    // elfy takes offset 0 for "no table", so the window starts one byte before it: no table stands at 0.
    const pad = 1
    try {
      const window = asBuffer(this.#cursor.bytes(offset - pad, length + pad))
      return this.#parser.parsePrograms(window, { ...this.#fields, phoff: pad, phnum: count })
    } catch (error) {
      if (error instanceof DetectorError) throw error
      this.#damage.add(`elfy failed on the table at ${hex(offset)}: ${(error as Error).message}`)
      return undefined
    }
  }

  #ownSection(at: number): RawSection {
    const cursor = this.#cursor
    const wide = this.#bits === 64
    return {
      nameAt: cursor.u32(at),
      type: cursor.u32(at + 4),
      flags: this.#word(at + 8) % 0x1_0000_0000,
      address: this.#address(at + (wide ? 16 : 12)),
      offset: this.#word(at + (wide ? 24 : 16)),
      size: this.#word(at + (wide ? 32 : 20)),
      link: cursor.u32(at + (wide ? 40 : 24)),
      info: cursor.u32(at + (wide ? 44 : 28)),
      align: this.#word(at + (wide ? 48 : 32)),
    }
  }

  #fromElfy(entry: ElfyProgram, at: number): ElfSegment {
    return {
      type: this.#cursor.u32(at),
      executable: entry.flags['x'] === true,
      offset: entry.offset,
      address: Number.isSafeInteger(entry.vaddr) ? entry.vaddr : this.#address(at + 16),
      fileSize: entry.filesz,
      memorySize: entry.memsz,
      align: entry.align,
    }
  }

  #ownSegment(at: number): ElfSegment {
    const cursor = this.#cursor
    const wide = this.#bits === 64
    return {
      type: cursor.u32(at),
      executable: (cursor.u32(at + (wide ? 4 : 24)) & 1) !== 0,
      offset: this.#word(at + (wide ? 8 : 4)),
      address: this.#address(at + (wide ? 16 : 8)),
      fileSize: this.#word(at + (wide ? 32 : 16)),
      memorySize: this.#word(at + (wide ? 40 : 20)),
      align: this.#word(at + (wide ? 48 : 28)),
    }
  }

  #address(at: number): number {
    return readAddress(this.#cursor, at, this.#bits)
  }

  #word(at: number): number {
    return readWord(this.#cursor, at, this.#bits)
  }
}

/**
 * A virtual address of the file's word size. Addresses from 2^63 on, where kernels live, come as negative numbers: as
 * such they are exact, and only differences of addresses matter.
 */
export function readAddress(cursor: Cursor, at: number, bits: 32 | 64): number {
  const value = readWord(cursor, at, bits)
  if (value < 2 ** 63) return value
  const high = cursor.u32(cursor.littleEndian ? at + 4 : at)
  const low = cursor.u32(cursor.littleEndian ? at : at + 4)
  return (high - 0x1_0000_0000) * 0x1_0000_0000 + low
}

/** A number of the file's word size. Above 2^53 it is rounded; no range check lets such a number pass. */
export function readWord(cursor: Cursor, at: number, bits: 32 | 64): number {
  if (bits === 32) return cursor.u32(at)
  const high = cursor.u32(cursor.littleEndian ? at + 4 : at)
  return high * 0x1_0000_0000 + cursor.u32(cursor.littleEndian ? at : at + 4)
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
