import { expect, test } from 'vitest'
import { compileKind } from '../../src/build/compile-kind.ts'
import { uncompiledStrings } from '../../src/build/uncompiled-strings.ts'
import { FeatureKind } from '../../src/database/feature-kinds.ts'
import { PrintsBuilder } from '../../src/database/prints-builder.ts'
import { Kind } from '../../src/fingerprint/print-set.ts'

const RELEASES = [
  { version: '1', origin: 'source', provenance: 'test' },
  { version: '2', origin: 'source', provenance: 'test' },
  { version: '2', origin: 'built', provenance: 'test' },
] as const

/** Whether the string 7 of `a.c` is one that no build holds, for the postings given as `[hash, unit, release]`. */
function isUncompiled(
  postings: readonly (readonly [bigint, string, number])[],
  functions: readonly string[] = [],
): boolean {
  const builder = new PrintsBuilder('heron', RELEASES)
  for (const [hash, unit, release] of postings)
    builder.addFeature(FeatureKind.String, builder.internHash(hash), builder.internUnit(unit, false), release)
  for (const unit of functions)
    builder.addFeature(FeatureKind.Function, builder.internHash(99n), builder.internUnit(unit, false), 2)
  const prints = builder.finish()
  const owned = { prints: [prints], vendored: [new Uint8Array(prints.units.length)], families: [0] }
  const strings = compileKind(Kind.String, owned, [])
  const mask = uncompiledStrings([prints], strings)
  const posting = Array.from(mask.keys()).find(
    (p) => prints.units[strings.unit[p]!]!.path === 'a.c' && strings.low[featureOf(strings.starts, p)] === 7,
  )
  return mask[posting!] === 1
}

function featureOf(starts: Uint32Array, posting: number): number {
  return starts.findLastIndex((start) => start <= posting)
}

test('a string of a source that was built is no expectation where the build lacks it', () => {
  expect(
    isUncompiled([
      [7n, 'a.c', 1],
      [8n, 'a.c', 1],
      [8n, 'a.c', 2],
    ]),
  ).toBe(true)
})

test('a build that has nothing of the unit but code says so as well', () => {
  expect(isUncompiled([[7n, 'a.c', 1]], ['a.c'])).toBe(true)
})

test('it is one where the build has it, in whatever unit', () => {
  expect(
    isUncompiled([
      [7n, 'a.c', 1],
      [7n, 'a.c', 2],
    ]),
  ).toBe(false)
  expect(
    isUncompiled([
      [7n, 'a.c', 1],
      [8n, 'a.c', 2],
      [7n, 'liba.so', 2],
    ]),
  ).toBe(false)
})

test('nothing is said where the unit was not built, or not of a release that has the string', () => {
  expect(
    isUncompiled([
      [7n, 'a.c', 1],
      [8n, 'b.c', 2],
    ]),
  ).toBe(false)
  expect(
    isUncompiled([
      [7n, 'a.c', 0],
      [8n, 'a.c', 2],
    ]),
  ).toBe(false)
})
