import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readZip, readZipEntry } from '../../src/archive/zip.ts'
import { DEFAULT_LIMITS } from '../../src/bytes/limits.ts'
import { bytesSource, fileSource } from '../../src/bytes/source.ts'
import { hasProgram, run, workDirectory } from '../fixtures/compile.ts'
import { buildZip } from '../fixtures/zip.ts'

const ENTRIES = [
  { path: 'src/', method: 0 },
  { path: 'src/inflate.c', bytes: Buffer.from('int inflate;'.repeat(100)) },
  { path: 'stored.bin', bytes: Buffer.from('as it is'), method: 0 },
  { path: 'empty.txt' },
]

test.each([
  ['plain', {}],
  ['zip64', { zip64: true }],
  ['commented', { comment: 'PK\x05\x06 is no end record here' }],
  ['self-extracting', { prefix: Buffer.from('#!/bin/sh\nexit\n') }],
  ['self-extracting zip64', { zip64: true, prefix: Buffer.alloc(1000, 1) }],
])('a %s file lists its entries and gives their bytes', (_name, options) => {
  const source = bytesSource(buildZip(ENTRIES, options))
  const entries = readZip(source)
  expect(entries.map(({ path, type, size, method }) => [path, type, size, method])).toEqual([
    ['src', 'directory', 0, 0],
    ['src/inflate.c', 'file', 1200, 8],
    ['stored.bin', 'file', 8, 0],
    ['empty.txt', 'file', 0, 8],
  ])
  const bytes = entries.map((entry) => Buffer.from(readZipEntry(source, entry)).toString())
  expect(bytes).toEqual(['', 'int inflate;'.repeat(100), 'as it is', ''])
})

test('backslashes of old Windows tools are slashes', () => {
  expect(readZip(bytesSource(buildZip([{ path: 'a\\b.c' }])))[0]?.path).toBe('a/b.c')
})

test.each(['/etc/passwd', '../up', 'a\\..\\..\\up', 'C:\\x'])('the path %s is refused', (path) => {
  expect(() => readZip(bytesSource(buildZip([{ path }])))).toThrow(expect.objectContaining({ code: 'SOURCE_UNSAFE' }))
})

test.each([
  ['an encrypted entry', { flags: 1 }, 'FORMAT_UNSUPPORTED'],
  ['an unknown method', { method: 14 }, 'FORMAT_UNSUPPORTED'],
  ['an entry larger than announced', { size: 3 }, 'FORMAT_CORRUPT'],
  ['an entry smaller than announced', { size: 300 }, 'FORMAT_CORRUPT'],
  ['an entry beyond all limits', { size: 0xfffffffe }, 'LIMIT_EXCEEDED'],
] as const)('%s ends in %s', (_name, change, code) => {
  const source = bytesSource(buildZip([{ path: 'a', bytes: Buffer.from('some bytes'), ...change }]))
  const [entry] = readZip(source)
  expect(() => readZipEntry(source, entry!)).toThrow(expect.objectContaining({ code }))
})

test('a file without an end record is no zip', () => {
  expect(() => readZip(bytesSource(Buffer.alloc(100)))).toThrow(expect.objectContaining({ code: 'FORMAT_BAD_MAGIC' }))
})

test('more entries than the limit end in LIMIT_EXCEEDED', () => {
  expect(() => readZip(bytesSource(buildZip(ENTRIES)), { ...DEFAULT_LIMITS, archiveMembers: 3 })).toThrow(
    expect.objectContaining({ code: 'LIMIT_EXCEEDED' }),
  )
})

test.skipIf(!hasProgram('zip'))('what the zip program packs is read back', () => {
  const work = workDirectory()
  writeFileSync(`${work.path}/grün.c`, 'int x;'.repeat(50))
  run('sh', '-c', `cd "${work.path}" && zip -q out.zip grün.c`)
  const source = fileSource(`${work.path}/out.zip`)
  const [entry] = readZip(source)
  expect(Buffer.from(readZipEntry(source, entry!)).toString()).toBe('int x;'.repeat(50))
  source.close()
  work.remove()
})
