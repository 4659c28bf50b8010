import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { isSettled, rememberDigest, rememberedDigest, stampOf } from '../../src/database/digest-memo.ts'

const root = mkdtempSync(join(tmpdir(), 'binprint-memo-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let directory = ''
let cache = ''
let paths: string[] = []
beforeEach(() => {
  directory = mkdtempSync(join(root, 'files-'))
  cache = mkdtempSync(join(root, 'cache-'))
  paths = ['one', 'two'].map((name) => join(directory, name))
  for (const path of paths) writeFileSync(path, 'text')
})

describe('the stamp of files', () => {
  test('stays while nothing is written', () => {
    expect(stampOf(paths)).toEqual(stampOf(paths))
  })

  test.each<[string, (path: string) => void]>([
    ['that is longer', (path) => writeFileSync(path, 'texts')],
    [
      'of the same length with its time set back',
      (path) => {
        const { atime, mtime } = statSync(path)
        writeFileSync(path, 'TEXT')
        utimesSync(path, atime, mtime)
      },
    ],
    [
      'that another took the place of',
      (path) => {
        writeFileSync(`${path}-new`, 'TEXT')
        renameSync(`${path}-new`, path)
      },
    ],
  ])('is another for a file %s', async (_, change) => {
    const before = stampOf(paths)
    // Longer than the grain of times on file systems that tests run on.
    await new Promise((resolve) => setTimeout(resolve, 30))
    change(paths[1]!)
    expect(stampOf(paths).name).not.toBe(before.name)
  })

  test('is another for other files', () => {
    expect(stampOf(paths.slice(1)).name).not.toBe(stampOf(paths).name)
  })

  test('is settled ten seconds after the last change, and not before, nor while a time lies ahead', () => {
    const stamp = stampOf(paths)
    expect(isSettled(stamp, stamp.changed + 10_000)).toBe(true)
    expect(isSettled(stamp, stamp.changed + 9_999)).toBe(false)
    expect(isSettled(stamp, stamp.changed - 60_000)).toBe(false)
  })
})

describe('a digest in the cache', () => {
  test('is there for its stamp, and for no other', () => {
    const stamp = stampOf(paths)
    expect(rememberedDigest(cache, stamp)).toBeUndefined()
    rememberDigest(cache, stamp, '0123456789abcdef')
    expect(rememberedDigest(cache, stamp)).toBe('0123456789abcdef')
    expect(rememberedDigest(cache, { ...stamp, name: `${stamp.name}0` })).toBeUndefined()
  })

  test.each<[string, (text: string) => string]>([
    ['cut', (text) => text.slice(0, 20)],
    ['emptied', () => ''],
    ['changed', (text) => text.replace('0', '1')],
    ['without its checksum', (text) => text.slice(0, text.indexOf(' '))],
  ])('that was %s is none', (_, change) => {
    const stamp = stampOf(paths)
    rememberDigest(cache, stamp, '0123456789abcdef')
    const path = join(cache, readdirSync(cache)[0]!)
    writeFileSync(path, change(readFileSync(path, 'utf8')))
    expect(rememberedDigest(cache, stamp)).toBeUndefined()
    rememberDigest(cache, stamp, '0123456789abcdef')
    expect(rememberedDigest(cache, stamp)).toBe('0123456789abcdef')
  })

  test('of another stamp under its name is none', () => {
    const stamp = stampOf(paths)
    rememberDigest(cache, stamp, '0123456789abcdef')
    const path = join(cache, readdirSync(cache)[0]!)
    const other = { ...stamp, name: `${stamp.name}0` }
    renameSync(path, `${path}0`)
    expect(rememberedDigest(cache, other)).toBeUndefined()
  })

  test('is not needed: where there is no cache, nothing is remembered', () => {
    rmSync(cache, { recursive: true })
    rememberDigest(cache, stampOf(paths), '0123456789abcdef')
    expect(rememberedDigest(cache, stampOf(paths))).toBeUndefined()
  })

  test.skipIf(process.platform === 'win32' || process.getuid?.() === 0)(
    'is not written where the cache must not be, and that is no error',
    () => {
      chmodSync(cache, 0o500)
      rememberDigest(cache, stampOf(paths), '0123456789abcdef')
      expect(readdirSync(cache)).toEqual([])
    },
  )
})
