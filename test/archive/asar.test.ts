import { expect, test } from 'vitest'
import { buildAsar } from '../fixtures/asar.ts'
import { contents, open } from '../fixtures/containers.ts'

const DATA = Buffer.from('0123456789')

test('files that are kept beside the archive, and links, are no members', async () => {
  const files = {
    'a.js': { size: 3, offset: '2' },
    'b.node': { size: 500, unpacked: true },
    link: { link: 'a.js' },
    empty: { size: 0, offset: '0' },
  }
  expect((await contents(await open(buildAsar({ files }, DATA))))?.members).toEqual({ 'a.js': '234', empty: '' })
})

test('files come in the order of the list, folder by folder', async () => {
  const file = { size: 1, offset: '0' }
  const files = { z: { files: { b: file, a: { files: { x: file } } } }, c: file }
  expect(Object.keys((await contents(await open(buildAsar({ files }, DATA))))!.members)).toEqual(['z/b', 'z/a/x', 'c'])
})

test.each([
  ['leaves the archive', { a: { size: 5, offset: '8' }, b: { size: 1, offset: '0' } }, 'FORMAT_TRUNCATED a'],
  [
    'has an unsafe name',
    { '..': { files: { a: { size: 1, offset: '0' } } }, b: { size: 1, offset: '0' } },
    'SOURCE_UNSAFE ../a',
  ],
])('a file that %s is a problem', async (_name, files, problem) => {
  expect(await contents(await open(buildAsar({ files }, DATA)))).toMatchObject({
    members: { b: '0' },
    problems: [problem],
  })
})

test.each([
  ['is no JSON', '{"files": {', 'FORMAT_CORRUPT'],
  ['has no files', '{"other": {}}', 'FORMAT_CORRUPT'],
  ['has a number as a file', '{"files": {"a": 1}}', 'FORMAT_CORRUPT'],
  ['has a file without a place', '{"files": {"a": {"size": 1}}}', 'FORMAT_CORRUPT'],
  ['has a file of a negative size', '{"files": {"a": {"size": -1, "offset": "0"}}}', 'FORMAT_CORRUPT'],
  ['has a file at a negative place', '{"files": {"a": {"size": 1, "offset": "-5"}}}', 'FORMAT_CORRUPT'],
  ['nests without end', `${'{"files":{"a":'.repeat(5000)}{}${'}}'.repeat(5000)}`, 'LIMIT_EXCEEDED'],
  ['has a long name', `{"files":{"${'a'.repeat(70_000)}":{"size":1,"offset":"0"}}}`, 'LIMIT_EXCEEDED'],
])('a list that %s ends in %s', async (_name, list, code) => {
  await expect(open(buildAsar(list, DATA)).then(contents)).rejects.toMatchObject({ code })
})

test('a list larger than the limit ends in LIMIT_EXCEEDED', async () => {
  await expect(open(buildAsar({ files: {} }), 'a', { asarHeaderBytes: 5 })).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
  })
})

test('files that share their bytes come to an end', async () => {
  const files = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`f${i}`, { size: 10, offset: '0' }]))
  await expect(open(buildAsar({ files }, DATA), 'a', { unpackedBytes: 500 }).then(contents)).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
  })
})
