import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs'
import { appendFile, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openCompiled } from '../../src/database/cache.ts'
import { defaultCacheDirectory, HOST, MARKER } from '../../src/database/cache-directory.ts'
import type { DatabaseReader } from '../../src/database/reader.ts'
import { writeDatabase } from '../../src/database/writer.ts'
import { compileFiles } from '../fixtures/compiled.ts'
import { databaseContent } from './synthetic-database.ts'

const root = mkdtempSync(join(tmpdir(), 'binprint-cache-'))
const content = databaseContent(1, 2000)
const { high, low } = content.features[0]!
/** No process has this number: it is above the largest that Linux gives. */
const DEAD_PID = 4_194_305
const LONG_AGO = new Date(Date.now() - 31 * 24 * 60 * 60 * 1000)

let cache = ''
let compiled = 0

beforeEach(() => {
  cache = mkdtempSync(join(root, 'case-'))
  compiled = 0
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

async function compile(directory: string): Promise<void> {
  compiled++
  await writeDatabase(directory, content)
}

function open(key = 'key'): Promise<DatabaseReader> {
  return openCompiled(key, compile, { cacheDirectory: cache })
}

async function hitsOf(reader: DatabaseReader): Promise<number> {
  return (await reader.lookup(1, high, low, 0, high.length)).count
}
const ALL_HITS = content.features[0]!.starts.at(-1)!

/** What lies in the cache besides compiled databases. */
function leftovers(): string[] {
  return readdirSync(cache).filter((name) => name.startsWith('.'))
}

describe('a compiled database in the cache', () => {
  test('is compiled once and then opened', async () => {
    for (let times = 0; times < 2; times++) {
      await using reader = await open()
      expect(await hitsOf(reader)).toBe(ALL_HITS)
    }
    expect(compiled).toBe(1)
    expect(leftovers()).toEqual([])
  })

  test('is readable by its user only', async () => {
    cache = join(cache, 'new', 'binprint')
    await using _reader = await open()
    expect(statSync(cache).mode & 0o777).toBe(0o700)
    expect(statSync(join(cache, 'key')).mode & 0o777).toBe(0o700)
  })

  test('is opened several times by one process', async () => {
    const readers = await Promise.all([open(), open(), open(), open()])
    for (const reader of readers) expect(await hitsOf(reader)).toBe(ALL_HITS)
    expect(compiled).toBe(1)
    expect(leftovers()).toHaveLength(3)
    await readers[0]!.close()
    expect(await hitsOf(readers[1]!)).toBe(ALL_HITS)
    for (const reader of readers) await reader.close()
    expect(leftovers()).toEqual([])
  })

  test('opened privately shares the tables of the first', async () => {
    await using _first = await open()
    await using _second = await open()
    const copy = join(cache, leftovers()[0]!)
    const table = readdirSync(copy).find((name) => name.endsWith('.ldb'))!
    expect(statSync(join(copy, table)).ino).toBe(statSync(join(cache, 'key', table)).ino)
  })

  test('opens and closes many times over without harm', async () => {
    for (let round = 0; round < 10; round++) {
      const readers = await Promise.all([open(), open(), open()])
      expect(await Promise.all(readers.map(hitsOf))).toEqual([ALL_HITS, ALL_HITS, ALL_HITS])
      await Promise.all(readers.map((reader) => reader.close()))
    }
    expect(compiled).toBe(1)
    expect(leftovers()).toEqual([])
  })

  test('is not there after a compilation that failed, and the next one works', async () => {
    const fail = async (directory: string): Promise<void> => {
      await writeFile(join(directory, 'CURRENT'), 'half')
      throw new Error('no space left')
    }
    await expect(openCompiled('key', fail, { cacheDirectory: cache })).rejects.toThrow('no space left')
    expect(readdirSync(cache)).toEqual([])
    await using reader = await open()
    expect(await hitsOf(reader)).toBe(ALL_HITS)
  })

  test.each([
    ['truncated', (path: string) => writeFile(join(path, 'CURRENT'), '')],
    ['emptied', async (path: string) => rmSync(path, { recursive: true }) ?? mkdirSync(path)],
  ])('is compiled again when it was %s', async (_, damage) => {
    await (await open()).close()
    await damage(join(cache, 'key'))
    await using reader = await open()
    expect(await hitsOf(reader)).toBe(ALL_HITS)
    expect(compiled).toBe(2)
  })

  test('is not compiled for ever when compiling does not help', async () => {
    const useless = async (directory: string): Promise<void> => {
      compiled++
      await writeFile(join(directory, 'CURRENT'), '')
    }
    await expect(openCompiled('key', useless, { cacheDirectory: cache })).rejects.toMatchObject({
      code: 'STORE_CORRUPT',
    })
    expect(compiled).toBe(2)
  })

  test.each(['', '..', '.hidden', 'a/b', 'a\\b'])('is not looked for under the key "%s"', async (key) => {
    await expect(open(key)).rejects.toThrow(TypeError)
  })

  test('cannot be in a cache that is a file', async () => {
    await writeFile(join(cache, 'file'), '')
    cache = join(cache, 'file')
    await expect(open()).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining('BINPRINT_CACHE') })
  })

  test.runIf(process.getuid?.() !== 0)('cannot be in a cache that is not writable', async () => {
    chmodSync(cache, 0o500)
    await expect(open()).rejects.toMatchObject({ code: 'USAGE' })
    chmodSync(cache, 0o700)
  })
})

