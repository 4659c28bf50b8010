import { Cursor } from '../bytes/cursor.ts'
import { DEFAULT_LIMITS, type Limits } from '../bytes/limits.ts'
import type { ByteSource } from '../bytes/source.ts'
import { DetectorError, hex } from '../errors.ts'
import { coffArch, isCoffMachine } from './arch.ts'
import { Clipper } from './clipper.ts'
import { type CoffLayout, type CoffSections, readCoffSections, SECTION_HEADER_BYTES } from './coff-sections.ts'
import { addCoffSymbols } from './coff-symbols.ts'
import { DamageLog, printable } from './damage.ts'
import { COFF_RELOCATION_BYTES } from './entry-bytes.ts'
import { reading } from './pe-directories.ts'
import { type ImportedSymbol, type Program, type RelocationTable, SymbolFlag } from './program.ts'
import { noSymbols, SymbolTableBuilder } from './symbol-table.ts'
import { ehFrameSections, pdataSections } from './unwind-sections.ts'

const HEADER_BYTES = 20
const BIG_HEADER_BYTES = 56
/** Bytes 12 to 28 of the header of `/bigobj` objects; other class ids (link-time code generation) hold no machine code. */
const BIG_CLASS_ID = 'c7a1bad1eebaa94baf20faf66aa4dcb8'

const BITS_64: ReadonlySet<string> = new Set(['x86_64', 'aarch64', 'ia64', 'riscv64', 'loongarch64'])

/**
 * Whether the bytes look like a COFF object, as members of `.lib` and of mingw's `.a` are.
 *
 * Such objects have no magic: the machine must be known, there is no optional header, and both tables lie in the file.
 */
export function isCoffObject(source: ByteSource): boolean {
  if (source.size < HEADER_BYTES) return false
  const cursor = new Cursor(source, true)
  if (cursor.u16(0) === 0 && cursor.u16(2) === 0xffff) return isCoffMachine(cursor.u16(6)) && cursor.u16(4) <= 2
  const sections = cursor.u16(2)
  return (
    isCoffMachine(cursor.u16(0)) &&
    cursor.u16(16) === 0 &&
    sections > 0 &&
    HEADER_BYTES + sections * SECTION_HEADER_BYTES <= source.size &&
    cursor.u32(8) + cursor.u32(12) * 18 <= source.size
  )
}

/**
 * Reads a COFF relocatable object: plain, with more than 65,279 sections (`/bigobj`), or a member of an import library,
 * which is no more than one import.
 *
 * Addresses of symbols are offsets in their section.
 *
 * @throws DetectorError `FORMAT_BAD_MAGIC`, `FORMAT_UNSUPPORTED` for objects of link-time code generation,
 *   `FORMAT_TRUNCATED`, `LIMIT_EXCEEDED`
 * @see Microsoft PE Format, "COFF File Header (Object and Image)", "Import Library Format"
 */
export function readCoff(source: ByteSource, limits: Limits = DEFAULT_LIMITS): Program {
  if (!isCoffObject(source)) throw new DetectorError('FORMAT_BAD_MAGIC', 'not a COFF object: header does not fit')
  const cursor = new Cursor(source, true)
  const anonymous = cursor.u16(0) === 0 && cursor.u16(2) === 0xffff
  if (anonymous && cursor.u16(4) === 0) return importMember(cursor, limits)
  const arch = coffArch(cursor.u16(anonymous ? 6 : 0))
  const layout = anonymous ? bigLayout(cursor) : plainLayout(cursor)

  const damage = new DamageLog()
  const read = readCoffSections(cursor, layout, limits, damage)
  // An object has no addresses yet; linkers write whatever they like into the field.
  const coff = { ...read, sections: read.sections.map((section) => ({ ...section, address: 0 })) }
  const builder = new SymbolTableBuilder(0)
  reading('symbol table', damage, undefined, () =>
    addCoffSymbols(builder, cursor, layout, coff, { decorated: arch === 'i386' }, limits, damage),
  )
  const symbols = builder.build()
  const imports: ImportedSymbol[] = []
  for (let i = 0; i < symbols.count; i++)
    if (((symbols.flags[i] ?? 0) & SymbolFlag.Defined) === 0) imports.push({ name: symbols.name(i), library: null })
  return {
    ...emptyObject(arch),
    stripped: layout.symbolCount === 0,
    sections: coff.sections,
    symbols,
    relocationTables: relocationTables(cursor, layout, coff, damage),
    unwindTables: [...ehFrameSections(coff.sections), ...pdataSections(coff.sections)],
    imports,
    damage: damage.list(),
  }
}

