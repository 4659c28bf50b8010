import { type Program, SymbolFlag } from '../binary/program.ts'
import { latin1 } from '../bytes/cursor.ts'
import { hash64, hashText, high32, low32 } from '../bytes/hash.ts'
import { kernel } from './kernel/kernel.ts'
import { hashNames } from './kernel/names.ts'
import { mayHold, type Prefilter } from './kernel/prefilter.ts'
import { Kind, type PrintSet } from './print-set.ts'
import { demangledName } from './qualified-names.ts'

/** Shorter names (`main`, `init`, `free`) belong to everybody. */
export const MIN_SYMBOL_BYTES = 5
/** Longer mangled names are instances of templates. */
const MAX_MANGLED_BYTES = 512

const QUESTION_MARK = 0x3f

/**
 * Adds a print for every name that the program defines, C++ names as sources spell them. Imports are no evidence of
 * inclusion and are left out. The prefilter, if any, must be loaded into the kernel.
 *
 * The kernel gets the places of names in their tables: only Microsoft's mangled names, and all of 32-bit Windows, are read
 * here.
 */
export function extractSymbols(
  program: Program,
  prints: PrintSet,
  { base = 0, prefilter }: { readonly base?: number; readonly prefilter?: Prefilter | undefined } = {},
): void {
  const { symbols } = program
  const decorated = program.format === 'pe' && program.arch === 'i386'
  const { byTable, others } = sortedOut(program, decorated)
  for (const [table, { starts, lengths }] of byTable) {
    const { bytes, offset } = symbols.nameTables[table]!
    const names = { bytes, offset: base + offset, count: starts.length, starts, lengths }
    hashNames(kernel(), names, prefilter, (batch) => prints.addBatch(Kind.Symbol, batch))
  }
  const add = (hash: bigint, offset: number, length: number): void => {
    if (mayHold(prefilter, Kind.Symbol, high32(hash), low32(hash))) prints.add(Kind.Symbol, hash, offset, length)
  }
  for (const i of others) {
    const bytes = symbols.nameBytes(i)
    const offset = base + symbols.nameOffset(i)
    if (isMangled(bytes)) {
      const name = bytes.length <= MAX_MANGLED_BYTES ? demangledName(latin1(bytes)) : undefined
      if (name !== undefined && name.length >= MIN_SYMBOL_BYTES) add(hashText(name), offset, bytes.length)
      continue
    }
    const name = decorated ? undecorated(bytes) : bytes
    if (name.length >= MIN_SYMBOL_BYTES) add(hash64(name), offset, name.length)
  }
}

/** Where names of one table start, and their bytes. */
interface Places {
  readonly starts: Uint32Array
  readonly lengths: Uint32Array
}

/** The names of defined symbols: places for the kernel, by index of the table, and indexes of the other symbols. */
function sortedOut(program: Program, decorated: boolean): { byTable: Map<number, Places>; others: number[] } {
  const { count, flags, nameTables, nameTableIndexes, nameStarts, nameLengths } = program.symbols
  const others: number[] = []
  const chosen = new Uint32Array(count)
  const counts = new Uint32Array(nameTables.length)
  let kept = 0
  for (let i = 0; i < count; i++) {
    if ((flags[i]! & SymbolFlag.Defined) === 0 || nameLengths[i]! < MIN_SYMBOL_BYTES) continue
    const table = nameTableIndexes[i]!
    if (decorated || nameTables[table]!.bytes[nameStarts[i]!] === QUESTION_MARK) {
      others.push(i)
      continue
    }
    chosen[kept++] = i
    counts[table]!++
  }
  const byTable = new Map<number, Places>()
  for (const [table, names] of counts.entries())
    if (names > 0) byTable.set(table, { starts: new Uint32Array(names), lengths: new Uint32Array(names) })
  counts.fill(0)
  for (let k = 0; k < kept; k++) {
    const i = chosen[k]!
    const table = nameTableIndexes[i]!
    const { starts, lengths } = byTable.get(table)!
    const at = counts[table]!++
    starts[at] = nameStarts[i]!
    lengths[at] = nameLengths[i]!
  }
  return { byTable, others }
}

/** The name of a symbol as sources spell it; undefined where it is mangled in a way that they do not. */
export function symbolName(program: Program, index: number): string | undefined {
  const bytes = program.symbols.nameBytes(index)
  if (isMangled(bytes)) return bytes.length <= MAX_MANGLED_BYTES ? demangledName(latin1(bytes)) : undefined
  return latin1(program.format === 'pe' && program.arch === 'i386' ? undecorated(bytes) : bytes)
}

/** `_Z…` (Itanium C++), `_R…` (Rust, which gives no name here), `?…` (Microsoft). */
function isMangled(name: Uint8Array): boolean {
  return name[0] === QUESTION_MARK || (name[0] === 0x5f && (name[1] === 0x5a || name[1] === 0x52))
}

/** 32-bit Windows writes `_name` for cdecl and `_name@12` for stdcall functions. */
function undecorated(name: Uint8Array): Uint8Array {
  const start = name[0] === 0x5f ? 1 : 0
  const at = name.lastIndexOf(0x40)
  return name.subarray(start, at > start ? at : name.length)
}

/** The names of a program's functions by file offset, without what compilers append; an exported one before others. */
export function functionNames(program: Program): Map<number, string> {
  const { symbols, sections } = program
  const names = new Map<number, string>()
  for (const exported of [SymbolFlag.Exported, 0])
    for (let i = 0; i < symbols.count; i++) {
      const flags = symbols.flags[i]!
      if ((flags & SymbolFlag.Defined) === 0 || (flags & SymbolFlag.Exported) !== exported) continue
      const section = sections[symbols.sections[i]!]
      // The export table of a PE file does not tell functions from data.
      if (section === undefined || ((flags & SymbolFlag.Function) === 0 && section.role !== 'code')) continue
      const within = symbols.addresses[i]! - (program.kind === 'object' ? 0 : section.address)
      const offset = section.offset + within
      if (names.has(offset)) continue
      const name = symbolName(program, i)?.replace(/(?<=.)[.].*$/, '')
      // `$x` and `$d` of ARM mark code and data, and name nothing.
      if (name?.startsWith('$') === true) continue
      if (name !== undefined && name !== '') names.set(offset, name)
    }
  return names
}
