import { expect, test } from 'vitest'
import { BucketCache } from '../../src/database/bucket-cache.ts'

test('a bucket that was kept comes back, from a multiple of four, and others do not', () => {
  const cache = new BucketCache(3)
  cache.put(1, Buffer.from('first'))
  cache.put(2, Buffer.from('second'))
  expect(cache.get(0)).toBeUndefined()
  expect(Buffer.from(cache.get(1) ?? []).toString()).toBe('first')
  expect(Buffer.from(cache.get(2) ?? []).toString()).toBe('second')
  expect(cache.get(2)?.byteOffset).toBe(8)
})

test('what one thread kept is there for another that has the memory', () => {
  const cache = new BucketCache(1)
  const other = new BucketCache(1, cache.shared)
  cache.put(0, Buffer.from('x'))
  expect(other.get(0)).toHaveLength(1)
})

test('when it is full nothing more is kept, and what there is stays', () => {
  const cache = new BucketCache(3)
  const large = new Uint8Array(100 << 20).fill(7)
  cache.put(0, large)
  cache.put(1, large)
  cache.put(2, Buffer.from('small'))
  expect(cache.get(0)?.at(-1)).toBe(7)
  expect(cache.get(1)).toBeUndefined()
  expect(cache.get(2)).toBeUndefined()
})
