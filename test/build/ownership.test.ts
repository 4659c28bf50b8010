import { describe, expect, test } from 'vitest'
import { mergeFeatures } from '../../src/build/merge.ts'
import { findVendoredUnits } from '../../src/build/ownership.ts'
import { hashText } from '../../src/bytes/hash.ts'
import { FeatureKind } from '../../src/database/feature-kinds.ts'
import { PrintsBuilder } from '../../src/database/prints-builder.ts'
import { printsOf, sourceReleases, type Units } from './component.ts'

interface Carrier {
  readonly units: Units
  readonly family?: string
}

/** The vendored units of all components, as `component/path`. */
function vendored(components: Readonly<Record<string, Carrier>>): string[] {
  const all = Object.entries(components).map(([name, { units, family = name }]) => ({
    prints: printsOf(name, units),
    family,
  }))
  const flags = findVendoredUnits(all, mergeFeatures(all.map(({ prints }) => prints.features[FeatureKind.String])))
  return all.flatMap(({ prints }, c) =>
    prints.units.flatMap(({ path }, unit) => (flags[c]![unit] === 1 ? [`${prints.name}/${path}`] : [])),
  )
}

const texts = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix} text ${i}`)
const zlib = { units: { 'inflate.c': texts('inflate', 4), 'deflate.c': texts('deflate', 4) } }
const own = texts('own', 30)

describe('a unit is a copy', () => {
  test('in the component of which it is the smaller part', () => {
    expect(vendored({ zlib, rocks: { units: { 'db.c': own, 'util/inflate.c': texts('inflate', 4) } } })).toEqual([
      'rocks/util/inflate.c',
    ])
  })

  test('whichever of the two comes first', () => {
    expect(vendored({ aaa: { units: { 'db.c': own, 'inflate.c': texts('inflate', 4) } }, zlib })).toEqual([
      'aaa/inflate.c',
    ])
  })

  test('when its file has another extension, in any letter case', () => {
    expect(vendored({ zlib, rocks: { units: { 'db.c': own, 'Inflate.cc': texts('inflate', 4) } } })).toEqual([
      'rocks/Inflate.cc',
    ])
  })

  test('with half of its strings in common', () => {
    const units = { 'db.c': own, 'inflate.c': [...texts('inflate', 4), ...texts('patch', 4)] }
    expect(vendored({ zlib, rocks: { units } })).toEqual(['rocks/inflate.c'])
  })

  test('when its path says so, whatever it holds', () => {
    expect(vendored({ zlib, rocks: { units: { '!third_party/foo/foo.c': texts('foo', 2) } } })).toEqual([
      'rocks/third_party/foo/foo.c',
    ])
  })
})

describe('a unit is no copy', () => {
  test.each<[string, Carrier]>([
    [
      'with less than half of its strings in common',
      { units: { 'db.c': own, 'inflate.c': [...texts('inflate', 4), ...texts('new', 5)] } },
    ],
    ['with two strings in common', { units: { 'db.c': own, 'inflate.c': texts('inflate', 2) } }],
    ['under another file name', { units: { 'db.c': own, 'other.c': texts('inflate', 4) } }],
    ['within a family', { units: { 'db.c': own, 'inflate.c': texts('inflate', 4) }, family: 'zlib' }],
    ['with nothing in common', { units: { 'db.c': own, 'inflate.c': texts('mine', 4) } }],
  ])('%s', (_name, rocks) => {
    expect(vendored({ zlib, rocks })).toEqual([])
  })
})

test('a long history does not make the owner the smaller part of a carrier that was indexed once', () => {
  const releases = sourceReleases(...Array.from({ length: 20 }, (_, i) => `${i + 1}`))
  const builder = new PrintsBuilder('curl', releases)
  const [lib, old] = [builder.internUnit('hsts.c', false), builder.internUnit('old.c', false)]
  const add = (text: string, unit: number, release: number): void =>
    builder.addFeature(FeatureKind.String, builder.internHash(hashText(text)), unit, release)
  for (const release of releases.keys()) {
    for (const text of texts('hsts', 20)) add(text, lib, release)
    // What each release words anew is more, in sum, than all that the carrier has.
    for (const text of texts(`release ${release}`, 10)) add(text, old, release)
  }
  const cmake = printsOf('cmake', { 'hsts.c': texts('hsts', 20), 'cmMakefile.cxx': texts('own', 80) })
  const all = [cmake, builder.finish()].map((prints) => ({ prints, family: prints.name }))
  const flags = findVendoredUnits(all, mergeFeatures(all.map(({ prints }) => prints.features[FeatureKind.String])))
  const copies = all.map(({ prints }, c) =>
    prints.units.flatMap(({ path }, unit) => (flags[c]![unit] === 1 ? [path] : [])),
  )
  expect(copies).toEqual([['hsts.c'], []])
})
