import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { decodePrints } from '../../src/database/prints-file.ts'
import {
  addToDatabase,
  describeDatabase,
  diffDatabases,
  exportDatabase,
  importDatabase,
  mergeDatabases,
  removeFromDatabase,
  updateDatabase,
  verifyDatabase,
} from '../../src/scan/databases.ts'
import { indexRelease } from '../../src/scan/index-release.ts'
import { openDatabase } from '../../src/scan/open-database.ts'
import { git, hasGit } from '../build/sources/repositories.ts'
import { workDirectory } from '../fixtures/compile.ts'
import { fixtureDatabase, writeSources } from '../fixtures/database.ts'
import { buildTar } from '../fixtures/tar.ts'

const work = workDirectory()
afterAll(() => work.remove())

let place = ''
let database = ''
beforeAll(fixtureDatabase)
beforeEach(async () => {
  place = mkdtempSync(join(work.path, 'case-'))
  database = join(place, 'database')
  cpSync(await fixtureDatabase(), database, { recursive: true })
})

/** Adds the sources of a release of a fixture component to a database. */
function add(directory: string, component: string, release: string): ReturnType<typeof addToDatabase> {
  const sources = mkdtempSync(join(place, 'sources-'))
  return addToDatabase(directory, [writeSources(sources, component, release)], { component, release })
}

function releasesIn(directory: string, name: string): string[] {
  return decodePrints(readFileSync(join(directory, 'prints', `${name}.bpf`))).releases.map(({ version }) => version)
}

/** All files below the directory, by path, in order. */
function contentOf(directory: string): Map<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort()
  return new Map(paths.map((path) => [path.slice(directory.length), readFileSync(path).toString('base64')]))
}

function flip(path: string, offset: number): void {
  const bytes = readFileSync(path)
  bytes[offset < 0 ? bytes.length + offset : offset]! ^= 0xff
  writeFileSync(path, bytes)
}

describe('db verify', () => {
  test('proves prints that have a lock, and tells those apart that have none', async () => {
    await add(database, 'heronzip', '2.0.0')
    const { proved, unlocked, problems } = await verifyDatabase(database)
    expect([proved, problems]).toEqual([['prints/heronzip.bpf'], []])
    expect(unlocked).toContain('prints/cranekit.bpf')
  })

  test('names file, section and offset of what is damaged, and goes on', async () => {
    const path = join(database, 'prints/cranekit.bpf')
    flip(path, -1)
    const { problems, unlocked } = await verifyDatabase(database)
    expect(problems).toMatchObject([
      { path: 'prints/cranekit.bpf', section: expect.any(String), offset: expect.any(Number) },
    ])
    expect(unlocked).toContain('prints/heronzip.bpf')
  })

  test.each<[string, string, (path: string) => void, RegExp]>([
    [
      'cut short',
      'prints/cranekit.bpf',
      (path) => writeFileSync(path, readFileSync(path).subarray(0, 300)),
      /fit|need/,
    ],
    ['no prints at all', 'prints/cranekit.bpf', (path) => writeFileSync(path, 'hello'), /not a prints file/],
    [
      'of another component',
      'prints/otter.bpf',
      (path) => cpSync(path.replace('otter', 'cranekit'), path),
      /prints of cranekit/,
    ],
    ['no JSON', 'components', (path) => writeFileSync(join(path, 'cranekit.json'), '{'), /need JSON/],
    ['no lock', 'locks/heronzip.json', (path) => writeFileSync(path, '{}'), /need a text as name/],
    ['a damaged background', 'background.bpf', (path) => flip(path, -1), /checksum/],
  ])('names a file that is %s', async (_, path, spoil, reason) => {
    await add(database, 'heronzip', '2.0.0')
    spoil(join(database, path))
    const { problems } = await verifyDatabase(database)
    expect(problems).toMatchObject([{ path, reason: expect.stringMatching(reason) }])
  })

  test('tells prints that are whole from those that the lock is about', async () => {
    await add(database, 'heronzip', '2.0.0')
    const sources = writeSources(place, 'heronzip', '1.0.0')
    await indexRelease(join(database, 'prints'), [sources], { component: 'heronzip', release: '1.0.0-again' })
    const { problems } = await verifyDatabase(database)
    expect(problems).toMatchObject([{ path: 'prints/heronzip.bpf', reason: expect.stringContaining('sha256') }])
  })

  test('needs a database', async () => {
    await expect(verifyDatabase(place)).rejects.toMatchObject({ code: 'STORE_NOT_FOUND' })
  })
})

