import { hash64 } from '../bytes/hash.ts'
import { DetectorError, hex, type Locus } from '../errors.ts'

/** Number of the `.bpf` container and of its known sections' coding. Raised only when old sections change. */
export const PRINTS_FORMAT = 1

/** The sections of a `.bpf`. The numbers are stored: never renumber one. */
export const Section = {
  Name: 1,
  Releases: 2,
  Units: 3,
  Sets: 4,
  Strings: 5,
  Symbols: 6,
  Templates: 7,
  Functions: 8,
  Mnemonics: 9,
  Tables: 10,
  BigEndianTables: 11,
  Immediates: 12,
  FunctionNames: 13,
  Files: 14,
} as const

/** One section as it stands in the file, whether this version knows its kind or not. */
export interface RawSection {
  readonly kind: number
  /** Bytes from the start of the file. */
  readonly offset: number
  /** A view into the file's bytes. */
  readonly bytes: Uint8Array
  /** The stored checksum is that of the bytes. */
  readonly intact: boolean
}

/**
 * Starts every `.bpf`. The first byte is above ASCII and the line ends are of both sorts, so that a transfer which
 * changes text spoils the magic and not, unseen, the content.
 *
 * @see PNG specification, section 5.2, whose signature is made the same way
 */
const MAGIC = Uint8Array.of(0x89, 0x42, 0x50, 0x46, 0x0d, 0x0a, 0x1a, 0x0a)
/** Magic, u16 format, u16 number of sections. */
const FIXED_BYTES = 12
/** u32 kind, u32 offset, u32 length, u64 xxh64. */
const ENTRY_BYTES = 20
/** xxh64 of everything before it. */
const HEADER_CHECKSUM_BYTES = 8

/**
 * Lays sections out as a file: header, section table, sections in order of kind, without gaps. All numbers are
 * little-endian.
 */
export function writeSections(sections: readonly Pick<RawSection, 'kind' | 'bytes'>[]): Uint8Array {
  const ordered = [...sections].sort((a, b) => a.kind - b.kind)
  const headerBytes = FIXED_BYTES + ENTRY_BYTES * ordered.length + HEADER_CHECKSUM_BYTES
  const file = new Uint8Array(ordered.reduce((size, section) => size + section.bytes.length, headerBytes))
  const view = new DataView(file.buffer)
  file.set(MAGIC)
  view.setUint16(8, PRINTS_FORMAT, true)
  view.setUint16(10, ordered.length, true)
  let offset = headerBytes
  ordered.forEach(({ kind, bytes }, index) => {
    if (ordered[index - 1]?.kind === kind) throw new TypeError(`sections: kind ${kind} is there twice`)
    const entry = FIXED_BYTES + index * ENTRY_BYTES
    view.setUint32(entry, kind, true)
    view.setUint32(entry + 4, offset, true)
    view.setUint32(entry + 8, bytes.length, true)
    view.setBigUint64(entry + 12, hash64(bytes), true)
    file.set(bytes, offset)
    offset += bytes.length
  })
  const checksumAt = headerBytes - HEADER_CHECKSUM_BYTES
  view.setBigUint64(checksumAt, hash64(file.subarray(0, checksumAt)), true)
  return file
}

/**
 * Bytes of header and section table of the `.bpf` that starts with `start`, checksum included; undefined where it is none
 * or too short to tell.
 */
export function headerBytes(start: Uint8Array): number | undefined {
  if (start.length < FIXED_BYTES || MAGIC.some((byte, i) => start[i] !== byte)) return undefined
  return FIXED_BYTES + (start[10]! | (start[11]! << 8)) * ENTRY_BYTES + HEADER_CHECKSUM_BYTES
}

/**
 * Returns all sections of a `.bpf` in file order, those of unknown kinds included, without reading their content.
 * Damaged ones are returned with `intact: false`.
 *
 * @throws DetectorError `STORE_CORRUPT` when header or table are damaged, `STORE_SCHEMA_MISMATCH` when the file is of a
 * newer format
 */
export function readSections(bytes: Uint8Array, locus: Locus = {}): RawSection[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < FIXED_BYTES || MAGIC.some((byte, i) => bytes[i] !== byte))
    throw damaged('header', 0, 'not a prints file', locus)
  const format = view.getUint16(8, true)
  if (format > PRINTS_FORMAT)
    throw new DetectorError(
      'STORE_SCHEMA_MISMATCH',
      `prints have format ${format}, this version reads ${PRINTS_FORMAT}: install a newer binprint or build them again`,
      { locus },
    )
  const count = view.getUint16(10, true)
  const checksumAt = FIXED_BYTES + count * ENTRY_BYTES
  const contentAt = checksumAt + HEADER_CHECKSUM_BYTES
  if (contentAt > bytes.length)
    throw damaged('header', FIXED_BYTES, `section table needs ${contentAt} bytes, have ${bytes.length}`, locus)
  if (format === 0 || hash64(bytes.subarray(0, checksumAt)) !== view.getBigUint64(checksumAt, true))
    throw damaged('header', 0, 'checksum differs', locus)

  const sections: RawSection[] = []
  let end = contentAt
  for (let entry = FIXED_BYTES; entry < checksumAt; entry += ENTRY_BYTES) {
    const kind = view.getUint32(entry, true)
    const offset = view.getUint32(entry + 4, true)
    const length = view.getUint32(entry + 8, true)
    if (offset !== end || offset + length > bytes.length)
      throw damaged(sectionName(kind), offset, `${length} bytes do not fit into ${bytes.length}`, locus)
    if (sections.some((section) => section.kind === kind))
      throw damaged(sectionName(kind), offset, 'is there twice', locus)
    const content = bytes.subarray(offset, offset + length)
    sections.push({ kind, offset, bytes: content, intact: hash64(content) === view.getBigUint64(entry + 12, true) })
    end = offset + length
  }
  if (end !== bytes.length)
    throw damaged('header', end, `${bytes.length - end} bytes follow behind the last section`, locus)
  return sections
}

/** The name of a known kind as messages show it, else `kind 4711`. */
export function sectionName(kind: number): string {
  const known = Object.entries(Section).find(([, number]) => number === kind)
  return known === undefined ? `kind ${kind}` : known[0][0]!.toLowerCase() + known[0].slice(1)
}

/** The `STORE_CORRUPT` of a place in a `.bpf`; `offset` is from the start of the file. */
export function damaged(section: string, offset: number, what: string, locus: Locus, cause?: unknown): DetectorError {
  return new DetectorError(
    'STORE_CORRUPT',
    `prints section ${section} at ${hex(offset)} is damaged: ${what}; restore the file or build it again`,
    { locus: { ...locus, section, offset }, ...(cause === undefined ? {} : { cause }) },
  )
}
