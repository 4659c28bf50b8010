import { expect, test } from 'vitest'
import { readElf } from '../../src/binary/elf.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { PrintSet } from '../../src/fingerprint/print-set.ts'
import { extractSymbols } from '../../src/fingerprint/symbols.ts'
import { buildElf, type FixtureSymbol } from '../fixtures/elf.ts'
import { exhaust } from './exhaust.ts'
import { survey } from './mutate.ts'

const symbols: readonly FixtureSymbol[] = [
  { name: 'printf', version: '@GLIBC_2.2.5' },
  { name: 'inflate', offset: 4, size: 4 },
  { name: 'helper', offset: 1, binding: 0 },
]

const FIXTURES = [
  buildElf({ symbols, soname: 'liba.so', needed: ['libc.so.6'] }),
  buildElf({ symbols, sectionTable: false, hash: 'gnu' }),
  buildElf({ symbols, bits: 32, littleEndian: false, machine: 8 }),
  buildElf({ symbols, bits: 32, sectionTable: false, hash: 'sysv' }),
  buildElf({ symbols, extendedNumbering: true, littleEndian: false }),
]

test('a mutated ELF file ends in a program or a DetectorError, and no range leaves the file', async () => {
  const faults = await survey(FIXTURES, 1000, (bytes) => exhaust(readElf(bytesSource(bytes)), bytes.length))
  expect(faults).toEqual([])
})

test('names that all overlap end in FORMAT_CORRUPT or damage, not in hours', () => {
  const bytes = buildElf({ symbols: Array.from({ length: 20_000 }, (_, i) => ({ name: `f${i}`, offset: 0 })) })
  const program = readElf(bytesSource(bytes))
  const names = program.sections.find((section) => section.name === '.strtab')!
  const table = program.sections.find((section) => section.name === '.symtab')!
  const forged = Uint8Array.from(bytes)
  forged.fill(0x41, names.offset, names.offset + names.size - 1)
  const view = new DataView(forged.buffer)
  for (let i = 1; i < 20_000; i++) view.setUint32(table.offset + i * 24, 1 + ((i * 7919) % (names.size - 2)), true)
  const started = performance.now()
  readElf(bytesSource(forged))
  expect(performance.now() - started).toBeLessThan(5000)
})

/** One name of 60,000 bytes and a table of 20,000 symbols that each have a part of it. */
function withOneLongName(startOf: (i: number) => number): Uint8Array {
  const long = 'f'.repeat(60_000)
  const symbols = Array.from({ length: 20_000 }, (_, i) => ({ name: i === 0 ? long : `f${i}`, offset: 0 }))
  const bytes = Uint8Array.from(buildElf({ symbols }))
  const table = readElf(bytesSource(bytes)).sections.find((section) => section.name === '.symtab')!
  const view = new DataView(bytes.buffer)
  for (let i = 2; i < 20_000; i++) view.setUint32(table.offset + i * 24, startOf(i), true)
  return bytes
}

test.each([
  ['the same', () => 1],
  ['ever shorter', (i: number) => 1 + i],
  ['by turns long and short', (i: number) => (i % 2 === 0 ? 1 : 59_000)],
])('a long name that every symbol has, %s, ends in FORMAT_CORRUPT or damage, not in hours', (_name, startOf) => {
  const bytes = withOneLongName(startOf)
  const started = performance.now()
  const program = readElf(bytesSource(bytes))
  extractSymbols(program, new PrintSet())
  expect(performance.now() - started).toBeLessThan(5000)
  expect(program.damage).toEqual([expect.stringContaining('overlap without end')])
})
