import { expect, test } from 'vitest'
import { readZip, readZipEntry } from '../../src/archive/zip.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { buildZip } from '../fixtures/zip.ts'
import { survey } from './mutate.ts'

const ENTRIES = [
  { path: 'src/inflate.c', bytes: Buffer.from('int inflate;'.repeat(20)) },
  { path: 'stored.bin', bytes: Buffer.from('as it is'), method: 0 },
]

test('a mutated zip file ends in entries, bytes or a DetectorError', async () => {
  const fixtures = [buildZip(ENTRIES), buildZip(ENTRIES, { zip64: true }), buildZip(ENTRIES, { comment: 'hello' })]
  const faults = await survey(fixtures, 1000, (bytes) => {
    const source = bytesSource(bytes)
    for (const entry of readZip(source)) readZipEntry(source, entry)
  })
  expect(faults).toEqual([])
})
