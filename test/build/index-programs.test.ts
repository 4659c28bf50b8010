import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { indexBuilt } from '../../src/build/index-programs.ts'
import { FeatureKind } from '../../src/database/feature-kinds.ts'
import { PrintsBuilder } from '../../src/database/prints-builder.ts'
import type { ComponentPrints } from '../../src/database/schema.ts'
import { buildAr } from '../fixtures/ar.ts'
import { workDirectory } from '../fixtures/compile.ts'
import { buildDeb } from '../fixtures/deb.ts'
import { elfProgram, peProgram } from '../fixtures/programs.ts'
import { entryOf, postingsOf, printsOf, sourceReleases } from './component.ts'

const entry = entryOf('foo')
const SOURCES = printsOf('foo', {
  'inflate.c': ['need dictionary'],
  'a/util.c': ['first helper text'],
  'b/util.c': ['second helper text'],
  '!deps/bar.c': ['text of another project'],
})
const ARCHIVE = buildAr([
  {
    name: 'inflate.o',
    bytes: elfProgram({ strings: ['need dictionary', 'built on Monday'], symbols: ['inflateInit'] }),
  },
  { name: 'libfoo_la-util.o', bytes: elfProgram({ strings: ['second helper text', 'more of the second'] }) },
  { name: 'unknown.o', bytes: elfProgram({ strings: ['text of nobody', 'text of another project'] }) },
])
const LIBRARY = elfProgram({ strings: ['need dictionary', 'only in the library'], symbols: ['inflateInit'] })

let work: ReturnType<typeof workDirectory>
beforeAll(() => {
  work = workDirectory()
})
afterAll(() => work.remove())

function file(name: string, bytes: Uint8Array): string {
  const path = join(work.path, name)
  writeFileSync(path, bytes)
  return path
}

async function built(inputs: readonly string[], previous?: ComponentPrints, version = '1'): Promise<ComponentPrints> {
  const options = previous === undefined ? {} : { previous }
  return (await indexBuilt(entry, [{ version, inputs }], options)).prints
}

describe('the unit of an archive member', () => {
  test('is the source that has its name', async () => {
    const prints = await built([file('libfoo.a', ARCHIVE)], SOURCES)
    expect(postingsOf(prints, prints.features[FeatureKind.String], 'built on Monday').map(unitOf)).toEqual([
      'inflate.c',
    ])
  })

  test('is that of several sources of its name which shares most strings with it', async () => {
    const prints = await built([file('libfoo.a', ARCHIVE)], SOURCES)
    expect(postingsOf(prints, prints.features[FeatureKind.String], 'more of the second').map(unitOf)).toEqual([
      'b/util.c',
    ])
  })

  test('is the member itself where no source has its name', async () => {
    const prints = await built([file('libfoo.a', ARCHIVE)], SOURCES)
    expect(postingsOf(prints, prints.features[FeatureKind.String], 'text of nobody').map(unitOf)).toEqual(['unknown.o'])
  })
})

describe('a shared library', () => {
  test('is one unit, named without the version behind .so', async () => {
    const prints = await built([file('libfoo.so.1.2.3', LIBRARY)])
    expect(prints.units.map(({ path }) => path)).toEqual(['libfoo.so'])
  })

  test('keeps for its own unit only what no archive member of the release has', async () => {
    const prints = await built([file('libfoo.so.1', LIBRARY), file('libfoo.a', ARCHIVE)], SOURCES)
    expect([
      postingsOf(prints, prints.features[FeatureKind.String], 'only in the library').map(unitOf),
      postingsOf(prints, prints.features[FeatureKind.String], 'need dictionary').map(unitOf),
      postingsOf(prints, prints.features[FeatureKind.Symbol], 'inflateInit').map(unitOf),
    ]).toEqual([['libfoo.so'], ['inflate.c'], ['inflate.c']])
  })

  test('of Windows is read as well', async () => {
    const prints = await built([
      file('foo1.dll', peProgram({ strings: ['only on Windows'], symbols: ['inflateInit'] })),
    ])
    expect(postingsOf(prints, prints.features[FeatureKind.String], 'only on Windows').map(unitOf)).toEqual(['foo1.dll'])
  })
})

test('text that the sources hold in copies of other projects only is left out', async () => {
  const prints = await built([file('libfoo.a', ARCHIVE)], SOURCES)
  expect(postingsOf(prints, prints.features[FeatureKind.String], 'text of another project')).toEqual([
    'deps/bar.c vendored 1',
  ])
})

