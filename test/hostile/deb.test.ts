import { expect, test } from 'vitest'
import { readDeb } from '../../src/archive/deb.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { buildDeb } from '../fixtures/deb.ts'
import { survey } from './mutate.ts'

const FILES = {
  'usr/lib/libfixture.a': Buffer.from('!<arch>\n'),
  'usr/include/fixture.h': Buffer.from('#define V "1"\n'),
}

test('a mutated Debian package ends in members within its data or a DetectorError', async () => {
  const fixtures = [buildDeb({ files: FILES }), buildDeb({ files: FILES, packing: '' })]
  const faults = await survey(fixtures, 500, async (bytes) => {
    const { data, members, close } = await readDeb(bytesSource(bytes))
    close()
    for (const { offset, size } of members)
      if (offset + size > data.size) throw new RangeError(`member at ${offset} + ${size} leaves ${data.size}`)
  })
  expect(faults).toEqual([])
})
