import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Kind, PrintFlag, PrintSet } from '../../src/fingerprint/print-set.ts'

const print = fc.record({
  kind: fc.constantFrom(Kind.String, Kind.Template, Kind.Symbol),
  hash: fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.constantFrom(0n, 2n ** 63n, 1n << 32n)),
  offset: fc.maxSafeNat(),
  length: fc.nat(100_000),
  flags: fc.constantFrom(0, PrintFlag.Label),
  capture: fc.option(fc.constantFrom('1.2', '3.4'), { nil: undefined }),
})

function rowsOf(prints: PrintSet): string[] {
  return Array.from({ length: prints.count }, (_, i) =>
    [
      prints.kinds[i],
      (BigInt(prints.high[i]!) << 32n) | BigInt(prints.low[i]!),
      prints.offsets[i],
      prints.lengths[i],
      prints.flags[i],
      prints.captureAt(i) ?? '-',
    ].join(' '),
  )
}

test('a set holds what was added, in the order of addition until it is sealed', () => {
  fc.assert(
    fc.property(fc.array(print, { maxLength: 30 }), (list) => {
      const prints = new PrintSet()
      for (const p of list) prints.add(p.kind, p.hash, p.offset, p.length, p.flags, p.capture)
      const rows = list.map((p) => `${p.kind} ${p.hash} ${p.offset} ${p.length} ${p.flags} ${p.capture ?? '-'}`)
      expect(rowsOf(prints)).toEqual(rows)
      expect(rowsOf(prints.seal()).toSorted()).toEqual(rows.toSorted())
    }),
  )
})

describe('a sealed set', () => {
  test('is sorted by kind, then hash, then offset', () => {
    fc.assert(
      fc.property(fc.array(print, { maxLength: 60 }), (list) => {
        const prints = new PrintSet()
        for (const p of list) prints.add(p.kind, p.hash % 4n, p.offset % 10, p.length)
        prints.seal()
        const keys = Array.from({ length: prints.count }, (_, i) => [
          prints.kinds[i]!,
          prints.high[i]!,
          prints.low[i]!,
          prints.offsets[i]!,
        ])
        const sorted = keys.toSorted((a, b) => a.map((x, k) => x - b[k]!).find((d) => d !== 0) ?? 0)
        expect(keys).toEqual(sorted)
      }),
    )
  })

  test('has columns of exactly its size', () => {
    const prints = new PrintSet()
    for (let i = 0; i < 3000; i++) prints.add(Kind.String, BigInt(i), i, 6)
    prints.seal()
    expect(
      [prints.kinds, prints.flags, prints.high, prints.low, prints.offsets, prints.lengths].map((c) => c.length),
    ).toEqual(Array(6).fill(3000))
  })

  test('has its version literals by offset', () => {
    const prints = new PrintSet()
    prints.literals.push({ version: '1.3', offset: 9 }, { version: '1.2', offset: 3 })
    expect(prints.seal().literals.map((literal) => literal.offset)).toEqual([3, 9])
  })

  test('takes no more prints', () => {
    expect(() => new PrintSet().seal().add(Kind.String, 1n, 0, 6)).toThrow(TypeError)
  })

  test('may be sealed again', () => {
    const prints = new PrintSet()
    prints.add(Kind.String, 5n, 0, 6)
    expect(rowsOf(prints.seal().seal())).toEqual(['1 5 0 6 0 -'])
  })
})

describe('batches', () => {
  test('are the same as prints added one by one, and are copied', () => {
    const rows = fc.array(fc.tuple(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat(1000), fc.nat(40)), {
      maxLength: 3000,
    })
    fc.assert(
      fc.property(rows, fc.nat(3000), (list, share) => {
        const single = new PrintSet()
        const batched = new PrintSet()
        for (const [hash, offset, length] of list) single.add(Kind.Table, hash, offset, length, 1)
        const cut = Math.min(share, list.length)
        for (const part of [list.slice(0, cut), list.slice(cut)]) {
          const batch = {
            count: part.length,
            high: Uint32Array.from(part, ([hash]) => Number(hash >> 32n)),
            low: Uint32Array.from(part, ([hash]) => Number(hash & 0xffff_ffffn)),
            offsets: Float64Array.from(part, ([, offset]) => offset),
            lengths: Uint32Array.from(part, ([, , length]) => length),
            flags: new Uint8Array(part.length).fill(1),
          }
          batched.addBatch(Kind.Table, batch)
          batch.high.fill(7)
        }
        expect(rowsOf(batched.seal())).toEqual(rowsOf(single.seal()))
      }),
      { numRuns: 30 },
    )
  })

  test('cannot be added to a sealed set', () => {
    const columns = { high: new Uint32Array(0), low: new Uint32Array(0), lengths: new Uint32Array(0) }
    const batch = { count: 0, ...columns, offsets: new Float64Array(0), flags: new Uint8Array(0) }
    expect(() => new PrintSet().seal().addBatch(Kind.String, batch)).toThrow(TypeError)
  })
})
