import { describe, expect, test } from 'vitest'
import { MacroTable } from '../../src/fingerprint/macros.ts'
import { readSource, type SourceFacts } from '../../src/fingerprint/source-c.ts'

function read(source: string, options: { isHeader?: boolean; isTemplate?: boolean } = {}): SourceFacts {
  return readSource(Buffer.from(source, 'latin1'), { isHeader: false, isTemplate: false, ...options })
}

/** Runs as text: literals in quotes, names bare. */
function runsOf(source: string, isTemplate = false): string[] {
  return read(source, { isTemplate }).runs.map((run) =>
    run.map(({ kind, text }) => (kind === 's' ? `"${text}"` : text)).join(' '),
  )
}

describe('functions', () => {
  test.each([
    ['ANSI', 'int inflate(z_streamp strm, int flush)\n{ return 0; }', ['inflate']],
    ['old style', 'int inflate(strm, flush)\nz_streamp strm;\nint flush;\n{ return 0; }', ['inflate']],
    ['with macros around', 'ZEXTERN int ZEXPORT inflate(z_streamp strm) { }', ['inflate']],
    ['with an attribute behind', 'void fatal_error(int x) __attribute__((noreturn)) { }', ['fatal_error']],
    ['with an attribute before', '__attribute__((visibility("default"))) int inflate(void) { }', ['inflate']],
    ['static', 'static void helper(void) { }', ['helper']],
    ['returning a pointer', 'BIO *BIO_new_file(const char *name) { }', ['BIO_new_file']],
    ['returning a structure', 'struct node make_node(int a) { }', ['make_node']],
    ['with a structure among its parameters', 'int visit(struct node *n) { }', ['visit']],
    ['several', 'int first(void) { if (a) { b(); } }\nint second(void) { }', ['first', 'second']],
    ['in extern "C"', 'extern "C" {\nint inflate(void) { }\n}', ['inflate']],
    ['in a namespace', 'namespace lib {\nint inflate(void) { }\n}', ['lib::inflate']],
    ['in a namespace without a name are none', 'namespace {\nint inflate(void) { }\n}', []],
    ['behind an initialiser', 'int table[] = { call(1) };\nint inflate(void) { }', ['inflate']],
    ['behind a structure', 'struct node { int (*visit)(int); };\nint inflate(void) { }', ['inflate']],
    ['prototypes are none', 'int inflate(void);\nint deflate(void);', []],
    ['calls are none', 'int inflate(void) { deflate(1); while (crc32(2)) { } }', ['inflate']],
    ['members', 'int Stream::inflate(void) { }', ['Stream::inflate']],
    ['in nested namespaces', 'namespace a::b { inline namespace v { int inflate(void) { } } }', ['a::b::v::inflate']],
    [
      'classes in a namespace',
      'namespace lib { class EXPORT Reader final : public Base { int f() { } }; }',
      ['lib::Reader'],
    ],
    ['classes without a namespace are none', 'class Reader { };', []],
    ['constructors are none', 'Stream::Stream(int size) { }', []],
    ['destructors are none', 'Stream::~Stream() { }', []],
    ['methods within a class are none', 'class Stream { int inflate(void) { } };', []],
    ['short names are none', 'int main(void) { }', []],
    ['macros are none', 'DEFINE_STACK_OF(NODE) { }', []],
    ['initialisers that call are none', 'int value = inflate(1);\nstruct x y = { 1 };', []],
  ])('%s', (_name, source, functions) => {
    expect(read(source).functions).toEqual(functions)
  })

  test.each([
    [
      'both branches open the brace',
      '#ifdef X\nint inflate(int a) {\n#else\nint inflate(long a) {\n#endif\n}\nint deflate(void) { }',
      ['inflate', 'deflate'],
    ],
    [
      'one branch opens a block',
      'int inflate(void) {\n#ifdef X\nif (a) {\n#else\nif (b) {\n#endif\n} }\nint deflate(void) { }',
      ['inflate', 'deflate'],
    ],
    [
      'a branch lies in a parameter list',
      'int inflate(int a,\n#ifdef X\nint b,\n#endif\nint c) {\n#ifdef X\nif (a) {\n#else\nif (b) {\n#endif\n} }\nint deflate(void) { }',
      ['inflate', 'deflate'],
    ],
    [
      'extern "C" stands in branches',
      '#ifdef __cplusplus\nextern "C" {\n#endif\nint inflate(void) { }\n#ifdef __cplusplus\n}\n#endif\nint deflate(void) { }',
      ['inflate', 'deflate'],
    ],
  ])('are found where %s', (_name, source, functions) => {
    expect(read(source).functions).toEqual(functions)
  })
})

