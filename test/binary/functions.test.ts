import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { type FunctionRanges, functionRanges } from '../../src/binary/functions.ts'
import type { Program, Section } from '../../src/binary/program.ts'
import { readProgram } from '../../src/binary/read.ts'
import { type ByteSource, bytesSource, fileSource } from '../../src/bytes/source.ts'
import { compile, hasCompiler, hasProgram, run, workDirectory } from '../fixtures/compile.ts'
import { buildEhFrame } from '../fixtures/eh-frame.ts'
import { buildElf } from '../fixtures/elf.ts'
import { buildPe } from '../fixtures/pe.ts'
import { checkRanges } from '../hostile/exhaust.ts'

const work = workDirectory()
afterAll(work.remove)

function read(source: ByteSource): { program: Program; ranges: FunctionRanges } {
  const program = readProgram(source)
  const ranges = functionRanges(program, source)
  checkRanges(program, ranges)
  return { program, ranges }
}

function readFile(path: string): { program: Program; ranges: FunctionRanges } {
  const source = fileSource(path)
  try {
    return read(source)
  } finally {
    source.close()
  }
}

/** `address size` in hexadecimal, in the order of the file. */
function listed({ addresses, sizes }: FunctionRanges): string[] {
  return Array.from(addresses, (address, i) => `${address.toString(16)} ${sizes[i]!.toString(16)}`)
}

function names(program: Program, { symbols }: FunctionRanges): string[] {
  return Array.from(symbols, (symbol) => (symbol < 0 ? '' : program.symbols.name(symbol)))
}

/** `nm -S`: sized functions, each place once. */
function nmFunctions(path: string): string[] {
  const lines = run('nm', '-S', path).matchAll(/^([0-9a-f]+) ([0-9a-f]+) [TtWi] /gm)
  return [...new Set(Array.from(lines, ([, address, size]) => `${hex(address!)} ${hex(size!)}`))]
}

/** `readelf --debug-dump=frames`: the ranges of all entries. */
function readelfFrames(path: string): string[] {
  const lines = run('readelf', '--debug-dump=frames', path).matchAll(/ FDE .*pc=([0-9a-f]+)\.\.([0-9a-f]+)/g)
  return Array.from(
    lines,
    ([, begin, end]) => `${hex(begin!)} ${hex((BigInt(`0x${end}`) - BigInt(`0x${begin}`)).toString(16))}`,
  )
}

const hex = (digits: string) => BigInt(`0x${digits}`).toString(16)
const sorted = (lines: readonly string[]) => [...lines].sort()

describe.skipIf(!hasCompiler('host') || !['nm', 'readelf', 'strip', 'objcopy'].every(hasProgram))('a compiled', () => {
  const build = (name: string, flags: readonly string[], source = 'greet.c') =>
    compile('host', source, join(work.path, name), flags)

  test('program has the functions of nm, those of its start files and nothing else', () => {
    const path = build('greet', [])
    const own = listed(readFile(path).ranges)
    const truth = nmFunctions(path)
    expect(truth.length).toBeGreaterThan(4)
    expect(own).toEqual(expect.arrayContaining(truth))
    const framed = readelfFrames(path)
    const rest = own.filter((line) => !truth.includes(line))
    // Start files come with frames and with symbols without a size.
    const unsized = new Set(
      run('nm', path)
        .match(/^[0-9a-f]+(?= [tT] )/gm)!
        .map(hex),
    )
    expect(rest.filter((line) => !framed.includes(line) && !unsized.has(line.split(' ')[0]!))).toEqual([])
  })

  test('library without symbols has the functions of its frames, without the jump stubs', () => {
    const path = build('libgreet.so', ['-shared', '-fPIC', '-Wl,-z,now'])
    const stripped = join(work.path, 'stripped.so')
    run('strip', '-o', stripped, path)
    const { program, ranges } = readFile(stripped)
    const stubs = program.sections.filter(({ name }) => name.startsWith('.plt'))
    const inStubs = (line: string) => {
      const address = Number.parseInt(line, 16)
      return stubs.some((stub) => address >= stub.address && address < stub.address + stub.size)
    }
    const framed = readelfFrames(path).filter((line) => !inStubs(line))
    expect(framed.length).toBeGreaterThan(3)
    expect(listed(ranges)).toEqual(expect.arrayContaining(framed))
    expect(names(program, ranges)).toContain('greet')
  })

  test('program without section headers has the same functions, found through the header of the frames', () => {
    const path = build('bare', [])
    const bytes = Uint8Array.from(readFileSync(path))
    bytes.fill(0, 0x28, 0x30).fill(0, 0x3c, 0x40)
    const { program, ranges } = read(bytesSource(bytes))
    expect(program.unwindTables.map(({ layout }) => layout)).toEqual(['eh_frame_hdr'])
    expect(listed(ranges)).toEqual(expect.arrayContaining(readelfFrames(path)))
  })

  test.each([
    ['one section', []],
    ['a section each', ['-ffunction-sections']],
    ['hot and cold parts', ['-O2', '-ffunction-sections', '-freorder-blocks-and-partition']],
    ['32 bits', ['-m32', '-fno-pic']],
  ] as const)('object with functions in %s has those of nm', (name, flags) => {
    const path = build(`${name}.o`, ['-c', ...flags], 'parts.c')
    const { ranges, program } = readFile(path)
    expect(sorted(listed(ranges))).toEqual(sorted(nmFunctions(path)))
    expect(names(program, ranges)).toContain('parts_entry')
    expect(ranges.coveredBytes / ranges.codeBytes).toBeGreaterThan(0.9)
  })

  test.each([[[]], [['-ffunction-sections']], [['-m32', '-fno-pic']]] as const)(
    'object without local symbols, built with %j, has its static functions from the frames',
    (flags) => {
      const path = build('locals.o', ['-c', ...flags], 'parts.c')
      const stripped = join(work.path, 'no-locals.o')
      run('objcopy', '--discard-all', path, stripped)
      const { ranges, program } = readFile(stripped)
      expect(names(program, ranges)).not.toContain('local_sum')
      expect(sorted(listed(ranges))).toEqual(sorted(nmFunctions(path)))
    },
  )

  test('part split off a function is a range of its own', () => {
    const path = build('cold.o', ['-c', '-O2', '-freorder-blocks-and-partition'], 'parts.c')
    const { ranges, program } = readFile(path)
    const cold = names(program, ranges).filter((name) => name.endsWith('.cold'))
    expect(cold.length).toBe((run('nm', path).match(/\.cold/g) ?? []).length)
    expect(cold.length).toBeGreaterThan(0)
  })
})

