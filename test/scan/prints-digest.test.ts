import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { findPrints } from '../../src/scan/open-database.ts'
import { printsDigest } from '../../src/scan/prints-digest.ts'
import { fixtureDatabase } from '../fixtures/database.ts'

const root = mkdtempSync(join(tmpdir(), 'binprint-digest-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let fixture = ''
let directory = ''
let cache = ''
beforeAll(async () => {
  fixture = await fixtureDatabase()
})
beforeEach(() => {
  directory = mkdtempSync(join(root, 'database-'))
  cache = mkdtempSync(join(root, 'cache-'))
  cpSync(fixture, directory, { recursive: true })
})

/** As if the files had last been changed a minute ago. */
const later = (): number => Date.now() + 60_000

function digest(now?: number): string {
  const { digest, remember } = printsDigest(findPrints(directory), cache, now)
  remember()
  return digest
}

test('the digest of files that changed a moment ago is not remembered', () => {
  digest()
  expect(readdirSync(cache)).toEqual([])
})

test('the digest of files that stayed as they are is remembered, and is the one that reading gives', () => {
  const read = digest(later())
  expect(readdirSync(cache)).toHaveLength(1)
  expect(digest(later())).toBe(read)
  rmSync(join(cache, readdirSync(cache)[0]!))
  expect(digest(later())).toBe(read)
})

test('files are not read again for a digest that is remembered', () => {
  digest(later())
  const path = join(cache, readdirSync(cache)[0]!)
  const { mtimeMs } = statSync(path)
  digest(later())
  expect([readdirSync(cache).length, statSync(path).mtimeMs]).toEqual([1, mtimeMs])
})

test.each(['prints', 'components'])(
  'a file of %s edited in place, with its time set back, is noticed',
  async (folder) => {
    const before = digest(later())
    await new Promise((resolve) => setTimeout(resolve, 30))
    const path = join(directory, folder, readdirSync(join(directory, folder))[0]!)
    const bytes = readFileSync(path)
    const { atime, mtime } = statSync(path)
    // The header of prints ends with its own checksum; of a catalog entry any byte will do.
    bytes[12]! ^= 1
    writeFileSync(path, bytes)
    utimesSync(path, atime, mtime)
    expect(digest(later())).not.toBe(before)
  },
)
