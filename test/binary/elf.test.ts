import { describe, expect, test } from 'vitest'
import { readElf } from '../../src/binary/elf.ts'
import { type Program, SymbolFlag } from '../../src/binary/program.ts'
import { DEFAULT_LIMITS } from '../../src/bytes/limits.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { buildElf, ELF_BASE, type ElfFixture, type FixtureSymbol } from '../fixtures/elf.ts'

const SYMBOLS: readonly FixtureSymbol[] = [
  { name: 'printf', version: '@GLIBC_2.2.5' },
  { name: 'helper', offset: 1, size: 2, binding: 0 },
  { name: 'inflate', offset: 4, size: 4 },
  { name: 'fallback', offset: 6, binding: 2 },
  { name: 'z_errmsg', offset: 0, size: 8, section: '.rodata', type: 1, version: '@@ZLIB_1.2' },
]

function read(options: ElfFixture = {}): Program {
  return readElf(bytesSource(buildElf({ symbols: SYMBOLS, soname: 'libfixture.so.1', ...options })))
}

function symbolsOf(program: Program): Record<string, number> {
  const { symbols } = program
  return Object.fromEntries(Array.from({ length: symbols.count }, (_, i) => [symbols.name(i), symbols.flags[i]!]))
}

const { Defined, Function: Code, Object: Data, Exported, Weak } = SymbolFlag
const EXPECTED_SYMBOLS = {
  printf: Code,
  helper: Defined | Code,
  inflate: Defined | Code | Exported,
  fallback: Defined | Code | Exported | Weak,
  z_errmsg: Defined | Data | Exported,
}

const WORDS = [
  [64, true],
  [64, false],
  [32, true],
  [32, false],
] as const

describe.each(WORDS)('a file of %i bits, little-endian %s', (bits, littleEndian) => {
  test('its sections have names, roles and the bytes of the file', () => {
    const bytes = buildElf({ bits, littleEndian, rodata: Buffer.from('deflate 1.2.13\0') })
    const program = readElf(bytesSource(bytes))
    const roles = Object.fromEntries(program.sections.map((section) => [section.name, section.role]))
    expect(roles).toMatchObject({
      '.note.gnu.build-id': 'note',
      '.text': 'code',
      '.rodata': 'data',
      '.dynsym': 'symbols',
      '.dynstr': 'symbols',
      '.hash': 'symbols',
      '.bss': 'empty',
      '.comment': 'other',
      '.shstrtab': 'symbols',
    })
    const rodata = program.sections.find((section) => section.name === '.rodata')!
    expect(Buffer.from(bytes.subarray(rodata.offset, rodata.offset + rodata.size)).toString()).toBe('deflate 1.2.13\0')
    expect(rodata.address).toBe(ELF_BASE + rodata.offset)
    expect(program).toMatchObject({ bits, littleEndian, format: 'elf', damage: [] })
  })

  test('the full and the dynamic symbol table become one list without versions and twins', () => {
    const program = read({ bits, littleEndian })
    expect(symbolsOf(program)).toEqual(EXPECTED_SYMBOLS)
    expect(program.symbols.count).toBe(SYMBOLS.length)
    expect(program.imports).toEqual([{ name: 'printf', library: null }])
    expect(program.stripped).toBe(false)
  })

  test('a symbol has its address, size, section and the place of its name', () => {
    const bytes = buildElf({ bits, littleEndian, symbols: SYMBOLS })
    const { symbols, sections } = readElf(bytesSource(bytes))
    const index = Array.from({ length: symbols.count }, (_, i) => symbols.name(i)).indexOf('inflate')
    const text = sections.findIndex((section) => section.name === '.text')
    expect(symbols.addresses[index]).toBe(sections[text]!.address + 4)
    expect(symbols.sizes[index]).toBe(4)
    expect(symbols.sections[index]).toBe(text)
    const at = symbols.nameOffset(index)
    expect(Buffer.from(bytes.subarray(at, at + 7)).toString()).toBe('inflate')
  })

  test.each(['sysv', 'gnu', 'none'] as const)(
    'without a section table the segments stand in and %s hashing counts the dynamic symbols',
    (hash) => {
      const program = read({ bits, littleEndian, sectionTable: false, hash, needed: ['libc.so.6'] })
      expect(program.sections.map(({ name, role }) => [name, role])).toEqual([
        ['LOAD#0', 'data'],
        ['LOAD#1', 'mixed'],
      ])
      const { helper: _local, ...dynamic } = EXPECTED_SYMBOLS
      expect(symbolsOf(program)).toMatchObject(dynamic)
      expect(program).toMatchObject({ stripped: true, soname: 'libfixture.so.1', needed: ['libc.so.6'] })
    },
  )

  test('section counts too large for the header stand in section 0', () => {
    const program = read({ bits, littleEndian, extendedNumbering: true })
    expect(program.sections.map((section) => section.name)).toContain('.rodata')
    expect(program.damage).toEqual([])
  })

  test('the build-id comes from the note section, or from the note segment', () => {
    expect(read({ bits, littleEndian, buildId: '0123456789abcdef' }).buildId).toBe('0123456789abcdef')
    expect(read({ bits, littleEndian, buildId: 'fedcba', sectionTable: false }).buildId).toBe('fedcba')
  })
})

test('a file without .symtab is stripped and keeps its dynamic symbols', () => {
  const program = read({ symtab: false })
  const { helper: _local, ...dynamic } = EXPECTED_SYMBOLS
  expect(program.stripped).toBe(true)
  expect(symbolsOf(program)).toEqual(dynamic)
})

