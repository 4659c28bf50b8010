import { Cursor } from '../bytes/cursor.ts'
import { DEFAULT_LIMITS, type Limits } from '../bytes/limits.ts'
import type { ByteSource } from '../bytes/source.ts'
import { DetectorError, hex } from '../errors.ts'
import { type CoffLayout, type CoffSections, readCoffSections } from './coff-sections.ts'
import { DamageLog } from './damage.ts'
import { detectFormat } from './detect.ts'

/** Indexes of the data directories. Microsoft PE Format, "Optional Header Data Directories". */
export const Directory = { Export: 0, Import: 1, Resource: 2, Exception: 3, DelayImport: 13 } as const

export interface DataDirectory {
  /** Relative to the image base; 0 for a missing directory. */
  readonly rva: number
  readonly size: number
}

export interface PeHeaders {
  readonly cursor: Cursor
  readonly machine: number
  readonly bits: 32 | 64
  readonly characteristics: number
  /** Virtual address that all relative addresses (RVA) count from. */
  readonly imageBase: number
  readonly directories: readonly DataDirectory[]
  readonly layout: CoffLayout
  readonly coff: CoffSections
  /** File offset of a relative address, or undefined where no bytes of the file are loaded. */
  offsetOfRva(rva: number): number | undefined
  /** Index of the section that holds a relative address, or -1. */
  sectionOfRva(rva: number): number
}

const MAGIC_PE32 = 0x10b
const MAGIC_PE32_PLUS = 0x20b
const FILE_HEADER_BYTES = 20
/** The format defines 16; more are never read. */
const MAX_DIRECTORIES = 16

/**
 * Reads the headers of a PE image: what every directory reader starts from.
 *
 * @throws DetectorError `FORMAT_BAD_MAGIC`, `FORMAT_TRUNCATED`, `FORMAT_CORRUPT` for an unknown optional header,
 *   `LIMIT_EXCEEDED`
 * @see Microsoft PE Format, "File Headers", "Optional Header (Image Only)"
 */
export function readPeHeaders(
  source: ByteSource,
  limits: Limits = DEFAULT_LIMITS,
  damage: DamageLog = new DamageLog(),
): PeHeaders {
  if (detectFormat(source) !== 'pe') throw new DetectorError('FORMAT_BAD_MAGIC', 'not a PE file: signature is missing')
  const cursor = new Cursor(source, true)
  const fileHeader = cursor.u32(0x3c) + 4
  const optional = fileHeader + FILE_HEADER_BYTES
  const magic = cursor.u16(optional)
  if (magic !== MAGIC_PE32 && magic !== MAGIC_PE32_PLUS)
    throw new DetectorError('FORMAT_CORRUPT', `optional header at ${hex(optional)} starts with ${hex(magic)}`, {
      locus: { offset: optional },
    })
  const wide = magic === MAGIC_PE32_PLUS
  const imageBase = readImageBase(cursor, optional, wide, damage)
  const layout: CoffLayout = {
    sectionsOffset: optional + cursor.u16(fileHeader + 16),
    sectionCount: cursor.u16(fileHeader + 2),
    symbolsOffset: cursor.u32(fileHeader + 8),
    symbolCount: cursor.u32(fileHeader + 12),
    symbolBytes: 18,
    imageBase,
  }
  const coff = readCoffSections(cursor, layout, limits, damage)
  const map = new RvaMap(coff, cursor.u32(optional + 60), source.size)
  return {
    cursor,
    machine: cursor.u16(fileHeader),
    bits: wide ? 64 : 32,
    characteristics: cursor.u16(fileHeader + 18),
    imageBase,
    directories: readDirectories(cursor, optional + (wide ? 108 : 92)),
    layout,
    coff,
    offsetOfRva: (rva) => map.offset(rva),
    sectionOfRva: (rva) => map.section(rva),
  }
}

function readImageBase(cursor: Cursor, optional: number, wide: boolean, damage: DamageLog): number {
  if (!wide) return cursor.u32(optional + 28)
  const base = cursor.u32(optional + 28) * 0x1_0000_0000 + cursor.u32(optional + 24)
  if (base + 2 ** 32 <= Number.MAX_SAFE_INTEGER) return base
  damage.add(`image base exceeds 2^53, taken as 0`)
  return 0
}

function readDirectories(cursor: Cursor, countAt: number): DataDirectory[] {
  const count = Math.min(cursor.u32(countAt), MAX_DIRECTORIES)
  const directories: DataDirectory[] = []
  for (let i = 0, at = countAt + 4; i < count && at + 8 <= cursor.size; i++, at += 8)
    directories.push({ rva: cursor.u32(at), size: cursor.u32(at + 4) })
  return directories
}

/** Finds the section of a relative address by binary search; of overlapping sections the one that starts last. */
class RvaMap {
  readonly #coff: CoffSections
  readonly #order: readonly number[]
  readonly #headerBytes: number

  constructor(coff: CoffSections, headerBytes: number, fileSize: number) {
    this.#coff = coff
    this.#headerBytes = Math.min(headerBytes, fileSize)
    const start = (index: number) => coff.headers[index]?.rva ?? 0
    this.#order = coff.headers.map((_, index) => index).sort((a, b) => start(a) - start(b))
  }

  section(rva: number): number {
    let low = 0
    let high = this.#order.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#coff.headers[this.#order[middle] ?? 0]?.rva ?? 0) <= rva) low = middle + 1
      else high = middle
    }
    const index = this.#order[low - 1]
    const header = index === undefined ? undefined : this.#coff.headers[index]
    if (index === undefined || header === undefined) return -1
    return rva < header.rva + Math.max(header.virtualSize, header.rawSize) ? index : -1
  }

  offset(rva: number): number | undefined {
    const index = this.section(rva)
    const section = this.#coff.sections[index]
    const header = this.#coff.headers[index]
    // The headers are loaded at the image base as they are.
    if (section === undefined || header === undefined) return rva < this.#headerBytes ? rva : undefined
    const within = rva - header.rva
    return within < section.size ? section.offset + within : undefined
  }
}
