import { type Program, SymbolFlag } from '../binary/program.ts'
import { hash64 } from '../bytes/hash.ts'
import { Kind, type PrintSet } from './print-set.ts'

/** Shorter names (`main`, `init`, `free`) belong to everybody. */
export const MIN_SYMBOL_BYTES = 5

/**
 * Adds a print for every name that the program defines. Imports are no evidence of inclusion and are left out, and so
 * are mangled C++ names, which sources do not spell.
 */
export function extractSymbols(program: Program, base: number, prints: PrintSet): void {
  const { symbols } = program
  const decorated = program.format === 'pe' && program.arch === 'i386'
  for (let i = 0; i < symbols.count; i++) {
    if ((symbols.flags[i]! & SymbolFlag.Defined) === 0) continue
    const name = decorated ? undecorated(symbols.nameBytes(i)) : symbols.nameBytes(i)
    if (name.length < MIN_SYMBOL_BYTES || isMangled(name)) continue
    prints.add(Kind.Symbol, hash64(name), base + symbols.nameOffset(i), name.length)
  }
}

/** `_Z…` (Itanium C++ and Rust), `_R…` (Rust), `?…` (Microsoft). */
function isMangled(name: Uint8Array): boolean {
  return name[0] === 0x3f || (name[0] === 0x5f && (name[1] === 0x5a || name[1] === 0x52))
}

/** 32-bit Windows writes `_name` for cdecl and `_name@12` for stdcall functions. */
function undecorated(name: Uint8Array): Uint8Array {
  const start = name[0] === 0x5f ? 1 : 0
  const at = name.lastIndexOf(0x40)
  return name.subarray(start, at > start ? at : name.length)
}