describe('literals', () => {
  test.each([
    ['adjacent ones are one', '"a" "b"\n"c";', ['abc']],
    ['equal ones count once', 'f("a"); f("a");', ['a']],
    ['branches stand side by side', 'f(\n#if X\n"a"\n#else\n"b"\n#endif\n);', ['ab']],
    ['behind a translation mark', 'f(_("a"), N_("b"));', ['a', 'b']],
    ['in an initialiser', 'char *list[] = { "a", "b" };', ['a', 'b']],
    ['in a header', 'static const char text[] = "a";', ['a']],
    ['in a macro with parameters', '#define LIST(X) X(1, "one") X(2, "two")', ['one', 'two']],
    ['not of a macro without parameters, which is text only where it is used', '#define NAME "a"', []],
    ['of an include are none', '#include "zlib.h"', []],
    ['of an error are none', '#error "no"', []],
    ['of a pragma are none', '#pragma message("no")', []],
  ])('%s', (_name, source, literals) => {
    expect(read(source).literals).toEqual(literals)
  })
})

describe('text that no release holds is left out', () => {
  test.each([
    ['assembler', 'asm("nop");'],
    ['volatile assembler', '__asm__ __volatile__ ("nop" : : "r"(x) : "memory");'],
    ['attributes', 'int f(void) __attribute__((section(".text.hot")));'],
    ['declspec', '__declspec(dllexport("x")) int f(void);'],
    ['assertions', 'assert(x && "never");'],
    ['static assertions', 'static_assert(sizeof(int) == 4, "size");'],
    ['debug macros', 'DEBUGPRINT("x"); LIB_DEBUG("y"); LIB_TRACE_ENTER("z");'],
    ['#if 0', '#if 0\nf("no");\n#endif'],
    ['#ifdef DEBUG', '#ifdef DEBUG\nf("no");\n#endif'],
    ['#if defined(LIB_DEBUG)', '#if defined(LIB_DEBUG) && X\nf("no");\n#endif'],
    ['#ifndef NDEBUG', '#ifndef NDEBUG\nf("no");\n#endif'],
    ['#if !defined(NDEBUG)', '#if !defined(NDEBUG)\nf("no");\n#endif'],
    ['a self-test', '#ifdef LIB_SELF_TEST\nf("no");\n#endif'],
    ['a program of its own', '#ifdef FOO_MAIN\nint main(void) { puts("no"); }\n#endif'],
    ['a branch within it', '#ifdef DEBUG\n#ifdef X\nf("no");\n#else\nf("no");\n#endif\nf("no");\n#endif'],
    ['#elif DEBUG', '#if X\n#elif DEBUG\nf("no");\n#endif'],
  ])('%s', (_name, source) => {
    expect(read(source).literals).toEqual([])
  })

  test.each([
    ['#ifdef NDEBUG', '#ifdef NDEBUG\nf("yes");\n#endif'],
    ['#ifndef DEBUG', '#ifndef DEBUG\nf("yes");\n#endif'],
    ['the other branch of #ifdef DEBUG', '#ifdef DEBUG\n#else\nf("yes");\n#endif'],
    ['what follows #endif', '#if 0\n#endif\nf("yes");'],
    ['#if 1', '#if 1\nf("yes");\n#endif'],
    ['a branch of another name', '#ifdef HAVE_X\nf("yes");\n#endif'],
    ['code behind an annotation', 'asm("nop"); f("yes");'],
    ['an annotation without parentheses', 'assert; f("yes");'],
    ['an annotation that does not end', 'f("yes"); assert("yes"'],
  ])('but not %s', (_name, source) => {
    expect(read(source).literals).toEqual(['yes'])
  })
})

