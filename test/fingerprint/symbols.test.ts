import { expect, test } from 'vitest'
import { readProgram } from '../../src/binary/read.ts'
import { hashText } from '../../src/bytes/hash.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { Kind, PrintSet } from '../../src/fingerprint/print-set.ts'
import { extractSymbols } from '../../src/fingerprint/symbols.ts'
import { buildElf, type FixtureSymbol } from '../fixtures/elf.ts'
import { buildPe } from '../fixtures/pe.ts'

function symbolsOf(bytes: Uint8Array, base = 0): PrintSet {
  const prints = new PrintSet()
  extractSymbols(readProgram(bytesSource(bytes)), prints, { base })
  return prints
}

function has(prints: PrintSet, name: string): boolean {
  const hash = hashText(name)
  return Array.from({ length: prints.count }).some(
    (_, i) => ((BigInt(prints.high[i]!) << 32n) | BigInt(prints.low[i]!)) === hash,
  )
}

test.each([
  ['a function that the program defines', { name: 'inflate', offset: 4 }, 'inflate', true],
  [
    'an object that the program defines',
    { name: 'crc_table', offset: 0, section: '.rodata', type: 1 },
    'crc_table',
    true,
  ],
  ['a local function', { name: 'helper', offset: 1, binding: 0 }, 'helper', true],
  ['a name with a version behind it', { name: 'inflate', offset: 4, version: '@@ZLIB_1.2' }, 'inflate', true],
  ['an import', { name: 'inflate' }, 'inflate', false],
  ['a name of four bytes', { name: 'free', offset: 4 }, 'free', false],
  ['a name of five bytes', { name: 'crc32', offset: 4 }, 'crc32', true],
  ['a mangled C++ name', { name: '_ZN3foo3barEv', offset: 4 }, '_ZN3foo3barEv', false],
  ['a mangled Rust name', { name: '_RNvC5crate3foo', offset: 4 }, '_RNvC5crate3foo', false],
] as const)('%s: %j gives a print of %s: %s', (_name, symbol: FixtureSymbol, name, expected) => {
  expect(has(symbolsOf(buildElf({ symbols: [symbol] })), name)).toBe(expected)
})

test.each([
  ['_inflate', 'inflate'],
  ['_inflate@12', 'inflate'],
  ['inflate', 'inflate'],
])('32-bit Windows writes %s for %s', (written, name) => {
  const bytes = buildPe({ bits: 32, symbols: [{ name: written, offset: 4 }] })
  expect(has(symbolsOf(bytes), name)).toBe(true)
})

test('64-bit Windows decorates no names', () => {
  const prints = symbolsOf(buildPe({ bits: 64, symbols: [{ name: '_inflate', offset: 4 }] }))
  expect([has(prints, '_inflate'), has(prints, 'inflate')]).toEqual([true, false])
})

test('offset and length are those of the name in the file, from the base', () => {
  const bytes = buildElf({ symbols: [{ name: 'inflate', offset: 4 }], symtab: false })
  const prints = symbolsOf(bytes, 1000)
  const at = prints.offsets[0]! - 1000
  expect(Buffer.from(bytes).toString('latin1', at, at + prints.lengths[0]!)).toBe('inflate')
  expect(prints.kinds[0]).toBe(Kind.Symbol)
})
