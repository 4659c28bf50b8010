import { Cursor } from '../bytes/cursor.ts'
import type { ByteSource } from '../bytes/source.ts'
import type { Program, RelocationTable } from './program.ts'
import { tablesOf, visitRelocations } from './relocations.ts'

/** Far more than an object has functions; a map holds no more than four times as many. */
const MAX_TARGETS = 2 ** 22

/** Where a relocation points: a section of the program and an offset in it. */
export interface RelocationTarget {
  readonly section: number
  readonly value: number
}

/**
 * What the relocations of a section of an object point to, by the offset that they change. Undefined for offsets without
 * relocation and for symbols of other objects.
 *
 * In `rel` and `coff` tables the bytes that are changed hold the addend: a 32-bit word.
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
  if (changed === undefined) return () => undefined
  // Windows of both: an object may have a table for each of its functions, all with the same symbols.
  const fields = new Cursor(source, program.littleEndian)
  const symbols = new Cursor(source, program.littleEndian)
  for (const table of tablesOf(program, section))
    visitRelocations(program, source, table, (offset, _, symbol, addend) => {
      if (targets.size >= MAX_TARGETS || !(offset + 4 <= changed.size)) return
      const base = symbolAt(program, symbols, table, symbol)
      if (base === undefined) return
      const stored = table.layout === 'rela' ? addend : fields.u32(changed.offset + offset) | 0
      targets.set(offset, { section: base.section, value: base.value + stored })
    })
  return (offset) => targets.get(offset)
}

/** Section and value of an entry of the symbol table, undefined for undefined, absolute and missing ones. */
function symbolAt(
  { bits, littleEndian, sections }: Program,
  cursor: Cursor,
  { layout, symbolsOffset, symbolCount, symbolBytes }: RelocationTable,
  index: number,
): RelocationTarget | undefined {
  if (index >= symbolCount) return undefined
  const at = symbolsOffset + index * symbolBytes
  const isCoff = layout === 'coff'
  const sectionAt = at + (isCoff ? 12 : bits === 64 ? 6 : 14)
  const number = isCoff && symbolBytes === 20 ? cursor.u32(sectionAt) : cursor.u16(sectionAt)
  // Section 0 is "undefined", numbers at the upper end have meanings of their own; the program counts from 0.
  const limit = isCoff ? sections.length : Math.min(sections.length, 0xfeff)
  if (number === 0 || number > limit) return undefined
  return {
    section: number - 1,
    value: cursor.u32(at + (isCoff || (bits === 64 && littleEndian) ? 8 : bits === 64 ? 12 : 4)),
  }
}
