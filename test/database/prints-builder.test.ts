import { describe, expect, test } from 'vitest'
import { FeatureKind } from '../../src/database/feature-kinds.ts'
import { IntervalLists } from '../../src/database/interval-lists.ts'
import { PairTable } from '../../src/database/pair-table.ts'
import { PrintsBuilder } from '../../src/database/prints-builder.ts'
import { encodePrints } from '../../src/database/prints-file.ts'
import type { ComponentPrints } from '../../src/database/schema.ts'
import { addAll, additions, below, buildPrints, random, releaseList, shuffled } from './synthetic.ts'

const SIZE = { features: 400, units: 30, releases: 20 }

/** All postings as lines of text: `string 1234 unit.c own 0-3,5-7`. */
function lines(prints: ComponentPrints): string[] {
  const found: string[] = []
  const unitText = (unit: number) => `${prints.units[unit]!.path} ${prints.units[unit]!.vendored ? 'vendored' : 'own'}`
  const setText = (set: number) => prints.sets[set]!.join()
  const nameText = (name = 0) => (name === 0 ? '' : ` ${prints.functionNames[name - 1]}`)
  for (const [name, kind] of Object.entries(FeatureKind)) {
    const table = prints.features[kind]
    for (let i = 0; i < table.high.length; i++)
      for (let p = table.starts[i]!; p < table.starts[i + 1]!; p++)
        found.push(
          `${name} ${table.high[i]} ${table.low[i]} ${unitText(table.units[p]!)} ${setText(table.sets[p]!)}${nameText(table.names?.[p])}`,
        )
  }
  for (const { sha256, buildId, arch, release, name } of prints.files)
    found.push(`file ${sha256} ${buildId} ${arch} ${release} ${name}`)
  for (const t of prints.templates)
    found.push(
      `template ${t.high} ${t.low} ${unitText(t.unit)} ${setText(t.seen)} of which ${setText(t.agreeing)} ${t.selfNaming} ${t.head} ${t.headerOnly}`,
    )
  return found
}

describe('interval lists', () => {
  test('additions and removals in any order leave the intervals of the set', () => {
    for (let seed = 0; seed < 200; seed++) {
      const next = random(seed)
      const lists = new IntervalLists()
      lists.ensure(1)
      const model = new Set<number>()
      for (let step = 0; step < 60; step++) {
        const release = below(next, 16)
        if (below(next, 3) > 0) {
          lists.add(0, release)
          model.add(release)
        } else {
          lists.remove(0, release)
          model.delete(release)
        }
      }
      const expanded: number[] = []
      const intervals = lists.intervals(0)
      for (let i = 0; i < intervals.length; i += 2) {
        for (let r = intervals[i]!; r <= intervals[i + 1]!; r++) expanded.push(r)
        if (i > 0) expect(intervals[i]!).toBeGreaterThan(intervals[i - 1]! + 1)
      }
      expect(expanded).toEqual([...model].sort((a, b) => a - b))
    }
  })
})

test('a pair keeps its number while the table grows', () => {
  const table = new PairTable()
  const next = random(7)
  const pairs = Array.from({ length: 20_000 }, (_, i) => [i < 10_000 ? i : next(), i % 3 === 0 ? i : next()] as const)
  const numbers = pairs.map(([a, b]) => table.intern(a, b))
  expect(pairs.map(([a, b]) => table.intern(a, b))).toEqual(numbers)
  expect(numbers.map((n) => [table.firstAt(n), table.secondAt(n)])).toEqual(pairs)
})

