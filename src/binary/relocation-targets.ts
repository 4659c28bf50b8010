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
  for (const table of program.format === 'elf' && changed !== undefined ? tablesOf(program, section) : []) {
    const symbols = symbolReader(program, source, table)
    const bytes = source.read(changed?.offset ?? 0, changed?.size ?? 0)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    visitRelocations(program, source, table, (offset, _, symbol, addend) => {
      const base = symbols(symbol)
      if (base === undefined || !(offset + 4 <= bytes.length)) return
      const stored = table.layout === 'rel' ? view.getInt32(offset, program.littleEndian) : addend
      targets.set(offset, { section: base.section, value: base.value + stored })
    })
  }
  return (offset) => targets.get(offset)
}

/** Section and value of the symbol table's entries, undefined for undefined, absolute and missing ones. */
function symbolReader(
  { bits, littleEndian, sections }: Program,
  source: ByteSource,
  { symbolsOffset, symbolCount }: RelocationTable,
): (index: number) => RelocationTarget | undefined {
  const entryBytes = bits === 64 ? 24 : 16
  const bytes = source.read(symbolsOffset, symbolCount * entryBytes)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return (index) => {
    if (index >= symbolCount) return undefined
    const at = index * entryBytes
    // Section 0 is "undefined"; the program's list leaves it out. From 0xff00 on numbers have meanings of their own.
    const section = view.getUint16(at + (bits === 64 ? 6 : 14), littleEndian) - 1
    if (section < 0 || section >= Math.min(sections.length, 0xfeff)) return undefined
    const value = view.getUint32(at + (bits === 64 ? (littleEndian ? 8 : 12) : 4), littleEndian)
    return { section, value }
  }
}
