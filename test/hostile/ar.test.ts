import { expect, test } from 'vitest'
import { readAr } from '../../src/archive/ar.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { buildAr } from '../fixtures/ar.ts'
import { survey } from './mutate.ts'

const MEMBERS = [
  { name: 'inflate.o', bytes: Buffer.from('one') },
  { name: 'a_member_with_a_long_name.o', bytes: Buffer.from('four') },
]

test('a mutated static library ends in members within the file or a DetectorError', async () => {
  const fixtures = [buildAr(MEMBERS), buildAr(MEMBERS, 'bsd'), buildAr(MEMBERS, 'microsoft')]
  const faults = await survey(fixtures, 1000, (bytes) => {
    for (const { offset, size } of readAr(bytesSource(bytes)))
      if (offset + size > bytes.length) throw new RangeError(`member at ${offset} + ${size} leaves ${bytes.length}`)
  })
  expect(faults).toEqual([])
})
