import { expect, test } from 'vitest'
import { bytesSource } from '../../src/bytes/source.ts'
import { withoutTags } from '../../src/fingerprint/character-codes.ts'

const BASE = 1000

/** One instruction after the other, each a row of the batch. */
function batchOf(...instructions: string[]) {
  const code = instructions.map((text) => Buffer.from(text, 'latin1'))
  const starts = code.map((_, i) => code.slice(0, i).reduce((sum, { length }) => sum + length, 0))
  return {
    source: bytesSource(Buffer.concat(code)),
    batch: {
      count: code.length,
      high: Uint32Array.from(code, (_, i) => i),
      low: Uint32Array.from(code, (_, i) => 100 + i),
      offsets: Float64Array.from(starts, (start) => BASE + start),
      lengths: Uint32Array.from(code, ({ length }) => length),
      flags: new Uint8Array(code.length),
    },
  }
}

test.each([
  ['a tag of a format', '\xbeheix', false],
  ['a tag padded with a space', '\x81\xfbraw ', false],
  ['letters and digits', '\x3dI42P', false],
  ['a number', '\xbe\xb1\x79\x37\x9e', true],
  ['letters beside another byte', '\xbehei\x01', true],
  ['little but spaces', '\xbea   ', true],
])('%s', (_, instruction, isKept) => {
  const { source, batch } = batchOf('\xbe\x01\x02\x03\x80', instruction)
  const { count, high, low, offsets } = withoutTags(batch, source, BASE, 'x86_64')
  expect(count).toBe(isKept ? 2 : 1)
  expect([high[0], low[0], offsets[0]]).toEqual([0, 100, BASE])
})

test('processors whose instructions do not end in the constant keep all', () => {
  const { source, batch } = batchOf('\xbeheix')
  expect(withoutTags(batch, source, BASE, 'aarch64')).toBe(batch)
})
