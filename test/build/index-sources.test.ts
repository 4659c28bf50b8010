import { describe, expect, test } from 'vitest'
import { indexTree } from '../../src/build/index-releases.ts'
import { pathRules } from '../../src/build/path-rules.ts'
import type { SourceTree } from '../../src/build/sources/tree.ts'
import { hashText } from '../../src/bytes/hash.ts'
import { FeatureKind } from '../../src/database/feature-kinds.ts'
import type { ComponentPrints, TemplateRecord } from '../../src/database/schema.ts'
import { entryOf, postingsOf, versionsOf } from './component.ts'

const PATTERNS = [{ pattern: '(^|/)third_party/[^/]+/', strength: 'strong' as const }]
const entry = entryOf('libfoo', { aliases: ['foo'] })
const rules = pathRules(entry, [entry.name, 'zlib'], PATTERNS)

function treeOf(files: Readonly<Record<string, string>>): SourceTree {
  return {
    files: Object.keys(files)
      .sort()
      .map((path) => ({ path, id: path })),
    skipped: [],
    async *blobs(ids) {
      for (const id of ids) yield { id, bytes: Buffer.from(files[id]!, 'latin1') }
    },
  }
}

/** The prints of version 1.2.3 made of the files. */
async function index(files: Readonly<Record<string, string>>): Promise<ComponentPrints> {
  const indexed = await indexTree(entry, rules, treeOf(files), { version: '1.2.3', provenance: 'test' })
  return indexed.prints
}

function templateOf(prints: ComponentPrints, text: string): TemplateRecord | undefined {
  const hash = hashText(text)
  return prints.templates.find(({ high, low }) => ((BigInt(high) << 32n) | BigInt(low)) === hash)
}

describe('what a file gives', () => {
  test('its literals and functions stand under its unit', async () => {
    const prints = await index({ 'src/inflate.c': 'int inflate(void) { return say("invalid block"); }' })
    expect(postingsOf(prints, prints.features[FeatureKind.String], 'invalid block')).toEqual(['inflate.c 1.2.3'])
    expect(postingsOf(prints, prints.features[FeatureKind.Symbol], 'inflate')).toEqual(['inflate.c 1.2.3'])
  })

  test('one literal in two files stands under both units', async () => {
    const prints = await index({ 'a/one.c': 'f("invalid block");', 'b/one.c': 'f("invalid block");' })
    expect(postingsOf(prints, prints.features[FeatureKind.String], 'invalid block')).toEqual([
      'a/one.c 1.2.3',
      'b/one.c 1.2.3',
    ])
  })

  test('a literal with NULs gives each of its strings', async () => {
    const prints = await index({ 'a.c': String.raw`char t[] = "first text\0second text\0";` })
    expect(postingsOf(prints, prints.features[FeatureKind.String], 'first text')).toHaveLength(1)
    expect(postingsOf(prints, prints.features[FeatureKind.String], 'second text')).toHaveLength(1)
  })

  test('tests are skipped', async () => {
    const prints = await index({ 'a.c': 'f("invalid block");', 'tests/b.c': 'f("test text");' })
    expect(postingsOf(prints, prints.features[FeatureKind.String], 'test text')).toEqual([])
  })

  test('code of others is vendored', async () => {
    const prints = await index({ 'a.c': 'f("own text");', 'third_party/zlib/b.c': 'f("foreign text");' })
    expect(postingsOf(prints, prints.features[FeatureKind.String], 'foreign text')).toEqual(['b.c vendored 1.2.3'])
  })

  test('a tree without sources is SOURCE_FAILED', async () => {
    await expect(index({ 'README.md': 'x' })).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
  })
})

describe('macros of the release', () => {
  test.each([
    ['a header', { 'foo.h': '#define FOO_VERSION "1.2.3"' }],
    [
      'parts of a version',
      {
        'foo.h':
          '#define STR(x) #x\n#define XSTR(x) STR(x)\n#define FOO_MAJOR 1\n#define FOO_MINOR 2\n#define FOO_PATCH 3\n#define FOO_VERSION XSTR(FOO_MAJOR) "." XSTR(FOO_MINOR) "." XSTR(FOO_PATCH)',
      },
    ],
    ['autoconf', { 'configure.ac': 'AC_INIT([foo],[1.2.3])\nAC_DEFINE([FOO_VERSION], ["1.2.3"])' }],
    [
      'CMake and a template',
      { 'CMakeLists.txt': 'project(foo VERSION 1.2.3)', 'foo.h.in': '#define FOO_VERSION "@PROJECT_VERSION@"' },
    ],
    ['the release itself, where the name is the component’s', {}],
  ] as readonly (readonly [string, Record<string, string>])[])('come from %s', async (_name, files) => {
    const prints = await index({ ...files, 'a.c': 'f("libfoo " FOO_VERSION " ready");' })
    expect(postingsOf(prints, prints.features[FeatureKind.String], 'libfoo 1.2.3 ready')).toEqual(['a.c 1.2.3'])
    expect(templateOf(prints, 'libfoo {V} ready')).toMatchObject({ selfNaming: true, head: false, headerOnly: false })
    expect(templateOf(prints, 'libfoo {V}…')).toMatchObject({ head: true })
  })

  test('the release stands for no version of another name', async () => {
    const prints = await index({ 'a.c': 'f("linked with libbar " BAR_VERSION);' })
    expect(prints.templates).toEqual([])
  })

  test('do not come from headers of others', async () => {
    const prints = await index({
      'a.c': 'f("text of " THEIR_NAME " here");',
      'third_party/zlib/zlib.h': '#define THEIR_NAME "zlib"',
    })
    expect(postingsOf(prints, prints.features[FeatureKind.String], 'text of zlib here')).toEqual([])
  })

  test('of the file itself come first', async () => {
    const prints = await index({
      'a.c': '#define NAME "own"\nf("name is " NAME);',
      'b.h': '#define NAME "other"',
    })
    expect(postingsOf(prints, prints.features[FeatureKind.String], 'name is own')).toEqual(['a.c 1.2.3'])
    expect(postingsOf(prints, prints.features[FeatureKind.String], 'name is other')).toEqual([])
  })

  test('a macro alone counts where it is used', async () => {
    const prints = await index({ 'a.c': 'return FOO_BANNER;', 'foo.h': '#define FOO_BANNER "libfoo 1.2.3"' })
    expect(postingsOf(prints, prints.features[FeatureKind.String], 'libfoo 1.2.3')).toEqual(['a.c 1.2.3'])
    expect(templateOf(prints, 'libfoo {V}')).toMatchObject({ headerOnly: true })
  })

  test('of a text whose end is unknown only the head counts', async () => {
    const prints = await index({ 'a.c': 'f("libfoo 1.2.3 built by " UNKNOWN_NAME " today");' })
    expect(prints.features[FeatureKind.String].high).toHaveLength(0)
    expect(prints.templates.map(({ head }) => head)).toEqual([true])
  })
})

test('a template agrees with the release whose version it captures', async () => {
  const prints = await index({ 'a.c': 'f("libfoo 1.2.3");', 'b.c': 'f("libbar 9.9");' })
  const agreeing = ['libfoo {V}', 'libbar {V}'].map((text) => versionsOf(prints, templateOf(prints, text)!.agreeing))
  expect(agreeing).toEqual(['1.2.3', ''])
})
