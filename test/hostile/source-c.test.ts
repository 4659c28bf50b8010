import { expect, test } from 'vitest'
import { SourceIndexer } from '../../src/build/index-sources.ts'
import type { TreeFile } from '../../src/build/sources/tree.ts'
import { DEFAULT_LIMITS } from '../../src/bytes/limits.ts'
import { PrintsBuilder } from '../../src/database/prints-builder.ts'
import { extractLiteral } from '../../src/fingerprint/extract.ts'
import { MacroTable } from '../../src/fingerprint/macros.ts'
import { readSource } from '../../src/fingerprint/source-c.ts'

const SIZE = 1 << 19
/** Half a mebibyte takes four seconds at most, and six on a busy machine; half a million steps squared take minutes. */
const SECONDS = 20

function repeat(text: string, size = SIZE): string {
  return text.repeat(Math.ceil(size / text.length)).slice(0, size)
}

function secondsOf(work: () => unknown): number {
  const started = performance.now()
  work()
  return (performance.now() - started) / 1000
}

test.each([
  ['quotes', repeat('"')],
  ['apostrophes', repeat("'")],
  ['backslashes', repeat('\\')],
  ['comment starts', repeat('/*')],
  ['slashes', repeat('/')],
  ['hashes', repeat('#')],
  ['hashes on lines of their own', repeat('#\n')],
  ['raw literals without a bracket', repeat('R"')],
  ['raw literals without an end', repeat('R"(')],
  ['raw literals of all tags without an end', Array.from({ length: 80_000 }, (_, i) => `R"t${i}(`).join(' ')],
  ['annotations without an end', repeat('assert(')],
  ['annotations without an end in a macro', `#define LIST(x) ${repeat('assert(')}`],
  ['calls without an end', repeat('abcde(')],
  ['macro calls without an end', repeat('"a" AAA(')],
  ['closing brackets', repeat(')')],
  ['braces', repeat('int abcde(void) {')],
  ['exponents', `0x${repeat('e', SIZE / 2)}p${repeat('+e', SIZE / 2)}`],
  ['definitions that call themselves', repeat('#define A A(\n')],
  ['parameters without an end', `#define A(${repeat('a')}`],
  ['branches', repeat('#if A\n')],
  ['ends of branches', repeat('#endif\n')],
  ['branches of debug builds', repeat('#ifdef DEBUG\n#else\n')],
  ['variables without an end', repeat('@a')],
  ['variables in braces without an end', repeat('${a')],
  ['versions', `"${repeat('a.1.1.1.1 ')}"`],
  ['versions outside of literals', repeat('a.1.1.1.1')],
  ['names', repeat('AAA ')],
  ['structures', repeat('struct {')],
  ['structures in structures', `${repeat('struct a{', SIZE / 2)}${repeat('}a;', SIZE / 4)}`],
  ['enumerations in enumerations', `${repeat('enum a{b,', SIZE / 2)}${repeat('}', SIZE / 18)}`],
  ['type definitions', repeat('typedef struct ')],
  ['type definitions with brackets', repeat('typedef a[')],
  ['initialisers', repeat('a[]={')],
  ['initialisers in initialisers', `${repeat('a[]={', SIZE / 2)}${repeat('}', SIZE / 10)}`],
  ['empty initialisers', repeat('a[]={},')],
  ['constants', repeat('const int aa = (')],
  ['brackets of all kinds', repeat('([{')],
  ['brackets that cross', repeat('([)]')],
  ['numbers in brackets', repeat('(1+')],
  ['characters', repeat("'a'")],
  ['zeros', repeat('\0')],
])('a source of nothing but %s is read in seconds', (_name, text) => {
  const bytes = Buffer.from(text, 'latin1')
  const seconds = secondsOf(() => {
    readSource(bytes, { isHeader: false, isTemplate: false, withConstants: true })
    readSource(bytes, { isHeader: true, isTemplate: true, withConstants: true })
  })
  expect(seconds).toBeLessThan(SECONDS)
})

/** Resolves all runs and names of a source by its own macros. */
function resolveAll(source: string): void {
  const { macros, runs, names } = readSource(Buffer.from(source), { isHeader: false, isTemplate: false })
  const table = new MacroTable(() => undefined, DEFAULT_LIMITS.macroExpansions)
  for (const macro of macros) table.add(macro)
  for (const run of runs) table.resolve(run, new Map())
  for (const name of names) table.resolve([{ kind: 'i', text: name }], new Map())
}

const LEVELS = [...'ABCDEFGHIJKLMNOP']
/** Macros of one parameter, each of which passes `body` of it on to the next. */
function levels(body: string): string {
  return LEVELS.map((name, i) => `#define F_${name}(x) F_${LEVELS[i + 1] ?? 'END'}(${body})`).join('\n')
}

