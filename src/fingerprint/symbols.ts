import { type Program, SymbolFlag } from '../binary/program.ts'
import { latin1 } from '../bytes/cursor.ts'
import { hash64, hashText, high32, low32 } from '../bytes/hash.ts'
import { mayHold, type Prefilter } from './kernel/prefilter.ts'
import { Kind, type PrintSet } from './print-set.ts'
import { demangledName } from './qualified-names.ts'

/** Shorter names (`main`, `init`, `free`) belong to everybody. */
export const MIN_SYMBOL_BYTES = 5
/** Longer mangled names are instances of templates. */
const MAX_MANGLED_BYTES = 512

/**
 * Adds a print for every name that the program defines, C++ names as sources spell them. Imports are no evidence of
 * inclusion and are left out.
 */
export function extractSymbols(
  program: Program,
  prints: PrintSet,
  { base = 0, prefilter }: { readonly base?: number; readonly prefilter?: Prefilter | undefined } = {},
): void {
  const add = (hash: bigint, offset: number, length: number): void => {
    if (mayHold(prefilter, Kind.Symbol, high32(hash), low32(hash))) prints.add(Kind.Symbol, hash, offset, length)
  }
  const { symbols } = program
  const decorated = program.format === 'pe' && program.arch === 'i386'
  for (let i = 0; i < symbols.count; i++) {
    if ((symbols.flags[i]! & SymbolFlag.Defined) === 0) continue
    const bytes = symbols.nameBytes(i)
    if (bytes.length < MIN_SYMBOL_BYTES) continue
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

/** The name of a symbol as sources spell it; undefined where it is mangled in a way that they do not. */
export function symbolName(program: Program, index: number): string | undefined {
  const bytes = program.symbols.nameBytes(index)
  if (isMangled(bytes)) return bytes.length <= MAX_MANGLED_BYTES ? demangledName(latin1(bytes)) : undefined
  return latin1(program.format === 'pe' && program.arch === 'i386' ? undecorated(bytes) : bytes)
}

/** `_Z…` (Itanium C++), `_R…` (Rust, which gives no name here), `?…` (Microsoft). */
function isMangled(name: Uint8Array): boolean {
  return name[0] === 0x3f || (name[0] === 0x5f && (name[1] === 0x5a || name[1] === 0x52))
}

/** 32-bit Windows writes `_name` for cdecl and `_name@12` for stdcall functions. */
function undecorated(name: Uint8Array): Uint8Array {
  const start = name[0] === 0x5f ? 1 : 0
  const at = name.lastIndexOf(0x40)
  return name.subarray(start, at > start ? at : name.length)
}
