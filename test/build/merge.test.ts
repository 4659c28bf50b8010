import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mergeFeatures } from '../../src/build/merge.ts'
import type { FeatureTable } from '../../src/database/schema.ts'

function tableOf(hashes: ReadonlySet<bigint>): FeatureTable {
  const sorted = [...hashes].sort((a, b) => (a < b ? -1 : 1))
  const empty = new Uint32Array(sorted.length)
  return {
    high: Uint32Array.from(sorted, (hash) => Number(hash >> 32n)),
    low: Uint32Array.from(sorted, (hash) => Number(hash & 0xffff_ffffn)),
    starts: new Uint32Array(sorted.length + 1),
    units: empty,
    sets: empty,
  }
}

const hash = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.constantFrom(0n, 1n, 1n << 32n, 2n ** 63n, 2n ** 64n - 1n),
)

test('every feature of every component stands once, under its hash, hashes ascending and components in order', () => {
  fc.assert(
    fc.property(fc.array(fc.uniqueArray(hash, { maxLength: 20 }), { maxLength: 5 }), (lists) => {
      const tables = lists.map((list) => tableOf(new Set(list)))
      const merged = mergeFeatures(tables)
      const found: string[] = []
      let before = -1n
      for (let i = 0; i < merged.high.length; i++) {
        const key = (BigInt(merged.high[i]!) << 32n) | BigInt(merged.low[i]!)
        expect(key).toBeGreaterThan(before)
        before = key
        for (let e = merged.starts[i]!; e < merged.starts[i + 1]!; e++) {
          const table = tables[merged.component[e]!]!
          expect([table.high[merged.feature[e]!], table.low[merged.feature[e]!]]).toEqual([
            merged.high[i],
            merged.low[i],
          ])
          found.push(`${key} ${merged.component[e]}`)
        }
      }
      const expected = lists.flatMap((list, component) => list.map((key) => `${key} ${component}`))
      expect(found.toSorted()).toEqual(expected.toSorted())
      expect(merged.starts).toHaveLength(merged.high.length + 1)
      for (let i = 0; i < merged.high.length; i++) {
        const holders = [...merged.component.subarray(merged.starts[i]!, merged.starts[i + 1]!)]
        expect(holders).toEqual(holders.toSorted((a, b) => a - b))
      }
    }),
  )
})

test('no component gives nothing', () => {
  expect(mergeFeatures([])).toMatchObject({ high: new Uint32Array(0), starts: Uint32Array.of(0) })
})
