import { DEFAULT_LIMITS, type Limits } from '../bytes/limits.ts'
import type { ByteSource } from '../bytes/source.ts'
import { DetectorError } from '../errors.ts'
import { elfArch } from './arch.ts'
import { DamageLog } from './damage.ts'
import { detectFormat } from './detect.ts'
import { type ElfDynamic, readDynamic } from './elf-dynamic.ts'
import { type ElfTables, readElfTables, SegmentType } from './elf-headers.ts'
import { readBuildId } from './elf-notes.ts'
import { sectionsAreUsable, segmentsAsSections, toSections } from './elf-sections.ts'
import { type ElfSymbols, isSymbolFault, readElfSymbols } from './elf-symbols.ts'
import { elfUnwindTables, relocationTables } from './elf-tables.ts'
import type { Program, Section } from './program.ts'
import { noSymbols } from './symbol-table.ts'

/** `e_type`. System V gABI, ch. 4. */
const ElfType = { Relocatable: 1, Executable: 2, Shared: 3, Core: 4 } as const

/**
 * Reads an ELF file: 32 or 64 bits, either byte order, with or without section headers.
 *
 * Without a usable section table the loaded segments stand in for sections, and the dynamic symbols are found as the
 * loader finds them. What can be read around is listed in {@link Program.damage}.
 *
 * @throws DetectorError `FORMAT_BAD_MAGIC` if it is no ELF file, `FORMAT_TRUNCATED` if the header is incomplete,
 *   `FORMAT_CORRUPT` for an unknown class or byte order, `LIMIT_EXCEEDED`
 * @see System V gABI, ch. 4 "Object Files"
 */
export function readElf(source: ByteSource, limits: Limits = DEFAULT_LIMITS): Program {
  if (detectFormat(source) !== 'elf') throw new DetectorError('FORMAT_BAD_MAGIC', 'not an ELF file: magic is missing')
  const damage = new DamageLog()
  const read = readElfTables(source, limits, damage)
  const { tables, sections, indexOf } = chooseSections(read, limits, damage)
  const dynamic = readDynamic(tables, limits, damage)
  const { symbols, imports, stripped } = symbolsOf(tables, indexOf, dynamic, limits, damage)
  const { bits, littleEndian, machine } = tables.header
  return {
    format: 'elf',
    arch: elfArch(machine, bits, littleEndian),
    bits,
    littleEndian,
    kind: kindOf(tables, dynamic, damage),
    stripped,
    sections,
    symbols,
    relocationTables: tables.header.type === ElfType.Relocatable ? relocationTables(tables, sections) : [],
    unwindTables: elfUnwindTables(tables, sections),
    imageBase: 0,
    imports,
    needed: dynamic?.needed ?? [],
    soname: dynamic?.soname ?? null,
    buildId: readBuildId(tables),
    versionInfo: {},
    damage: damage.list(),
  }
}

/** Sections, or segments in their place; then the unusable section table is dropped for all later steps. */
function chooseSections(
  tables: ElfTables,
  limits: Limits,
  damage: DamageLog,
): { tables: ElfTables; sections: readonly Section[]; indexOf: Int32Array } {
  const found = toSections(tables, limits, damage)
  if (sectionsAreUsable(tables, found)) return { tables, ...found }
  if (found.sections.length > 0) damage.add('section table names no loaded bytes, segments are read instead')
  const sections = segmentsAsSections(tables, damage)
  if (sections.length === 0) damage.add('neither sections nor segments')
  return { tables: { ...tables, sections: [] }, sections, indexOf: new Int32Array(0) }
}

function symbolsOf(
  tables: ElfTables,
  indexOf: Int32Array,
  dynamic: ElfDynamic | undefined,
  limits: Limits,
  damage: DamageLog,
): ElfSymbols {
  try {
    return readElfSymbols(tables, indexOf, dynamic, limits, damage)
  } catch (error) {
    if (!isSymbolFault(error)) throw error
    damage.add(`symbols are left out: ${error.message}`)
    return { symbols: noSymbols(), imports: [], stripped: true }
  }
}

/** Position-independent executables are shared objects by type; the linker's flag or the missing SONAME tells. */
function kindOf({ header, segments }: ElfTables, dynamic: ElfDynamic | undefined, damage: DamageLog): Program['kind'] {
  if (header.type === ElfType.Relocatable) return 'object'
  if (header.type === ElfType.Core) return 'core'
  if (header.type === ElfType.Executable) return 'executable'
  if (header.type === ElfType.Shared) {
    if (dynamic?.pie === true) return 'executable'
    const interpreted = segments.some((segment) => segment.type === SegmentType.Interp)
    return interpreted && (dynamic?.soname ?? null) === null ? 'executable' : 'shared'
  }
  damage.add(`file type ${header.type} is unknown, taken as ${segments.length > 0 ? 'executable' : 'object'}`)
  return segments.length > 0 ? 'executable' : 'object'
}
