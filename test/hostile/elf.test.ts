import { expect, test } from 'vitest'
import { readElf } from '../../src/binary/elf.ts'
import { bytesSource } from '../../src/bytes/source.ts'
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
