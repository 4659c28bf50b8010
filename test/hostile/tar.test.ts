import { expect, test } from 'vitest'
import { readTar, tarMemberSource } from '../../src/archive/tar.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { buildTar, paxMember, withChecksum } from '../fixtures/tar.ts'
import { survey } from './mutate.ts'

const FIXTURES = [
  buildTar([
    { path: 'src/', type: '5' },
    { path: 'src/inflate.c', bytes: Buffer.from('int inflate;') },
    { path: 'link', type: '2', link: 'src' },
    { path: 'hard', type: '1', link: 'src/inflate.c' },
  ]),
  buildTar([
    paxMember({ path: 'global' }, 'g'),
    paxMember({ path: 'some/long/name', size: '5' }),
    { path: 'a', bytes: Buffer.from('12345') },
    { path: '././@LongLink', type: 'L', bytes: Buffer.from('long/name\0') },
    { path: 'b', bytes: Buffer.from('x') },
    { path: 'sparse', type: 'S', magic: 'gnu', bytes: Buffer.from('x') },
  ]),
  buildTar([
    paxMember({ 'GNU.sparse.name': 'listed', 'GNU.sparse.size': '9', 'GNU.sparse.map': '2,3,8,1' }),
    { path: 'a', bytes: Buffer.from('abcd') },
    paxMember({ 'GNU.sparse.major': '1', 'GNU.sparse.realsize': '9' }),
    { path: 'front', bytes: Buffer.concat([Buffer.from('2\n2\n3\n8\n1\n'), Buffer.alloc(500), Buffer.from('abcd')]) },
  ]),
]

/** Mutations rarely keep a checksum right; mending it lets them reach what is behind. */
function mend(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes)
  for (let at = 0; at + 512 <= copy.length; at += 512) {
    const block = copy.subarray(at, at + 512)
    if (block[0] !== 0 && block.subarray(257, 262).toString('latin1') === 'ustar') withChecksum(block)
  }
  return copy
}

test.each([
  ['as it is', (bytes: Uint8Array) => bytes],
  ['with its checksums mended', mend],
])('a mutated tar archive %s ends in members within the file or a DetectorError', async (_name, change) => {
  const faults = await survey(FIXTURES, 1000, (mutated) => {
    const bytes = change(mutated)
    const source = bytesSource(bytes)
    for (const member of readTar(source)) {
      const { path, offset, size, sparse } = member
      const content = tarMemberSource(source, member)
      if (content.size < 2 ** 20) content.read(0, content.size)
      if (sparse === undefined && offset + size > bytes.length)
        throw new RangeError(`${path} at ${offset} + ${size} leaves ${bytes.length}`)
      if (path.startsWith('/') || path.split('/').includes('..')) throw new RangeError(`unsafe path ${path}`)
    }
  })
  expect(faults).toEqual([])
})