describe('runs', () => {
  test.each([
    ['a literal and a macro', 'f("foo " VERSION);', ['"foo " VERSION']],
    ['a macro before', 'f(PREFIX "foo");', ['PREFIX "foo"']],
    ['calls of macros', 'f("v" XSTR(MAJOR) "." XSTR(MINOR));', ['"v" XSTR ( MAJOR ) "." XSTR ( MINOR )']],
    ['a call before the literal', 'f(XSTR(MAJOR) ".x");', ['XSTR ( MAJOR ) ".x"']],
    ['inttypes', 'f("%" PRIu64 "\\n");', ['"%" PRIu64 "\n"']],
    ['not beside a name in lower case', 'f("foo " name);', []],
    ['not beside a name of two letters', 'f("foo " OF);', []],
  ])('%s', (_name, source, runs) => {
    expect(runsOf(source)).toEqual(runs)
  })

  test('a macro alone is a name', () => {
    expect(read('f(VERSION_TEXT); return OTHER_TEXT;').names).toEqual(['VERSION_TEXT', 'OTHER_TEXT'])
  })

  test('a call alone is code: its arguments are read', () => {
    expect(read('CHECK("text");')).toMatchObject({ literals: ['text'], runs: [] })
  })
})

describe('templates of files', () => {
  test.each([
    ['@VERSION@ in a literal', 'char *v = "foo @VERSION@ bar";', ['"foo " VERSION " bar"']],
    ['${VERSION} in a literal', 'char *v = "foo ${VERSION}";', ['"foo " VERSION']],
    ['two of them', 'char *v = "@NAME@ @VERSION@";', ['NAME " " VERSION']],
  ])('%s', (_name, source, runs) => {
    expect(runsOf(source, true)).toEqual(runs)
  })

  test('a definition is that of the variable', () => {
    const [macro] = read('#define FOO_VERSION "@VERSION@"', { isTemplate: true }).macros
    expect(macro).toMatchObject({ name: 'FOO_VERSION', body: [{ kind: 'i', text: 'VERSION' }] })
  })

  test('#cmakedefine defines', () => {
    const { macros } = read('#cmakedefine FOO_VERSION "@VERSION@"', { isTemplate: true })
    expect(macros.map((macro) => macro.name)).toEqual(['FOO_VERSION'])
  })

  test('elsewhere an @ is text', () => {
    expect(read('char *v = "a@VERSION@b";').literals).toEqual(['a@VERSION@b'])
  })
})

describe('macros are kept', () => {
  test.each([
    ['that hold text', '#define NAME "a"', true],
    ['that make text', '#define STR(x) #x', true],
    ['that are part of a version', '#define LIB_MAJOR 3', true],
    ['that stand for another macro', '#define NAME OTHER', true],
    ['but no plain numbers', '#define WIDTH 80', false],
    ['but no empty ones', '#define LIB_VERSION_H', false],
    ['but no code', `#define LOOP_VERSION ${'x+'.repeat(40)}"a"`, false],
  ])('%s: %s', (_name, source, isKept) => {
    expect(read(source).macros).toHaveLength(isKept ? 1 : 0)
  })

  test.each([true, false])('with where they are from: header %s', (isHeader) => {
    expect(read('#define NAME "a"', { isHeader }).macros[0]?.fromHeader).toBe(isHeader)
  })

  test('with their parameters', () => {
    expect(read('#define CAT( a , b ) a##b').macros[0]?.parameters).toEqual(['a', 'b'])
  })
})

test('a call that spells text by itself is a text of the macros of its release', () => {
  const source = `#define V1(a, b, c) #a "." #b "." #c
#define V2(a, b, c) "libfoo_" V1(a, b, c)
const char *version(void) { return V2(FOO_MAJOR, FOO_MINOR, FOO_MICRO); }
#define FOO_MAJOR 2
#define FOO_MINOR 5
#define FOO_MICRO 0`
  const { runs, macros } = readSource(Buffer.from(source), { isHeader: false, isTemplate: false })
  const table = new MacroTable(() => undefined, 256)
  for (const macro of macros) table.add(macro)
  const texts = runs.flatMap((run) => table.resolve(run, new Map()).map(({ text }) => text))
  expect(texts).toContain('libfoo_2.5.0')
})
