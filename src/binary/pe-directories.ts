import { checkLimit, type Limits } from '../bytes/limits.ts'
import { DetectorError, hex } from '../errors.ts'
import type { DamageLog } from './damage.ts'
import { NamePool } from './name-pool.ts'
import { Directory, type PeHeaders } from './pe-headers.ts'
import { type ImportedSymbol, SymbolFlag } from './program.ts'
import type { SymbolTableBuilder } from './symbol-table.ts'

/** Names at relative addresses; the tables they stand in are the sections themselves, read once each. */
export class RvaNames {
  readonly #pe: PeHeaders
  readonly #limits: Limits
  readonly #pools = new Map<number, NamePool>()

  constructor(pe: PeHeaders, limits: Limits) {
    this.#pe = pe
    this.#limits = limits
  }

  /** Pool and start of the name, or undefined where the address is in no section of the file. */
  at(rva: number): { readonly pool: NamePool; readonly start: number } | undefined {
    const index = this.#pe.sectionOfRva(rva)
    const section = this.#pe.coff.sections[index]
    const offset = this.#pe.offsetOfRva(rva)
    if (section === undefined || offset === undefined) return undefined
    let pool = this.#pools.get(index)
    if (pool === undefined) {
      pool = new NamePool(this.#pe.cursor.source, section.offset, section.size, this.#limits)
      this.#pools.set(index, pool)
    }
    return { pool, start: offset - section.offset }
  }

  text(rva: number): string | undefined {
    const place = this.at(rva)
    return place?.pool.text(place.start)
  }
}

/**
 * Adds the named exports to `builder`, or marks the COFF symbols that they are, and returns the DLL's own name.
 *
 * A forwarded export has no code here: it is listed as exported but not as defined.
 *
 * @see Microsoft PE Format, "The .edata Section"
 */
export function readExports(
  pe: PeHeaders,
  names: RvaNames,
  builder: SymbolTableBuilder,
  limits: Limits,
  damage: DamageLog,
): string | null {
  const directory = pe.directories[Directory.Export]
  if (directory === undefined || directory.rva === 0) return null
  return reading('export directory', damage, null, () => {
    const { cursor } = pe
    const at = requireOffset(pe, directory.rva, 'export directory')
    const dllName = names.text(cursor.u32(at + 12)) ?? null
    const functionCount = cursor.u32(at + 20)
    const nameCount = cursor.u32(at + 24)
    if (nameCount === 0) return dllName
    checkLimit(limits, 'symbols', nameCount, { offset: at })
    const functions = requireOffset(pe, cursor.u32(at + 28), 'export addresses')
    const nameTable = requireOffset(pe, cursor.u32(at + 32), 'export names')
    const ordinals = requireOffset(pe, cursor.u32(at + 36), 'export ordinals')
    cursor.need(nameTable, nameCount * 4)
    cursor.need(ordinals, nameCount * 2)
    cursor.need(functions, functionCount * 4)
    // Three tables read in turn would refill one cursor's window at each step.
    const nameView = viewOf(cursor.bytes(nameTable, nameCount * 4))
    const ordinalView = viewOf(cursor.bytes(ordinals, nameCount * 2))
    let faulty = 0
    for (let i = 0; i < nameCount; i++) {
      const ordinal = ordinalView.getUint16(i * 2, true)
      const name = names.at(nameView.getUint32(i * 4, true))
      const nameLength = name?.pool.length(name.start) ?? -1
      if (name === undefined || nameLength <= 0 || ordinal >= functionCount) {
        faulty++
        continue
      }
      const rva = cursor.u32(functions + ordinal * 4)
      const forwarded: boolean = rva >= directory.rva && rva < directory.rva + directory.size
      const section = forwarded ? -1 : pe.sectionOfRva(rva)
      const address: number = pe.imageBase + rva
      const isCode = pe.coff.sections[section]?.role === 'code'
      const kind = section < 0 ? 0 : isCode ? SymbolFlag.Function : SymbolFlag.Object
      const flags = SymbolFlag.Exported | (forwarded ? 0 : SymbolFlag.Defined) | kind
      const twin = builder.find(name.pool, name.start, nameLength, address)
      if (twin >= 0) builder.addFlags(twin, flags)
      else builder.add({ address, size: 0, flags, section, pool: name.pool, nameStart: name.start, nameLength })
    }
    if (faulty > 0) damage.add(`${faulty} of ${nameCount} exports have no name or address`)
    return dllName
  })
}

export interface PeImports {
  readonly imports: readonly ImportedSymbol[]
  /** DLL names in file order, each once. */
  readonly needed: readonly string[]
}

/** Where the fields of an import descriptor stand: the delay-load form has two more fields, in another order. */
interface DescriptorForm {
  readonly what: string
  readonly bytes: number
  readonly nameAt: number
  readonly lookupAt: number
  readonly addressTableAt: number
}

const FORMS: readonly (readonly [directory: number, form: DescriptorForm])[] = [
  [Directory.Import, { what: 'import directory', bytes: 20, nameAt: 12, lookupAt: 0, addressTableAt: 16 }],
  [Directory.DelayImport, { what: 'delay import directory', bytes: 32, nameAt: 4, lookupAt: 16, addressTableAt: 12 }],
]

/**
 * Reads the import and delay-import directories. An import by number is named `#12`.
 *
 * @throws DetectorError `LIMIT_EXCEEDED`
 * @see Microsoft PE Format, "The .idata Section", "Delay-Load Import Tables"
 */
export function readImports(pe: PeHeaders, names: RvaNames, limits: Limits, damage: DamageLog): PeImports {
  const imports: ImportedSymbol[] = []
  const needed = new Set<string>()
  for (const [index, form] of FORMS) {
    const directory = pe.directories[index]
    if (directory === undefined || directory.rva === 0) continue
    reading(form.what, damage, undefined, () => {
      let at = requireOffset(pe, directory.rva, form.what)
      for (let seen = 0; pe.cursor.u32(at + form.nameAt) !== 0; at += form.bytes, seen++) {
        checkLimit(limits, 'imports', seen, { offset: at })
        readDescriptor(pe, names, form, at, imports, needed, limits)
      }
      return undefined
    })
  }
  return { imports, needed: [...needed] }
}

function readDescriptor(
  pe: PeHeaders,
  names: RvaNames,
  form: DescriptorForm,
  at: number,
  imports: ImportedSymbol[],
  needed: Set<string>,
  limits: Limits,
): void {
  const { cursor } = pe
  // Delay descriptors of old linkers hold virtual addresses; attribute bit 0 says relative.
  const base = form.bytes === 32 && (cursor.u32(at) & 1) === 0 ? pe.imageBase : 0
  const library = names.text(cursor.u32(at + form.nameAt) - base)
  if (library === undefined || library === '')
    throw new DetectorError('FORMAT_CORRUPT', `library name at ${hex(at + form.nameAt)} is missing`)
  needed.add(library)
  // Borland's linker leaves the lookup table out; the address table then holds the same until it is loaded.
  const table = cursor.u32(at + form.lookupAt) || cursor.u32(at + form.addressTableAt)
  const entryBytes = pe.bits / 8
  let entry = requireOffset(pe, table - base, `imports of ${library}`)
  for (; ; entry += entryBytes) {
    const low = cursor.u32(entry)
    const high = entryBytes === 8 ? cursor.u32(entry + 4) : low
    if (low === 0 && high === 0) return
    checkLimit(limits, 'imports', imports.length + 1, { offset: entry })
    const byNumber = high >= 0x80000000
    // A hint of two bytes stands before the name.
    const name = byNumber ? `#${low & 0xffff}` : names.text(low - base + 2)
    if (name === undefined) throw new DetectorError('FORMAT_CORRUPT', `import name for ${hex(entry)} is missing`)
    imports.push({ name, library })
  }
}

/** Runs a reader of one directory; what is damaged there costs that directory only. */
export function reading<T>(what: string, damage: DamageLog, otherwise: T, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof DetectorError) || error.code === 'LIMIT_EXCEEDED') throw error
    damage.add(`${what}: ${error.message}`)
    return otherwise
  }
}

export function requireOffset(pe: PeHeaders, rva: number, what: string): number {
  const offset = pe.offsetOfRva(rva)
  if (offset !== undefined) return offset
  throw new DetectorError('FORMAT_CORRUPT', `${what} is at relative address ${hex(rva)}, which no section holds`)
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
