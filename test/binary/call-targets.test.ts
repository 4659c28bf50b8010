import { describe, expect, test } from 'vitest'
import { functionRanges } from '../../src/binary/functions.ts'
import { trailingPadding } from '../../src/binary/padding.ts'
import { readProgram } from '../../src/binary/read.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { buildElf } from '../fixtures/elf.ts'
import { buildPe } from '../fixtures/pe.ts'

/** `offset+size` in `.text` of the functions of a program that only its code knows. */
function found(file: Uint8Array): string[] {
  const source = bytesSource(file)
  const program = readProgram(source)
  const text = program.sections.find(({ name }) => name === '.text')!
  const { offsets, sizes } = functionRanges(program, source)
  return Array.from(offsets, (offset, i) => `${offset - text.offset}+${sizes[i]}`)
}

/** Writes instructions over code that is a row of one byte. */
function code(length: number, fill: number, ...patches: readonly (readonly [at: number, hex: string])[]): Uint8Array {
  const bytes = new Uint8Array(length).fill(fill)
  for (const [at, hex] of patches) bytes.set(Buffer.from(hex, 'hex'), at)
  return bytes
}

describe('calls of x86', () => {
  const call = (from: number, to: number): readonly [number, string] => {
    const operand = Buffer.alloc(4)
    operand.writeInt32LE(to - from - 5)
    return [from, `e8${operand.toString('hex')}`]
  }

  test.each([
    ['to an aligned place', 0x50, [call(0, 0x20)], ['32+32']],
    ['backwards', 0x50, [call(0x30, 0x10)], ['16+48']],
    ['to a place behind a return', 0x50, [call(0, 0x27), [0x26, 'c3']], ['39+25']],
    ['to a place behind padding', 0x50, [call(0, 0x27), [0x26, 'cc']], ['39+25']],
    ['into other code', 0x50, [call(0, 0x27)], []],
    ['to what follows', 0x50, [call(0x1b, 0x20)], []],
    ['out of the code', 0x50, [call(0, 0x1000)], []],
    ['cut off by the end', 0x50, [[0x3d, 'e8feff']], []],
  ] as const)('%s', (_, fill, patches, expected) => {
    for (const bits of [32, 64] as const)
      expect(found(buildPe({ bits, text: code(64, fill, ...patches) }))).toEqual(expected)
  })

  test('are not searched where symbols cover the code', () => {
    const text = code(64, 0x50, call(0, 0x20))
    const symbols = [{ name: 'f', offset: 0, size: 0x3f }]
    expect(found(buildElf({ text, symbols }))).toEqual(['0+63'])
  })
})

test('bl of AArch64 leads to a function', () => {
  // bl 0x20 at 0; bl 0x10 at 0x30, backwards.
  const text = code(64, 0x11, [0, '08000094'], [0x30, 'f8ffff97'])
  expect(found(buildPe({ machine: 0xaa64, text }))).toEqual(['16+16', '32+32'])
})

test('bl of ARM and Thumb leads to a function that saves its return address', () => {
  // ARM: bl 0x20 at 0, where `push {r4, lr}` stands; bl 0x30, where it does not.
  const arm = code(64, 0x11, [0, '060000eb'], [4, '090000eb'], [0x20, '10402de9'])
  expect(found(buildElf({ bits: 32, machine: 40, text: arm }))).toEqual(['32+32'])
  // Thumb: bl 0x20 at 2, where `push {r4, lr}` stands in two bytes.
  const thumb = code(64, 0x11, [2, '00f00df8'], [0x20, '10b5'])
  expect(found(buildElf({ bits: 32, machine: 40, text: thumb }))).toEqual(['32+32'])
})

describe('padding', () => {
  test.each([
    ['x86_64', 'c3', 0],
    ['x86_64', 'c3cccccc', 3],
    ['x86_64', 'c3909090', 3],
    ['x86_64', 'c30f1f4000', 4],
    ['x86_64', 'c3660f1f440000', 6],
    ['x86_64', 'c366662e0f1f840000000000', 11],
    ['x86_64', 'c3660f1f8400000000000f1f4000', 13],
    ['i386', 'c38db6000000008d7600', 9],
    ['i386', 'c3000000', 0],
    ['aarch64', 'c0035fd61f2003d51f2003d5', 8],
    ['aarch64', 'c0035fd600000000', 4],
    ['arm', '1eff2fe100f020e3', 4],
    ['sparc', '01000000', 0],
  ] as const)('of %s in %s has %i bytes', (arch, hex, expected) => {
    expect(trailingPadding(arch, Buffer.from(hex, 'hex'))).toBe(expected)
  })

  test('is no longer than 64 bytes', () => {
    expect(trailingPadding('x86_64', new Uint8Array(200).fill(0xcc))).toBe(64)
  })
})
