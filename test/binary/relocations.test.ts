/** What objdump lists for objects that the tests compile is what we list. */

import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Program } from '../../src/binary/program.ts'
import { readProgram } from '../../src/binary/read.ts'
import { RelocationKind, relocationTypes } from '../../src/binary/relocation-types.ts'
import { readRelocations } from '../../src/binary/relocations.ts'
import { type ByteSource, bytesSource, fileSource } from '../../src/bytes/source.ts'
import { compile, hasCompiler, hasProgram, run, type Target, workDirectory } from '../fixtures/compile.ts'
import { buildPe } from '../fixtures/pe.ts'
import { Writer } from '../fixtures/writer.ts'

const work = workDirectory()
afterAll(work.remove)

const KIND_NAMES = new Map(Object.entries(RelocationKind).map(([name, number]) => [number as number, name]))

/** `offset kind size` of a section. */
function listed(program: Program, source: ByteSource, section: number): string[] {
  const { count, offsets, kinds, sizes } = readRelocations(program, source, section)
  return Array.from({ length: count }, (_, i) => `${offsets[i]} ${KIND_NAMES.get(kinds[i]!)} ${sizes[i]}`)
}

/** Kind and size by objdump's name of the type: what the compilers used here leave. */
const BY_NAME: readonly (readonly [RegExp, string])[] = [
  [/^R_X86_64_64$|ARM64_ADDR64$|AARCH64_ABS64$|^IMAGE_REL_AMD64_ADDR64$/, 'Absolute 8'],
  [/^R_386_32$|^R_X86_64_32S?$|ADDR32NB$/, 'Absolute 4'],
  [/^R_(X86_64|386)_PC32$|PREL32$|AMD64_REL32/, 'PcRelative 4'],
  [/^R_(X86_64|386)_PLT32$|CALL26$/, 'Call 4'],
  [/JUMP26$/, 'Branch 4'],
  [/GOTPC$|GOTOFF$/, 'Got 4'],
  [/GOTPCRELX$|GOT32X$|ADR_GOT_PAGE|LD64_GOT_LO12/, 'GotRelaxable 4'],
  [/TPOFF|TLS/, 'Tls 4'],
  [/ADR_PREL_PG_HI21/, 'Page 4'],
  [/LO12/, 'PageOffset 4'],
]

/** `objdump -r`: the records of each section that has a name of its own, as {@link listed} writes them. */
function truth(objdump: string, path: string): Map<string, string[]> {
  const sections = new Map<string, string[]>()
  for (const block of run(objdump, '-r', '-w', path).split('RELOCATION RECORDS FOR ').slice(1)) {
    const lines = [...block.matchAll(/^([0-9a-f]{8,16}) (\S+)/gm)].map(([, offset, type]) => {
      const kind = BY_NAME.find(([pattern]) => pattern.test(type!))?.[1] ?? `${type} unknown to the test`
      return `${Number.parseInt(offset!, 16)} ${kind}`
    })
    sections.set(/^\[(.*?)\]/.exec(block)![1]!, lines)
  }
  return sections
}

const OBJECTS: readonly (readonly [name: string, target: Target, objdump: string, flags: readonly string[]])[] = [
  ['x86-64', 'host', 'objdump', []],
  ['x86-64, position-independent', 'host', 'objdump', ['-fPIC', '-ffunction-sections', '-fdata-sections']],
  ['x86-64, position-dependent', 'host', 'objdump', ['-fno-pic', '-mcmodel=large']],
  ['i386', 'host', 'objdump', ['-m32', '-fno-pic']],
  ['i386, position-independent', 'host', 'objdump', ['-m32', '-fPIC', '-ffunction-sections']],
  ['x64 of mingw', 'windows', 'x86_64-w64-mingw32-objdump', ['-ffunction-sections']],
  ['AArch64', 'aarch64', 'aarch64-linux-gnu-objdump', []],
  ['AArch64, position-independent', 'aarch64', 'aarch64-linux-gnu-objdump', ['-fPIC']],
]

