import { type Cursor, latin1 } from '../bytes/cursor.ts'
import { checkLimit, type Limits } from '../bytes/limits.ts'
import { hex } from '../errors.ts'
import { Clipper } from './clipper.ts'
import { type DamageLog, printable } from './damage.ts'
import { NamePool } from './name-pool.ts'
import type { Section, SectionRole } from './program.ts'

/** The section table and the symbol table of a COFF object or a PE image, as the file header gives them. */
export interface CoffLayout {
  /** File offset of the section table, and its entries. */
  readonly sectionsOffset: number
  readonly sectionCount: number
  /** File offset of the COFF symbol table; 0 without one. */
  readonly symbolsOffset: number
  readonly symbolCount: number
  /** Bytes of a symbol: 18, or 20 in objects with more than 65,279 sections. */
  readonly symbolBytes: 18 | 20
  /** Added to every section address; 0 in objects. */
  readonly imageBase: number
}

/** A section header; `rva` is relative to the image base. */
export interface CoffSection {
  readonly rva: number
  readonly virtualSize: number
  readonly rawOffset: number
  readonly rawSize: number
  /** File offset of the relocations, and the 16-bit count of them. */
  readonly relocationsOffset: number
  readonly relocationCount: number
  readonly characteristics: number
}

export interface CoffSections {
  /** One for each {@link headers} entry, in table order. */
  readonly sections: readonly Section[]
  readonly headers: readonly CoffSection[]
  /** Long section and symbol names; undefined where the file has none. */
  readonly names: NamePool | undefined
}

export const SECTION_HEADER_BYTES = 40

/** `IMAGE_SCN_…` of the PE Format, "Section Flags". */
const Flag = { Code: 0x20, Uninitialized: 0x80, LinkInfo: 0x200, LinkRemove: 0x800, Execute: 0x20000000 } as const

const ROLE_BY_NAME: readonly (readonly [RegExp, SectionRole])[] = [
  [/^\.rsrc/, 'resource'],
  [/^\.(pdata|xdata|eh_frame|gcc_except_table|ARM\.ex)/, 'unwind'],
  [/^\.reloc$/, 'relocation'],
  [/^\.drectve$/, 'other'],
  [/^\.(debug|zdebug|stab|gnu_debuglink)/, 'debug'],
  // Export and import directories where the linker gave them a section: names of symbols, not strings of the program.
  [/^\.(edata|idata|didat)/, 'symbols'],
]

/**
 * Reads the section table with roles; a section's size leaves out the padding to the file alignment.
 *
 * A section that leaves the file is clipped, one wholly outside becomes `empty`; `damage` says so.
 *
 * @throws DetectorError `LIMIT_EXCEEDED`
 * @see Microsoft PE Format, "Section Table (Section Headers)"
 */
export function readCoffSections(cursor: Cursor, layout: CoffLayout, limits: Limits, damage: DamageLog): CoffSections {
  const fit = Math.max(0, Math.floor((cursor.size - layout.sectionsOffset) / SECTION_HEADER_BYTES))
  if (fit < layout.sectionCount)
    damage.add(
      `section table needs ${layout.sectionCount} entries at ${hex(layout.sectionsOffset)}, file has room for ${fit}`,
    )
  const count = Math.min(fit, layout.sectionCount)
  checkLimit(limits, 'tableEntries', count, { offset: layout.sectionsOffset })
  const names = readStringTable(cursor, layout, limits, damage)
  const clip = new Clipper(cursor.size, damage)
  const sections: Section[] = []
  const headers: CoffSection[] = []
  for (let i = 0; i < count; i++) {
    const at = layout.sectionsOffset + i * SECTION_HEADER_BYTES
    const header = {
      virtualSize: cursor.u32(at + 8),
      rva: cursor.u32(at + 12),
      rawSize: cursor.u32(at + 16),
      rawOffset: cursor.u32(at + 20),
      relocationsOffset: cursor.u32(at + 24),
      relocationCount: cursor.u16(at + 32),
      characteristics: cursor.u32(at + 36),
    }
    const name = sectionName(latin1(cursor.bytes(at, 8)).replace(/\0.*$/s, ''), names)
    const role = roleOf(name, header)
    const wanted = header.virtualSize > 0 ? Math.min(header.rawSize, header.virtualSize) : header.rawSize
    const size = role === 'empty' ? 0 : clip.size(`section ${i} ${printable(name)}`, header.rawOffset, wanted)
    headers.push(header)
    sections.push({
      name,
      role: size === 0 ? 'empty' : role,
      address: layout.imageBase + header.rva,
      offset: Math.min(header.rawOffset, cursor.size),
      size,
      mergeableStrings: false,
    })
  }
  return { sections, headers, names }
}

/** The string table behind the symbols. Its size field counts itself, and name offsets count from that field. */
function readStringTable(cursor: Cursor, layout: CoffLayout, limits: Limits, damage: DamageLog): NamePool | undefined {
  if (layout.symbolsOffset === 0) return undefined
  const offset = layout.symbolsOffset + layout.symbolCount * layout.symbolBytes
  if (offset + 4 > cursor.size) return undefined
  const size = cursor.u32(offset)
  if (size < 4) return undefined
  if (offset + size > cursor.size)
    damage.add(`string table needs ${size} bytes at ${hex(offset)}, file has ${cursor.size} bytes`)
  return new NamePool(cursor.source, offset, Math.min(size, cursor.size - offset), limits)
}

/** `/123` is a decimal offset into the string table, `//AbC` one in base 64 (LLVM, for tables beyond 10 MB). */
function sectionName(field: string, names: NamePool | undefined): string {
  if (names === undefined) return field
  const decimal = /^\/(\d+)$/.exec(field)
  if (decimal !== null) return names.text(Number(decimal[1])) ?? field
  const base64 = /^\/\/([A-Za-z0-9+/]{6})$/.exec(field)
  if (base64 !== null) return names.text(fromBase64(base64[1] ?? '')) ?? field
  return field
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

function fromBase64(digits: string): number {
  let value = 0
  for (const digit of digits) value = value * 64 + BASE64.indexOf(digit)
  return value
}

function roleOf(name: string, header: CoffSection): SectionRole {
  const { characteristics } = header
  if (header.rawSize === 0 || header.rawOffset === 0 || (characteristics & Flag.Uninitialized) !== 0) return 'empty'
  const named = ROLE_BY_NAME.find(([pattern]) => pattern.test(name))
  if (named !== undefined) return named[1]
  if ((characteristics & (Flag.Code | Flag.Execute)) !== 0) return 'code'
  return (characteristics & (Flag.LinkInfo | Flag.LinkRemove)) !== 0 ? 'other' : 'data'
}