describe('db info NAME', () => {
  test('describes releases and sections', async () => {
    const { components } = await describeDatabase(database, ['heronzip'])
    expect(components).toMatchObject([
      { name: 'heronzip', sources: ['1.0.0', '1.1.0', '1.2.0', '1.2.1', '2.0.0'], built: [] },
    ])
    const [{ bytes, sections } = { bytes: 0, sections: {} }] = components
    const sum = Object.values(sections).reduce((all, size) => all + size, 0)
    expect(bytes).toBe(readFileSync(join(database, 'prints/heronzip.bpf')).length)
    expect(bytes - sum).toBe(12 + Object.keys(sections).length * 20 + 8)
  })

  test('refuses a name that is not there', async () => {
    await expect(describeDatabase(database, ['gnat'])).rejects.toMatchObject({ code: 'USAGE' })
  })
})

describe('db add and db remove', () => {
  test('make a database from nothing, which scans can open', async () => {
    const own = join(place, 'own')
    await add(own, 'heronzip', '1.0.0')
    await add(own, 'heronzip', '1.1.0')
    expect(releasesIn(own, 'heronzip')).toEqual(['1.0.0', '1.1.0'])
    expect(await verifyDatabase(own)).toEqual({ proved: ['prints/heronzip.bpf'], unlocked: [], problems: [] })
    const db = await openDatabase(own)
    expect(db.summary).toMatchObject({ components: 1, releases: 2, names: ['heronzip'] })
    await db.close()
  })

  test.skipIf(!hasGit)('remember which tags are releases', async () => {
    const repository = writeSources(place, 'heronzip', '1.0.0')
    git(repository, 'init', '--quiet', '.')
    git(repository, 'add', '--all')
    git(repository, 'commit', '--quiet', '--message=first')
    const own = join(place, 'own')
    const options = { component: 'heronzip', tags: /^release-/ }
    await expect(addToDatabase(own, [repository], options)).rejects.toThrow('it has no tags')
    git(repository, 'tag', 'v0.9')
    await expect(addToDatabase(own, [repository], options)).rejects.toThrow('it has v0.9')
    expect(existsSync(own)).toBe(false)
    git(repository, 'tag', 'release-1.0')
    await addToDatabase(own, [repository], options)
    git(repository, 'tag', 'release-1.1')
    await addToDatabase(own, [repository], { component: 'heronzip' })
    expect(releasesIn(own, 'heronzip')).toEqual(['1.0', '1.1'])
  })

  test('say of a file that is none of their inputs what is needed', async () => {
    const file = join(place, 'heron.c')
    writeFileSync(file, 'int heron;\n')
    await expect(
      addToDatabase(join(place, 'own'), [file], { component: 'heronzip', release: '1.0' }),
    ).rejects.toMatchObject({ message: expect.stringMatching(/^need a directory, an archive .*heron\.c is none: /) })
  })

  test('keep an entry that somebody filled in', async () => {
    const entry = readFileSync(join(database, 'components/heronzip.json'), 'utf8')
    await add(database, 'heronzip', '1.0.0')
    expect(readFileSync(join(database, 'components/heronzip.json'), 'utf8')).toBe(entry)
  })

  test('take a release out as if it had never been there', async () => {
    const [one, other] = [join(place, 'one'), join(place, 'other')]
    for (const release of ['1.0.0', '1.1.0', '1.2.0']) await add(one, 'heronzip', release)
    for (const release of ['1.0.0', '1.2.0']) await add(other, 'heronzip', release)
    expect(await removeFromDatabase(one, ['heronzip@1.1.0'])).toEqual([{ component: 'heronzip', version: '1.1.0' }])
    expect(contentOf(one)).toEqual(contentOf(other))
    expect((await verifyDatabase(one)).problems).toEqual([])
  })

  test('take a component out with all that is its own', async () => {
    await removeFromDatabase(database, ['cranekit'])
    expect([...contentOf(database).keys()].filter((path) => path.includes('cranekit'))).toEqual([])
  })

  test.each(['gnat', 'heronzip@9.9', 'heronzip@'])('take nothing out where %s is not there', async (name) => {
    const before = contentOf(database)
    await expect(removeFromDatabase(database, ['cranekit', name])).rejects.toMatchObject({ code: 'USAGE' })
    expect(contentOf(database)).toEqual(before)
  })
})

