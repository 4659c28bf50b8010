import { describe, expect, test, vi } from 'vitest'
import { packMessage, unpackMessage } from '../../src/database/message-pack.ts'
import { seal } from '../../src/database/records.ts'

describe('a record in MessagePack', () => {
  test('comes back as it was', () => {
    const record = { text: 'ß', list: [0, 1, 300, 70_000, 2 ** 40], nested: { yes: true, nothing: null }, empty: [] }
    expect(unpackMessage(packMessage(record), 'record', {})).toEqual(record)
  })

  test.each([
    ['is missing', undefined],
    ['has another checksum', Buffer.from(packMessage({ a: 1 })).fill(0xff, 1, 2)],
    ['ends early', seal(Buffer.from('81a161', 'hex'))],
    ['announces more than it holds', seal(Buffer.from('dd7fffffff', 'hex'))],
    ['is nested without end', seal(Buffer.alloc(200_000, 0x91))],
    ['is no object', seal(Buffer.from('05', 'hex'))],
    ['is a list', seal(Buffer.from('9105', 'hex'))],
  ])('that %s is STORE_CORRUPT', (_, sealed) => {
    expect(() => unpackMessage(sealed, 'record', {})).toThrow(expect.objectContaining({ code: 'STORE_CORRUPT' }))
  })

  test('that defines a structure and uses it often makes no code', () => {
    // fixext1 of type 0x72 defines structure 0x40 with the key "a"; each 0x40 behind it is one object.
    const hostile = seal(Buffer.from('82a17892d4724091a161014000a17901', 'hex'))
    const made = vi.spyOn(globalThis, 'Function')
    for (let i = 0; i < 200; i++)
      expect(unpackMessage(hostile, 'record', {})).toMatchObject({ x: [{ a: 1 }, { a: 0 }] })
    expect(made).not.toHaveBeenCalled()
    made.mockRestore()
  })
})
