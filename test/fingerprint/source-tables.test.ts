import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { resolveType } from '../../src/fingerprint/c-types.ts'
import { ConstantScope } from '../../src/fingerprint/constant-scope.ts'
import { readSource } from '../../src/fingerprint/source-c.ts'
import type { SourceConstants } from '../../src/fingerprint/source-constants.ts'
import type { SourceTable } from '../../src/fingerprint/source-tables.ts'
import { readInitialiser, tableBytes } from '../../src/fingerprint/table-bytes.ts'
import { compile, hasCompiler, run, workDirectory } from '../fixtures/compile.ts'

function constantsOf(source: string): SourceConstants {
  return readSource(Buffer.from(source, 'latin1'), { isHeader: false, isTemplate: false, withConstants: true })
    .constants!
}

/** The bytes of a table where the file defines all that it needs; undefined where it cannot be read. */
function bytesOf(table: SourceTable, constants: SourceConstants, littleEndian = true): string | undefined {
  const scope = new ConstantScope(256)
  scope.add(constants)
  const layout = resolveType(table.type, scope)
  const value = readInitialiser(scope.expand(table.tokens), scope.numberOf)
  if (layout === undefined || value === undefined) return undefined
  const bytes = tableBytes(layout, value, littleEndian)
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('hex')
}

function tablesOf(source: string, littleEndian = true): (string | undefined)[] {
  const constants = constantsOf(source)
  return constants.tables.map((table) => bytesOf(table, constants, littleEndian))
}

const source = readFileSync(new URL('../fixtures/c/tables.c', import.meta.url), 'latin1')
const names = [...source.matchAll(/^ {2}PRINT\((\w+)\)/gm)].map((match) => match[1] as string)

describe.runIf(hasCompiler('host'))('a table has the bytes that the compiler gives it:', () => {
  const work = workDirectory()
  const compiled = new Map(
    run(compile('host', 'tables.c', join(work.path, 'tables')))
      .trim()
      .split('\n')
      .map((line) => line.split(' ') as [string, string]),
  )
  work.remove()
  const read = tablesOf(source)
  test.each(names.map((name, i) => [name, i] as const))('%s', (name, i) => {
    expect(read[i]).toBe(compiled.get(name))
  })
})

describe('big-endian programs', () => {
  test.each([
    ['uint16_t t[] = {0x1234, 0x56, 7};', '123400560007'],
    ['uint32_t t[] = {0x12345678, 9};', '1234567800000009'],
    ['uint8_t t[] = {1, 2, 3};', '010203'],
    ['uint64_t t[] = {0x0102030405060708, 3};', '01020304050607080000000000000003'],
  ])('hold %s as %s', (table, bytes) => {
    expect(tablesOf(table, false)).toEqual([bytes])
  })
})

describe('no table is', () => {
  test.each([
    ['an array of long, which has two widths', 'const long t[] = {1, 2, 3};'],
    ['an array of size_t', 'const size_t t[] = {1, 2, 3};'],
    ['an array of pointers', 'const char *t[] = {"a", "b", "c"};'],
    ['an array of functions', 'int (*t[])(int) = {f, g, h};'],
    ['an array with an unknown name in it', 'const int t[] = {1, UNKNOWN, 3};'],
    ['an array of a type of another file', 'const other_type t[] = {1, 2, 3};'],
    ['a structure with bit fields', 'struct s { int a : 3; int b; }; struct s t[] = {{1, 2}, {3, 4}};'],
    ['a structure with names of its members', 'struct s { int a, b; }; struct s t[] = {{.b = 2, .a = 1}};'],
    ['a list that is longer than the array', 'const int t[2] = {1, 2, 3};'],
    ['eight bytes that i386 aligns in another way', 'struct s { char a; double b; }; struct s t[] = {{1, 2}, {3, 4}};'],
  ])('%s', (_name, text) => {
    for (const bytes of tablesOf(text)) expect(bytes).toBeUndefined()
  })

  test('a short text', () => {
    expect(tablesOf('char t[] = "a text of some length, which the strings have";')).toEqual([])
  })
})

