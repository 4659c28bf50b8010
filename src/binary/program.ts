import type { Arch } from '../model.ts'

/**
 * What a part of a program is for, as far as fingerprints care.
 *
 * `data`: allocated constants and variables, where strings and tables live. `mixed`: an executable segment of a file
 * without sections, which may hold constants too. `symbols`: symbol tables, their names and hashes. `unwind`,
 * `relocation`, `note`, `resource`, `debug`: as they say. `empty`: has size but no bytes (`SHT_NOBITS`). `other`: not
 * loaded.
 */
export type SectionRole =
  | 'code'
  | 'data'
  | 'mixed'
  | 'symbols'
  | 'unwind'
  | 'relocation'
  | 'note'
  | 'resource'
  | 'debug'
  | 'empty'
  | 'other'

export interface Section {
  /** As in the file; `LOAD#0`, `LOAD#1` … for segments of a file without sections. */
  readonly name: string
  readonly role: SectionRole
  /** Virtual address; 0 in relocatable objects. */
  readonly address: number
  /** Bytes from the start of the source. */
  readonly offset: number
  /** Bytes in the file; 0 for `empty`. */
  readonly size: number
  /** The linker may merge its strings with those of other objects (`SHF_MERGE` and `SHF_STRINGS`); false for PE. */
  readonly mergeableStrings: boolean
}

/** A table of the places of one section that the linker will still change. Only objects have them. */
export interface RelocationTable {
  /** Index into {@link Program.sections} of the section that is changed. */
  readonly section: number
  /** How an entry is laid out; sizes and types go by {@link Program.arch}. */
  readonly layout: 'rel' | 'rela' | 'coff'
  /** File offset of the first entry, and how many entries the file holds. */
  readonly offset: number
  readonly count: number
  /** File offset of the symbol table that entries point into, its entries and their bytes; 0 where there is none. */
  readonly symbolsOffset: number
  readonly symbolCount: number
  readonly symbolBytes: number
}

/** Bytes that tell where functions start and end, made for stack unwinding. */
export interface UnwindTable {
  /** `eh_frame_hdr` is only listed where `.eh_frame` itself is not known; `pdata` is the exception directory of PE. */
  readonly layout: 'eh_frame' | 'eh_frame_hdr' | 'pdata' | 'exidx'
  /** Index into {@link Program.sections} of the table itself, -1 for a part of a section or segment. */
  readonly section: number
  /** Virtual address; 0 in relocatable objects. */
  readonly address: number
  readonly offset: number
  readonly size: number
}

/** Bits of {@link SymbolTable.flags}. */
export const SymbolFlag = {
  /** Has code or data in this program. Without it the symbol is an import. */
  Defined: 1,
  Function: 2,
  Object: 4,
  /** Visible to other programs: in the dynamic table or the export directory. */
  Exported: 8,
  Weak: 16,
} as const

/** Bytes that hold names. Names may share bytes, but cover a table of any size only a few times in sum. */
export interface NameTable {
  readonly bytes: Uint8Array
  /** File offset of the first byte. */
  readonly offset: number
}

/** Symbols as a struct of arrays: a browser has a million of them. Order is the file's. */
export interface SymbolTable {
  readonly count: number
  /** Virtual address, or offset in the section for relocatable objects; 0 for imports. */
  readonly addresses: Float64Array
  /** Bytes; 0 where the format does not say. */
  readonly sizes: Float64Array
  readonly flags: Uint8Array
  /** Index into {@link Program.sections}, -1 where there is none. */
  readonly sections: Int32Array
  /** The tables that names stand in. */
  readonly nameTables: readonly NameTable[]
  /** Index into {@link nameTables}, and where in that table the name is: its first byte, and bytes. */
  readonly nameTableIndexes: Uint32Array
  readonly nameStarts: Uint32Array
  readonly nameLengths: Uint32Array
  /** The name's bytes, a view, without NUL and without an ELF version suffix. */
  nameBytes(index: number): Uint8Array
  /** The name as Latin-1 text. */
  name(index: number): string
  /** File offset of the name's first byte. */
  nameOffset(index: number): number
}

/** A reference to another library that the loader resolves. */
export interface ImportedSymbol {
  readonly name: string
  /** The DLL for PE; null for ELF, where any needed library may serve it. */
  readonly library: string | null
}

/**
 * One executable, shared library or relocatable object: one shape for all formats.
 *
 * Only tables are held; section bytes are read from `source` where they are needed.
 */
export interface Program {
  readonly format: 'elf' | 'pe'
  readonly arch: Arch
  readonly bits: 32 | 64
  readonly littleEndian: boolean
  readonly kind: 'executable' | 'shared' | 'object' | 'core'
  /** No symbol table beyond the dynamic one (ELF), no COFF symbols (PE). */
  readonly stripped: boolean
  /** In file order; segments where the file has no sections. */
  readonly sections: readonly Section[]
  readonly symbols: SymbolTable
  /** Ascending by section; empty but for objects. */
  readonly relocationTables: readonly RelocationTable[]
  /** In file order. */
  readonly unwindTables: readonly UnwindTable[]
  /** What relative virtual addresses (RVA) count from; 0 for ELF and for objects. */
  readonly imageBase: number
  readonly imports: readonly ImportedSymbol[]
  /** DT_NEEDED, or the DLL names of the import directories, in file order. */
  readonly needed: readonly string[]
  /** DT_SONAME, or the name in the PE export directory. */
  readonly soname: string | null
  /** GNU build-id as lower-case hexadecimal. */
  readonly buildId: string | null
  /** Strings of the PE version resource (`ProductVersion`, `FileVersion`, `ProductName` …); empty for ELF. */
  readonly versionInfo: Readonly<Record<string, string>>
  /** What was damaged but could be read around, as sentences: a symbol table that leaves the file, say. */
  readonly damage: readonly string[]
}

/** The lowest and the highest (exclusive) virtual address of bytes that are loaded; 0 for objects and empty programs. */
export function addressBounds(program: Program): { readonly lowest: number; readonly highest: number } {
  let lowest = Number.POSITIVE_INFINITY
  let highest = Number.NEGATIVE_INFINITY
  if (program.kind !== 'object')
    for (const { role, address, size } of program.sections) {
      if (role === 'debug' || role === 'other' || address === 0) continue
      lowest = Math.min(lowest, address)
      highest = Math.max(highest, address + size)
    }
  return lowest < highest ? { lowest, highest } : { lowest: 0, highest: 0 }
}
