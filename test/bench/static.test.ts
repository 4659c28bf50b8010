import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { FeatureKind } from '../../src/database/feature-kinds.ts'
import { PrintsBuilder } from '../../src/database/prints-builder.ts'
import { decodePrints, encodePrints } from '../../src/database/prints-file.ts'
import { sameRelease } from '../../src/versions/same.ts'
import { workDirectory } from '../fixtures/compile.ts'

const load = (name: string) => import(new URL(`../../bench/static/${name}`, import.meta.url).href)
const { withoutVersions } = await load('blind.mjs')
const { toSvg } = await load('chart.mjs')
const { LIBRARIES, ownerOf } = await load('libraries.mjs')
const { bytesByArchive, bytesByArchiveOfLld } = await load('link-map.mjs')
const { drawRoots } = await load('programs.mjs')
const { summarise } = await load('score.mjs')
const { databaseWithout } = await load('database.mjs')

const work = workDirectory()
afterAll(() => work.remove())

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))

describe('a blind program', () => {
  test('has no version in its data, is as long, and is another copy', () => {
    const program = bytes('\0deflate 1.2.13 Copyright\0OpenSSL 3_0_20\x001.1.1w\0end')
    const blind = withoutVersions(program, [{ role: 'data', offset: 0, size: program.length }])
    expect(Buffer.from(blind).toString('latin1')).toBe('\0deflate ###### Copyright\0OpenSSL ######\0######\0end')
    expect(program).toEqual(bytes('\0deflate 1.2.13 Copyright\0OpenSSL 3_0_20\x001.1.1w\0end'))
  })

  test('keeps its code', () => {
    const program = bytes('1.2.3|1.2.3')
    const sections = [
      { role: 'code', offset: 0, size: 5 },
      { role: 'mixed', offset: 6, size: 5 },
    ]
    expect(Buffer.from(withoutVersions(program, sections)).toString('latin1')).toBe('1.2.3|#####')
  })
})

describe('the map of a linker', () => {
  test('of GNU ld: what is in the program counts, also under a long name, and what was discarded does not', () => {
    const map = [
      'Discarded input sections',
      ' .text          0x0000000000000000       0x99 /x/libz.a(adler32.o)',
      'Linker script and memory map',
      ' .text          0x0000000000001139       0x10 /x/libz.a(inflate.o)',
      ' .rodata.cst16_of_a_long_name',
      '                0x0000000000002000       0x20 /x/libz.a(inflate.o)',
      ' .text.gone     0x0000000000000000       0x40 /x/libz.a(inflate.o)',
      ' .debug_info    0x0000000000003000       0x40 /x/libz.a(inflate.o)',
      ' .text          0x0000000000001200        0x8 /tmp/main.o',
      ' .data          0x0000000000004000        0x1 /y/libpng16.a(png.o)',
    ].join('\n')
    expect([...bytesByArchive(map)]).toEqual([
      ['libz.a', 0x30],
      ['libpng16.a', 1],
    ])
  })

  test('of lld', () => {
    const map = [
      '             VMA              LMA     Size Align Out     In      Symbol',
      '            1000             1000       1c    16         /x/libz.a(inflate.o):(.text)',
      '            1000             1000       1c     1                 inflate',
      '            2000             2000        4     1         /x/libz.a(inflate.o):(.rodata.str1.1)',
      '            3000             3000        9     1         <internal>:(.comment)',
    ].join('\n')
    expect([...bytesByArchiveOfLld(map)]).toEqual([['libz.a', 0x20]])
  })
})

test('roots are drawn by the seed alone, whatever the order of the names', () => {
  const names = Array.from({ length: 40 }, (_, i) => `call_${i}`)
  expect(drawRoots(names, 'a')).toEqual(drawRoots([...names].reverse(), 'a'))
  expect(drawRoots(names, 'a')).not.toEqual(drawRoots(names, 'b'))
  expect(drawRoots([...names, ...names], 'a')).toHaveLength(6)
})

test('archives have one row each, and an owner also where another row brings them along', () => {
  const archives = LIBRARIES.map(({ archive }: { archive: string }) => archive)
  expect(new Set(archives).size).toBe(archives.length)
  for (const { component, archive, uses } of LIBRARIES) {
    expect(ownerOf(archive)).toBe(component)
    for (const used of uses) expect(ownerOf(used), used).toBeDefined()
  }
  expect(ownerOf('libc.a')).toBeUndefined()
})

test('shares are of what is labelled, and a set counts that says "or newer" rightly', () => {
  const pair = { component: 'a', truth: ['1'], said: '' }
  const figures = summarise([
    { ...pair, outcome: 'found', version: 'right', setSize: 1 },
    { ...pair, outcome: 'found', version: 'newerThanSet', setSize: 3 },
    { ...pair, outcome: 'found', version: 'wrong', setSize: 1 },
    { ...pair, outcome: 'missed', version: 'unknown', setSize: 0 },
    { ...pair, outcome: 'false', version: 'unlabelled', setSize: 9 },
  ])
  expect(figures).toEqual({ labelled: 4, found: 3, right: 2, exact: 1, wrong: 1, medianSet: 2, false: 1 })
})

test('a database loses the builds of tested versions, and keeps their sources and all else', () => {
  const release = (version: string, origin: 'source' | 'built') => ({ version, origin, provenance: 'test' })
  const releases = [release('1', 'source'), release('1', 'built'), release('2', 'source'), release('2', 'built')]
  const builder = new PrintsBuilder('heron', releases)
  releases.forEach((_, i) => {
    const hash = builder.internHash(BigInt(i + 1))
    builder.addFeature(FeatureKind.String, hash, builder.internUnit('heron.c', false), i)
  })
  builder.addFile({ sha256: 'ab'.repeat(32), buildId: null, arch: 'arm', release: 3, name: 'libheron.so.2' })
  const from = join(work.path, 'from')
  mkdirSync(join(from, 'prints'), { recursive: true })
  for (const name of ['heron', 'stork'])
    writeFileSync(join(from, 'prints', `${name}.bpf`), encodePrints({ ...builder.finish(), name }))
  const { directory, left } = databaseWithout(new Map([['heron', ['2.0']]]), {
    from,
    directory: join(work.path, 'without'),
    modules: { decodePrints, encodePrints, PrintsBuilder, sameRelease },
  })
  expect(left).toEqual(['heron 2'])
  const prints = decodePrints(readFileSync(join(directory, 'prints', 'heron.bpf')))
  expect(prints.releases.map(({ version, origin }) => `${version} ${origin}`)).toEqual([
    '1 source',
    '1 built',
    '2 source',
  ])
  expect([...prints.features[FeatureKind.String].low]).toEqual([1, 2, 3])
  expect(prints.files).toEqual([])
  expect(decodePrints(readFileSync(join(directory, 'prints', 'stork.bpf'))).releases).toHaveLength(4)
})

test('the chart has a bar for each tool with and without version texts', () => {
  const none = { plain: [], blind: [] }
  const svg = toSvg({ ours: none, peer: none, programs: 1, rows: 1 })
  expect(svg.match(/text-anchor="end"/g)).toHaveLength(4)
  expect([svg.startsWith('<svg '), svg.endsWith('</svg>\n')]).toEqual([true, true])
})