describe.each(OBJECTS)('an object for %s', (name, target, objdump, flags) => {
  test.skipIf(!hasCompiler(target) || !hasProgram(objdump) || (target === 'host' && process.arch !== 'x64'))(
    'has the relocations that objdump lists',
    () => {
      const path = compile(target, 'parts.c', join(work.path, `${name}.o`), ['-c', ...flags])
      const source = fileSource(path)
      const program = readProgram(source)
      const expected = truth(objdump, path)
      const own = new Map(
        program.sections.flatMap((section, i) => {
          const lines = listed(program, source, i)
          return lines.length > 0 ? [[section.name, lines] as const] : []
        }),
      )
      expect(own).toEqual(expected)
      expect(own.size).toBeGreaterThan(2)
      source.close()
    },
  )
})

describe('a COFF object', () => {
  const TEXT = new Uint8Array(32)

  /** One section, with relocations as (offset, type). `address` is what linkers may have left in the header. */
  function object(machine: number, records: readonly (readonly [number, number])[], many = false): Uint8Array {
    const relocationsAt = 60 + TEXT.length
    const out = new Writer(true).u16(machine, 1).u32(0, 0, 0).u16(0, 0).text('.text', 8).u32(0, 0, TEXT.length, 60)
    out.u32(relocationsAt, 0).u16(many ? 0xffff : records.length, 0)
    out.u32(0x60000020 | (many ? 0x01000000 : 0)).raw(TEXT)
    if (many) out.u32(records.length + 1, 0).u16(0)
    for (const [offset, type] of records) out.u32(offset, 0).u16(type)
    return out.finish()
  }

  function read(bytes: Uint8Array): string[] {
    const source = bytesSource(bytes)
    return listed(readProgram(source), source, 0)
  }

  test.each([
    [0x8664, 4, '4 PcRelative 4'],
    [0x8664, 9, '4 PcRelative 4'],
    [0x8664, 1, '4 Absolute 8'],
    [0x14c, 6, '4 Absolute 4'],
    [0x14c, 20, '4 PcRelative 4'],
    [0xaa64, 3, '4 Call 4'],
    [0xaa64, 4, '4 Page 4'],
    [0xaa64, 7, '4 PageOffset 4'],
  ])('of machine %i has type %i as %s', (machine, type, expected) => {
    expect(read(object(machine, [[4, type]]))).toEqual([expected])
  })

  test('lists relocations in ascending order, whatever the order of the file', () => {
    const records = [20, 4, 12, 8].map((offset) => [offset, 4] as const)
    expect(read(object(0x8664, records)).map((line) => line.split(' ')[0])).toEqual(['4', '8', '12', '20'])
  })

  test('with more than 65,535 relocations has their number in the first one', () => {
    const records = Array.from({ length: 70_000 }, (_, i) => [i % 28, 4] as const)
    expect(read(object(0x8664, records, true))).toHaveLength(70_000)
  })

  test('cuts a relocation to its section and leaves out what begins behind it', () => {
    expect(
      read(
        object(0x8664, [
          [30, 1],
          [32, 4],
          [0xffffffff, 4],
        ]),
      ),
    ).toEqual(['30 Absolute 2'])
  })

  test('cuts a table that leaves the file, and says so', () => {
    const whole = object(0x8664, [
      [4, 4],
      [8, 4],
    ])
    const source = bytesSource(whole.subarray(0, whole.length - 3))
    const program = readProgram(source)
    expect(listed(program, source, 0)).toEqual(['4 PcRelative 4'])
    expect(program.damage.join()).toContain('relocations of section .text needs 20 bytes')
  })
})

test('a linked program has no relocations to apply', () => {
  const source = bytesSource(buildPe())
  expect(listed(readProgram(source), source, 0)).toEqual([])
})

test('a type without a row is taken as four bytes of another kind; one that marks is none', () => {
  expect(relocationTypes('elf', 'sparc')(7)).toEqual({ kind: RelocationKind.Other, bytes: 4 })
  expect(relocationTypes('elf', 'x86_64')(0)).toBeUndefined()
  expect(relocationTypes('elf', 'arm')(40)).toBeUndefined()
})