describe('what others left in the cache', () => {
  test('is removed when their process is dead', async () => {
    const dead = `.binprint-open-${HOST}-${DEAD_PID}-00ff`
    const alive = `.binprint-compile-${HOST}-${process.ppid}-00ff`
    const elsewhere = `.binprint-open-${HOST === '00000000' ? '11111111' : '00000000'}-${DEAD_PID}-00ff`
    for (const name of [dead, alive, elsewhere]) mkdirSync(join(cache, name))
    await using _reader = await open()
    expect(leftovers().sort()).toEqual([alive, elsewhere].sort())
  })

  test('is removed when it is a compiled database that nobody opened for 30 days', async () => {
    for (const key of ['old', 'recent']) await (await open(key)).close()
    await utimes(join(cache, 'old'), LONG_AGO, LONG_AGO)
    await (await open()).close()
    expect(readdirSync(cache).sort()).toEqual(['key', 'recent'])
  })

  test('stays when it is not ours, however old', async () => {
    mkdirSync(join(cache, 'photos'))
    await writeFile(join(cache, 'letter.txt'), '')
    for (const name of ['photos', 'letter.txt']) await utimes(join(cache, name), LONG_AGO, LONG_AGO)
    await (await open()).close()
    expect(readdirSync(cache).sort()).toEqual(['key', 'letter.txt', 'photos'])
  })

  test('is not taken for a database that was opened a moment ago, though it was compiled long before', async () => {
    await (await open('old')).close()
    await utimes(join(cache, 'old'), LONG_AGO, LONG_AGO)
    await (await open('old')).close()
    await (await open()).close()
    expect(existsSync(join(cache, 'old', MARKER))).toBe(true)
    expect(compiled).toBe(2)
  })

  test('is no obstacle when it is the lock of a dead process', async () => {
    await writeFile(join(cache, '.binprint-lock-key'), `${HOST} ${DEAD_PID} 1\n`)
    await using reader = await open()
    expect(await hitsOf(reader)).toBe(ALL_HITS)
    expect(leftovers()).toEqual([])
  })

  test('is no obstacle when it is a lock of another machine without a sign of life', async () => {
    const lock = join(cache, '.binprint-lock-key')
    await writeFile(lock, 'elsewhere 1 1\n')
    await utimes(lock, LONG_AGO, LONG_AGO)
    await using reader = await open()
    expect(await hitsOf(reader)).toBe(ALL_HITS)
  })

  test('is waited for when it is the lock of a living process, until the caller gives up', async () => {
    await writeFile(join(cache, '.binprint-lock-key'), `${HOST} ${process.ppid} 1\n`)
    const signal = AbortSignal.timeout(300)
    await expect(openCompiled('key', compile, { cacheDirectory: cache, signal })).rejects.toMatchObject({
      code: 'ABORTED',
    })
    expect(compiled).toBe(0)
  })
})

test.each([
  [{ BINPRINT_CACHE: '/own', XDG_CACHE_HOME: '/xdg' }, 'linux', '/own'],
  [{ XDG_CACHE_HOME: '/xdg' }, 'linux', join('/xdg', 'binprint')],
  [{ XDG_CACHE_HOME: 'relative' }, 'linux', join('/home/me', '.cache', 'binprint')],
  [{}, 'linux', join('/home/me', '.cache', 'binprint')],
  [{}, 'darwin', join('/home/me', 'Library', 'Caches', 'binprint')],
  [{ LOCALAPPDATA: '/local' }, 'win32', join('/local', 'binprint', 'Cache')],
] as const)('the cache of %j on %s is %s', (environment, platform, expected) => {
  expect(defaultCacheDirectory(environment, platform, '/home/me')).toBe(expected)
})

