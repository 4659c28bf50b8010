import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { contents, ELF, open } from '../fixtures/containers.ts'
import { buildZip } from '../fixtures/zip.ts'

const TOOL = { path: 'bin/tool', bytes: ELF }

test.each([
  ['an encrypted entry', { flags: 1 }],
  ['an entry packed in an unknown way', { method: 99 }],
])('%s is a problem, and those behind it are still there', async (_name, change) => {
  const { members, problems } = (await contents(await open(buildZip([{ ...TOOL, path: 'odd', ...change }, TOOL]))))!
  expect(Object.keys(members)).toEqual(['bin/tool'])
  expect(problems).toEqual(['FORMAT_UNSUPPORTED odd'])
})

test('stored entries are read in place', async () => {
  const { members } = (await contents(
    await open(
      buildZip([
        { ...TOOL, method: 0 },
        { path: 'empty', method: 0 },
      ]),
    ),
  ))!
  expect(members).toEqual({ 'bin/tool': ELF.toString('latin1'), empty: '' })
})

test.each([
  ['more than there is', { size: 5000 }],
  ['less than there is', { size: 3 }],
  ['more than there is, stored', { size: 5000, method: 0 }],
  ['more than is at once, stored', { size: 50_000_000, method: 0 }],
  ['more than is at once', { size: 50_000_000, bytes: randomBytes(100_000) }],
])('an entry that announces %s fails when it is opened', async (_name, change) => {
  const [member] = (await open(buildZip([{ ...TOOL, ...change }])))!.members()
  await expect((async () => member!.open())()).rejects.toMatchObject({ code: 'FORMAT_CORRUPT' })
})

test('a large entry is unpacked as a stream', async () => {
  const bytes = Buffer.alloc(40_000_000, 'some bytes ')
  const [member] = (await open(buildZip([{ path: 'large', bytes }])))!.members()
  const source = await member!.open()
  expect(source.size).toBe(bytes.length)
  expect(Buffer.from(source.read(bytes.length - 10, 10)).equals(bytes.subarray(-10))).toBe(true)
  source.close()
})

/** Entries of the directory that all lead to the first one. */
function withOneBody(count: number): Uint8Array {
  const zip = Buffer.from(
    buildZip(Array.from({ length: count }, (_, i) => ({ path: `f${i}`, bytes: Buffer.alloc(5000) }))),
  )
  for (let at = zip.indexOf('PK\x01\x02'); at >= 0; at = zip.indexOf('PK\x01\x02', at + 4))
    zip.writeUInt32LE(0, at + 42)
  return zip
}

test('entries whose bytes are those of another one are problems', async () => {
  const { members, problems } = (await contents(await open(withOneBody(5))))!
  expect(Object.keys(members)).toEqual(['f0'])
  expect(problems).toEqual(['f1', 'f2', 'f3', 'f4'].map((path) => `FORMAT_CORRUPT ${path}`))
})

test('an entry without a local header fails when it is opened', async () => {
  const zip = Buffer.from(buildZip([TOOL]))
  zip.write('XX', 0, 'latin1')
  zip.write('PK\x03\x04', 2, 'latin1')
  const [member] = (await open(Buffer.concat([Buffer.from('PK\x03\x04'), zip]), 'a.zip'))!.members()
  expect(() => member!.open()).toThrow(expect.objectContaining({ code: 'FORMAT_CORRUPT' }))
  expect(() => member!.head()).toThrow(expect.objectContaining({ code: 'FORMAT_CORRUPT' }))
})