describe('db diff', () => {
  test('of a database and itself is empty', async () => {
    expect(await diffDatabases(database, database)).toEqual({ added: [], removed: [], changed: [] })
  })

  test('names components and releases', async () => {
    const later = join(place, 'later')
    cpSync(database, later, { recursive: true })
    await removeFromDatabase(later, ['cranekit', 'heronzip@1.0.0'])
    await addToDatabase(
      later,
      [
        writeSources(
          place,
          'storkdb',
          (await describeDatabase(database)).components.find(({ name }) => name === 'storkdb')!.sources[0]!,
        ),
      ],
      {
        component: 'otter',
        release: '1',
      },
    )
    const { added, removed, changed } = await diffDatabases(database, later)
    expect([added, removed]).toEqual([['otter'], ['cranekit']])
    expect(changed).toMatchObject([{ name: 'heronzip', added: [], removed: ['1.0.0'] }])
    expect(changed[0]!.features[1]).toBeLessThanOrEqual(changed[0]!.features[0])
  })
})

describe('db merge', () => {
  test('of two halves is the whole', async () => {
    const [odd, even, whole] = [join(place, 'odd'), join(place, 'even'), join(place, 'whole')]
    for (const [i, release] of ['1.0.0', '1.1.0', '1.2.0', '1.2.1', '2.0.0'].entries()) {
      await add(whole, 'heronzip', release)
      await add(i % 2 === 0 ? even : odd, 'heronzip', release)
    }
    await add(odd, 'cranekit', '0.9.0')
    await add(whole, 'cranekit', '0.9.0')
    const merged = join(place, 'merged')
    expect(await mergeDatabases(merged, [odd, even])).toMatchObject({ components: 2, joined: ['heronzip'] })
    expect(contentOf(merged)).toEqual(contentOf(whole))
    expect((await verifyDatabase(merged)).problems).toEqual([])
  })

  test('takes a release that both have from the last one', async () => {
    const [one, other] = [join(place, 'one'), join(place, 'other')]
    await add(one, 'heronzip', '1.0.0')
    const changed = writeSources(place, 'heronzip', '2.0.0')
    await addToDatabase(other, [changed], { component: 'heronzip', release: '1.0.0' })
    await mergeDatabases(join(place, 'merged'), [one, other])
    expect(contentOf(join(place, 'merged')).get('/prints/heronzip.bpf')).toBe(
      contentOf(other).get('/prints/heronzip.bpf'),
    )
  })

  test('begins with the default database where no location is given', async () => {
    await add(join(place, 'ours'), 'cranekit', '0.9.0')
    await removeFromDatabase(database, ['cranekit'])
    vi.stubEnv('BINPRINT_DB', database)
    const merged = join(place, 'merged')
    await mergeDatabases(merged, [undefined, join(place, 'ours')])
    vi.unstubAllEnvs()
    const { components } = await describeDatabase(merged)
    expect(components.map(({ name }) => name)).toEqual(expect.arrayContaining(['cranekit', 'heronzip']))
  })

  test('leaves what is there already alone', async () => {
    await expect(mergeDatabases(database, [database, database])).rejects.toMatchObject({ code: 'USAGE' })
  })
})

/** A PEM file of a new private key, and one of its public half. */
function keyPair(name: string): { privatePath: string; publicPath: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const write = (path: string, key: KeyObject, type: 'pkcs8' | 'spki'): string => {
    writeFileSync(path, key.export({ format: 'pem', type } as never) as string)
    return path
  }
  const privatePath = write(join(place, `${name}.pem`), privateKey, 'pkcs8')
  return { privatePath, publicPath: write(join(place, `${name}.pub.pem`), publicKey, 'spki') }
}

function publish(sequence: number, name = 'pond'): void {
  writeFileSync(join(database, 'database.json'), JSON.stringify({ format: 1, name, sequence }))
}

