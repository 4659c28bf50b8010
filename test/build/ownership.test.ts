import { describe, expect, test } from 'vitest'
import { mergeFeatures } from '../../src/build/merge.ts'
import { findVendoredUnits } from '../../src/build/ownership.ts'
import { FeatureKind } from '../../src/database/feature-kinds.ts'
import { printsOf, type Units } from './component.ts'

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
