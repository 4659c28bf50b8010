import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hash64, hashText, high32, low32 } from '../../src/bytes/hash.ts'

/** Values that other implementations of XXH64 with seed 0 give. */
test.each([
  ['', 'ef46db3751d8e999'],
  ['a', 'd24ec4f1a98c6e5b'],
  ['as', '1c330fb2d66be179'],
  ['asd', '631c37ce72a97393'],
  ['asdf', '415872f599cea71e'],
  ['abc', '44bc2cf5ad770999'],
  ['Call me Ishmael. Some years ago--never mind how long precisely-', '02a2e85470d6fd96'],
])('xxh64 of %j is %s', (text, expected) => {
  expect(hashText(text).toString(16).padStart(16, '0')).toBe(expected)
  expect(hash64(Buffer.from(text))).toBe(hashText(text))
})

test('a hash depends on the bytes alone, not on where they lie', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(40), (bytes, shift) => {
      const around = new Uint8Array(bytes.length + shift + 9).fill(0xaa)
      around.set(bytes, shift)
      expect(hash64(around.subarray(shift, shift + bytes.length))).toBe(hash64(bytes))
    }),
  )
})

test('the halves are unsigned and make up the hash', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (hash) => {
      expect((BigInt(high32(hash)) << 32n) | BigInt(low32(hash))).toBe(hash)
      expect(Math.min(high32(hash), low32(hash))).toBeGreaterThanOrEqual(0)
    }),
  )
})

test('text is hashed as UTF-8', () => {
  expect(hashText('µ€')).toBe(hash64(Buffer.from('c2b5e282ac', 'hex')))
})
