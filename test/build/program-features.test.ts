import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { indexBuilt } from '../../src/build/index-programs.ts'
import { hashText } from '../../src/bytes/hash.ts'
import { FeatureKind } from '../../src/database/feature-kinds.ts'
import { PrintsBuilder } from '../../src/database/prints-builder.ts'
import type { ComponentPrints } from '../../src/database/schema.ts'
import { buildAr } from '../fixtures/ar.ts'
import { compile, hasCompiler, hasProgram, workDirectory } from '../fixtures/compile.ts'
import { entryOf, printsOf, sourceReleases } from './component.ts'

const entry = entryOf('foo')
let work: ReturnType<typeof workDirectory>
beforeAll(() => {
  work = workDirectory()
})
afterAll(() => work.remove())

function path(name: string): string {
  return join(work.path, name)
}

/** An archive with the fixture compiled as one of its members. */
function archive(name: string, member: string, target: 'host' | 'windows' = 'host'): string {
  const object = compile(target, 'engine.c', path(`${name}.o`), ['-c', '-O2'])
  writeFileSync(path(name), buildAr([{ name: member, bytes: readFileSync(object) }]))
  return path(name)
}

async function built(inputs: readonly string[], previous?: ComponentPrints): Promise<ComponentPrints> {
  return (await indexBuilt(entry, [{ version: '1', inputs }], previous === undefined ? {} : { previous })).prints
}

/** Prints of sources, of which one file defines `engine_run`. */
function definedIn(source: string): ComponentPrints {
  const builder = new PrintsBuilder('foo', sourceReleases('1'))
  builder.addFeature(FeatureKind.String, builder.internHash(1n), builder.internUnit('other.c', false), 0)
  const name = builder.internHash(hashText('engine_run'))
  builder.addFeature(FeatureKind.Symbol, name, builder.internUnit(source, false), 0)
  return builder.finish()
}

/** `unit name` of each posting of a function, or `unit` for other kinds, distinct and sorted. */
function places(prints: ComponentPrints, kind: FeatureKind): string[] {
  const { units, names } = prints.features[kind]
  const all = Array.from(units, (unit, p) => {
    const name = names === undefined || names[p] === 0 ? '' : ` ${prints.functionNames[names[p]! - 1]}`
    return `${prints.units[unit]!.path}${name}`
  })
  return [...new Set(all)].sort()
}

describe.runIf(hasCompiler('host'))('an archive member', () => {
  test('gives its functions with their names, and its tables and rare constants', async () => {
    const prints = await built([archive('liba.a', 'engine.o')])
    expect(places(prints, FeatureKind.Function)).toEqual(['engine.o engine_mix', 'engine.o engine_run'])
    for (const kind of [FeatureKind.Mnemonics, FeatureKind.Table, FeatureKind.Immediate])
      expect(places(prints, kind)).toEqual(['engine.o'])
  })

  test('gives them to its source file', async () => {
    const sources = printsOf('foo', { 'lib/engine.c': ['text'] })
    const prints = await built([archive('libb.a', 'engine.o')], sources)
    expect(places(prints, FeatureKind.Function)).toEqual(['lib/engine.c engine_mix', 'lib/engine.c engine_run'])
    expect(places(prints, FeatureKind.Table)).toEqual(['lib/engine.c'])
  })
})

describe.runIf(hasCompiler('host'))('a member without a known source', () => {
  const vendored = [{ path: 'lib/common/engine.*', owner: null }]

  test.each([
    ['engine.o', true],
    ['libfoo_la-engine.o', true],
    ['engines.o', false],
  ])('%s is another project’s where the catalog says so of a file of its name: %s', async (member, expected) => {
    const options = { previous: printsOf('foo', { 'lib/other.c': ['text'] }) }
    const release = { version: '1', inputs: [archive(`${member}.a`, member)] }
    const { prints } = await indexBuilt({ ...entry, vendored }, [release], options)
    expect(prints.units.find(({ path }) => path === member)?.vendored).toBe(expected)
  })
})

describe.runIf(hasCompiler('host'))('a shared library', () => {
  test('gives to its own unit only what no archive member has', async () => {
    const object = compile('host', 'engine.c', path('shared.o'), ['-c', '-O2', '-fPIC'])
    const library = path('libc.so.1')
    execFileSync('gcc', ['-shared', '-nostdlib', object, '-o', library])
    writeFileSync(path('libc.a'), buildAr([{ name: 'engine.o', bytes: readFileSync(object) }]))
    const alone = await built([library])
    expect(places(alone, FeatureKind.Function)).toContain('libc.so engine_run')
    const both = await built([library, path('libc.a')])
    expect(places(both, FeatureKind.Function).filter((place) => place.includes('engine'))).toEqual([
      'engine.o engine_mix',
      'engine.o engine_run',
    ])
  })

  test('gives a function to the only source file that defines one of its name', async () => {
    const library = compile('host', 'engine.c', path('libd.so'), ['-shared', '-fPIC', '-O2', '-nostdlib'])
    const prints = await built([library], definedIn('core/engine_core.c'))
    expect(places(prints, FeatureKind.Function)).toEqual(['core/engine_core.c engine_run'])
  })

  test('gives no tables where the sources are known: whoever was linked into it may have brought them', async () => {
    const library = compile('host', 'engine.c', path('libt.so'), ['-shared', '-fPIC', '-O2', '-nostdlib'])
    expect(places(await built([library]), FeatureKind.Table)).toEqual(['libt.so'])
    expect(places(await built([library], definedIn('core/engine_core.c')), FeatureKind.Table)).toEqual([])
  })

  test('is known by its sha256, build-id and architecture', async () => {
    const library = compile('host', 'engine.c', path('libe.so.1.2'), [
      '-shared',
      '-fPIC',
      '-nostdlib',
      '-Wl,--build-id=0x0123456789abcdef',
    ])
    const prints = await built([library])
    const { name, buildId, arch, release, sha256 } = prints.files[0]!
    expect([prints.files.length, name, buildId, release]).toEqual([1, 'libe.so.1.2', '0123456789abcdef', 0])
    expect(arch).toBe(process.arch === 'x64' ? 'x86_64' : arch)
    expect(sha256).toMatch(/^[0-9a-f]{64}$/)
  })
})

describe.runIf(hasCompiler('windows') && hasProgram('x86_64-w64-mingw32-dlltool'))('of Windows,', () => {
  test('objects give functions with their names', async () => {
    const prints = await built([archive('libf.a', 'engine.o', 'windows')])
    expect(places(prints, FeatureKind.Function)).toEqual(['engine.o engine_mix', 'engine.o engine_run'])
  })

  test('the stubs of import libraries give nothing', async () => {
    const object = compile('windows', 'engine.c', path('g.o'), ['-c', '-O2'])
    execFileSync('x86_64-w64-mingw32-gcc', [
      '-shared',
      '-nostdlib',
      '-Wl,--entry=0',
      object,
      '-o',
      path('g.dll'),
      `-Wl,--out-implib,${path('libg.dll.a')}`,
    ])
    const prints = await built([path('libg.dll.a'), archive('libg.a', 'engine.o', 'windows')])
    expect(prints.units.map((unit) => unit.path)).toEqual(['engine.o'])
  })

  test('a library gives of its code what the sources define, as its compiler’s runtime is in it', async () => {
    const library = compile('windows', 'engine.c', path('h.dll'), ['-shared', '-O2'])
    const prints = await built([library], definedIn('engine.c'))
    expect(places(prints, FeatureKind.Function)).toEqual(['engine.c engine_run'])
    expect(places(prints, FeatureKind.Table)).toEqual([])
  })
})
