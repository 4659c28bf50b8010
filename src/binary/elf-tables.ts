import { type ElfTables, SegmentType } from './elf-headers.ts'
import { SectionType } from './elf-sections.ts'
import { ELF_RELOCATION_BYTES } from './entry-bytes.ts'
import type { RelocationTable, Section, UnwindTable } from './program.ts'
import { ehFrameSections } from './unwind-sections.ts'

const MACHINE_ARM = 40
/** `SHT_ARM_EXIDX`. ELF for the Arm Architecture, "Section Types". */
const TYPE_ARM_EXIDX = 0x70000001

/**
 * The relocation tables of an object, ascending by the section they change. `sections` are the program's, which leave out
 * the null section: an object whose section 0 is something else gets none.
 */
export function relocationTables(tables: ElfTables, sections: readonly Section[]): RelocationTable[] {
  const { bits } = tables.header
  if (tables.sections.length !== sections.length + 1) return []
  const found = tables.sections.flatMap((raw, index): RelocationTable[] => {
    if (raw.type !== SectionType.Rel && raw.type !== SectionType.Rela) return []
    const own = sections[index - 1]
    const layout = raw.type === SectionType.Rel ? 'rel' : 'rela'
    const count = Math.floor((own?.size ?? 0) / ELF_RELOCATION_BYTES[layout][bits])
    const section = raw.info - 1
    if (own === undefined || count === 0 || sections[section] === undefined) return []
    const symbols = tables.sections[raw.link]?.type === SectionType.Symtab ? sections[raw.link - 1] : undefined
    const symbolBytes = bits === 64 ? 24 : 16
    const symbolCount = Math.floor((symbols?.size ?? 0) / symbolBytes)
    const symbolsOffset = symbols?.offset ?? 0
    return [{ section, layout, offset: own.offset, count, symbolsOffset, symbolCount, symbolBytes }]
  })
  return found.sort((a, b) => a.section - b.section)
}

/** What unwinders read: sections by name or type, or segments in a file without usable sections. */
export function elfUnwindTables(tables: ElfTables, sections: readonly Section[]): UnwindTable[] {
  const isArm = tables.header.machine === MACHINE_ARM
  const exidx = (table: Omit<UnwindTable, 'layout'>): UnwindTable[] =>
    isArm && table.size > 0 ? [{ layout: 'exidx', ...table }] : []
  if (tables.sections.length > 0) {
    const base = tables.sections.length - sections.length
    const listed = sections.flatMap(({ address, offset, size }, section): UnwindTable[] =>
      tables.sections[section + base]?.type === TYPE_ARM_EXIDX ? exidx({ section, address, offset, size }) : [],
    )
    return [...ehFrameSections(sections), ...listed].sort((a, b) => a.offset - b.offset)
  }
  // The loader takes one segment of a type; a forged file could list its frames a thousand times.
  const places = [SegmentType.EhFrame, SegmentType.ArmExidx].map((type) =>
    tables.segments.find(
      (segment) => segment.type === type && segment.fileSize > 0 && segment.offset < tables.cursor.size,
    ),
  )
  const [frame, index] = places.map((segment): Omit<UnwindTable, 'layout'> | undefined => {
    if (segment === undefined) return undefined
    const { address, offset } = segment
    return { section: -1, address, offset, size: Math.min(segment.fileSize, tables.cursor.size - offset) }
  })
  const frames: UnwindTable[] = frame === undefined ? [] : [{ layout: 'eh_frame_hdr', ...frame }]
  return index === undefined ? frames : [...frames, ...exidx(index)]
}