describe('where sources disagree', () => {
  const TEXT = new Uint8Array(0x100).fill(0xc3).fill(0x90, 0x78, 0x80)

  /** A library with these symbols and frames, by offset in `.text`; ranges come with the name of their symbol. */
  function resolve(
    symbols: readonly { name: string; offset: number; size: number; binding?: number }[],
    frames: readonly (readonly [number, number])[] = [],
  ): string[] {
    const file = buildElf({ text: TEXT, symbols })
    const bytes = readProgram(bytesSource(file))
    const text = bytes.sections.find(({ name }) => name === '.text')!
    const frame = buildEhFrame(
      frames.map(([offset, size]) => [text.address + offset, size]),
      { address: 0 },
    )
    const source = bytesSource(Buffer.concat([file, frame]))
    const table = { layout: 'eh_frame', section: -1, address: 0, offset: file.length, size: frame.length } as const
    const program = { ...bytes, unwindTables: [table] }
    const ranges = functionRanges(program, source)
    checkRanges(program, ranges)
    const found = names(program, ranges)
    return Array.from(ranges.offsets, (offset, i) => `${found[i] || '-'} ${offset - text.offset}+${ranges.sizes[i]}`)
  }

  test.each([
    ['a symbol is right about its size', [['f', 0, 64]], [[0, 256]], ['f 0+64']],
    ['a frame inside a symbol is left out', [['f', 0, 64]], [[16, 128]], ['f 0+64']],
    ['a frame that reaches into a symbol is cut', [['f', 32, 64]], [[0, 64]], ['- 0+32', 'f 32+64']],
    ['a frame without symbol stays', [['f', 0, 16]], [[32, 16]], ['f 0+16', '- 32+16']],
    ['a symbol without size names the frame', [['f', 32, 0]], [[32, 16]], ['f 32+16']],
    [
      'aliases are one function',
      [
        ['f', 0, 16],
        ['g', 0, 16],
      ],
      [],
      ['f 0+16'],
    ],
    [
      'of symbols that begin together the longest stays',
      [
        ['f', 0, 16],
        ['g', 0, 32],
      ],
      [],
      ['f 0+32'],
    ],
    [
      'of overlapping symbols the first stays',
      [
        ['f', 0, 32],
        ['g', 16, 32],
        ['h', 40, 8],
      ],
      [],
      ['f 0+32', 'h 40+8'],
    ],
    [
      'a symbol without size ends at the next function',
      [
        ['f', 0, 0],
        ['g', 32, 16],
      ],
      [],
      ['f 0+32', 'g 32+16'],
    ],
    [
      'a symbol without size inside a function is left out',
      [
        ['f', 0, 32],
        ['g', 8, 0],
      ],
      [],
      ['f 0+32'],
    ],
    ['a function ends with its section', [['f', 240, 64]], [], ['f 240+16']],
    [
      'padding before the next function is none of one without a size',
      [
        ['f', 0, 0],
        ['g', 0x80, 0],
      ],
      [],
      ['f 0+120', 'g 128+128'],
    ],
  ] as const)('%s', (_, symbols, frames, expected) => {
    expect(
      resolve(
        symbols.map(([name, offset, size]) => ({ name, offset, size })),
        frames,
      ),
    ).toEqual(expected)
  })

  test('the name of a function is an exported one', () => {
    const local = { name: 'inner', offset: 0, size: 16, binding: 0 }
    expect(resolve([local, { name: 'outer', offset: 0, size: 16 }])).toEqual(['outer 0+16'])
  })

  test('any symbols and frames give ascending, disjoint ranges that cover what some source covered from its start', () => {
    const place = fc.tuple(fc.nat(0xff), fc.nat(0x60))
    fc.assert(
      fc.property(fc.array(place, { maxLength: 12 }), fc.array(place, { maxLength: 12 }), (symbols, frames) => {
        const found = resolve(
          symbols.map(([offset, size], i) => ({ name: `f${i}`, offset, size })),
          frames,
        )
        const starts = new Set([...symbols.map(([offset]) => offset), ...frames.map(([offset]) => offset)])
        expect(found.every((line) => starts.has(Number(/ (\d+)\+/.exec(line)![1])))).toBe(true)
        const longest = symbols.filter(([, size]) => size > 0).toSorted((a, b) => a[0] - b[0] || b[1] - a[1])[0]
        if (longest !== undefined)
          expect(found.join()).toContain(` ${longest[0]}+${Math.min(longest[1], 0x100 - longest[0])}`)
      }),
    )
  })
})

