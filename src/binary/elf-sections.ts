import type { Limits } from '../bytes/limits.ts'
import { hex } from '../errors.ts'
import { Clipper } from './clipper.ts'
import { type DamageLog, printable } from './damage.ts'
import { type ElfTables, type RawSection, SegmentType } from './elf-headers.ts'
import { NamePool } from './name-pool.ts'
import type { Section, SectionRole } from './program.ts'

/** Section types of the System V gABI and the GNU, Android and processor ranges, as far as they decide something. */
export const SectionType = {
  Null: 0,
  Symtab: 2,
  Strtab: 3,
  Rela: 4,
  Hash: 5,
  Dynamic: 6,
  Note: 7,
  Nobits: 8,
  Rel: 9,
  Dynsym: 11,
  Group: 17,
  SymtabShndx: 18,
  Relr: 19,
} as const

const FLAG_ALLOC = 0x2
const FLAG_EXECUTE = 0x4
const FLAG_MERGE = 0x10
const FLAG_STRINGS = 0x20

const SYMBOL_TYPES: ReadonlySet<number> = new Set([
  SectionType.Symtab,
  SectionType.Strtab,
  SectionType.Hash,
  SectionType.Dynamic,
  SectionType.Dynsym,
  SectionType.SymtabShndx,
  // GNU hash, version definitions, version needs, version symbols.
  0x6ffffff6,
  0x6ffffffd,
  0x6ffffffe,
  0x6fffffff,
])

const RELOCATION_TYPES: ReadonlySet<number> = new Set([
  SectionType.Rela,
  SectionType.Rel,
  SectionType.Relr,
  // Android's packed REL, RELA and RELR.
  0x60000001,
  0x60000002,
  0x6fffff00,
])

/** `SHT_X86_64_UNWIND` and `SHT_ARM_EXIDX`: the number is shared, the meaning too. */
const TYPE_UNWIND = 0x70000001

const UNWIND_NAME = /^\.(eh_frame|gcc_except_table|ARM\.ex(idx|tab)|rela?\.eh_frame)/
const DEBUG_NAME = /^\.(debug|zdebug|gnu\.debuglto_|stab|line$|gdb_index)/

/** What reading a section table gives. */
export interface ElfSections {
  readonly sections: readonly Section[]
  /** Index in {@link sections} by section header index, -1 where it is none (the null section). */
  readonly indexOf: Int32Array
}

/**
 * Turns the section header table into sections with roles, in table order and without the null section.
 *
 * A section that leaves the file is clipped, one wholly outside becomes `empty`; `damage` says so.
 */
export function toSections(tables: ElfTables, limits: Limits, damage: DamageLog): ElfSections {
  const names = readNames(tables, limits, damage)
  const clip = new Clipper(tables.cursor.size, damage)
  const sections: Section[] = []
  const indexOf = new Int32Array(tables.sections.length).fill(-1)
  tables.sections.forEach((raw, index) => {
    if (index === 0 && raw.type === SectionType.Null) return
    const name = names(raw)
    const role = roleOf(raw, name)
    const size = role === 'empty' ? 0 : clip.size(`section ${index} ${printable(name)}`, raw.offset, raw.size)
    const kept = size === 0 && raw.size > 0 ? 'empty' : role
    indexOf[index] = sections.length
    const offset = Number.isSafeInteger(raw.offset) ? Math.min(raw.offset, tables.cursor.size) : 0
    const mergeableStrings = (raw.flags & FLAG_MERGE) !== 0 && (raw.flags & FLAG_STRINGS) !== 0
    sections.push({ name, role: kept, address: raw.address, offset, size, mergeableStrings })
  })
  return { sections, indexOf }
}

/** The loaded segments of a file without usable sections, as sections named `LOAD#0`, `LOAD#1` … */
export function segmentsAsSections(tables: ElfTables, damage: DamageLog): Section[] {
  const clip = new Clipper(tables.cursor.size, damage)
  return tables.segments
    .filter((segment) => segment.type === SegmentType.Load)
    .map((segment, index) => {
      const name = `LOAD#${index}`
      const size = clip.size(`segment ${name}`, segment.offset, segment.fileSize)
      const role = size === 0 ? 'empty' : segment.executable ? 'mixed' : 'data'
      const offset = Number.isSafeInteger(segment.offset) ? Math.min(segment.offset, tables.cursor.size) : 0
      return { name, role, address: segment.address, offset, size, mergeableStrings: false }
    })
}

/**
 * Whether the section table describes the file: it names loaded bytes or a symbol table. A forged or emptied one does
 * neither while segments are there.
 */
export function sectionsAreUsable(tables: ElfTables, { sections, indexOf }: ElfSections): boolean {
  if (sections.length === 0) return false
  if (!tables.segments.some((segment) => segment.type === SegmentType.Load && segment.fileSize > 0)) return true
  return tables.sections.some((raw, index) => {
    const section = sections[indexOf[index] ?? -1]
    return (
      section !== undefined && section.size > 0 && ((raw.flags & FLAG_ALLOC) !== 0 || raw.type === SectionType.Symtab)
    )
  })
}

function roleOf(raw: RawSection, name: string): SectionRole {
  if (raw.type === SectionType.Nobits) return 'empty'
  if (SYMBOL_TYPES.has(raw.type)) return 'symbols'
  if (raw.type === SectionType.Note) return 'note'
  if (raw.type === TYPE_UNWIND || UNWIND_NAME.test(name)) return 'unwind'
  if (RELOCATION_TYPES.has(raw.type)) return 'relocation'
  if (raw.type === SectionType.Null || raw.type === SectionType.Group) return 'other'
  if ((raw.flags & FLAG_ALLOC) === 0) return DEBUG_NAME.test(name) ? 'debug' : 'other'
  return (raw.flags & FLAG_EXECUTE) === 0 ? 'data' : 'code'
}

/** A reader of section names; without a usable name table every name is empty. */
function readNames(tables: ElfTables, limits: Limits, damage: DamageLog): (raw: RawSection) => string {
  const table = tables.sections[tables.namesIndex]
  const { cursor } = tables
  if (table === undefined || tables.namesIndex === 0 || table.offset + table.size > cursor.size) {
    if (tables.sections.length > 0) damage.add(`section names are missing: no table at index ${tables.namesIndex}`)
    return () => ''
  }
  const pool = new NamePool(cursor.source, table.offset, table.size, limits)
  return (raw) => {
    const name = pool.text(raw.nameAt)
    if (name === undefined) damage.add(`section name at ${hex(raw.nameAt)} of its table has no end`)
    return name ?? ''
  }
}
