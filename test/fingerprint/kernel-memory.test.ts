import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Kernel } from '../../src/fingerprint/kernel/kernel.ts'
import { mayHold, type Prefilter } from '../../src/fingerprint/kernel/prefilter.ts'
import { Kind } from '../../src/fingerprint/print-set.ts'
import { addTo } from './bloom-oracle.ts'

function prefilterOf(kind: Kind, bits: Uint8Array): Prefilter {
  return { filter: (asked) => (asked === kind ? bits : undefined) }
}

/** The rows of `hashes` that the kernel keeps, by their number, which is the offset. */
function retained(kernel: Kernel, prefilter: Prefilter, hashes: readonly (readonly [number, number])[]): number[] {
  kernel.load(prefilter)
  return kernel.scope(() => {
    const output = kernel.reserveRows(hashes.length)
    const rows = kernel.rows(output, hashes.length, hashes.length)
    hashes.forEach(([high, low], i) => {
      rows.high[i] = high
      rows.low[i] = low
      rows.offsets[i] = 2 ** 40 + i
      rows.lengths[i] = i
      rows.flags[i] = i
    })
    const count = kernel.retain(output, hashes.length, hashes.length, prefilter, Kind.String)
    const kept = kernel.rows(output, hashes.length, count)
    const numbers = Array.from(kept.lengths)
    expect(Array.from(kept.offsets)).toEqual(numbers.map((i) => 2 ** 40 + i))
    expect(Array.from(kept.flags)).toEqual(numbers.map((i) => i & 255))
    expect(Array.from(kept.high)).toEqual(numbers.map((i) => hashes[i]![0]))
    return numbers
  })
}

describe('regions', () => {
  test('of one scope do not overlap and are aligned, and the next scope gets them again', () => {
    const kernel = new Kernel()
    const reserve = () => kernel.scope(() => [1, 17, 70_000, 3_000_000].map((bytes) => kernel.reserve(bytes)))
    const places = reserve()
    expect(places.map((at) => at % 16)).toEqual([0, 0, 0, 0])
    expect(places.map((at, i) => at - (places[i - 1] ?? 0) > (i === 0 ? 0 : [1, 17, 70_000][i - 1]! - 1))).toEqual(
      places.map(() => true),
    )
    expect(reserve()).toEqual(places)
  })

  test('keep what they hold when the memory grows', () => {
    const kernel = new Kernel()
    kernel.scope(() => {
      const at = kernel.reserve(4)
      kernel.bytes(at, 4).set([1, 2, 3, 4])
      const far = kernel.reserve(40_000_000)
      kernel.bytes(far, 40_000_000).fill(9)
      expect([...kernel.bytes(at, 4)]).toEqual([1, 2, 3, 4])
    })
  })

  test('are given back when the work fails', () => {
    const kernel = new Kernel()
    const before = kernel.scope(() => kernel.reserve(16))
    const fail = () => {
      kernel.reserve(64)
      throw new RangeError('stop')
    }
    expect(() => kernel.scope(fail)).toThrow('stop')
    expect(kernel.scope(() => kernel.reserve(16))).toBe(before)
  })
})

describe('the prefilter', () => {
  const half = fc.oneof(fc.nat(0xffff_ffff), fc.constantFrom(0, 1, 511, 512, 0x8000_0000, 0xffff_ffff))
  const hash = fc.tuple(half, half)

  test('never loses a member, and drops the same strangers as JavaScript', () => {
    const kernel = new Kernel()
    const lists = fc.tuple(fc.array(hash), fc.array(hash), fc.integer({ min: 1, max: 9 }))
    fc.assert(
      fc.property(lists, ([members, strangers, blocks]) => {
        const bits = new Uint8Array(64 * blocks)
        for (const [high, low] of members) addTo(bits, high, low)
        const prefilter = prefilterOf(Kind.String, bits)
        const all = [...strangers, ...members]
        const kept = retained(kernel, prefilter, all)
        expect(kept).toEqual(all.flatMap(([high, low], i) => (mayHold(prefilter, Kind.String, high, low) ? [i] : [])))
        expect(kept.filter((i) => i >= strangers.length)).toHaveLength(members.length)
      }),
    )
  })

  test('drops everything when it is empty, and nothing when the kind has none', () => {
    const kernel = new Kernel()
    expect(retained(kernel, prefilterOf(Kind.String, new Uint8Array(0)), [[1, 2]])).toEqual([])
    expect(retained(kernel, prefilterOf(Kind.Symbol, new Uint8Array(64)), [[1, 2]])).toEqual([0])
    expect(mayHold(prefilterOf(Kind.String, new Uint8Array(0)), Kind.String, 1, 2)).toBe(false)
    expect(mayHold(undefined, Kind.String, 1, 2)).toBe(true)
  })

  test('lets few strangers pass at twelve bits for each member', () => {
    const random = (i: number) => Math.imul(i, 0x9e37_79b1) ^ (Math.imul(i, 0x85eb_ca77) >>> 13)
    const hashOf = (i: number) =>
      [Math.imul(random(i), 0xc2b2_ae3d) >>> 0, Math.imul(random(i + 7), 0x27d4_eb2f) >>> 0] as const
    const bits = new Uint8Array(64 * Math.ceil((20_000 * 12) / 512))
    for (let i = 0; i < 20_000; i++) addTo(bits, ...hashOf(i))
    const strangers = Array.from({ length: 20_000 }, (_, i) => hashOf(1_000_000 + i))
    expect(retained(new Kernel(), prefilterOf(Kind.String, bits), strangers).length).toBeLessThan(400)
  })

  test('cannot be changed while memory is reserved', () => {
    const kernel = new Kernel()
    const prefilter = prefilterOf(Kind.String, new Uint8Array(64))
    kernel.scope(() => {
      kernel.reserve(16)
      expect(() => kernel.load(prefilter)).toThrow(TypeError)
    })
    kernel.load(prefilter)
    kernel.scope(() => {
      kernel.reserve(16)
      expect(() => kernel.load(prefilter)).not.toThrow()
    })
  })
})