describe('several processes', () => {
  let build = ''
  const children: ChildProcess[] = []

  beforeAll(async () => {
    build = await compileFiles(['src/database/cache.ts', 'test/database/cache-child.ts'])
  })
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL')
    if (build !== '') rmSync(build, { recursive: true, force: true })
  })

  /** Starts a child that says `ready`, opens on any line, says what it found, and closes on the next line. */
  async function start(mode = 'compile'): Promise<{ child: ChildProcess; say(): void; hear(): Promise<string> }> {
    const script = join(build, 'test', 'database', 'cache-child.js')
    const child = spawn(process.execPath, [script, cache, mode], { stdio: ['pipe', 'pipe', 'ignore'] })
    children.push(child)
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
    const hear = async (): Promise<string> => String((await lines.next()).value)
    expect(await hear()).toBe('ready')
    return { child, say: () => child.stdin!.write('\n'), hear }
  }

  function compilations(): number {
    return readFileSync(join(cache, 'compilations'), 'utf8').split('\n').length - 1
  }

  /** Names, sizes and times of all that lies in the cache. */
  function state(): string[] {
    const entries = readdirSync(cache, { recursive: true, encoding: 'utf8' }).sort()
    return [cache, ...entries.map((name) => join(cache, name))].map((path) => {
      const { mtimeMs, size } = statSync(path)
      return `${path} ${size} ${mtimeMs}`
    })
  }

  describe.skipIf(process.platform === 'win32')('of users who must not write the cache', () => {
    const isRoot = process.getuid?.() === 0
    afterEach(() => chmodSync(cache, 0o755))

    async function make(): Promise<void> {
      const reader = await open()
      await reader.close()
      // Root may write what it likes: the child becomes somebody else.
      for (const path of [root, cache, join(cache, 'key')]) chmodSync(path, 0o755)
      for (const name of readdirSync(join(cache, 'key'))) chmodSync(join(cache, 'key', name), 0o644)
      if (!isRoot) chmodSync(cache, 0o555)
    }

    test('open it at the same time and change nothing', async () => {
      await make()
      const before = state()
      const [a, b] = await Promise.all([start('nobody'), start('nobody')])
      a.say()
      b.say()
      expect(await Promise.all([a.hear(), b.hear()])).toEqual([`${ALL_HITS} hits`, `${ALL_HITS} hits`])
      for (const { child, say } of [a, b]) {
        say()
        await once(child, 'exit')
      }
      expect(state()).toEqual(before)
    })

    test.runIf(isRoot)('and cannot read it either are told what to do', async () => {
      await make()
      for (const path of [join(cache, 'key'), cache]) {
        chmodSync(path, 0o700)
        const { say, hear } = await start('nobody')
        say()
        expect(await hear()).toMatch(/^cannot use the cache directory .*chmod -R a\+rX.*BINPRINT_CACHE/)
      }
    })

    test('never compile it again, damaged as it may be', async () => {
      await make()
      truncateSync(join(cache, 'key', 'CURRENT'), 3)
      const before = state()
      const { child, say } = await start('nobody')
      say()
      expect(await once(child, 'exit')).toEqual([1, null])
      expect(state()).toEqual(before)
    })
  })

  test('that start at the same moment on an empty cache compile once and both find everything', async () => {
    const [a, b] = await Promise.all([start(), start()])
    a.say()
    b.say()
    expect(await Promise.all([a.hear(), b.hear()])).toEqual([`${ALL_HITS} hits`, `${ALL_HITS} hits`])
    expect(compilations()).toBe(1)

    const third = await start()
    third.say()
    expect(await third.hear()).toBe(`${ALL_HITS} hits`)
    await using here = await open()
    expect(await hitsOf(here)).toBe(ALL_HITS)
    for (const { child, say } of [a, b, third]) {
      say()
      await once(child, 'exit')
    }
    expect(leftovers()).toHaveLength(1)
    expect(compilations()).toBe(1)
  })

  test('leave nothing that is used when one is killed while it compiles', async () => {
    const victim = await start('hang')
    victim.say()
    expect(await victim.hear()).toBe('compiling')
    victim.child.kill('SIGKILL')
    await once(victim.child, 'exit')
    expect(leftovers()).toHaveLength(2)
    const next = await start()
    next.say()
    expect(await next.hear()).toBe(`${ALL_HITS} hits`)
    expect(leftovers()).toEqual([])
    next.say()
    await once(next.child, 'exit')
  })

  test('that die with a database open leave a private copy that the next one removes', async () => {
    await using reader = await open()
    const victim = await start()
    victim.say()
    await victim.hear()
    expect(leftovers()).toHaveLength(1)
    victim.child.kill('SIGKILL')
    await once(victim.child, 'exit')
    await appendFile(join(cache, 'compilations'), '')
    await using again = await open()
    expect([await hitsOf(reader), await hitsOf(again)]).toEqual([ALL_HITS, ALL_HITS])
    expect(leftovers()).toHaveLength(1)
  })
})
