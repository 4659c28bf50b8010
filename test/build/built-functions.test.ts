import { expect, test } from 'vitest'
import { builtFunctions } from '../../src/build/built-functions.ts'
import { FeatureKind } from '../../src/database/feature-kinds.ts'
import { PrintsBuilder } from '../../src/database/prints-builder.ts'
import type { ComponentPrints } from '../../src/database/schema.ts'

/** Prints of `inflate` in two builds that differ, and of `crc32` in one. */
function prints(): ComponentPrints {
  const releases = ['1.0', '1.1'].map((version) => ({ version, origin: 'built' as const, provenance: 'test' }))
  const builder = new PrintsBuilder('zlib', releases)
  const unit = builder.internUnit('inflate.c', false)
  builder.addFeature(FeatureKind.Function, builder.internHash(1n), unit, 0, 'inflate')
  builder.addFeature(FeatureKind.Function, builder.internHash(2n), unit, 1, 'inflate')
  builder.addFeature(FeatureKind.Function, builder.internHash(3n), unit, 1, 'crc32')
  return builder.finish()
}

/** The functions of prints as the database has them, but for those at the places `left`. */
function compiled({ features }: ComponentPrints, left: readonly number[]): Parameters<typeof builtFunctions>[1] {
  const { high, low, units, sets, names } = features[FeatureKind.Function]
  const kept = [...units.keys()].filter((posting) => !left.includes(posting))
  const pick = (values: ArrayLike<number>): Uint32Array => Uint32Array.from(kept, (posting) => values[posting]!)
  return {
    ...{ kind: FeatureKind.Function, high: pick(high), low: pick(low) },
    starts: Uint32Array.from({ length: kept.length + 1 }, (_, i) => i),
    ...{ component: pick(units).fill(0), unit: pick(units), set: pick(sets), name: pick(names!) },
    ...{ families: pick(units).fill(1), components: pick(units).fill(1) },
  }
}

test('every named function is listed with the releases of each of its forms', () => {
  const all = prints()
  const [{ units, names, sets } = { units: [], names: [], sets: [] }] = builtFunctions([all], compiled(all, []))
  const lines = units.map((unit, at) => {
    const releases = all.sets[sets[at]!]!.map((release) => all.releases[release]!.version)
    return `${all.units[unit]!.path} ${all.functionNames[names[at]!]} ${releases}`
  })
  expect(lines.sort()).toEqual(['inflate.c crc32 1.1,1.1', 'inflate.c inflate 1.0,1.0', 'inflate.c inflate 1.1,1.1'])
})

test('one that is not known in one of its forms is not listed at all', () => {
  const all = prints()
  const inflate = all.features[FeatureKind.Function].names!.findIndex(
    (name) => all.functionNames[name - 1] === 'inflate',
  )
  const [{ names } = { names: [] }] = builtFunctions([all], compiled(all, [inflate]))
  expect(names.map((name) => all.functionNames[name])).toEqual(['crc32'])
})