describe('a database in one file', () => {
  test('comes back as it was, and has the same bytes each time', async () => {
    const [file, again] = [join(place, 'a.bpd'), join(place, 'b.bpd')]
    publish(3)
    const moved = await exportDatabase(file, { database })
    expect(moved).toMatchObject({ name: 'pond', sequence: 3, signed: false })
    await exportDatabase(again, { database })
    expect(readFileSync(again).equals(readFileSync(file))).toBe(true)
    await importDatabase(file, join(place, 'back'))
    expect(contentOf(join(place, 'back'))).toEqual(contentOf(database))
  })

  test('of 40 bytes changed one at a time is never taken for whole', async () => {
    const file = join(place, 'a.bpd')
    await exportDatabase(file, { database })
    const bytes = readFileSync(file)
    for (let i = 0; i < 40; i++) {
      const spoiled = Buffer.from(bytes)
      spoiled[Math.floor((i * bytes.length) / 40)]! ^= 0x01
      writeFileSync(file, spoiled)
      const target = join(place, `back-${i}`)
      await importDatabase(file, target).then(
        // Padding and times of members say nothing: what comes out is right, or nothing comes out.
        () => expect(contentOf(target)).toEqual(contentOf(database)),
        (error) => {
          expect(['STORE_CORRUPT', 'FORMAT_BAD_MAGIC']).toContain(error.code)
          expect(readdirSync(place)).not.toContain(`back-${i}`)
        },
      )
    }
  })

  test.each([
    ['leaves the directory', { path: '../prints/x.bpf', size: 1, sha256: '0'.repeat(64) }],
    ['is no file of a database', { path: 'prints/x.sh', size: 1, sha256: '0'.repeat(64) }],
    ['is hidden', { path: 'prints/.x.bpf', size: 1, sha256: '0'.repeat(64) }],
    ['has no size', { path: 'prints/x.bpf', size: -1, sha256: '0'.repeat(64) }],
  ])('with a path that %s is refused', async (_, entry) => {
    const manifest = { format: 1, name: 'pond', sequence: 1, files: [entry] }
    const file = join(place, 'evil.bpd')
    writeFileSync(file, buildTar([{ path: 'manifest.json', bytes: Buffer.from(JSON.stringify(manifest)) }]))
    await expect(importDatabase(file, join(place, 'out'))).rejects.toMatchObject({ code: 'STORE_CORRUPT' })
  })

  test('with a file that the manifest does not know, or without one that it knows, is refused', async () => {
    const manifest = Buffer.from(JSON.stringify({ format: 1, name: 'pond', sequence: 1, files: [] }))
    const file = join(place, 'more.bpd')
    const more = { path: 'prints/x.bpf', bytes: Buffer.from('x') }
    writeFileSync(file, buildTar([{ path: 'manifest.json', bytes: manifest }, more]))
    await expect(importDatabase(file, join(place, 'out'))).rejects.toMatchObject({ code: 'STORE_CORRUPT' })
  })

  test('of a newer format says that a newer program is needed', async () => {
    const manifest = Buffer.from(JSON.stringify({ format: 2, name: 'pond', sequence: 1, files: [] }))
    const file = join(place, 'newer.bpd')
    writeFileSync(file, buildTar([{ path: 'manifest.json', bytes: manifest }]))
    await expect(importDatabase(file, join(place, 'out'))).rejects.toMatchObject({
      code: 'STORE_SCHEMA_MISMATCH',
      message: expect.stringContaining('install a newer binprint'),
    })
  })

  test('is held against the key that is named', async () => {
    const [right, wrong] = [keyPair('right'), keyPair('wrong')]
    const [signed, unsigned] = [join(place, 's.bpd'), join(place, 'u.bpd')]
    await exportDatabase(signed, { database, key: right.privatePath })
    await exportDatabase(unsigned, { database })
    await importDatabase(signed, join(place, 'ok'), { key: right.publicPath })
    const untrusted = { code: 'STORE_UNTRUSTED' }
    await expect(importDatabase(signed, join(place, 'a'), { key: wrong.publicPath })).rejects.toMatchObject(untrusted)
    await expect(importDatabase(unsigned, join(place, 'b'), { key: right.publicPath })).rejects.toMatchObject(untrusted)
    await expect(importDatabase(signed, join(place, 'c'), { key: signed })).rejects.toMatchObject({ code: 'USAGE' })
  })
})

test('a database of a newer layout is not opened', async () => {
  writeFileSync(join(database, 'database.json'), JSON.stringify({ format: 2, name: 'pond', sequence: 1, new: true }))
  await expect(openDatabase(database)).rejects.toMatchObject({ code: 'STORE_SCHEMA_MISMATCH' })
})

test('what a newer database says beyond what this program knows is ignored', async () => {
  writeFileSync(join(database, 'database.json'), JSON.stringify({ format: 1, name: 'pond', sequence: 1, new: true }))
  const path = join(database, 'components/heronzip.json')
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), homepage: 'https://example.org/' }))
  const db = await openDatabase(database)
  expect(db.summary.names).toContain('heronzip')
  await db.close()
})

