import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { functionRanges } from '../../src/binary/functions.ts'
import type { Program, UnwindTable } from '../../src/binary/program.ts'
import { readProgram } from '../../src/binary/read.ts'
import { readRelocations } from '../../src/binary/relocations.ts'
import { type ByteSource, bytesSource } from '../../src/bytes/source.ts'
import { compile, hasCompiler, workDirectory } from '../fixtures/compile.ts'
import { buildEhFrame } from '../fixtures/eh-frame.ts'
import { buildElf } from '../fixtures/elf.ts'
import { buildCoff, buildPe } from '../fixtures/pe.ts'
import { Writer } from '../fixtures/writer.ts'
import { checkRanges } from './exhaust.ts'
import { seeded, survey } from './mutate.ts'

/** A source that takes note of reads that leave it. */
function watched(bytes: Uint8Array): ByteSource & { outside: number } {
  const source = bytesSource(bytes)
  return {
    size: source.size,
    outside: 0,
    read(offset, length) {
      if (offset < 0 || offset + length > bytes.length) this.outside++
      return source.read(offset, length)
    },
    readInto(target, offset) {
      if (offset < 0 || offset + target.length > bytes.length) this.outside++
      source.readInto(target, offset)
    },
    close: () => undefined,
  }
}

/** Reads what can be read, and checks every promise about it. */
function readAll(bytes: Uint8Array, change: (program: Program) => Program = (program) => program): void {
  const source = watched(bytes)
  const program = change(readProgram(source))
  source.outside = 0
  checkRanges(program, functionRanges(program, source))
  for (const [index, { size }] of program.sections.entries()) {
    const { count, offsets, sizes } = readRelocations(program, source, index)
    for (let i = 0; i < count; i++) {
      if (i > 0 && offsets[i]! < offsets[i - 1]!) throw new RangeError(`relocation ${i} does not ascend`)
      if (offsets[i]! + sizes[i]! > size) throw new RangeError(`relocation ${i} leaves section ${index}`)
    }
  }
  if (source.outside > 0) throw new RangeError(`${source.outside} reads leave the file`)
}

const work = workDirectory()
afterAll(work.remove)

/** Takes the constants of a program for an unwind table. */
function withTable(layout: UnwindTable['layout']): (program: Program) => Program {
  return (program) => {
    const unwindTables = program.sections.flatMap(({ name, address, offset, size }, section): UnwindTable[] =>
      name === '.rodata' || name === '.rdata' ? [{ layout, section, address, offset, size }] : [],
    )
    return { ...program, unwindTables }
  }
}

const random = seeded(7)
/** Code that is full of calls and padding. */
const text = Uint8Array.from(
  { length: 512 },
  () => [0xe8, 0, 0xff, 0xcc, 0x90, 0x94, 0x66, 0x0f][Math.floor(random() * 8)]!,
)
const symbols = [
  { name: 'one', offset: 0, size: 16 },
  { name: 'two', offset: 16, size: 0 },
  { name: 'three', offset: 8, size: 64 },
]
const base = 0x400000
const frames = buildEhFrame(
  [0x200, 0x240, 0x300].map((offset) => [base + offset, 0x30]),
  { address: base, augmentation: 'zPLR', encoding: 0x0b },
)
const entries = (...words: number[]) => new Writer(true).u32(...words).finish()

const SYNTHETIC: readonly (readonly [string, Uint8Array, UnwindTable['layout']])[] = [
  ['.eh_frame', buildElf({ text, symbols, rodata: frames }), 'eh_frame'],
  ['.eh_frame without sections', buildElf({ text, rodata: frames, sectionTable: false }), 'eh_frame_hdr'],
  ['.eh_frame for 32 bits', buildElf({ text, rodata: frames, bits: 32 }), 'eh_frame'],
  ['.pdata of x64', buildPe({ text, rdata: entries(0x1000, 0x1040, 0x2001, 0x1040, 0x1050, 0x2000) }), 'pdata'],
  [
    '.pdata of ARM64',
    buildPe({ text, machine: 0xaa64, rdata: entries(0x1000, 33, 0x1080, 34, 0x1100, 0x2000) }),
    'pdata',
  ],
  ['.ARM.exidx', buildElf({ text, bits: 32, machine: 40, rodata: entries(0x7fffff00, 1, 0x7fffff10, 1) }), 'exidx'],
  ['symbols of COFF', buildCoff({ text, symbols }), 'pdata'],
]

test.each(SYNTHETIC)('mutations of a program with %s end in ranges or a DetectorError', async (_, bytes, layout) => {
  const faults = await survey([bytes], 400, (mutated) => readAll(mutated, withTable(layout)))
  expect(faults).toEqual([])
})

test.skipIf(!hasCompiler('host'))(
  'mutations of compiled objects and programs end in ranges or a DetectorError',
  async () => {
    const fixtures = [['-c'], ['-c', '-ffunction-sections'], ['-shared', '-fPIC']].map((flags, i) =>
      Uint8Array.from(readFileSync(compile('host', 'parts.c', join(work.path, `${i}.o`), flags))),
    )
    expect(await survey(fixtures, 200, readAll)).toEqual([])
  },
)

test('a common part for each function, and a name for each byte, cost no more than their number', () => {
  const out = new Writer(true)
  for (let i = 0; i < 50_000; i++) {
    // An entry of 16 bytes whose common part would be the entry two before.
    out.u32(12, i % 2 === 0 ? 0 : out.length - 12, 0x01017a52, 0x1b107801)
  }
  const many = Array.from({ length: 20_000 }, (_, i) => ({ name: `f${i}`, offset: i % 512, size: 512 - (i % 512) }))
  const started = performance.now()
  readAll(buildElf({ text, symbols: many, rodata: out.finish() }), withTable('eh_frame'))
  expect(performance.now() - started).toBeLessThan(5000)
})

test('entries of .pdata that lead to and fro cost no read each', () => {
  const next = seeded(9)
  const count = 5000
  const chains = Array.from({ length: count }, (_, i) => {
    const begin = 0x1000 + (i % 512)
    return [begin, begin + 1, 0x2001 + 12 * Math.floor(next() * count)]
  })
  const source = bytesSource(buildPe({ text, rdata: entries(...chains.flat()) }))
  let reads = 0
  const counted: ByteSource = {
    ...source,
    read(offset, length) {
      reads++
      return source.read(offset, length)
    },
  }
  const program = withTable('pdata')(readProgram(source))
  expect(functionRanges(program, counted).count).toBeGreaterThan(0)
  expect(reads).toBeLessThan(1000)
})
