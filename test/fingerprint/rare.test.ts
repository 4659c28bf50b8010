import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hash64 } from '../../src/bytes/hash.ts'
import { codeBatches } from '../../src/fingerprint/kernel/code.ts'
import { kernel } from '../../src/fingerprint/kernel/kernel.ts'
import { canonicalImmediate, immediateBytes, isRareImmediate } from '../../src/fingerprint/rare.ts'

describe('the canonical value', () => {
  test.each([
    [5n, 5n],
    [-1n, 0xffff_ffffn],
    [-0x8000_0000n, 0x8000_0000n],
    [0x9e37_79b1n, 0x9e37_79b1n],
    [-0x8000_0001n, 0xffff_ffff_7fff_ffffn],
    [0x9e37_79b1_85eb_ca87n, 0x9e37_79b1_85eb_ca87n],
    [0xffff_ffff_9e37_79b1n, 0x9e37_79b1n],
    [1n << 64n, 0n],
  ])('of %i is %i', (value, canonical) => {
    expect(canonicalImmediate(value)).toBe(canonical)
  })
})

describe('rare is', () => {
  test.each([0x9e37_79b1n, 0x1_000en, 0x85eb_ca6bn, 0x9e37_79b9_7f4a_7c15n, 0x1234_5678n, 0x10_1010n, 0xedb8_8320n])(
    '%i',
    (value) => {
      expect(isRareImmediate(value)).toBe(true)
    },
  )
})

describe('not rare is', () => {
  test.each([
    ['a small number', 0xffffn],
    ['a small negative number', 0xffff_0001n],
    ['a power of two', 1n << 40n],
    ['a power of two and one', 0x10_0001n],
    ['a power of two less one', 0xff_ffffn],
    ['a run of ones', 0xfff_f000n],
    ['a run of ones to the top', 0xffff_ffff_0000_0000n],
    ['a repeated byte', 0x0101_0101n],
    ['a repeated byte of 64 bits', 0x7f7f_7f7f_7f7f_7f7fn],
    ['a repeated pair of bytes', 0x1234_1234n],
    ['a repeated pair of 64 bits', 0x00ff_00ff_00ff_00ffn],
    ['a round number in binary', 0x1230_0000n],
  ])('%s', (_name, value) => {
    expect(isRareImmediate(value)).toBe(false)
  })
})

/** `mov rax, value` between instructions that make the function long enough. */
function functionWith(value: bigint): Uint8Array {
  const filler = Array.from({ length: 12 }, () => [0x48, 0x01, 0xd8]).flat()
  return Uint8Array.from([...filler, 0x48, 0xb8, ...immediateBytes(BigInt.asUintN(64, value)), 0xc3])
}

test('the kernel takes the same values from instructions', () => {
  const interesting = fc.oneof(
    fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    fc.bigInt({ min: 0n, max: (1n << 33n) - 1n }),
    fc
      .tuple(fc.bigInt({ min: 0n, max: 0xffffn }), fc.nat(63))
      .map(([bits, shift]) => BigInt.asUintN(64, bits << BigInt(shift))),
    fc
      .tuple(fc.nat(64), fc.nat(63), fc.integer({ min: -2, max: 2 }))
      .map(([ones, shift, add]) => BigInt.asUintN(64, (((1n << BigInt(ones)) - 1n) << BigInt(shift)) + BigInt(add))),
    fc.bigInt({ min: 0n, max: 0xffffn }).map((pair) => pair * 0x0001_0001n),
    fc.bigInt({ min: 0n, max: 0xffffn }).map((pair) => pair * 0x0001_0001_0001_0001n),
  )
  fc.assert(
    fc.property(interesting, (value) => {
      const bytes = functionWith(value)
      const window = { bytes, offset: 0, address: 0, starts: Uint32Array.of(0), ends: Uint32Array.of(bytes.length) }
      const { immediates } = codeBatches(kernel(), window, { arch: 'x86_64' })
      const found = Array.from(
        { length: immediates.count },
        (_, i) => (BigInt(immediates.high[i]!) << 32n) | BigInt(immediates.low[i]!),
      )
      const canonical = canonicalImmediate(value)
      expect(found).toEqual(isRareImmediate(canonical) ? [hash64(immediateBytes(canonical))] : [])
    }),
    { numRuns: 2000 },
  )
})