describe('a PE image', () => {
  const text = Buffer.alloc(0x60, 0xcc)
  text.fill(0x55, 0, 10).fill(0x55, 0x10, 0x18).fill(0x55, 0x40, 0x50)

  test('has functions where symbols and exports start, without the padding before the next one', () => {
    const symbols = [
      { name: 'one', offset: 0 },
      { name: 'two', offset: 0x10 },
      { name: 'label', offset: 0x44, function: false },
    ]
    const { program, ranges } = read(bytesSource(buildPe({ text, symbols, exports: { three: 0x40 } })))
    expect(names(program, ranges)).toEqual(['one', 'two', 'three'])
    expect([...ranges.sizes]).toEqual([10, 8, 16])
    expect(ranges.codeBytes).toBe(0x60)
    expect(ranges.coveredBytes).toBe(34)
  })
})

test('a section is code by its role, whatever its name; jump stubs and empty sections are none', () => {
  const { program } = read(bytesSource(buildElf({ text: new Uint8Array(64) })))
  const sized = (name: string, role: Section['role'], size = 8): Section => ({
    ...{ name, role, size, address: 0, offset: 0, mergeableStrings: false },
  })
  const sections = [sized('.text', 'code'), sized('LOAD#1', 'mixed'), sized('.plt.got', 'code'), sized('x', 'empty', 0)]
  const ranges = functionRanges({ ...program, sections, unwindTables: [] }, bytesSource(new Uint8Array(64)))
  expect(ranges.codeBytes).toBe(16)
})

describe.skipIf(!hasCompiler('windows'))('a program of mingw', () => {
  test.each([[[]], [['-ffunction-sections']]] as const)(
    'object, built with %j, has functions of the sizes they have when linked',
    (flags) => {
      const object = compile('windows', 'greet.c', join(work.path, 'greet.obj'), ['-c', ...flags])
      const linked = compile('windows', 'greet.c', join(work.path, 'linked.exe'), flags)
      const sizes = (path: string) => {
        const { program, ranges } = readFile(path)
        return new Map(names(program, ranges).map((name, i) => [name, ranges.sizes[i]!]))
      }
      const [own, whole] = [sizes(object), sizes(linked)]
      for (const name of ['greet', 'hidden_sum', 'greet_weak', 'main'])
        expect([name, own.get(name)]).toEqual([name, whole.get(name)])
    },
  )

  test('has every function of its exception directory, in whole or in the part that a symbol gives', () => {
    const path = compile('windows', 'greet.c', join(work.path, 'greet.exe'))
    const text = execFileSync('x86_64-w64-mingw32-objdump', ['-p', path], { encoding: 'latin1' })
    const truth = [...text.matchAll(/^ [0-9a-f]{16}:\t([0-9a-f]{16}) ([0-9a-f]{16}) [0-9a-f]{16}/gm)]
    expect(truth.length).toBeGreaterThan(4)
    const begins = new Set(readFile(path).ranges.addresses)
    expect(truth.filter(([, begin]) => !begins.has(Number.parseInt(begin!, 16)))).toEqual([])
  })
})