function plainLayout(cursor: Cursor): CoffLayout {
  return {
    sectionsOffset: HEADER_BYTES,
    sectionCount: cursor.u16(2),
    symbolsOffset: cursor.u32(8),
    symbolCount: cursor.u32(12),
    symbolBytes: 18,
    imageBase: 0,
  }
}

function bigLayout(cursor: Cursor): CoffLayout {
  const classId = Buffer.from(cursor.bytes(12, 16)).toString('hex')
  if (classId !== BIG_CLASS_ID)
    throw new DetectorError(
      'FORMAT_UNSUPPORTED',
      `COFF object of class ${classId} holds no machine code: build it without link-time code generation`,
    )
  cursor.need(0, BIG_HEADER_BYTES)
  return {
    sectionsOffset: BIG_HEADER_BYTES,
    sectionCount: cursor.u32(44),
    symbolsOffset: cursor.u32(48),
    symbolCount: cursor.u32(52),
    symbolBytes: 20,
    imageBase: 0,
  }
}

/** `IMAGE_SCN_LNK_NRELOC_OVFL`: the first entry holds the count, itself included. */
const FLAG_MANY_RELOCATIONS = 0x01000000

/** The relocations of each section, cut to the file. */
function relocationTables(
  cursor: Cursor,
  layout: CoffLayout,
  { sections, headers }: CoffSections,
  damage: DamageLog,
): RelocationTable[] {
  const tables: RelocationTable[] = []
  const clip = new Clipper(cursor.size, damage)
  const { symbolsOffset, symbolBytes } = layout
  const fit = Math.max(0, Math.floor((cursor.size - symbolsOffset) / symbolBytes))
  const symbols = { symbolsOffset, symbolCount: Math.min(fit, layout.symbolCount), symbolBytes }
  headers.forEach((header, section) => {
    let [offset, count] = [header.relocationsOffset, header.relocationCount]
    if (count === 0) return
    if ((header.characteristics & FLAG_MANY_RELOCATIONS) !== 0 && count === 0xffff && offset + 4 <= cursor.size) {
      count = Math.max(0, cursor.u32(offset) - 1)
      offset += COFF_RELOCATION_BYTES
    }
    const what = `relocations of section ${printable(sections[section]?.name ?? '')}`
    const size = clip.size(what, offset, count * COFF_RELOCATION_BYTES)
    count = Math.floor(size / COFF_RELOCATION_BYTES)
    if (count > 0) tables.push({ section, layout: 'coff', offset, count, ...symbols })
  })
  return tables
}

/** Type field, bits 2 to 4: 0 says that the import goes by number. */
function importMember(cursor: Cursor, limits: Limits): Program {
  const size = cursor.u32(12)
  const end = HEADER_BYTES + size
  if (end > cursor.size)
    throw new DetectorError(
      'FORMAT_TRUNCATED',
      `need ${size} bytes at offset ${hex(HEADER_BYTES)}, have ${cursor.size}`,
    )
  const symbol = cursor.cstring(HEADER_BYTES, limits.nameBytes, end)
  const library = cursor.cstring(HEADER_BYTES + symbol.length + 1, limits.nameBytes, end)
  const byNumber = ((cursor.u16(18) >> 2) & 7) === 0
  return {
    ...emptyObject(coffArch(cursor.u16(6))),
    imports: [{ name: byNumber ? `#${cursor.u16(16)}` : symbol, library }],
    needed: [library],
  }
}

function emptyObject(arch: string): Program {
  return {
    format: 'pe',
    arch,
    bits: BITS_64.has(arch) ? 64 : 32,
    littleEndian: true,
    kind: 'object',
    stripped: true,
    sections: [],
    symbols: noSymbols(),
    relocationTables: [],
    unwindTables: [],
    imageBase: 0,
    imports: [],
    needed: [],
    soname: null,
    buildId: null,
    versionInfo: {},
    damage: [],
  }
}
