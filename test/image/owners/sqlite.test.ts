import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../../src/bytes/limits.ts'
import { bytesSource } from '../../../src/bytes/source.ts'
import { isSqlite, sqliteRows } from '../../../src/image/owners/sqlite.ts'
import { hasProgram, run, workDirectory } from '../../fixtures/compile.ts'
import { buildSqlite, PAGE_BYTES } from '../../fixtures/sqlite.ts'

const blobOf = (i: number, bytes: number): Buffer => Buffer.alloc(bytes, `blob ${i} `)

function blobs(bytes: Uint8Array, table = 'Packages'): string[] {
  return [...sqliteRows(bytesSource(bytes), table, DEFAULT_LIMITS)].map(([, blob]) =>
    Buffer.from(blob as Uint8Array).toString('latin1'),
  )
}

test('several rows of a leaf come in its order', () => {
  const all = Array.from({ length: 31 }, (_, i) => blobOf(i, 20 + i))
  expect(blobs(buildSqlite('Packages', all, { rowsPerLeaf: 3 }))).toEqual(all.map((blob) => blob.toString('latin1')))
})

test.each([
  ['no rows', []],
  ['one row', [20]],
  ['rows of several leaves', Array.from({ length: 31 }, (_, i) => 20 + i)],
  ['rows that go on in other pages', [600, 5000, 476, 477, 478, 100_000, 10]],
  ['empty blobs', [0, 0, 0]],
])('%s come in the order of their keys', (_name, sizes) => {
  const all = sizes.map((size, i) => blobOf(i, size))
  expect(blobs(buildSqlite('Packages', all))).toEqual(all.map((blob) => blob.toString('latin1')))
})

test('a table that is not there has no rows', () => {
  expect(blobs(buildSqlite('Other', [blobOf(1, 5)]))).toEqual([])
})

test.each([
  ['an empty file', Buffer.alloc(0)],
  ['a text', Buffer.alloc(200, 'x')],
])('%s is no database', (_name, bytes) => {
  expect(isSqlite(bytesSource(bytes))).toBe(false)
  expect(() => blobs(bytes)).toThrow(expect.objectContaining({ code: 'FORMAT_BAD_MAGIC' }))
})

describe('a database', () => {
  const plain = buildSqlite(
    'Packages',
    [1, 2, 3, 4, 5, 6].map((i) => blobOf(i, 700)),
  )

  /** The same with one number written over. */
  function patched(at: number, bytes: 1 | 2 | 4, value: number): Buffer {
    const copy = Buffer.from(plain)
    copy.writeUIntBE(value, at, bytes)
    return copy
  }
  const root = plain.length - PAGE_BYTES

  test.each([
    ['whose tree leads to itself', patched(root + 8, 4, plain.length / PAGE_BYTES), 'FORMAT_CORRUPT'],
    ['whose tree leads to its first page', patched(root + 8, 4, 1), 'FORMAT_CORRUPT'],
    ['whose tree leads nowhere', patched(root + 8, 4, 99_999), 'FORMAT_CORRUPT'],
    ['whose tree leads to page 0', patched(root + 8, 4, 0), 'FORMAT_CORRUPT'],
    ['with more cells than a page holds', patched(root + 3, 2, 60_000), 'FORMAT_CORRUPT'],
    ['with a cell outside of its page', patched(root + 12, 2, 60_000), 'FORMAT_CORRUPT'],
    ['with pages of no known size', patched(16, 2, 1000), 'FORMAT_CORRUPT'],
    ['with pages of which nothing is used', patched(20, 1, 255), 'FORMAT_CORRUPT'],
    ['with texts in UTF-16', patched(56, 4, 2), 'FORMAT_UNSUPPORTED'],
    ['cut off', plain.subarray(0, plain.length - PAGE_BYTES), 'FORMAT_CORRUPT'],
  ])('%s ends in an error', (_name, bytes, code) => {
    expect(() => blobs(bytes)).toThrow(expect.objectContaining({ code }))
  })

  test('with all cells on one row comes to an end', () => {
    const bytes = Buffer.from(
      buildSqlite(
        'Packages',
        Array.from({ length: 40 }, () => blobOf(1, 3)),
        { rowsPerLeaf: 40 },
      ),
    )
    const large = Buffer.from(buildSqlite('Packages', [blobOf(1, 400)]))
    // A leaf of one large cell and 45 pointers to it.
    const leaf = large.subarray(PAGE_BYTES, 2 * PAGE_BYTES)
    const place = leaf.readUInt16BE(8)
    const count = Math.floor((place - 8) / 2)
    leaf.writeUInt16BE(count, 3)
    for (let i = 0; i < count; i++) leaf.writeUInt16BE(place, 8 + 2 * i)
    expect(blobs(bytes)).toHaveLength(40)
    expect(() => blobs(large)).toThrow(expect.objectContaining({ code: 'FORMAT_CORRUPT' }))
  })
})

test.skipIf(!hasProgram('sqlite3')).each([512, 1024, 4096, 65_536])(
  'what sqlite3 writes in pages of %d bytes is read back',
  (pageBytes) => {
    const work = workDirectory()
    const path = `${work.path}/test.sqlite`
    const numbers = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)'
    const size = 'CASE WHEN i % 50 = 0 THEN i * 100 ELSE i % 40 END'
    run(
      'sqlite3',
      path,
      `PRAGMA page_size = ${pageBytes}; CREATE TABLE other(x); CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL); ${numbers} INSERT INTO Packages SELECT i, zeroblob(${size}) FROM n; DELETE FROM Packages WHERE hnum % 7 = 0;`,
    )
    const truth = run('sqlite3', path, 'SELECT length(blob) FROM Packages ORDER BY hnum').trim().split('\n').map(Number)
    expect(blobs(readFileSync(path)).map(({ length }) => length)).toEqual(truth)
    work.remove()
  },
)