test('several inputs are one release, in whatever order', async () => {
  const inputs = [file('a.so', elfProgram({ strings: ['text of amd64'] })), file('b.so', LIBRARY)]
  const prints = await built(inputs)
  expect(prints.releases.map(({ version, origin }) => `${version} ${origin}`)).toEqual(['1 built'])
  expect(await built(inputs.reverse())).toEqual(prints)
})

test('the source release of a version stands before the built one', async () => {
  const prints = await built([file('libfoo.a', ARCHIVE)], SOURCES)
  expect(prints.releases.map(({ version, origin }) => `${version} ${origin}`)).toEqual(['1 source', '1 built'])
})

test('imports are no features, and neither are labels of the compiler', async () => {
  const library = elfProgram({ strings: [], symbols: ['inflateInit', '__func__.3'] })
  const prints = await built([file('libfoo.so', library)])
  expect(prints.features[FeatureKind.Symbol].high.length).toBe(1)
})

describe('a template', () => {
  const banner = (version: string): Uint8Array => elfProgram({ strings: [`libfoo ${version} built for you`] })

  test('agrees when its token is the upstream version', async () => {
    const prints = await built([file('libfoo.so', banner('1.2.3'))], undefined, '1.2.3')
    expect(prints.templates.map(({ agreeing }) => prints.sets[agreeing])).toEqual([
      [0, 0],
      [0, 0],
    ])
  })

  test('that agrees in no release is left out', async () => {
    const prints = await built([file('libfoo.so', banner('7.8'))], undefined, '1.2.3')
    expect(prints.templates).toEqual([])
  })

  test('that agrees in another release is remembered where it disagrees', async () => {
    const releases = [
      { version: '1.2.3', inputs: [file('libfoo.so', banner('1.2.3'))] },
      { version: '1.2.4', inputs: [file('libfoo.so.1', banner('7.8'))] },
    ]
    const { prints } = await indexBuilt(entry, releases)
    expect(prints.templates.map(({ seen }) => prints.sets[seen])).toEqual([
      [0, 1],
      [0, 1],
    ])
  })

  test('is of a header when a public header in the package spells it', async () => {
    const header = '#define FOO_TEXT "libfoo 1.2.3 built for you"\n'
    const deb = buildDeb({
      files: { 'usr/lib/libfoo.so.1': banner('1.2.3'), 'usr/include/foo.h': Buffer.from(header) },
    })
    const prints = await built([file('libfoo.deb', deb)], undefined, '1.2.3')
    expect(prints.templates.filter(({ head }) => !head).map(({ headerOnly }) => headerOnly)).toEqual([true])
  })

  test('is of a header when a source release spells it there, and built releases before it have it', async () => {
    const [text] = (await built([file('libfoo.so', banner('1.2.3'))], undefined, '1.2.3')).templates
    const releases = [{ version: '1.2.3', origin: 'built' as const, provenance: 'test' }, ...sourceReleases('1.2.4')]
    const builder = new PrintsBuilder('foo', releases)
    const [hash, unit] = [builder.internHalves(text!.high, text!.low), builder.internUnit('foo.h', false)]
    const { selfNaming, head } = text!
    for (const release of [0, 1])
      builder.addTemplate(hash, unit, release, { agrees: true, selfNaming, head, headerOnly: true })
    const prints = await built([file('libfoo.so', banner('1.2.5'))], builder.finish(), '1.2.5')
    const sighted = prints.templates.filter(({ high, low }) => high === text!.high && low === text!.low)
    expect(sighted.map(({ unit, headerOnly }) => [prints.units[unit]!.path, headerOnly])).toEqual([
      ['foo.h', true],
      ['libfoo.so', true],
    ])
  })
})

describe('a package', () => {
  const deb = buildDeb({
    files: { 'usr/lib/libfoo.so.1': LIBRARY, 'usr/bin/foo': elfProgram({ strings: ['text of a program'] }) },
  })

  test('gives its libraries and not its programs', async () => {
    const prints = await built([file('libfoo.deb', deb)])
    expect(prints.units.map(({ path }) => path)).toEqual(['libfoo.so'])
  })

  test('gives no file that is excluded by its sha256', async () => {
    const release = { version: '1', inputs: [file('libfoo.deb', deb)] }
    await expect(indexBuilt(entry, [release], { accept: () => false })).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
  })
})

test('a damaged input is named and the others count', async () => {
  const inputs = [file('broken.so', LIBRARY.subarray(0, 40)), file('libfoo.so', LIBRARY)]
  const indexed = await indexBuilt(entry, [{ version: '1', inputs }])
  expect([indexed.skipped.length, indexed.prints.units.length]).toEqual([1, 1])
})

function unitOf(posting: string): string {
  return posting.replace(/ [^ ]*$/, '')
}
