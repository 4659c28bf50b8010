import { describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../src/bytes/limits.ts'
import { lexFragment } from '../../src/fingerprint/c-lexer.ts'
import { type Macro, MacroTable, type ResolvedText } from '../../src/fingerprint/macros.ts'
import { readSource } from '../../src/fingerprint/source-c.ts'

function macrosOf(source: string, isHeader: boolean): readonly Macro[] {
  return readSource(Buffer.from(source, 'latin1'), { isHeader, isTemplate: false }).macros
}

interface Setting {
  /** Macros of a file of the release. */
  readonly shared?: string
  /** Macros of the file that the run is in. */
  readonly local?: string
  readonly isHeader?: boolean
  readonly limit?: number
  /** What the build system defines. */
  readonly built?: Readonly<Record<string, string>>
}

function resolve(run: string, setting: Setting): ResolvedText[] {
  const { built = {}, limit = DEFAULT_LIMITS.macroExpansions } = setting
  const table = new MacroTable((name) => built[name], limit)
  for (const macro of macrosOf(setting.shared ?? '', setting.isHeader ?? false)) table.add(macro)
  const local = new Map<string, Macro[]>()
  for (const macro of macrosOf(setting.local ?? '', false))
    local.set(macro.name, [...(local.get(macro.name) ?? []), macro])
  return table.resolve(lexFragment(run), local)
}

/** Whole texts as they are, partial ones with `…` behind them. */
function texts(run: string, shared: string, setting: Setting = {}): string[] {
  return resolve(run, { shared, ...setting }).map(({ text, partial }) => text + (partial ? '…' : ''))
}

const VERSION = '#define VER_MAJOR 3\n#define VER_MINOR 14\n#define STR(x) #x\n#define XSTR(x) STR(x)\n'

describe('a run spells', () => {
  test.each([
    ['object-like macros', '"foo " NAME', '#define NAME "bar"', ['foo bar']],
    ['macros of macros', 'NAME', '#define NAME NAME2\n#define NAME2 "bar"', ['bar']],
    ['numbers made text', '"v" XSTR(VER_MAJOR) "." XSTR(VER_MINOR)', VERSION, ['v3.14']],
    ['names made text without their value', '"v" STR(VER_MAJOR)', VERSION, ['vVER_MAJOR']],
    ['a version of its own macro', '"v" VERS', `${VERSION}#define VERS XSTR(VER_MAJOR) "." XSTR(VER_MINOR)`, ['v3.14']],
    ['pasted names', '"v" CAT(VER_, MINOR2)', '#define CAT(a, b) a##b\n#define VER_MINOR2 "7"', ['v7']],
    ['pasted text made text', '"v" XSTR(CAT(1, 2))', `${VERSION}#define CAT(a,b) a##b`, ['v12']],
    ['literals made text with their quotes', 'STR("a")', VERSION, ['"a"']],
    ['arguments in parentheses', '"a" ID(("b"))', '#define ID(x) x "c"', ['abc']],
    ['parenthesised macros', '"a" NAME', '#define NAME ("b")', ['ab']],
    ['several arguments', 'TWO("a", "b")', '#define TWO(x, y) y x', ['ba']],
    ['missing arguments as nothing', 'TWO("a")', '#define TWO(x, y) y x "."', ['a.']],
    ['annotations before the text as nothing', 'EXPORT_THIS "a"', '', ['a']],
  ])('%s', (_name, run, shared, expected) => {
    expect(texts(run, shared)).toEqual(expected)
  })
})

describe('what is not known', () => {
  test.each([
    ['ends the text, which is partial', '"a " NAME " b"', '', ['a …']],
    ['at the start is passed over', 'NAME " b"', '', [' b']],
    ['alone is nothing', 'NAME', '', []],
    ['a number ends the text', '"a" NUM', '#define NUM_VERSION 1\n#define NUM NUM_VERSION', ['a…']],
    ['a function-like macro without its call', '"a" FUN', '#define FUN(x) x "b"', ['a…']],
  ])('%s', (_name, run, shared, expected) => {
    expect(texts(run, shared)).toEqual(expected)
  })
})

describe('alternatives', () => {
  const either = '#if X\n#define EOL "\\r\\n"\n#else\n#define EOL "\\n"\n#endif\n'

  test('of different branches give a text each', () => {
    expect(texts('"a" EOL', either)).toEqual(['a\r\n', 'a\n'])
  })

  test('that are equal count once', () => {
    expect(texts('"a" NAME', '#define NAME "b"\n#define NAME "b"')).toEqual(['ab'])
  })

  test('beyond four are left out', () => {
    const many = [...'bcdefg'].map((c) => `#define NAME "${c}"`).join('\n')
    expect(texts('"a" NAME', many)).toEqual(['ab', 'ac', 'ad', 'ae'])
  })

  test('the definition of the file itself hides those of others', () => {
    expect(texts('"a" NAME', '#define NAME "other"', { local: '#define NAME "own"' })).toEqual(['aown'])
  })
})

describe('inttypes', () => {
  test.each([
    ['"%" PRIu64 " bytes"', ['%lu bytes', '%llu bytes', '%I64u bytes']],
    ['"%" PRIx32', ['%x', '%lx']],
    ['"%" PRIdMAX', ['%ld', '%jd', '%lld', '%I64d']],
    ['"%" PRIuPTR', ['%lu', '%u', '%llu', '%I64u']],
  ])('%s spells what the platforms define', (run, expected) => {
    expect(texts(run, '')).toEqual(expected)
  })
})

describe('what the build system defines', () => {
  test('is asked for where no file defines it', () => {
    expect(texts('"foo " VERSION', '', { built: { VERSION: '1.2' } })).toEqual(['foo 1.2'])
  })

  test('yields to a definition', () => {
    expect(texts('"foo " VERSION', '#define VERSION "3.4"', { built: { VERSION: '1.2' } })).toEqual(['foo 3.4'])
  })

  test('is asked with the text before it', () => {
    const asked: string[] = []
    const table = new MacroTable((name, before) => {
      asked.push(`${name} after ${before}`)
      return undefined
    }, 10)
    table.resolve(lexFragment('"BusyBox v" BB_VER'), new Map())
    expect(asked).toEqual(['BB_VER after BusyBox v'])
  })
})

describe('text of headers', () => {
  test.each([
    ['a header macro alone', 'NAME', true, true],
    ['a header macro beside punctuation', '"(" NAME ")"', true, true],
    ['a header macro beside words of the source', '"my " NAME', true, false],
    ['a macro of a source', 'NAME', false, false],
  ])('%s', (_name, run, isHeader, headerOnly) => {
    const [text] = resolve(run, { shared: '#define NAME "foo 1.2"', isHeader })
    expect(text?.headerOnly).toBe(headerOnly)
  })
})

describe('definitions that feed themselves end', () => {
  test.each([
    ['directly', 'AAA', '#define AAA "x" AAA', ['x…']],
    ['in a circle', 'AAA', '#define AAA "x" BBB\n#define BBB "y" AAA', ['xy…']],
    ['through an argument', 'AAA("x")', '#define AAA(x) x AAA(x)', ['x…']],
  ])('%s', (_name, run, shared, expected) => {
    expect(texts(run, shared)).toEqual(expected)
  })

  test('by the limit of expansions, with what was known', () => {
    const chain = Array.from({ length: 50 }, (_, i) => `#define M_${i} "${i % 10}" M_${i + 1}`).join('\n')
    expect(texts('M_0', chain, { limit: 5 })).toEqual(['01234…'])
  })

  test('when arguments multiply', () => {
    const letters = [...'ABCDEFGH']
    const doubling = letters.map(
      (c, i) =>
        `#define ${c}${c}${c}(x) ${letters[i + 1] ?? 'Z'}${(letters[i + 1] ?? 'Z').repeat(2)}(${'x '.repeat(40)})`,
    )
    const pasting = letters.map(
      (c, i) => `#define P${c}(x) P${letters[i + 1] ?? 'Z'}(${Array(12).fill('x').join('##')})`,
    )
    const last = '#define ZZZ(x) x\n#define PZ(x) #x\n'
    for (const run of ['"a" AAA("text")', '"a" PA(text)'])
      expect(texts(run, [...doubling, ...pasting, last].join('\n'))).toEqual(['a…'])
  })
})

test('a long run of its own is no expansion and stays whole', () => {
  const run = Array.from({ length: 1500 }, () => '"0123456789" NAME').join(' ')
  const [text] = resolve(run, { shared: '#define NAME "x"', limit: 10_000 })
  expect([text?.partial, text?.text.length]).toEqual([false, 16_500])
})
