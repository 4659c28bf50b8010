import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HitColumns } from '../../src/database/hit-columns.ts'
import { Kind, PrintSet } from '../../src/fingerprint/print-set.ts'
import { HitFlag, type HitTable, HitTableBuilder } from '../../src/identify/hit-table.ts'
import { densestHits } from '../../src/identify/locality.ts'

/** A sealed set with immediate `i` at each of its offsets, and a hit for each, of weight 1 unless said otherwise. */
function scattered(
  offsets: readonly (readonly number[])[],
  weights: readonly number[] = offsets.map(() => 1),
): { hits: HitTable; prints: PrintSet } {
  const prints = new PrintSet()
  offsets.forEach((places, i) => {
    for (const offset of places) prints.add(Kind.Immediate, BigInt(i + 1), offset, 5)
  })
  prints.seal()
  const table = new HitTableBuilder(offsets.length, 1)
  const found = new HitColumns()
  offsets.forEach((_, i) => {
    found.add(i, 0, 0, 0, 0, 1, 1)
  })
  const known = found.finish()
  let print = 0
  offsets.forEach((places, i) => {
    table.add(known, i, i + 1, print, Kind.Immediate, weights[i]!, HitFlag.NeedsNeighbours, 1)
    print += places.length
  })
  return { hits: table.finish().hits, prints }
}

/** Numbers of the hits that are chosen. */
function chosen(offsets: readonly (readonly number[])[], weights?: readonly number[]): number[] {
  const { hits, prints } = scattered(offsets, weights)
  return [...densestHits(Uint32Array.from(offsets.keys()), hits, prints)]
}

describe('of rare constants those count that lie together', () => {
  test.each([
    ['all, within 16 KiB', [[0], [8000], [16384]], [0, 1, 2]],
    ['not one that is a byte farther', [[0], [8000], [16385]], [0, 1]],
    ['at any of their places', [[0, 100_000], [50_000, 100_100], [100_200]], [0, 1, 2]],
    ['once, however often they stand there', [[0, 4, 8, 12], [50_000], [50_010]], [1, 2]],
    ['of equal places the first', [[0], [10], [60_000], [60_010]], [0, 1]],
    ['none of none', [], []],
  ])('%s', (_, offsets, expected) => {
    expect(chosen(offsets)).toEqual(expected)
  })

  test('by weight and not by number', () => {
    expect(chosen([[0], [10], [60_000]], [1, 1, 3])).toEqual([2])
  })

  test('as an exhaustive search finds', () => {
    const places = fc.array(fc.array(fc.nat(60_000), { minLength: 1, maxLength: 4 }), { maxLength: 8 })
    fc.assert(
      fc.property(places, (drawn) => {
        const offsets = drawn.map((list) => [...new Set(list)])
        const starts = offsets.flat()
        const inside = (start: number): number =>
          offsets.filter((list) => list.some((offset) => offset >= start && offset <= start + 16_384)).length
        expect(chosen(offsets)).toHaveLength(Math.max(0, ...starts.map(inside)))
      }),
    )
  })
})
