import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { hash64 } from '../../src/bytes/hash.ts'
import { instantiateKernel } from '../../src/fingerprint/kernel/kernel.ts'

test('the hash of the kernel is that of xxhash-wasm for every length and alignment', () => {
  const kernel = instantiateKernel()
  const start = kernel.heapStart.value
  const bytes = randomBytes(300)
  new Uint8Array(kernel.memory.buffer, start, bytes.length).set(bytes)
  for (let length = 0; length <= 288; length++)
    for (const skip of [0, 1, 7])
      expect(BigInt.asUintN(64, kernel.xxh64(start + skip, length)), `${length} bytes from ${skip}`).toBe(
        hash64(bytes.subarray(skip, skip + length)),
      )
})
