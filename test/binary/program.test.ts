import { expect, test } from 'vitest'
import { addressBounds } from '../../src/binary/program.ts'
import { readProgram } from '../../src/binary/read.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { buildElf } from '../fixtures/elf.ts'
import { buildCoff, buildPe } from '../fixtures/pe.ts'

const bounds = (bytes: Uint8Array) => addressBounds(readProgram(bytesSource(bytes)))

test('the bounds of a program reach from its first loaded section to the end of its last one', () => {
  const program = readProgram(bytesSource(buildElf()))
  const loaded = program.sections.filter(({ address }) => address > 0)
  expect(addressBounds(program)).toEqual({
    lowest: Math.min(...loaded.map(({ address }) => address)),
    highest: Math.max(...loaded.map(({ address, size }) => address + size)),
  })
})

test('the bounds of an image count from its base', () => {
  expect(bounds(buildPe({ imageBase: 0x180000000 })).lowest).toBe(0x180001000)
})

test('an object has no bounds', () => {
  expect(bounds(buildCoff())).toEqual({ lowest: 0, highest: 0 })
})
