import { latin1 } from '../bytes/cursor.ts'
import { checkLimit, type Limits } from '../bytes/limits.ts'
import { radixOrder } from '../bytes/radix.ts'
import { DetectorError, hex } from '../errors.ts'
import type { DamageLog } from './damage.ts'
import type { ElfDynamic } from './elf-dynamic.ts'
import type { ElfTables, RawSection } from './elf-headers.ts'
import { SectionType } from './elf-sections.ts'
import { NamePool } from './name-pool.ts'
import { type ImportedSymbol, SymbolFlag, type SymbolTable } from './program.ts'
import { SymbolBatch } from './symbol-batch.ts'
import { SymbolTableBuilder } from './symbol-table.ts'

/** `st_shndx` values with a meaning of their own. */
const SectionIndex = { Undefined: 0, Reserved: 0xff00, Extended: 0xffff } as const

const Binding = { Local: 0, Weak: 2 } as const
const SymbolType = { Object: 1, Function: 2, Section: 3, File: 4, Common: 5, Tls: 6, Ifunc: 10 } as const
/** `STV_DEFAULT` and `STV_PROTECTED`: what other programs may bind to. */
const VISIBLE: ReadonlySet<number> = new Set([0, 3])

const MACHINE_ARM = 40
/** Entries read at once. Of a table whose symbols may have twins, whole programs: names are best met in their order. */
const BATCH_ENTRIES = 512
const TWIN_BATCH_ENTRIES = 131_072

/** A symbol table of the file, located and clipped. */
interface Table {
  readonly offset: number
  readonly count: number
  readonly names: NamePool
  /** `SHT_SYMTAB_SHNDX` values, for files with more than 65,279 sections. */
  readonly extended: DataView | undefined
  readonly dynamic: boolean
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
  const exported = reader.sectionTable(SectionType.Dynsym, dynamic) ?? reader.dynamicTable(dynamic)
  const builder = new SymbolTableBuilder((full?.count ?? 0) + (full === undefined ? (exported?.count ?? 0) : 0))

  const collector = new SymbolCollector(builder)
  const importing = exported ?? (isObject(tables) ? full : undefined)
  for (const table of [full, exported]) {
    if (table === undefined) continue
    const hasOther = full !== undefined && exported !== undefined
    const seeksTwins = hasOther && table === exported
    const remembers = hasOther && table === full
    collector.begin({ imports: table === importing, seeksTwins, remembers })
    reader.visit(table, seeksTwins ? TWIN_BATCH_ENTRIES : BATCH_ENTRIES, collector)
  }
  return {
    symbols: builder.build(),
    imports: Array.from(collector.imports, (name) => ({ name, library: null })),
    stripped: !tables.sections.some((section) => section.type === SectionType.Symtab),
  }
}

/** What becomes of the symbols of a table. */
interface TableUse {
  /** Those that are not defined are imports. */
  readonly imports: boolean
  /** Those of the table before are not listed again. */
  readonly seeksTwins: boolean
  /** For the table behind. */
  readonly remembers: boolean
}

/** Takes the symbols of one table after another. */
class SymbolCollector {
  readonly imports = new Set<string>()
  readonly #builder: SymbolTableBuilder
  #use: TableUse = { imports: false, seeksTwins: false, remembers: false }

  constructor(builder: SymbolTableBuilder) {
    this.#builder = builder
  }

  begin(use: TableUse): void {
    this.#use = use
  }

  /** `order` has the places of those with a name, by the place of the name. */
  add(batch: SymbolBatch, order: Uint32Array): void {
    const builder = this.#builder
    const { imports, seeksTwins, remembers } = this.#use
    const twins = seeksTwins ? builder.findAll(batch, order) : undefined
    for (let i = 0; i < batch.count; i++) {
      if (batch.nameLengths[i] === 0) continue
      const flags = batch.flags[i] ?? 0
      if (imports && (flags & SymbolFlag.Defined) === 0) this.imports.add(nameOf(batch, i))
      const twin = twins?.[i] ?? -1
      if (twin >= 0) {
        builder.addFlags(twin, flags & SymbolFlag.Exported)
        continue
      }
      const index = builder.addOf(batch, i)
      if (remembers && batch.locals[i] === 0) builder.remember(index)
    }
  }
}

/** `ET_REL`: such a file imports through its full symbol table, as it has no dynamic one. */
function isObject(tables: ElfTables): boolean {
  return tables.header.type === 1
}

