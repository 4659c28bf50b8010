import { latin1 } from '../bytes/cursor.ts'
import { checkLimit, type Limits } from '../bytes/limits.ts'
import { DetectorError, hex } from '../errors.ts'
import type { DamageLog } from './damage.ts'
import type { ElfDynamic } from './elf-dynamic.ts'
import type { ElfTables, RawSection } from './elf-headers.ts'
import { SectionType } from './elf-sections.ts'
import { NamePool } from './name-pool.ts'
import { type ImportedSymbol, SymbolFlag, type SymbolTable } from './program.ts'
import { SymbolTableBuilder } from './symbol-table.ts'

/** `st_shndx` values with a meaning of their own. */
const SectionIndex = { Undefined: 0, Reserved: 0xff00, Extended: 0xffff } as const

const Binding = { Local: 0, Weak: 2 } as const
const SymbolType = { Object: 1, Function: 2, Section: 3, File: 4, Common: 5, Tls: 6, Ifunc: 10 } as const
/** `STV_DEFAULT` and `STV_PROTECTED`: what other programs may bind to. */
const VISIBLE: ReadonlySet<number> = new Set([0, 3])

const MACHINE_ARM = 40
/** Entries read in one window: 1.5 MiB of 64-bit symbols. */
const CHUNK_ENTRIES = 65_536
const AT_SIGN = 0x40

/** A symbol table of the file, located and clipped. */
interface Table {
  readonly offset: number
  readonly count: number
  readonly names: NamePool
  /** `SHT_SYMTAB_SHNDX` values, for files with more than 65,279 sections. */
  readonly extended: DataView | undefined
  readonly dynamic: boolean
}

/** One entry, decoded. A single object is reused for all of them: tables have a million. */
interface RawSymbol {
  nameStart: number
  nameLength: number
  binding: number
  type: number
  visibility: number
  sectionIndex: number
  address: number
  size: number
}

export interface ElfSymbols {
  readonly symbols: SymbolTable
  readonly imports: readonly ImportedSymbol[]
  /** No `SHT_SYMTAB`. */
  readonly stripped: boolean
}

/**
 * Reads the symbol tables into one list: the entries of `.symtab`, then those of the dynamic table that it lacks.
 *
 * A symbol that both tables hold is listed once, with {@link SymbolFlag.Exported}. Section and file symbols and
 * nameless ones are left out. Imports are the undefined dynamic symbols, or those of the object file.
 *
 * @throws DetectorError `LIMIT_EXCEEDED`, `FORMAT_CORRUPT`
 * @see System V gABI, ch. 4 "Symbol Table"
 */
export function readElfSymbols(
  tables: ElfTables,
  sectionIndexOf: Int32Array,
  dynamic: ElfDynamic | undefined,
  limits: Limits,
  damage: DamageLog,
): ElfSymbols {
  const reader = new SymbolReader(tables, sectionIndexOf, limits, damage)
  const full = reader.sectionTable(SectionType.Symtab)
  const exported = reader.sectionTable(SectionType.Dynsym) ?? reader.dynamicTable(dynamic)
  const builder = new SymbolTableBuilder((full?.count ?? 0) + (full === undefined ? (exported?.count ?? 0) : 0))

  const imports = new Set<string>()
  const collectsImports = (table: Table) => table === (exported ?? (isObject(tables) ? full : undefined))
  for (const table of [full, exported]) {
    if (table === undefined) continue
    reader.visit(table, (symbol) => {
      if (symbol.sectionIndex === SectionIndex.Undefined && collectsImports(table)) imports.add(nameOf(symbol, table))
      const entry = reader.entry(symbol, table)
      const address = symbol.sectionIndex === SectionIndex.Undefined ? 0 : symbol.address
      const twin = table === full ? -1 : builder.find(table.names, symbol.nameStart, symbol.nameLength, address)
      if (twin >= 0) return builder.addFlags(twin, entry.flags & SymbolFlag.Exported)
      const index = builder.add(entry)
      if (table === full && exported !== undefined && symbol.binding !== Binding.Local) builder.remember(index)
    })
  }
  return {
    symbols: builder.build(),
    imports: Array.from(imports, (name) => ({ name, library: null })),
    stripped: !tables.sections.some((section) => section.type === SectionType.Symtab),
  }
}

