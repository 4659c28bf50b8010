import { MAX_TABLE_BYTES } from '../bytes/limits.ts'
import type { ByteSource } from '../bytes/source.ts'
import { COFF_RELOCATION_BYTES, ELF_RELOCATION_BYTES } from './entry-bytes.ts'
import type { Program, RelocationTable } from './program.ts'
import { RelocationKind, type RelocationTypes, relocationTypes } from './relocation-types.ts'

export { RelocationKind }

/** What the linker will change in one section, as a struct of arrays. */
export interface Relocations {
  readonly count: number
  /** Bytes from the start of the section, ascending. */
  readonly offsets: Uint32Array
  /** Bytes of the field or instruction that is changed; it may only be some bits of them. None leaves the section. */
  readonly sizes: Uint8Array
  /** {@link RelocationKind}. */
  readonly kinds: Uint8Array
}

const NONE: Relocations = {
  count: 0,
  offsets: new Uint32Array(0),
  sizes: new Uint8Array(0),
  kinds: new Uint8Array(0),
}

/**
 * Reads the relocations of a section of an object; without any in linked programs.
 *
 * A relocation outside the section is left out. Several at one place stay several, in the order of the file.
 *
 * @throws DetectorError `INPUT_UNREADABLE`
 * @see System V gABI, ch. 4 "Relocation"; Microsoft PE Format, "COFF Relocations (Object Only)"
 */
export function readRelocations(program: Program, source: ByteSource, section: number): Relocations {
  const tables = tablesOf(program, section)
  const size = program.sections[section]?.size ?? 0
  if (tables.length === 0 || size === 0) return NONE
  const capacity = tables.reduce((sum, table) => sum + entriesOf(program, table).count, 0)
  const offsets = new Uint32Array(capacity)
  const sizes = new Uint8Array(capacity)
  const kinds = new Uint8Array(capacity)
  const types = typesOf(program)
  let count = 0
  let isAscending = true
  for (const table of tables)
    visitRelocations(program, source, table, (offset, type) => {
      const known = types(type)
      if (known === undefined || !(offset < size)) return
      isAscending &&= count === 0 || offset >= (offsets[count - 1] as number)
      offsets[count] = offset
      sizes[count] = Math.min(known.bytes, size - offset)
      kinds[count++] = known.kind
    })
  const found = {
    count,
    offsets: offsets.subarray(0, count),
    sizes: sizes.subarray(0, count),
    kinds: kinds.subarray(0, count),
  }
  return isAscending ? found : sorted(found)
}

/** Calls `accept` for each entry of a table, in file order. `offset` counts from the start of the section. */
export function visitRelocations(
  program: Program,
  source: ByteSource,
  table: RelocationTable,
  accept: (offset: number, type: number, symbol: number, addend: number) => void,
): void {
  const { bits, littleEndian } = program
  const { layout } = table
  const { count, entryBytes } = entriesOf(program, table)
  const bytes = source.read(table.offset, count * entryBytes)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const u32 = (at: number) => view.getUint32(at, littleEndian)
  for (let i = 0, at = 0; i < count; i++, at += entryBytes) {
    if (layout === 'coff') accept(u32(at), view.getUint16(at + 8, littleEndian), u32(at + 4), 0)
    else if (bits === 32) {
      const info = u32(at + 4)
      accept(u32(at), info & 0xff, info >>> 8, layout === 'rela' ? view.getInt32(at + 8, littleEndian) : 0)
    } else {
      const [low, high] = littleEndian ? [0, 4] : [4, 0]
      const offset = u32(at + high) * 2 ** 32 + u32(at + low)
      const addend = layout === 'rela' ? view.getInt32(at + 16 + high, littleEndian) * 2 ** 32 + u32(at + 16 + low) : 0
      accept(offset, u32(at + 8 + low), u32(at + 8 + high), addend)
    }
  }
}

/** How many entries of a table are read, and their bytes. */
function entriesOf({ bits }: Program, { layout, count }: RelocationTable): { count: number; entryBytes: number } {
  const entryBytes = layout === 'coff' ? COFF_RELOCATION_BYTES : ELF_RELOCATION_BYTES[layout][bits]
  return { count: Math.min(count, Math.floor(MAX_TABLE_BYTES / entryBytes)), entryBytes }
}

/** The tables that change a section: mostly one. They are ascending, and an object may have a hundred thousand. */
export function tablesOf({ relocationTables }: Program, section: number): readonly RelocationTable[] {
  let [first, end] = [0, relocationTables.length]
  while (first < end) {
    const middle = (first + end) >> 1
    if ((relocationTables[middle] as RelocationTable).section < section) first = middle + 1
    else end = middle
  }
  while (relocationTables[end]?.section === section) end++
  return relocationTables.slice(first, end)
}

const known = new Map<string, RelocationTypes>()

function typesOf({ format, arch }: Program): RelocationTypes {
  const machine = `${format} ${arch}`
  const types = known.get(machine) ?? relocationTypes(format, arch)
  known.set(machine, types)
  return types
}

function sorted({ count, offsets, sizes, kinds }: Relocations): Relocations {
  const order = new Uint32Array(count).map((_, index) => index)
  order.sort((a, b) => (offsets[a] as number) - (offsets[b] as number) || a - b)
  return {
    count,
    offsets: offsets.map((_, i) => offsets[order[i] as number] as number),
    sizes: sizes.map((_, i) => sizes[order[i] as number] as number),
    kinds: kinds.map((_, i) => kinds[order[i] as number] as number),
  }
}