function nameOf({ pool, nameStarts, nameLengths }: SymbolBatch, i: number): string {
  return latin1(pool.bytes.subarray(nameStarts[i] ?? 0, (nameStarts[i] ?? 0) + (nameLengths[i] ?? 0)))
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

  /**
   * The first symbol table of the type, with its names; undefined where it is missing or its names are. Names that the
   * dynamic section led to are not read again.
   */
  sectionTable(type: number, dynamic?: ElfDynamic): Table | undefined {
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
    const known = dynamic?.symbols?.names
    const isKnown = known?.offset === strings.offset && known.bytes.length === stringsSize
    return {
      offset: section.offset,
      count,
      names: isKnown ? known : new NamePool(cursor.source, strings.offset, stringsSize, this.#limits),
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

  /**
   * Gives the symbols of the table but for sections and files to `collector`, in batches; what has no name has none there
   * either. `order` has the places of those with a name, by the place of the name. Both are filled anew for each call.
   */
  visit({ offset, count, names, extended, dynamic }: Table, batchEntries: number, collector: SymbolCollector): void {
    const { cursor } = this.#tables
    const batch = new SymbolBatch(names, Math.min(batchEntries, count))
    let nameless = 0
    for (let done = 0; done < count; done += batchEntries) {
      const entries = Math.min(batchEntries, count - done)
      const view = viewOf(cursor.bytes(offset + done * this.#entryBytes, entries * this.#entryBytes))
      this.#decode(view, entries, dynamic, extended, done, batch)
      const { nameStarts, nameLengths } = batch
      // Dynamic symbols are in the order of a hash table, which meets names at random; full tables are in order.
      const order = dynamic ? radixOrder([nameStarts], batch.count) : inOrder(batch.count)
      let named = 0
      for (let k = 0; k < order.length; k++) {
        const i = order[k] ?? 0
        const start = nameStarts[i] ?? 0
        const length = dynamic ? names.length(start) : names.lengthWithoutVersion(start)
        if (length < 0) nameless++
        nameLengths[i] = Math.max(length, 0)
        if (length > 0) order[named++] = i
      }
      collector.add(batch, order.subarray(0, named))
    }
    if (nameless > 0) this.#damage.add(`${nameless} symbols of the table at ${hex(offset)} have names without end`)
  }

  /** Decodes entries, from the `first` of the table on, but for those without a name and of sections and files. */
  #decode(
    view: DataView,
    entries: number,
    dynamic: boolean,
    extended: DataView | undefined,
    first: number,
    batch: SymbolBatch,
  ): void {
    const { bits, littleEndian, machine } = this.#tables.header
    const [entryBytes, infoAt, indexAt] = bits === 64 ? [24, 4, 6] : [16, 12, 14]
    let count = 0
    for (let i = 0; i < entries; i++) {
      const at = i * entryBytes
      const nameStart = view.getUint32(at, littleEndian)
      const info = view.getUint8(at + infoAt)
      const type = info & 0xf
      if (nameStart === 0 || type === SymbolType.Section || type === SymbolType.File) continue
      let index = view.getUint16(at + indexAt, littleEndian)
      if (index === SectionIndex.Extended && extended !== undefined)
        index = extended.getUint32((first + i) * 4, littleEndian)
      else if (index >= SectionIndex.Reserved) index = -1
      let address = 0
      let size = 0
      if (bits === 64) {
        const highAt = littleEndian ? 4 : 0
        const lowAt = 4 - highAt
        // Signed, so that kernel addresses from 2^63 on stay exact.
        address = view.getInt32(at + 8 + highAt, littleEndian) * 2 ** 32 + view.getUint32(at + 8 + lowAt, littleEndian)
        size = view.getUint32(at + 16 + highAt, littleEndian) * 2 ** 32 + view.getUint32(at + 16 + lowAt, littleEndian)
      } else {
        address = view.getUint32(at + 4, littleEndian)
        size = view.getUint32(at + 8, littleEndian)
      }
      // Bit 0 says "Thumb code", it is not part of the address.
      if (machine === MACHINE_ARM && type === SymbolType.Function && address % 2 === 1) address--
      const binding = info >> 4
      batch.nameStarts[count] = nameStart
      batch.addresses[count] = address
      batch.sizes[count] = size
      batch.flags[count] = flagsOf(index, type, binding, dynamic && VISIBLE.has(view.getUint8(at + infoAt + 1) & 3))
      batch.sections[count] = index > 0 ? (this.#sectionIndexOf[index] ?? -1) : -1
      batch.locals[count] = binding === Binding.Local ? 1 : 0
      count++
    }
    batch.count = count
  }
}

/** @param visible the symbol is of the dynamic table and other programs may bind to it */
function flagsOf(sectionIndex: number, type: number, binding: number, visible: boolean): number {
  let flags = 0
  if (sectionIndex !== SectionIndex.Undefined) flags |= SymbolFlag.Defined
  if (type === SymbolType.Function || type === SymbolType.Ifunc) flags |= SymbolFlag.Function
  if (type === SymbolType.Object || type === SymbolType.Tls || type === SymbolType.Common) flags |= SymbolFlag.Object
  if (binding === Binding.Weak) flags |= SymbolFlag.Weak
  if (visible && binding !== Binding.Local && sectionIndex !== SectionIndex.Undefined) flags |= SymbolFlag.Exported
  return flags
}

function inOrder(count: number): Uint32Array {
  const order = new Uint32Array(count)
  for (let i = 0; i < count; i++) order[i] = i
  return order
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Whether an error concerns only symbols, so that the rest of the program is still worth reading. */
export function isSymbolFault(error: unknown): error is DetectorError {
  return error instanceof DetectorError && (error.code === 'FORMAT_TRUNCATED' || error.code === 'FORMAT_CORRUPT')
}
