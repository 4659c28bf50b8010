import { describe, expect, test } from 'vitest'
import { isCoffObject, readCoff } from '../../src/binary/coff.ts'
import { readPe } from '../../src/binary/pe.ts'
import { type Program, SymbolFlag } from '../../src/binary/program.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { buildCoff, buildImportMember, buildPe, type PeFixture } from '../fixtures/pe.ts'

function read(options: PeFixture = {}): Program {
  return readPe(bytesSource(buildPe(options)))
}

function symbolsOf({ symbols }: Program): Record<string, number> {
  return Object.fromEntries(Array.from({ length: symbols.count }, (_, i) => [symbols.name(i), symbols.flags[i]!]))
}

const { Defined, Function: Code, Exported } = SymbolFlag

describe.each([64, 32] as const)('an image of %i bits', (bits) => {
  test('its sections have roles and leave out the padding of the file', () => {
    const program = read({ bits, rdata: Buffer.from('zlib 1.2.13 constants'), versionInfo: { FileVersion: '1' } })
    const text = program.sections[0]!
    expect(program.sections.map(({ name, role }) => [name, role])).toEqual([
      ['.text', 'code'],
      ['.rdata', 'data'],
      ['.rsrc', 'resource'],
      ['.bss', 'empty'],
    ])
    expect(text).toMatchObject({ offset: 0x400, size: 8, address: (bits === 64 ? 0x140000000 : 0x400000) + 0x1000 })
    expect(program).toMatchObject({ format: 'pe', bits, kind: 'executable', stripped: true, damage: [] })
  })

  test('named exports are symbols; a forwarded one is not defined here', () => {
    const program = read({ bits, dll: true, exports: { inflate: 4, crc32: 'OTHER.crc32' }, exportName: 'zlib1.dll' })
    expect(symbolsOf(program)).toEqual({ inflate: Exported | Defined | Code, crc32: Exported })
    expect(program).toMatchObject({ kind: 'shared', soname: 'zlib1.dll' })
    expect(program.symbols.addresses[1]).toBe(program.sections[0]!.address + 4)
  })

  test('imports come by name or number, from normal and delayed directories', () => {
    const program = read({
      bits,
      imports: { 'KERNEL32.dll': ['ExitProcess', 12], 'zlib1.dll': ['inflate'] },
      delayImports: { 'libcurl.dll': ['curl_easy_init'] },
    })
    expect(program.imports).toEqual([
      { name: 'ExitProcess', library: 'KERNEL32.dll' },
      { name: '#12', library: 'KERNEL32.dll' },
      { name: 'inflate', library: 'zlib1.dll' },
      { name: 'curl_easy_init', library: 'libcurl.dll' },
    ])
    expect(program.needed).toEqual(['KERNEL32.dll', 'zlib1.dll', 'libcurl.dll'])
    expect(program.damage).toEqual([])
  })

  test('the version resource gives its strings', () => {
    const strings = { CompanyName: 'Größe & Co', FileVersion: '1.2.13.0', ProductName: 'zlib' }
    expect(read({ bits, versionInfo: strings }).versionInfo).toEqual(strings)
  })
})

test('COFF symbols of an unstripped image are listed, an exported one once', () => {
  const program = read({
    exports: { inflate: 4 },
    symbols: [
      { name: 'inflate', offset: 4 },
      { name: 'a_static_function_with_a_long_name', offset: 6, storage: 3 },
    ],
  })
  expect(symbolsOf(program)).toEqual({
    inflate: Defined | Code | Exported,
    a_static_function_with_a_long_name: Defined | Code,
  })
  expect(program.stripped).toBe(false)
})

test('names of 32-bit x86 lose their decoration', () => {
  const names = ['_inflate', '_WinMain@16', '@fast@8', '?cpp@@YAXXZ', '__ZN3fooEv', '_at_a@b']
  const program = read({ bits: 32, symbols: names.map((name, offset) => ({ name, offset: offset + 1 })) })
  expect(Object.keys(symbolsOf(program))).toEqual(['inflate', 'WinMain', 'fast', '?cpp@@YAXXZ', '_ZN3fooEv', 'at_a@b'])
})

test.each([
  ['x86_64', 0x8664],
  ['i386', 0x14c],
  ['aarch64', 0xaa64],
  ['arm', 0x1c4],
  ['unknown-4711', 4711],
] as const)('the machine is named %s', (arch, machine) => {
  expect(read({ machine }).arch).toBe(arch)
})

test('a damaged directory costs that directory only', () => {
  const bytes = buildPe({ exports: { inflate: 4 }, imports: { 'KERNEL32.dll': ['ExitProcess'] } })
  const view = new DataView(bytes.buffer)
  const directories = 0x80 + 24 + 112
  view.setUint32(directories, 0x7ffffff0, true)
  const program = readPe(bytesSource(bytes))
  expect(program.damage).toEqual([
    'export directory: export directory is at relative address 0x7ffffff0, which no section holds',
  ])
  expect(program.needed).toEqual(['KERNEL32.dll'])
})

test('an image whose headers are cut is truncated', () => {
  expect(() => readPe(bytesSource(buildPe().subarray(0, 0x90)))).toThrow(
    expect.objectContaining({ code: 'FORMAT_TRUNCATED' }),
  )
})

describe('a COFF object', () => {
  const symbols = [{ name: 'inflate', offset: 2 }, { name: 'malloc' }]

  test('is a program of kind object whose undefined symbols are imports', () => {
    const program = readCoff(bytesSource(buildCoff({ symbols })))
    expect(program).toMatchObject({ kind: 'object', arch: 'x86_64', bits: 64, damage: [] })
    expect(program.sections).toMatchObject([{ name: '.text', role: 'code', address: 0 }])
    expect(symbolsOf(program)).toEqual({ inflate: Defined | Code, malloc: Code })
    expect(program.symbols.addresses[0]).toBe(2)
    expect(program.imports).toEqual([{ name: 'malloc', library: null }])
  })

  test('of an import library is one import', () => {
    const program = readCoff(bytesSource(buildImportMember('inflate', 'zlib1.dll')))
    expect(program.imports).toEqual([{ name: 'inflate', library: 'zlib1.dll' }])
    expect(program.needed).toEqual(['zlib1.dll'])
  })

  test.each([
    ['text', Buffer.from('d\x86 this is no object, though it starts like one')],
    ['an empty file', new Uint8Array(0)],
    ['a PE image', buildPe()],
  ])('is not seen in %s', (_name, bytes) => {
    expect(isCoffObject(bytesSource(bytes))).toBe(false)
  })
})
