import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { hasCompiler, hasProgram, run, workDirectory } from '../fixtures/compile.ts'

// The benches are plain JavaScript; what they export has no types.
const load = (name: string): Promise<Record<string, (...values: unknown[]) => unknown>> =>
  import(new URL(`../../bench/snippets/${name}`, import.meta.url).href)
const { foreignMain, foreignGlue } = await load('foreign-main.mjs')
const { undefinedNames, instructionCounts } = await load('tool-output.mjs')
const { judge, judgeVersion, summarise, targets } = await load('score.mjs')
const { sourceVersion, withoutPlaces } = await load('sources.mjs')
const { ownFingerprints } = await load('ownership.mjs')
const { toMarkdown } = await load('tables.mjs')

describe('the foreign program', () => {
  test('is the same for one seed and another for another', () => {
    expect(foreignMain!({ seed: 7 })).toBe(foreignMain!({ seed: 7 }))
    expect(foreignMain!({ seed: 7 })).not.toBe(foreignMain!({ seed: 8 }))
  })

  describe.skipIf(!hasCompiler('host') || !hasProgram('nm'))('compiled', () => {
    const work = workDirectory()
    afterAll(() => work.remove())

    test('links with the stubs that the linker asked for, and keeps the function that is its root', () => {
      const source = join(work.path, 'library.c')
      const main = join(work.path, 'main.c')
      const glue = join(work.path, 'glue.c')
      const output = join(work.path, 'program')
      writeFileSync(source, 'int elsewhere(int); int root(int a) { return elsewhere(a) * 77; }\n')
      const link = (): string => {
        try {
          execFileSync('gcc', ['-w', main, glue, source, '-o', output], {
            stdio: 'pipe',
            env: { ...process.env, LC_ALL: 'C' },
          })
          return ''
        } catch (error) {
          return String((error as { stderr: Buffer }).stderr)
        }
      }
      writeFileSync(main, foreignMain!({ seed: 1 }) as string)
      writeFileSync(glue, foreignGlue!({ roots: ['root'] }) as string)
      const stubs = undefinedNames!(link()) as string[]
      expect(stubs).toEqual(['elsewhere'])
      writeFileSync(glue, foreignGlue!({ roots: ['root'], stubs }) as string)
      expect(link()).toBe('')
      expect(run('nm', output)).toMatch(/ T root$/m)
    })
  })
})

test('instructions are counted by function, without headings and blank lines', () => {
  const listing = [
    'file.o:     file format elf64-x86-64',
    '',
    'Disassembly of section .text.one:',
    '',
    '0000000000000000 <one>:',
    '   0:\tendbr64',
    '   4:\tret',
    '',
    '0000000000000010 <two>:',
    '  10:\tjmp    10 <two>',
  ].join('\n')
  expect(instructionCounts!(listing)).toEqual(
    new Map([
      ['one', 2],
      ['two', 1],
    ]),
  )
})

test('hidden names that the linker lacks are told too, and each once', () => {
  const said = [
    "main.c:(.text+0x1): undefined reference to `first'",
    "main.c:(.text+0x9): undefined reference to `first'",
    "ld: program: hidden symbol `second' isn't defined",
  ].join('\n')
  expect(undefinedNames!(said)).toEqual(['first', 'second'])
})

test.each([
  ['zlib_1.2.13.dfsg-1.dsc', '1.2.13.dfsg-1'],
  ['libpng1.6_1.6.39-2+deb12u5.dsc', '1.6.39-2+deb12u5'],
])('the version of %s is %s', (name, version) => {
  expect(sourceVersion!(name)).toBe(version)
})

test('published messages name no address and no directory', () => {
  expect(withoutPlaces!('Failed to fetch http://mirror.example/a/b/x.dsc 404 [IP: 192.0.2.1 80]')).toBe(
    'Failed to fetch x.dsc 404',
  )
  expect(withoutPlaces!('gcc: /home/me/bench/a.c:3: error')).toBe('gcc: a.c:3: error')
})

