import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { ResultCache } from '../../src/scan/result-cache.ts'

const work = mkdtempSync(join(tmpdir(), 'binprint-results-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))

function fresh(): { cache: ResultCache; directory: string } {
  const directory = mkdtempSync(join(work, 'cache-'))
  return { cache: new ResultCache('engine', directory), directory }
}

/** All files of records. */
function filesOf(directory: string): string[] {
  const names = readdirSync(join(directory, 'results'), { recursive: true, withFileTypes: true })
  return names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name))
}

test('a record comes back, and another name or engine has none', () => {
  const { cache, directory } = fresh()
  cache.write('files', 'abcd', { programs: [1, 'x', null] })
  expect(cache.read('files', 'abcd')).toEqual({ programs: [1, 'x', null] })
  expect(cache.read('files', 'abce')).toBeUndefined()
  expect(new ResultCache('another', directory).read('files', 'abcd')).toBeUndefined()
})

test('what was found in images stays when the engine changes', () => {
  const { cache, directory } = fresh()
  cache.write('images', 'abcd', { files: [] })
  const later = new ResultCache('another', directory)
  expect(later.names('images')).toEqual(['abcd'])
  expect(later.read('images', 'abcd')).toEqual({ files: [] })
})

test('a damaged record is as if it had never been there', () => {
  const { cache, directory } = fresh()
  cache.write('files', 'abcd', { programs: [] })
  for (const path of filesOf(directory)) {
    const bytes = readFileSync(path)
    bytes[3] = (bytes[3] ?? 0) ^ 1
    writeFileSync(path, bytes)
  }
  expect(cache.read('files', 'abcd')).toBeUndefined()
})

test('a cache that cannot be written keeps nothing and ends nothing', () => {
  const path = join(work, 'a-file')
  writeFileSync(path, '')
  const cache = new ResultCache('engine', path)
  cache.write('files', 'abcd', {})
  expect(cache.read('files', 'abcd')).toBeUndefined()
  expect(cache.names('files')).toEqual([])
  cache.tidy()
})

test('what nobody asked for in a month goes, and images stay', () => {
  const { cache, directory } = fresh()
  for (const kind of ['files', 'layers', 'blobs', 'images'] as const) cache.write(kind, 'abcd', {})
  cache.write('files', 'used', {})
  const long = Date.now() / 1000 - 40 * 24 * 60 * 60
  for (const path of filesOf(directory)) utimesSync(path, long, long)
  expect(cache.read('files', 'used')).toEqual({})
  cache.tidy()
  expect([cache.names('files'), cache.names('layers'), cache.names('blobs'), cache.names('images')]).toEqual([
    ['used-engine'],
    [],
    [],
    ['abcd'],
  ])
})