/** `ET_REL`: such a file imports through its full symbol table, as it has no dynamic one. */
function isObject(tables: ElfTables): boolean {
  return tables.header.type === 1
}

function nameOf(symbol: RawSymbol, { names }: Table): string {
  return latin1(names.bytes.subarray(symbol.nameStart, symbol.nameStart + symbol.nameLength))
}

class SymbolReader {
  readonly #tables: ElfTables
  readonly #sectionIndexOf: Int32Array
  readonly #limits: Limits
  readonly #damage: DamageLog
  readonly #entryBytes: number

  constructor(tables: ElfTables, sectionIndexOf: Int32Array, limits: Limits, damage: DamageLog) {
    this.#tables = tables
    this.#sectionIndexOf = sectionIndexOf
    this.#limits = limits
    this.#damage = damage
    this.#entryBytes = tables.header.bits === 64 ? 24 : 16
  }

  /** The first symbol table of the type, with its names; undefined where it is missing or its names are. */
  sectionTable(type: number): Table | undefined {
    const { sections, cursor } = this.#tables
    const index = sections.findIndex((section) => section.type === type && section.size > 0)
    const section = sections[index]
    if (section === undefined) return undefined
    const what = type === SectionType.Symtab ? 'symbol table' : 'dynamic symbol table'
    const strings = sections[section.link]
    if (strings === undefined || strings.type === SectionType.Nobits || strings.offset >= cursor.size) {
      this.#damage.add(`names of the ${what} at ${hex(section.offset)} are missing`)
      return undefined
    }
    const stringsSize = Math.min(strings.size, cursor.size - strings.offset)
    const bytes = Math.max(0, Math.min(section.size, cursor.size - section.offset))
    if (bytes < section.size)
      this.#damage.add(`${what} needs ${section.size} bytes at ${hex(section.offset)}, file has ${cursor.size} bytes`)
    const count = Math.floor(bytes / this.#entryBytes)
    checkLimit(this.#limits, 'symbols', count, { offset: section.offset })
    return {
      offset: section.offset,
      count,
      names: new NamePool(cursor.source, strings.offset, stringsSize, this.#limits),
      extended: this.#extendedIndexes(index, count),
      dynamic: type === SectionType.Dynsym,
    }
  }

  /** The dynamic symbol table as the loader finds it. */
  dynamicTable(dynamic: ElfDynamic | undefined): Table | undefined {
    if (dynamic?.symbols === undefined) return undefined
    checkLimit(this.#limits, 'symbols', dynamic.symbols.count, { offset: dynamic.symbols.offset })
    return { ...dynamic.symbols, extended: undefined, dynamic: true }
  }

  #extendedIndexes(tableIndex: number, count: number): DataView | undefined {
    const { sections, cursor } = this.#tables
    const isIndex = (section: RawSection) => section.type === SectionType.SymtabShndx && section.link === tableIndex
    const section = sections.find(isIndex)
    if (section === undefined || section.offset + count * 4 > cursor.size) return undefined
    return viewOf(cursor.bytes(section.offset, count * 4))
  }

  /** Calls `accept` for every symbol that has a name and is no section or file symbol, in table order. */
  visit(table: Table, accept: (symbol: RawSymbol) => void): void {
    const { cursor, header } = this.#tables
    const { littleEndian } = header
    const symbol = emptySymbol()
    let nameless = 0
    for (let done = 0; done < table.count; done += CHUNK_ENTRIES) {
      const count = Math.min(CHUNK_ENTRIES, table.count - done)
      const view = viewOf(cursor.bytes(table.offset + done * this.#entryBytes, count * this.#entryBytes))
      for (let i = 0; i < count; i++) {
        if (header.bits === 64) decode64(view, i * 24, littleEndian, symbol)
        else decode32(view, i * 16, littleEndian, symbol)
        if (symbol.nameStart === 0 || symbol.type === SymbolType.Section || symbol.type === SymbolType.File) continue
        symbol.nameLength = this.#nameLength(table, symbol.nameStart)
        if (symbol.nameLength < 0) nameless++
        if (symbol.nameLength <= 0) continue
        if (symbol.sectionIndex === SectionIndex.Extended && table.extended !== undefined)
          symbol.sectionIndex = table.extended.getUint32((done + i) * 4, littleEndian)
        else if (symbol.sectionIndex >= SectionIndex.Reserved) symbol.sectionIndex = -1
        // Bit 0 says "Thumb code", it is not part of the address.
        if (header.machine === MACHINE_ARM && symbol.type === SymbolType.Function && symbol.address % 2 === 1)
          symbol.address--
        accept(symbol)
      }
    }
    if (nameless > 0)
      this.#damage.add(`${nameless} symbols of the table at ${hex(table.offset)} have names without end`)
  }

  /** Bytes of the name without the `@VERSION` that linkers append in `.symtab`. */
  #nameLength(table: Table, start: number): number {
    const length = table.names.length(start)
    if (table.dynamic || length <= 0) return length
    const { bytes } = table.names
    for (let i = start + 1; i < start + length; i++) if (bytes[i] === AT_SIGN) return i - start
    return length
  }

  #flags(symbol: RawSymbol, table: Table): number {
    let flags = 0
    if (symbol.sectionIndex !== SectionIndex.Undefined) flags |= SymbolFlag.Defined
    if (symbol.type === SymbolType.Function || symbol.type === SymbolType.Ifunc) flags |= SymbolFlag.Function
    if (symbol.type === SymbolType.Object || symbol.type === SymbolType.Tls || symbol.type === SymbolType.Common)
      flags |= SymbolFlag.Object
    if (symbol.binding === Binding.Weak) flags |= SymbolFlag.Weak
    const bindable = symbol.binding !== Binding.Local && VISIBLE.has(symbol.visibility)
    if (table.dynamic && bindable && (flags & SymbolFlag.Defined) !== 0) flags |= SymbolFlag.Exported
    return flags
  }

  entry(symbol: RawSymbol, table: Table): Parameters<SymbolTableBuilder['add']>[0] {
    return {
      address: symbol.address,
      size: symbol.size,
      flags: this.#flags(symbol, table),
      section: symbol.sectionIndex > 0 ? (this.#sectionIndexOf[symbol.sectionIndex] ?? -1) : -1,
      pool: table.names,
      nameStart: symbol.nameStart,
      nameLength: symbol.nameLength,
    }
  }
}

function emptySymbol(): RawSymbol {
  return { nameStart: 0, nameLength: 0, binding: 0, type: 0, visibility: 0, sectionIndex: 0, address: 0, size: 0 }
}

function decode64(view: DataView, at: number, littleEndian: boolean, into: RawSymbol): void {
  into.nameStart = view.getUint32(at, littleEndian)
  setInfo(view.getUint8(at + 4), view.getUint8(at + 5), into)
  into.sectionIndex = view.getUint16(at + 6, littleEndian)
  const highAt = littleEndian ? 4 : 0
  const lowAt = 4 - highAt
  // Signed, so that kernel addresses from 2^63 on stay exact.
  into.address = view.getInt32(at + 8 + highAt, littleEndian) * 2 ** 32 + view.getUint32(at + 8 + lowAt, littleEndian)
  into.size = view.getUint32(at + 16 + highAt, littleEndian) * 2 ** 32 + view.getUint32(at + 16 + lowAt, littleEndian)
}

function decode32(view: DataView, at: number, littleEndian: boolean, into: RawSymbol): void {
  into.nameStart = view.getUint32(at, littleEndian)
  into.address = view.getUint32(at + 4, littleEndian)
  into.size = view.getUint32(at + 8, littleEndian)
  setInfo(view.getUint8(at + 12), view.getUint8(at + 13), into)
  into.sectionIndex = view.getUint16(at + 14, littleEndian)
}

function setInfo(info: number, other: number, into: RawSymbol): void {
  into.binding = info >> 4
  into.type = info & 0xf
  into.visibility = other & 3
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Whether an error concerns only symbols, so that the rest of the program is still worth reading. */
export function isSymbolFault(error: unknown): error is DetectorError {
  return error instanceof DetectorError && (error.code === 'FORMAT_TRUNCATED' || error.code === 'FORMAT_CORRUPT')
}