describe('a snippet', () => {
  const embedded = (name: string): object => ({
    name,
    role: 'embedded',
    origin: 'snippet',
    version: { kind: 'unknown' },
  })

  test.each([
    ['is found when it alone is embedded', [embedded('zlib')], true, []],
    ['is not found when a second component is embedded', [embedded('zlib'), embedded('expat')], false, ['expat']],
    ['is not found when it is only mentioned', [{ ...embedded('zlib'), role: 'mentioned' }], false, []],
    ['is found beside a linked component', [embedded('zlib'), { ...embedded('expat'), role: 'linked' }], true, []],
    ['is not found when nothing is reported', [], false, []],
  ])('%s', (_name, components, found, second) => {
    expect(judge!('zlib', components)).toMatchObject({ found, second })
  })

  test('has a right version when the true one is among those named', () => {
    const isTrue = (version: string): boolean => version === '1.2'
    expect(judgeVersion!({ kind: 'exact', version: '1.2' }, isTrue)).toBe('exact')
    expect(judgeVersion!({ kind: 'set', versions: ['1.1', '1.2'] }, isTrue)).toBe('set')
    expect(judgeVersion!({ kind: 'set', versions: ['1.1'] }, isTrue)).toBe('wrong')
    expect(judgeVersion!({ kind: 'unknown' }, isTrue)).toBe('unknown')
    expect(judgeVersion!(null, isTrue)).toBeNull()
  })
})

const row = (found: boolean, own: object, more: object = {}): object => ({
  set: 'files',
  library: 'zlib',
  snippet: 'inflate side',
  upstream: '1.3',
  compiler: 'gcc',
  level: '-O2',
  target: 0.5,
  found,
  named: found,
  second: [],
  origin: found ? 'snippet' : null,
  versionVerdict: found ? 'set' : null,
  own,
  ...more,
})

test('the ceiling counts programs with a fingerprint of their own, and the median all of them', () => {
  const rows = [row(true, { strings: 4, tables: 2 }), row(false, { tables: 1 }), row(false, {})]
  expect(summarise!(rows)).toMatchObject({
    programs: 3,
    found: 1,
    asSnippet: 1,
    ceiling: 2,
    medianOwn: 1,
    versionRight: 1,
  })
})

test('only snippets with a target count for the target of their library', () => {
  const rows = [row(true, {}), row(false, {}), row(false, {}, { target: null }), row(false, {}, { set: 'functions' })]
  expect(targets!(rows)).toMatchObject([{ library: 'zlib', programs: 2, found: 1, met: true }])
})

test('the tables have one cell for each column', () => {
  const markdown = toMarkdown!({
    command: 'npm run bench:snippets',
    tool: '0.0.0',
    database: 'abc',
    compilers: [],
    sources: [],
    missing: [],
    controls: [{ compiler: 'gcc', level: '-O2', claims: [] }],
    rows: [row(true, { strings: 1 }), row(false, {}, { level: '-O0' }), row(false, {}, { set: 'functions' })],
  }) as string
  expect(markdown).toContain('1 of 1 foreign programs')
  const widths = markdown.split('\n').map((line) => (line.startsWith('|') ? line.split('|').length : 0))
  widths.forEach((width, at) => {
    if (width > 0 && widths[at - 1]! > 0) expect(width).toBe(widths[at - 1])
  })
})

test('own fingerprints are those of one family, of units that are not vendored, and not of the foreign program', async () => {
  const components = ['expat', 'zlib', 'zlib-ng']
  const records = components.map((name) => ({
    name,
    family: name === 'expat' ? null : 'zlib',
    units: [{ vendored: false }, { vendored: true }],
  }))
  const columns = (rows: [query: number, component: number, unit: number, families: number][]): object => ({
    count: rows.length,
    queries: rows.map(([query]) => query),
    components: rows.map(([, component]) => component),
    units: rows.map(([, , unit]) => unit),
    families: rows.map(([, , , families]) => families),
  })
  const [expat, zlib, zlibNg] = [0, 1, 2]
  const strings = columns([
    [0, zlib, 0, 1],
    [0, zlibNg, 0, 1],
    [1, expat, 0, 1],
    [2, zlib, 1, 1],
    [3, zlib, 0, 2],
    [4, zlibNg, 0, 1],
    [5, zlib, 0, 1],
  ])
  const reader = {
    manifest: { components, features: { 1: 10, 6: 10 } },
    component: async (index: number) => records[index],
    lookup: async (kind: number) => (kind === 1 ? strings : columns([[6, zlib, 0, 1]])),
  }
  const prints = {
    count: 7,
    kinds: Uint8Array.of(1, 1, 1, 1, 1, 1, 6),
    high: Uint32Array.of(0, 1, 2, 3, 4, 5, 6),
    low: new Uint32Array(7),
  }
  expect(await ownFingerprints!(prints, reader, 'zlib', new Set(['1:5:0']))).toEqual({ strings: 2, tables: 1 })
})
