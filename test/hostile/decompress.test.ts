import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { decompressToSource } from '../../src/archive/decompress.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { survey } from './mutate.ts'

/** `zstd -c` of 100 lines `int inflate;`, version 1.5.4. */
const ZSTD = Buffer.from('28b52ffd0458a5000068696e7420696e666c6174653b0a010004c13fbf7dce23c6', 'hex')

test('the zstd fixture unpacks as it stands', async () => {
  const { source } = await decompressToSource(bytesSource(ZSTD))
  expect(Buffer.from(source.read(0, source.size)).toString()).toBe('int inflate;\n'.repeat(100))
})

test.each([
  ['gzip', gzipSync(Buffer.from('int inflate;\n'.repeat(100)))],
  ['zstd', ZSTD],
])('mutated %s ends in bytes or a DetectorError', async (_name, fixture) => {
  const faults = await survey([fixture], 300, async (bytes) => {
    const { source } = await decompressToSource(bytesSource(bytes))
    source.close()
  })
  expect(faults).toEqual([])
})