test.each([
  ['arguments that multiply', `${levels('x '.repeat(40))}\nchar *a = "b" F_A("c");`],
  ['arguments that multiply in lists', `${levels('x, '.repeat(20))}\nchar *a = "b" F_A("c");`],
  ['pasted names that multiply', `${levels('x##x##x##x##x##x##x##x##x##x')}\nchar *a = "b" F_A(c);`],
  ['text of text', `#define STR(x) #x\n${levels('STR(x) STR(x) STR(x) STR(x)')}\nchar *a = "b" F_A("c");`],
  [
    'bodies that multiply',
    `${LEVELS.map((n, i) => `#define M_${n} ${`M_${LEVELS[i + 1] ?? 'END'} `.repeat(40)}`).join('\n')}\nchar *a = "b" M_A;`,
  ],
  ['a macro nested in itself', `#define ID(x) x\nchar *a = "b" ${repeat('ID(', 150)}"c"${repeat(')', 50)};`],
  [
    'a long chain',
    `${Array.from({ length: 20_000 }, (_, i) => `#define M_${i} "x" M_${i + 1}`).join('\n')}\nchar *a = M_0;`,
  ],
  [
    'a circle of many',
    `${Array.from({ length: 300 }, (_, i) => `#define M_${i} M_${(i + 1) % 300} M_${(i + 7) % 300}`).join('\n')}\n${Array.from({ length: 300 }, (_, i) => `f("a" M_${i});`).join('\n')}`,
  ],
  ['a run of half a mebibyte', `#define AAA "b"\nchar *a = ${repeat('"a" AAA ', SIZE)};`],
])('%s end in seconds', (_name, source) => {
  expect(secondsOf(() => resolveAll(source))).toBeLessThan(SECONDS)
})

/** Indexes a file by itself, tables and constants included. */
function indexAlone(source: string): void {
  const builder = new PrintsBuilder('foo', [{ version: '1', origin: 'source', provenance: 'test' }])
  const none = {
    exclude: [],
    vendored: [],
    patterns: [],
    componentNames: new Set<string>(),
    ownNames: new Set<string>(),
  }
  const indexer = new SourceIndexer(builder, none, ['foo'], DEFAULT_LIMITS)
  indexer.addFile({ id: 'a', bytes: Buffer.from(source) }, 'a.c')
  indexer.addRelease(0, '1', [{ path: 'a.c', id: 'a' } as TreeFile])
}

const table = (elements: string): string => `static const unsigned t[] = { ${elements} };`

test.each([
  ['a table of macros that multiply', `${levels('x, x')}\n${table(repeat('F_A(1), ', 40_000))}`],
  ['a table of long macros', `#define M_A ${'1, '.repeat(40)}1\n${table(repeat('M_A, ', SIZE))}`],
  [
    'a table of a long chain of macros',
    `${Array.from({ length: 20_000 }, (_, i) => `#define M_${i} M_${i + 1}`).join('\n')}\n${table('M_0, '.repeat(9))}`,
  ],
  [
    'code of a long chain of enumerators',
    `enum { ${Array.from({ length: 20_000 }, (_, i) => `E_${i} = E_${i + 1}`).join()} };\nint f() { return E_0 + E_19; }`,
  ],
  ['a table of brackets', table(repeat('(', SIZE))],
  ['a table of signs', table(`${repeat('-', SIZE)}1`)],
  ['a table of braces', table(`${repeat('{', SIZE / 2)}${repeat('}', SIZE / 2)}`)],
  ['a table of products', table(`1${repeat('*9999999999', SIZE)}`)],
  ['a table of shifts', table(repeat('1 << 255 << 255, ', SIZE))],
  ['a table of conditions', table(`${repeat('1 ? ', SIZE / 2)}1${repeat(': 1', SIZE / 2)}`)],
  ['a table that is said to be large', 'static const int t[1 << 20][1 << 20] = { 1, 2, 3, 4, 5 };'],
  ['a table with places far away', 'static const char t[] = { [16777215] = 1, 2, 3, [0 ... 16777215] = 7 };'],
  [
    'structures of structures',
    `${Array.from({ length: 15 }, (_, i) => `struct s${i} { ${i === 0 ? 'int' : `struct s${i - 1}`} ${Array.from({ length: 200 }, (_, m) => `m${m}`).join()}; };`).join('\n')}\n${'struct s14 t[] = { 1, 2, 3, 4, 5 };\n'.repeat(500)}`,
  ],
  ['types in circles', `typedef a b; typedef b a; ${'a t[] = { 1, 2, 3, 4 };'.repeat(5000)}`],
  ['branches in tables', table(repeat('\n#if A\n1,\n#endif\n', SIZE))],
])('%s is indexed in seconds', (_name, source) => {
  expect(secondsOf(() => indexAlone(source))).toBeLessThan(SECONDS)
})

test.each([
  ['versions behind underscores', repeat(`x${repeat('1_', 4080)}x\0`, SIZE)],
  ['versions behind dots', repeat(`x${repeat('1.1.1.1 ', 4080)}x\0`, SIZE)],
  ['hexadecimal digits', repeat(`1.2 ${repeat('ab', 4080)}\0`, SIZE)],
  ['white space', repeat(`1.2${repeat(' ', 4080)}\0`, SIZE)],
  ['the first character of UTF-16 runs', repeat('a\0b')],
  ['UTF-16 that never ends', repeat('a\0')],
  ['text that never ends', repeat('a')],
  ['lead bytes', repeat('\xf0')],
])('data of nothing but %s is scanned in seconds', (_name, text) => {
  const nobody = { string: () => undefined, template: () => undefined, literal: () => undefined }
  expect(secondsOf(() => extractLiteral(text, nobody))).toBeLessThan(SECONDS)
})