describe('db update', () => {
  let file = ''
  let key = ''
  let privatePath = ''
  beforeEach(() => {
    vi.stubEnv('BINPRINT_DATA', join(place, 'data'))
    const pair = keyPair('publisher')
    key = pair.publicPath
    privatePath = pair.privatePath
    file = join(place, 'published.bpd')
  })
  afterEach(() => vi.unstubAllEnvs())

  async function publishFile(sequence: number, name?: string): Promise<void> {
    publish(sequence, name)
    await exportDatabase(file, { database, key: privatePath })
  }

  test('says what a database without a name needs', async () => {
    await exportDatabase(file, { database, key: privatePath })
    await expect(updateDatabase(file, { key })).rejects.toThrow(/^need a database\.json in .*"sequence": N/)
  })

  test('installs what openDatabase then opens, and asks for the same key later', async () => {
    await publishFile(1)
    const first = await updateDatabase(file, { key })
    expect(first).toMatchObject({ name: 'pond', sequence: 1, changed: true })
    const db = await openDatabase()
    expect(db.summary.names).toContain('heronzip')
    await db.close()
    expect(await updateDatabase(file)).toEqual({ ...first, changed: false })
    await publishFile(2)
    expect(await updateDatabase(file)).toMatchObject({ sequence: 2, changed: true })
    await exportDatabase(file, { database, key: keyPair('stranger').privatePath })
    await expect(updateDatabase(file)).rejects.toMatchObject({ code: 'STORE_UNTRUSTED' })
  })

  test('needs a key the first time, and a signature', async () => {
    await publishFile(1)
    await expect(updateDatabase(file)).rejects.toMatchObject({ code: 'USAGE' })
    await exportDatabase(file, { database })
    await expect(updateDatabase(file, { key })).rejects.toMatchObject({ code: 'STORE_UNTRUSTED' })
    expect(readdirSync(join(place, 'data'))).toEqual([])
  })

  test('refuses a rollback, and another database of the same number', async () => {
    await publishFile(5)
    await updateDatabase(file, { key })
    await publishFile(4)
    await expect(updateDatabase(file, { key })).rejects.toMatchObject({ code: 'STORE_UNTRUSTED' })
    await removeFromDatabase(database, ['cranekit'])
    await publishFile(5)
    await expect(updateDatabase(file, { key })).rejects.toMatchObject({
      code: 'STORE_UNTRUSTED',
      message: expect.stringContaining('another pond 5'),
    })
  })

  test('refuses what is older than the default database that came with the program', async () => {
    await publishFile(0, 'binprint')
    await expect(updateDatabase(file, { key })).rejects.toMatchObject({ code: 'STORE_UNTRUSTED' })
  })

  test('leaves the database that a scan may still have open, and removes the one before', async () => {
    for (const sequence of [1, 2, 3]) {
      await publishFile(sequence)
      await updateDatabase(file, { key })
    }
    const folders = readdirSync(join(place, 'data')).filter((name) => name.startsWith('pond-'))
    expect(folders.map((name) => name.slice(0, 6)).sort()).toEqual(['pond-2', 'pond-3'])
  })

  test('leaves what was installed where the new one is damaged', async () => {
    await publishFile(1)
    await updateDatabase(file, { key })
    await publishFile(2)
    flip(file, readFileSync(file).length - 2000)
    await expect(updateDatabase(file)).rejects.toMatchObject({ code: 'STORE_CORRUPT' })
    const db = await openDatabase()
    await db.close()
    expect(readdirSync(join(place, 'data')).sort()).toEqual(['installed.json', expect.stringContaining('pond-1-')])
  })

  test('fetches from an address, and only over https from elsewhere', async () => {
    await publishFile(7)
    const server = createServer((request, response) => {
      if (request.url !== '/db.bpd') response.writeHead(404).end()
      else response.end(readFileSync(file))
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as AddressInfo
    try {
      expect(await updateDatabase(`http://127.0.0.1:${port}/db.bpd`, { key })).toMatchObject({ sequence: 7 })
      await expect(updateDatabase(`http://127.0.0.1:${port}/nothing`, { key })).rejects.toMatchObject({
        code: 'SOURCE_FAILED',
        message: expect.stringContaining('404'),
      })
      await expect(updateDatabase('http://example.org/db.bpd', { key })).rejects.toMatchObject({
        code: 'SOURCE_UNSAFE',
      })
    } finally {
      server.close()
    }
  })

  test('of two at once leaves one whole database', async () => {
    await publishFile(1)
    await Promise.all([updateDatabase(file, { key }), updateDatabase(file, { key })])
    const db = await openDatabase()
    await db.close()
    expect(readdirSync(join(place, 'data')).filter((name) => name.startsWith('pond-'))).toHaveLength(1)
  })
})

test('BINPRINT_DB names the default database', async () => {
  const elsewhere = join(place, 'elsewhere')
  renameSync(database, elsewhere)
  vi.stubEnv('BINPRINT_DB', elsewhere)
  try {
    const db = await openDatabase()
    expect(db.summary.names).toContain('heronzip')
    await db.close()
  } finally {
    vi.unstubAllEnvs()
  }
  rmSync(elsewhere, { recursive: true })
})