test.each([
  ['x86_64', 64, true, 62],
  ['i386', 32, true, 3],
  ['aarch64', 64, true, 183],
  ['arm', 32, true, 40],
  ['riscv64', 64, true, 243],
  ['riscv32', 32, true, 243],
  ['ppc64', 64, false, 21],
  ['ppc64le', 64, true, 21],
  ['ppc', 32, false, 20],
  ['mips', 32, false, 8],
  ['mipsel', 32, true, 8],
  ['mips64', 64, false, 8],
  ['mips64el', 64, true, 8],
  ['s390x', 64, false, 22],
  ['loongarch64', 64, true, 258],
  ['sparc', 32, false, 2],
  ['unknown-4711', 64, true, 4711],
] as const)('the machine is named %s', (arch, bits, littleEndian, machine) => {
  expect(readElf(bytesSource(buildElf({ bits, littleEndian, machine }))).arch).toBe(arch)
})

test.each([
  ['object', 1],
  ['executable', 2],
  ['shared', 3],
  ['core', 4],
] as const)('the kind is %s for file type %i', (kind, type) => {
  expect(readElf(bytesSource(buildElf({ type }))).kind).toBe(kind)
})

test('the undefined symbols of an object file are its imports', () => {
  const program = read({ type: 1 })
  expect(program.imports.map(({ name }) => name)).toEqual(['printf'])
})

test('the Thumb bit is no part of an address', () => {
  const program = read({ bits: 32, machine: 40, symbols: [{ name: 'thumb', offset: 5 }] })
  expect(program.symbols.addresses[0]! % 2).toBe(0)
})

describe('a damaged file', () => {
  const whole = buildElf({ symbols: SYMBOLS, soname: 'libfixture.so.1' })

  test('cut behind its segments is read by them, and says so', () => {
    const sections = readElf(bytesSource(whole)).sections
    const cut = sections.find((section) => section.name === '.symtab')!.offset
    const program = readElf(bytesSource(whole.subarray(0, cut)))
    expect(program.sections.map((section) => section.name)).toEqual(['LOAD#0', 'LOAD#1'])
    expect(program.damage.join('\n')).toContain('section header table needs')
    expect(program.soname).toBe('libfixture.so.1')
  })

  test('whose header is incomplete is truncated', () => {
    expect(() => readElf(bytesSource(whole.subarray(0, 63)))).toThrow(
      expect.objectContaining({ code: 'FORMAT_TRUNCATED', message: 'need 64 bytes of ELF header, have 63' }),
    )
  })

  test('with an unknown byte order is corrupt', () => {
    const bytes = Uint8Array.from(whole)
    bytes[5] = 9
    expect(() => readElf(bytesSource(bytes))).toThrow(expect.objectContaining({ code: 'FORMAT_CORRUPT' }))
  })

  test('with section entries of no size is read with the standard size', () => {
    const bytes = Uint8Array.from(whole)
    bytes[58] = 0
    const program = readElf(bytesSource(bytes))
    expect(program.sections.map((section) => section.name)).toContain('.rodata')
    expect(program.damage).toEqual(['section header table has entries of 0 bytes, read as 64'])
  })

  test('with a section beyond the end keeps the section as an empty one', () => {
    const bytes = Uint8Array.from(whole)
    const view = new DataView(bytes.buffer)
    const table = Number(view.getBigUint64(40, true))
    view.setBigUint64(table + 3 * 64 + 24, 1n << 62n, true)
    const program = readElf(bytesSource(bytes))
    expect(program.sections.find((section) => section.name === '.rodata')).toMatchObject({ role: 'empty', size: 0 })
    expect(program.damage).toHaveLength(1)
  })

  test('with sections that all cover the whole file leaves the surplus out', () => {
    const bytes = Uint8Array.from(whole)
    const view = new DataView(bytes.buffer)
    const table = Number(view.getBigUint64(40, true))
    for (let i = 1; i < 5; i++) {
      view.setBigUint64(table + i * 64 + 24, 0n, true)
      view.setBigUint64(table + i * 64 + 32, BigInt(bytes.length), true)
    }
    const program = readElf(bytesSource(bytes))
    const covered = program.sections.reduce((sum, section) => sum + section.size, 0)
    expect(covered).toBeLessThanOrEqual(2 * bytes.length)
    expect(program.damage.join('\n')).toContain('more than 2 times')
  })
})

test('addresses from 2^63 on, where kernels live, stay exact', () => {
  const bytes = buildElf({ symbols: SYMBOLS })
  const view = new DataView(bytes.buffer)
  const table = Number(view.getBigUint64(40, true))
  view.setBigUint64(table + 2 * 64 + 16, 0xffffffff81000010n, true)
  const text = readElf(bytesSource(bytes)).sections[1]!
  expect(text).toMatchObject({ name: '.text', address: -0x7efffff0 })
})

test('more symbols than the limit end in LIMIT_EXCEEDED that names the limit', () => {
  const source = bytesSource(buildElf({ symbols: SYMBOLS }))
  expect(() => readElf(source, { ...DEFAULT_LIMITS, symbols: 3 })).toThrow(
    expect.objectContaining({
      code: 'LIMIT_EXCEEDED',
      message: 'symbols is 6, limit 3; raise with limits.symbols',
    }),
  )
})