describe('prints builder', () => {
  test('additions in any order give the same prints', () => {
    const list = additions(1, SIZE)
    const releases = releaseList(SIZE.releases)
    const inOrder = buildPrints(list, releases)
    for (let seed = 0; seed < 5; seed++) expect(buildPrints(shuffled(list, random(seed)), releases)).toEqual(inOrder)
  })

  test('every sighting is in the prints, and nothing else', () => {
    const builder = new PrintsBuilder('zlib', releaseList(6))
    const hash = builder.internHash(0xdead_beef_0000_0001n)
    const unit = builder.internUnit('inflate.c', false)
    const copy = builder.internUnit('inflate.c', true)
    for (const release of [0, 1, 2, 4]) builder.addFeature(FeatureKind.String, hash, unit, release)
    builder.addFeature(FeatureKind.String, hash, copy, 5)
    builder.addFeature(FeatureKind.Symbol, hash, unit, 3)
    builder.addTemplate(hash, unit, 1, { agrees: true, selfNaming: true, head: false, headerOnly: true })
    builder.addTemplate(hash, unit, 2, { agrees: false, selfNaming: true, head: false, headerOnly: false })
    expect(lines(builder.finish())).toEqual([
      'String 3735928559 1 inflate.c own 0,2,4,4',
      'String 3735928559 1 inflate.c vendored 5,5',
      'Symbol 3735928559 1 inflate.c own 3,3',
      'template 3735928559 1 inflate.c own 1,2 of which 1,1 true false false',
    ])
  })

  test('a stored component reopened without additions stays the same', () => {
    const prints = buildPrints(additions(2, SIZE), releaseList(SIZE.releases))
    expect(PrintsBuilder.from(prints, prints.releases).finish()).toEqual(prints)
  })

  test.each([0, 7, 19])('release %i added later gives the same bytes as adding all at once', (late) => {
    const list = additions(3, SIZE)
    const releases = releaseList(SIZE.releases)
    const without = releases.filter((_, i) => i !== late)
    const first = new PrintsBuilder('synthetic', without)
    const place = (release: number) => (release > late ? release - 1 : release)
    addAll(
      first,
      list.filter(({ release }) => release !== late),
      place,
    )
    const again = PrintsBuilder.from(first.finish(), releases)
    addAll(
      again,
      list.filter(({ release }) => release === late),
    )
    expect(lines(again.finish())).toEqual(lines(buildPrints(list, releases)))
    expect(encodePrints(again.finish())).toEqual(encodePrints(buildPrints(list, releases)))
  })

  test('a release added again loses what it had before', () => {
    const releases = releaseList(SIZE.releases)
    const wrong = additions(4, SIZE)
    const right = [
      ...wrong.filter(({ release }) => release !== 5),
      ...additions(5, SIZE).filter(({ release }) => release === 5),
    ]
    const builder = PrintsBuilder.from(buildPrints(wrong, releases), releases)
    addAll(
      builder,
      right.filter(({ release }) => release === 5),
    )
    expect(lines(builder.finish()).sort()).toEqual(lines(buildPrints(right, releases)).sort())
  })

  test('a release begun again without additions is empty', () => {
    const releases = releaseList(SIZE.releases)
    const list = additions(6, SIZE)
    const builder = PrintsBuilder.from(buildPrints(list, releases), releases)
    builder.beginRelease(5)
    const rest = list.filter(({ release }) => release !== 5)
    // Flags are joined over all releases and are not forgotten with one of them.
    const withoutFlags = (prints: ComponentPrints) => lines(prints).map((line) => line.replace(/ (true|false)/g, ''))
    expect(withoutFlags(builder.finish())).toEqual(withoutFlags(buildPrints(rest, releases)))
  })

  test('releases that left the list take their features with them', () => {
    const releases = releaseList(4)
    const builder = new PrintsBuilder('zlib', releases)
    const unit = builder.internUnit('a.c', false)
    builder.addFeature(FeatureKind.String, builder.internHash(1n), unit, 1)
    for (const release of [0, 1, 2]) builder.addFeature(FeatureKind.String, builder.internHash(2n), unit, release)
    const kept = [releases[3]!, releases[2]!, releases[0]!]
    const moved = PrintsBuilder.from(builder.finish(), kept).finish()
    expect(lines(moved)).toEqual(['String 0 2 a.c own 1,2'])
  })

  test.each([
    ['a release twice', () => new PrintsBuilder('x', [...releaseList(2), ...releaseList(1)])],
    ['an unknown hash', () => new PrintsBuilder('x', releaseList(1)).addFeature(FeatureKind.String, 0, 0, 0)],
    [
      'a file without a hash',
      () =>
        new PrintsBuilder('x', releaseList(1)).addFile({
          sha256: 'abc',
          buildId: null,
          arch: 'arm',
          release: 0,
          name: 'x',
        }),
    ],
    [
      'an unknown release',
      () => {
        const builder = new PrintsBuilder('x', releaseList(1))
        builder.addFeature(FeatureKind.String, builder.internHash(1n), builder.internUnit('a.c', false), 1)
      },
    ],
  ])('%s is a mistake of the caller', (_, run) => {
    expect(run).toThrow(TypeError)
  })

  test('of several names of one function the first by text stands, whatever the order', () => {
    for (const names of [
      ['inflate', 'adler', ''],
      ['adler', undefined, 'inflate'],
    ]) {
      const builder = new PrintsBuilder('zlib', releaseList(3))
      const unit = builder.internUnit('a.c', false)
      names.forEach((name, release) => {
        builder.addFeature(FeatureKind.Function, builder.internHash(7n), unit, release, name)
        builder.addFeature(FeatureKind.Mnemonics, builder.internHash(7n), unit, release, name)
      })
      const prints = builder.finish()
      expect(prints.functionNames).toEqual(['adler'])
      expect(prints.features[FeatureKind.Function].names).toEqual(Uint32Array.of(1))
      expect(prints.features[FeatureKind.Mnemonics].names).toBeUndefined()
    }
  })

  test('a name of any length is cut to what is stored, and never within a character', () => {
    const builder = new PrintsBuilder('zlib', releaseList(1))
    const unit = builder.internUnit('a.cc', false)
    builder.addFeature(FeatureKind.Function, builder.internHash(7n), unit, 0, `${'x'.repeat(511)}\u{1f98a}`)
    expect(builder.finish().functionNames).toEqual(['x'.repeat(511)])
  })

  test('files of a release begun again, or dropped, go with it', () => {
    const releases = releaseList(3)
    const builder = new PrintsBuilder('zlib', releases)
    const file = (release: number) => ({
      sha256: String(release).repeat(64),
      buildId: null,
      arch: 'arm',
      release,
      name: 'libz.so',
    })
    for (const release of [0, 1, 2]) builder.addFile(file(release))
    const again = PrintsBuilder.from(builder.finish(), [releases[2]!, releases[1]!])
    again.beginRelease(1)
    expect(again.finish().files).toEqual([{ ...file(2), release: 0 }])
  })

  test('a file that is there twice in a release is stored once, under the first of its names', () => {
    const builder = new PrintsBuilder('zlib', releaseList(1))
    const file = { sha256: 'ab'.repeat(32), buildId: 'c0ffee', arch: 'arm', release: 0 }
    for (const name of ['libz.so.1', 'libz.so', 'libz.so.1']) builder.addFile({ ...file, name })
    expect(builder.finish().files).toEqual([{ ...file, name: 'libz.so' }])
  })

  test('three million additions take seconds, not minutes', () => {
    const builder = new PrintsBuilder('large', releaseList(100))
    const next = random(9)
    const units = Array.from({ length: 500 }, (_, i) => builder.internUnit(`${i}.c`, false))
    const hashes = Array.from({ length: 30_000 }, () => builder.internHalves(next(), next()))
    const started = performance.now()
    for (let release = 0; release < 100; release++)
      for (let i = 0; i < hashes.length; i++)
        builder.addFeature(FeatureKind.String, hashes[i]!, units[i % 500]!, release)
    expect(builder.finish().features[FeatureKind.String].units.length).toBe(30_000)
    expect(performance.now() - started).toBeLessThan(15_000)
  })
})
