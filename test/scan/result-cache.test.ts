import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { ResultCache, type ResultKind } from '../../src/scan/result-cache.ts'

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
  expect(new ResultCache('engine', directory).read('files', 'abcd')).toBeUndefined()
  cache.flush()
  expect(new ResultCache('engine', directory).read('files', 'abcd')).toEqual({ programs: [1, 'x', null] })
  expect(cache.read('files', 'abcd')).toEqual({ programs: [1, 'x', null] })
  expect(cache.read('files', 'abce')).toBeUndefined()
  expect(new ResultCache('another', directory).read('files', 'abcd')).toBeUndefined()
})

test('what was found in images stays when the engine changes', () => {
  const { cache, directory } = fresh()
  cache.write('images', 'abcd', { files: [] })
  const later = new ResultCache('another', directory)
  expect(later.imageNames()).toEqual(['abcd'])
  expect(later.read('images', 'abcd')).toEqual({ files: [] })
})

test.each(['files', 'layers'] as const)('a damaged record of %s is as if it had never been there', (kind) => {
  const { cache, directory } = fresh()
  cache.write(kind, 'abcd', { programs: [] })
  cache.flush()
  const [path = ''] = filesOf(directory)
  const whole = readFileSync(path)
  for (let at = 0; at < whole.length; at++) {
    const bytes = Buffer.from(whole)
    bytes[at] = (bytes[at] ?? 0) ^ 1
    writeFileSync(path, bytes)
    expect(new ResultCache('engine', directory).read(kind, 'abcd'), `byte ${at}`).toBeUndefined()
    writeFileSync(path, whole.subarray(0, at))
    expect(new ResultCache('engine', directory).read(kind, 'abcd'), `cut at ${at}`).toBeUndefined()
  }
  writeFileSync(path, whole)
  expect(new ResultCache('engine', directory).read(kind, 'abcd')).toEqual({ programs: [] })
})

test('a cache that cannot be written keeps nothing and ends nothing', () => {
  const path = join(work, 'a-file')
  writeFileSync(path, '')
  const cache = new ResultCache('engine', path)
  cache.write('files', 'abcd', {})
  cache.flush()
  expect(cache.read('files', 'abcd')).toBeUndefined()
  cache.write('layers', 'abcd', {})
  expect(cache.read('layers', 'abcd')).toBeUndefined()
  expect(cache.imageNames()).toEqual([])
  cache.tidy()
})

test('what nobody asked for in a month goes, and images stay', () => {
  const { cache, directory } = fresh()
  for (const kind of ['files', 'layers', 'blobs', 'images'] as const) cache.write(kind, 'abcd', {})
  cache.write('layers', 'used', {})
  cache.flush()
  cache.write('files', 'used', {})
  cache.flush()
  const long = Date.now() / 1000 - 40 * 24 * 60 * 60
  for (const path of filesOf(directory)) utimesSync(path, long, long)
  const later = new ResultCache('engine', directory)
  for (const kind of ['files', 'layers'] as const) expect(later.read(kind, 'used')).toEqual({})
  later.tidy()
  const last = new ResultCache('engine', directory)
  const kept = (kind: ResultKind): string[] => ['abcd', 'used'].filter((name) => last.read(kind, name) !== undefined)
  expect([kept('files'), kept('layers'), kept('blobs'), kept('images')]).toEqual([['used'], ['used'], [], ['abcd']])
})

test('records of many packs are found, those of other processes too, and packs stay few', () => {
  const { directory } = fresh()
  const other = new ResultCache('engine', directory)
  expect(other.read('files', 'record 0')).toBeUndefined()
  for (let pack = 0; pack < 300; pack++) {
    const cache = new ResultCache('engine', directory)
    for (const place of [0, 1]) cache.write('files', `record ${2 * pack + place}`, { pack, place })
    cache.write('files', 'in all', { any: true })
    cache.flush()
  }
  expect(filesOf(directory).length).toBeLessThanOrEqual(65)
  other.write('files', 'its own', {})
  other.flush()
  for (let pack = 0; pack < 300; pack++)
    for (const place of [0, 1]) expect(other.read('files', `record ${2 * pack + place}`)).toEqual({ pack, place })
  expect(other.read('files', 'in all')).toEqual({ any: true })
})

test('a process whose packs another one joined reads on', () => {
  const { cache, directory } = fresh()
  cache.write('files', 'abcd', { kept: true })
  cache.flush()
  for (const path of filesOf(directory)) rmSync(path)
  expect(cache.read('files', 'abcd')).toBeUndefined()
  cache.write('files', 'abcd', { kept: true })
  cache.flush()
  expect(cache.read('files', 'abcd')).toEqual({ kept: true })
})