describe('an initialiser', () => {
  test('with branches is read once with the first ones and once with the last', () => {
    const text = 'uint8_t t[] = {\n1,\n#ifdef A\n2, 3,\n#elif B\n4,\n#else\n5,\n#endif\n6};'
    expect(tablesOf(text)).toEqual(['01020306', '010506'])
  })

  test('with branches that have no #else is read with each of them', () => {
    const text = 'uint8_t t[] = {\n#ifdef A\n1, 2\n#endif\n#ifdef B\n3, 4,\n#endif\n};'
    expect(tablesOf(text).filter((bytes) => bytes !== '')).toEqual([undefined, '0102', '0304'])
  })

  test('of text beyond the length of strings is a table', () => {
    const [bytes] = tablesOf(`const char t[] = "${'a'.repeat(40_000)}"\n"${'b'.repeat(40_000)}";`)
    expect(bytes?.length).toBe(2 * 80_001)
  })

  test('in std::array is read', () => {
    expect(tablesOf('constexpr std::array<uint16_t, 3> t = {{1, 2, 3}};')).toEqual(['010002000300'])
    expect(tablesOf('constexpr std::array<std::uint8_t, 3> t = {1, 2, 3};')).toEqual(['010203'])
  })

  test('of a static member is read', () => {
    expect(tablesOf('const uint16_t Reader::kTable[2 + 1] = {1, 2, 3};')).toEqual(['010002000300'])
  })

  test('behind a macro with arguments is read', () => {
    expect(tablesOf('static MODEL("small") const uint8_t t[] = { 1, 2, 3 };')).toEqual(['010203'])
  })

  test('of a type that is the argument of a macro is read', () => {
    expect(tablesOf('LOCAL_ARRAY( uint16_t ) t[] = { 1, 2, 3 };')).toEqual(['010002000300'])
  })

  test('with casts to types of any name is read', () => {
    const text =
      '#define REC( a, b ) { (My_UInt)(a), (My_UInt)( b ) << 1 }\nuint8_t t[2][2] = { REC( 1, 2 ), REC( 3, 4 ) };'
    expect(tablesOf(text)).toEqual(['01040308'])
  })

  test('of a type with several definitions has the first that is equally wide everywhere', () => {
    const text = '#ifdef A\n#define U8 unsigned long\n#else\n#define U8 unsigned long long\n#endif\nU8 t[] = {1, 2};'
    expect(tablesOf(text)).toEqual(['01000000000000000200000000000000'])
  })

  test('names the files that stand in it', () => {
    const { tables } = constantsOf('const uint8_t t[] = {\n0,\n#include "x.inc"\n};')
    expect(tables[0]?.includes).toEqual([{ at: 3, path: 'x.inc' }])
  })
})

test('a file that is nothing but elements is a list', () => {
  expect(constantsOf('/* made */ 1, 2, 3,\n 4, 5, 6').list?.length).toBe(11)
  expect(constantsOf('int a; 1, 2, 3, 4, 5, 6').list).toBeUndefined()
  expect(constantsOf('A(1, 2)\nB(3, 4)').list).toBeUndefined()
})

test('numbers of any width come back in both byte orders', () => {
  const widths = [
    [1, 'Int8', 'int8_t'],
    [2, 'Int16', 'int16_t'],
    [4, 'Int32', 'int32_t'],
  ] as const
  fc.assert(
    fc.property(fc.constantFrom(...widths), fc.array(fc.integer(), { minLength: 2 }), ([size, , type], numbers) => {
      const text = `static const ${type} t[] = { ${numbers.map((n) => `${n}`).join(', ')} };`
      for (const littleEndian of [true, false]) {
        const bytes = Buffer.from(tablesOf(text, littleEndian)[0]!, 'hex')
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
        const read = numbers.map((_, i) =>
          size === 1
            ? view.getInt8(i)
            : size === 2
              ? view.getInt16(2 * i, littleEndian)
              : view.getInt32(4 * i, littleEndian),
        )
        expect(read).toEqual(numbers.map((n) => Number(BigInt.asIntN(8 * size, BigInt(n)))))
      }
    }),
  )
})
