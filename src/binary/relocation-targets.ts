import { Cursor } from '../bytes/cursor.ts'
import type { ByteSource } from '../bytes/source.ts'
import type { Program, RelocationTable } from './program.ts'
import { tablesOf, visitRelocations } from './relocations.ts'

/** Where a relocation points: a section of the program and an offset in it. */
export interface RelocationTarget {
  readonly section: number
  readonly value: number
}

/**
 * What the relocations of a section of an ELF object point to, by the offset that they change. Undefined for offsets
 * without relocation and for symbols of other objects.
 *
 * In `rel` tables the bytes that are changed hold the addend: a 32-bit word.
 *
 * @throws DetectorError `INPUT_UNREADABLE`
 */
export function relocationTargets(
  program: Program,
  source: ByteSource,
  section: number,
): (offset: number) => RelocationTarget | undefined {
  const targets = new Map<number, RelocationTarget>()
  const changed = program.sections[section]
  if (program.format !== 'elf' || changed === undefined) return () => undefined
  // Windows of both: an object may have a table for each of its functions, all with the same symbols.
  const fields = new Cursor(source, program.littleEndian)
  const symbols = new Cursor(source, program.littleEndian)
  for (const table of tablesOf(program, section))
    visitRelocations(program, source, table, (offset, _, symbol, addend) => {
      const base = symbolAt(program, symbols, table, symbol)
      if (base === undefined || !(offset + 4 <= changed.size)) return
      const stored = table.layout === 'rel' ? fields.u32(changed.offset + offset) | 0 : addend
      targets.set(offset, { section: base.section, value: base.value + stored })
    })
  return (offset) => targets.get(offset)
}

/** Section and value of an entry of the symbol table, undefined for undefined, absolute and missing ones. */
function symbolAt(
  { bits, littleEndian, sections }: Program,
  cursor: Cursor,
  { symbolsOffset, symbolCount }: RelocationTable,
  index: number,
): RelocationTarget | undefined {
  if (index >= symbolCount) return undefined
  const at = symbolsOffset + index * (bits === 64 ? 24 : 16)
  // Section 0 is "undefined"; the program's list leaves it out. From 0xff00 on numbers have meanings of their own.
  const section = cursor.u16(at + (bits === 64 ? 6 : 14)) - 1
  if (section < 0 || section >= Math.min(sections.length, 0xfeff)) return undefined
  return { section, value: cursor.u32(at + (bits === 64 ? (littleEndian ? 8 : 12) : 4)) }
}
