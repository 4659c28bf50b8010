import { describe, expect, test } from 'vitest'
import { thinBackground } from '../../src/build/background.ts'
import { compileKind, type HashList } from '../../src/build/compile-kind.ts'
import { unitTotals } from '../../src/build/unit-totals.ts'
import { FEATURE_KINDS, type FeatureKind } from '../../src/database/feature-kinds.ts'
import type { KindFeatures } from '../../src/database/postings.ts'
import { PrintsBuilder } from '../../src/database/prints-builder.ts'
import type { ComponentPrints, ReleaseRecord } from '../../src/database/schema.ts'
import { Kind } from '../../src/fingerprint/print-set.ts'

const RELEASES: ReleaseRecord[] = [
  { version: '1', origin: 'source', provenance: 'test' },
  { version: '1', origin: 'built', provenance: 'test' },
  { version: '2', origin: 'source', provenance: 'test' },
]

/** A feature as `hash unit releases`, the unit with `!` when it is vendored. */
function printsOf(name: string, kind: FeatureKind, features: readonly string[]): ComponentPrints {
  const builder = new PrintsBuilder(name, RELEASES)
  for (const feature of features) {
    const [hash = '', unit = '', releases = '', label] = feature.split(' ')
    const number = builder.internUnit(unit.replace('!', ''), unit.startsWith('!'))
    for (const release of releases)
      builder.addFeature(kind, builder.internHash(BigInt(hash)), number, Number(release), label)
  }
  return builder.finish()
}

function compiled(
  kind: FeatureKind,
  prints: readonly ComponentPrints[],
  common: readonly HashList[] = [],
  families: readonly number[] = [...prints.keys()],
): KindFeatures {
  const vendored = prints.map(({ units }) => Uint8Array.from(units, (unit) => Number(unit.vendored)))
  return compileKind(kind, { prints, vendored, families }, common)
}

/** `hash component/unit … families components` of each feature. */
function lines(features: KindFeatures, prints: readonly ComponentPrints[]): string[] {
  return [...features.low].map((low, i) => {
    const places: string[] = []
    for (let p = features.starts[i]!; p < features.starts[i + 1]!; p++) {
      const { name, units } = prints[features.component[p]!]!
      places.push(`${name}/${units[features.unit[p]!]!.path}`)
    }
    return `${low} ${places.join(' ')} ${features.families[i]} ${features.components[i]}`
  })
}

describe.each(Object.entries(Kind).filter(([, kind]) => kind !== Kind.Template))('features of kind %s', (_, number) => {
  const kind = number as FeatureKind

  test('keep their postings in units that are not vendored, with the families and components that hold them', () => {
    const prints = [
      printsOf('a', kind, ['1 x.c 0', '1 y.c 0', '2 !x.c 0']),
      printsOf('b', kind, ['1 x.c 0', '2 x.c 0']),
      printsOf('c', kind, ['1 x.c 0', '3 !x.c 0']),
    ]
    expect(lines(compiled(kind, prints, undefined, [0, 1, 1]), prints)).toEqual([
      '1 a/x.c a/y.c b/x.c c/x.c 2 3',
      '2 b/x.c 1 1',
    ])
  })

  test('of a built release that the sources of another family have are left out', () => {
    const prints = [printsOf('a', kind, ['1 a.so 1', '2 a.so 1']), printsOf('b', kind, ['1 x.c 0'])]
    expect(lines(compiled(kind, prints), prints)).toEqual(['1 b/x.c 1 1', '2 a/a.so 1 1'])
    expect(lines(compiled(kind, prints, undefined, [0, 0]), prints)).toEqual(['1 a/a.so b/x.c 1 2', '2 a/a.so 1 1'])
  })

  test('that unrelated programs have are left out', () => {
    const prints = [printsOf('a', kind, ['1 x.c 0', '2 x.c 0', '3 x.c 0'])]
    const { features } = printsOf('background', kind, ['0 p 0', '2 p 0', '9 p 0'])
    expect(lines(compiled(kind, prints, [features[kind]]), prints)).toEqual(['1 a/x.c 1 1', '3 a/x.c 1 1'])
  })
})

test('what any of several lists has is left out, wherever it stands', () => {
  const prints = [printsOf('a', Kind.Table, ['1 x.c 0', '2 x.c 0', '3 x.c 0', '4 x.c 0', '5 x.c 0'])]
  const list = (...low: number[]) => ({ high: new Uint32Array(low.length), low: Uint32Array.from(low) })
  const features = compiled(Kind.Table, prints, [list(0, 1, 3), list(), list(2, 5, 9)])
  expect([...features.low]).toEqual([4])
})

test('functions keep the names of their postings', () => {
  const prints = [printsOf('a', Kind.Function, ['1 x.c 1 inflate', '2 x.c 1', '3 !y.c 1 other'])]
  const { name } = compiled(Kind.Function, prints)
  expect(Array.from(name ?? [], (number) => prints[0]!.functionNames[number - 1])).toEqual(['inflate', undefined])
})

test('totals count the strings of all releases, and the rest of source releases', () => {
  const places = ['1 x.c 0', '2 x.c 01', '3 x.c 1', '4 x.c 12', '5 y.c 12']
  const totals = unitTotals([printsOf('a', Kind.String, places)], {
    strings: compiled(Kind.String, [printsOf('a', Kind.String, places)]),
    tables: compiled(Kind.String, [printsOf('a', Kind.String, places)]),
    bigEndianTables: compiled(Kind.String, [printsOf('a', Kind.String, [])]),
    immediates: compiled(Kind.String, [printsOf('a', Kind.String, [])]),
  })
  expect(totals).toEqual([
    [
      // The first string is in the source of a build that lacks it.
      { strings: [0, 1, 1, 3, 2, 1], tables: [0, 2, 2, 1], bigEndianTables: [], immediates: [] },
      { strings: [1, 1], tables: [2, 1], bigEndianTables: [], immediates: [] },
    ],
  ])
})

test.each(FEATURE_KINDS)('a thin background keeps what two packages or a component have (kind %i)', (kind) => {
  const background = printsOf('background', kind, ['1 p 0', '1 q 0', '2 p 0', '3 q 0 name'])
  const thin = thinBackground(background, [printsOf('a', kind, ['0 x.c 0', '3 x.c 0'])])
  expect([...thin.features[kind].low]).toEqual([1, 3])
  expect([...thin.features[kind].starts]).toEqual([0, 1, 2])
})
