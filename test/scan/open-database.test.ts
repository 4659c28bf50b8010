import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type OpenOptions, openDatabase } from '../../src/scan/open-database.ts'
import { FIXTURE_COMPONENTS, fixtureDatabase, fixtureVersions } from '../fixtures/database.ts'

const work = mkdtempSync(join(tmpdir(), 'binprint-open-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))

let directory = ''
let cacheDirectory = ''
let compiled = 0

beforeAll(async () => {
  directory = await fixtureDatabase()
})

beforeEach(() => {
  cacheDirectory = join(mkdtempSync(join(work, 'case-')), 'cache')
  compiled = 0
})

/** Opens and closes it; {@link compiled} counts how often that had to compile. */
async function open(location: string, options: OpenOptions = {}): Promise<string> {
  const onProgress: OpenOptions['onProgress'] = ({ phase }) => {
    if (phase === 'compile') compiled++
  }
  await using db = await openDatabase(location, { cacheDirectory, onProgress, ...options })
  return db.summary.digest
}

function copyOf(): string {
  const copy = mkdtempSync(join(work, 'database-'))
  cpSync(directory, copy, { recursive: true })
  return copy
}

/** The compiled databases of the cache. */
function keys(): string[] {
  return readdirSync(cacheDirectory).filter((name) => !name.startsWith('.'))
}

describe('the compiled database', () => {
  test('is made in the cache on first use, and not again', async () => {
    const first = await open(directory)
    const second = await open(directory)
    expect([compiled, keys().length, first]).toEqual([1, 1, second])
  })

  test.skipIf(process.platform === 'win32')('lies in a directory that is its user’s alone', async () => {
    await open(directory)
    expect(statSync(cacheDirectory).mode & 0o777).toBe(0o700)
  })

  test('is made again when prints changed', async () => {
    const copy = copyOf()
    const before = await open(copy)
    rmSync(join(copy, 'prints', 'storkdb.bpf'))
    const after = await open(copy)
    expect(after).not.toBe(before)
    expect([compiled, keys().length]).toEqual([2, 2])
  })

  test('is made again when the catalog changed', async () => {
    const copy = copyOf()
    const before = await open(copy)
    const path = join(copy, 'components', 'storkdb.json')
    writeFileSync(path, readFileSync(path, 'utf8').replace('libstorkdb', 'libstork'))
    expect(await open(copy)).not.toBe(before)
    expect(compiled).toBe(2)
  })

  test('is the same wherever the prints lie', async () => {
    expect(await open(copyOf())).toBe(await open(directory))
    expect(compiled).toBe(1)
  })

  test('is made once when two open it at the same time, and serves both', async () => {
    const [one, two] = await Promise.all([open(directory), open(directory)])
    expect([one, compiled]).toEqual([two, 1])
  })

  test('that was damaged in the cache is made again', async () => {
    await open(directory)
    const [key = ''] = keys()
    for (const name of readdirSync(join(cacheDirectory, key)).filter((name) => name.endsWith('.ldb')))
      writeFileSync(join(cacheDirectory, key, name), 'damaged')
    await open(directory)
    expect(compiled).toBe(2)
  })
})

describe('an open database', () => {
  test('says what it holds', async () => {
    await using db = await openDatabase(directory, { cacheDirectory })
    expect(db.summary).toMatchObject({
      components: FIXTURE_COMPONENTS.length,
      releases: FIXTURE_COMPONENTS.flatMap(fixtureVersions).length,
      digest: expect.stringMatching(/^[0-9a-f]{16}$/),
      schema: expect.any(Number),
      names: [...FIXTURE_COMPONENTS].sort(),
    })
  })

  test('may be closed twice', async () => {
    const db = await openDatabase(directory, { cacheDirectory })
    await db.close()
    await db.close()
  })

  test('may be opened twice at once', async () => {
    await using one = await openDatabase(directory, { cacheDirectory })
    await using two = await openDatabase(directory, { cacheDirectory })
    expect(one.summary).toEqual(two.summary)
  })
})

describe('a directory of prints alone', () => {
  test('is a database too', async () => {
    await using db = await openDatabase(join(directory, 'prints'), { cacheDirectory })
    expect(db.summary.names).toEqual([...FIXTURE_COMPONENTS].sort())
  })
})

describe('what cannot be opened', () => {
  test('prints that are broken are named', async () => {
    const copy = copyOf()
    const path = join(copy, 'prints', 'cranekit.bpf')
    const bytes = readFileSync(path)
    bytes[bytes.length >> 1] = bytes[bytes.length >> 1]! ^ 0xff
    writeFileSync(path, bytes)
    await expect(open(copy)).rejects.toMatchObject({
      code: 'STORE_CORRUPT',
      message: expect.stringContaining('cranekit.bpf'),
    })
    expect(keys()).toEqual([])
  })

  test('prints that are cut off are named', async () => {
    const copy = copyOf()
    const path = join(copy, 'prints', 'cranekit.bpf')
    writeFileSync(path, readFileSync(path).subarray(0, 40))
    await expect(open(copy)).rejects.toMatchObject({
      code: 'STORE_CORRUPT',
      message: expect.stringContaining('cranekit.bpf'),
    })
  })

  test.each([
    ['a directory that is not there', () => join(work, 'nowhere')],
    [
      'an empty directory',
      () => {
        mkdirSync(join(work, 'empty'), { recursive: true })
        return join(work, 'empty')
      },
    ],
    [
      'a file',
      () => {
        writeFileSync(join(work, 'file.bpf'), 'not a directory')
        return join(work, 'file.bpf')
      },
    ],
    [
      'a path below a file',
      () => {
        writeFileSync(join(work, 'plain'), 'not a directory')
        return join(work, 'plain', 'inner')
      },
    ],
  ])('%s has no prints', async (_name, location) => {
    await expect(open(location())).rejects.toMatchObject({ code: 'STORE_NOT_FOUND' })
    expect(existsSync(cacheDirectory)).toBe(false)
  })

  test('a call that was aborted before', async () => {
    await expect(open(directory, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' })
    expect(compiled).toBe(0)
  })
})
