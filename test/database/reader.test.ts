import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { Level } from 'level'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Bloom, bloomBytes } from '../../src/database/bloom.ts'
import { bucketBits, bucketKey, bucketOf, MANIFEST_KEY } from '../../src/database/buckets.ts'
import { BucketReader, packBucket } from '../../src/database/postings.ts'
import { type DatabaseReader, openReader } from '../../src/database/reader.ts'
import { packRecord, seal, unpackRecord, unseal } from '../../src/database/records.ts'
import { SCHEMA } from '../../src/database/schema.ts'
import { writeDatabase } from '../../src/database/writer.ts'
import { DetectorError } from '../../src/errors.ts'
import { below, random } from './synthetic.ts'
import { databaseContent, kindFeatures, sortedHashes } from './synthetic-database.ts'

const directory = mkdtempSync(join(tmpdir(), 'binprint-reader-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const content = databaseContent(1, 20_000)
const [strings, symbols] = content.features as [(typeof content.features)[0], (typeof content.features)[0]]

async function damaged(change: (level: Level<Buffer, Buffer>) => Promise<void>): Promise<string> {
  const copy = mkdtempSync(join(directory, 'damaged-'))
  await writeDatabase(copy, databaseContent(2, 500))
  const level = new Level<Buffer, Buffer>(copy, { keyEncoding: 'buffer', valueEncoding: 'buffer' })
  await change(level)
  await level.close()
  return copy
}

async function errorOf(run: () => Promise<unknown>): Promise<DetectorError> {
  try {
    await run()
  } catch (error) {
    if (error instanceof DetectorError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('the prefilter', () => {
  test('lets every known hash through and one stranger in 200 at most', () => {
    const { high, low } = sortedHashes(random(3), 20_000)
    const bloom = new Bloom(new Uint8Array(bloomBytes(high.length)))
    for (let i = 0; i < high.length; i++) bloom.add(high[i]!, low[i]!)
    for (let i = 0; i < high.length; i++) expect(bloom.has(high[i]!, low[i]!)).toBe(true)
    const next = random(4)
    let passed = 0
    for (let i = 0; i < 100_000; i++) if (bloom.has(next(), next())) passed++
    expect(passed).toBeLessThan(500)
  })
})

describe('a bucket', () => {
  test('gives back the postings of each of its features, asked for in order', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 60 }), fc.boolean(), (seed, count, withStrangers) => {
        const features = kindFeatures(1, random(seed), count, 9)
        const bucket = new BucketReader(packBucket(features, 0, count))
        for (let i = 0; i < count; i++) {
          if (seed % 3 === 0 && i % 2 === 0) continue
          if (withStrangers && features.low[i]! > 0 && features.low[i]! - 1 !== features.low[i - 1])
            expect(bucket.find(features.high[i]!, features.low[i]! - 1, () => undefined)).toBe(false)
          for (let times = 0; times < 2; times++) {
            const found: number[][] = []
            expect(bucket.find(features.high[i]!, features.low[i]!, (...posting) => found.push(posting))).toBe(true)
            const expected: number[][] = []
            for (let p = features.starts[i]!; p < features.starts[i + 1]!; p++)
              expected.push([
                features.component[p]!,
                features.unit[p]!,
                features.set[p]!,
                features.families[i]!,
                features.components[i]!,
              ])
            expect(found).toEqual(expected)
          }
        }
      }),
    )
  })

  test('with any damage ends in STORE_CORRUPT or in some postings', () => {
    const features = kindFeatures(1, random(5), 40, 9)
    const bytes = packBucket(features, 0, 40)
    const next = random(6)
    for (let i = 0; i < 1000; i++) {
      const broken = bytes.slice(0, below(next, 4) === 0 ? below(next, bytes.length) : bytes.length)
      if (broken.length > 0) broken[below(next, Math.min(broken.length, 400))] = next()
      try {
        const bucket = new BucketReader(broken)
        for (let f = 0; f < 40; f++) bucket.find(features.high[f]!, features.low[f]!, () => undefined)
      } catch (error) {
        expect(error).toMatchObject({ code: 'STORE_CORRUPT' })
      }
    }
  })

  test('counts above 255 are stored as 255', () => {
    const features = { ...kindFeatures(1, random(5), 1, 9), families: [300], components: [70_000] }
    const found: number[][] = []
    new BucketReader(packBucket(features, 0, 1)).find(features.high[0]!, features.low[0]!, (...p) => found.push(p))
    expect(found[0]!.slice(3)).toEqual([255, 255])
  })

  test.each([
    [0, 0],
    [256, 0],
    [257, 1],
    [1_000_000, 12],
  ])('of %i features stands among 2^%i', (features, bits) => {
    expect(bucketBits(features)).toBe(bits)
  })

  test('number is the top of the hash', () => {
    expect([bucketOf(0xffff_ffff, 0), bucketOf(0xffff_ffff, 4), bucketOf(0x1234_5678, 8)]).toEqual([0, 15, 0x12])
  })
})

describe('a record', () => {
  test('comes back as it was', () => {
    const record = { text: 'ß', list: [0, 1, 300, 70_000, 2 ** 40], nested: { yes: true, nothing: null }, empty: [] }
    expect(unpackRecord(packRecord(record), 'record', {})).toEqual(record)
  })

  test.each([
    ['is missing', undefined],
    ['is shorter than its checksum', Buffer.of(1)],
    ['has another checksum', Buffer.from(packRecord({ a: 1 })).fill(0xff, 1, 2)],
    ['ends early', seal(Buffer.from('83a161', 'hex'))],
    ['announces two billion entries', seal(Buffer.from('dd7fffffff', 'hex'))],
    ['is nested without end', seal(Buffer.alloc(200_000, 0x91))],
    ['is no object', seal(Buffer.of(5))],
    ['is a list', seal(Buffer.of(0x91, 5))],
  ])('that %s is STORE_CORRUPT', (_, sealed) => {
    expect(() => unpackRecord(sealed, 'record', {})).toThrow(expect.objectContaining({ code: 'STORE_CORRUPT' }))
  })

  test('that defines a structure and uses it often makes no code', () => {
    // fixext1 of type 0x72 defines structure 0x40 with the key "a"; each 0x40 behind it is one object.
    const hostile = seal(Buffer.from('82a17892d4724091a161014000a17901', 'hex'))
    const made = vi.spyOn(globalThis, 'Function')
    for (let i = 0; i < 200; i++) expect(unpackRecord(hostile, 'record', {})).toMatchObject({ x: [{ a: 1 }, { a: 0 }] })
    expect(made).not.toHaveBeenCalled()
    made.mockRestore()
  })

  test('has a checksum behind it', () => {
    expect(unseal(seal(Uint8Array.of(1, 2)), 'x', {})).toEqual(Buffer.of(1, 2))
  })
})

describe('a compiled database', () => {
  let reader: DatabaseReader
  beforeAll(async () => {
    await writeDatabase(join(directory, 'whole'), content)
    reader = await openReader(join(directory, 'whole'))
  })
  afterAll(() => reader.close())

  test('gives back manifest and components', async () => {
    expect(reader.manifest).toEqual(content.manifest)
    for (const [index, component] of content.components.entries())
      expect(await reader.component(index)).toEqual(component)
    expect(await reader.component(1)).toBe(await reader.component(1))
  })

  test('finds every posting of every feature', async () => {
    for (const features of [strings, symbols]) {
      const hits = await reader.lookup(features.kind, features.high, features.low, 0, features.high.length)
      const expected = []
      for (let query = 0; query < features.high.length; query++)
        for (let p = features.starts[query]!; p < features.starts[query + 1]!; p++)
          expected.push({
            query,
            component: features.component[p],
            unit: features.unit[p],
            set: features.set[p],
            families: features.families[query],
            components: features.components[query],
          })
      expect(hits).toEqual(expected)
    }
  })

  test('finds each repetition of a query, and nothing for strangers', async () => {
    const [a, b] = [100, 15_000]
    const high = Uint32Array.of(0, strings.high[a]!, strings.high[a]!, strings.high[b]!, 0xffff_ffff)
    const low = Uint32Array.of(7, strings.low[a]!, strings.low[a]!, strings.low[b]!, 0xffff_ffff)
    const hits = await reader.lookup(strings.kind, high, low, 0, 5)
    const postings = (feature: number) => strings.starts[feature + 1]! - strings.starts[feature]!
    expect(hits.map(({ query }) => query)).toEqual([
      ...Array(postings(a)).fill(1),
      ...Array(postings(a)).fill(2),
      ...Array(postings(b)).fill(3),
    ])
  })

  test('looks up only the range asked for', async () => {
    const hits = await reader.lookup(strings.kind, strings.high, strings.low, 50, 60)
    expect([...new Set(hits.map(({ query }) => query))]).toEqual([50, 51, 52, 53, 54, 55, 56, 57, 58, 59])
  })

  test('knows nothing of a kind it does not hold', async () => {
    expect(await reader.lookup(99, strings.high, strings.low, 0, 10)).toEqual([])
  })

  test('answers several lookups at once', async () => {
    const size = strings.high.length
    const [all, first, second] = await Promise.all([
      reader.lookup(strings.kind, strings.high, strings.low, 0, size),
      reader.lookup(strings.kind, strings.high, strings.low, 0, size / 2),
      reader.lookup(strings.kind, strings.high, strings.low, size / 2, size),
    ])
    expect([...first!, ...second!]).toEqual(all)
  })

  test('leaves nothing in its log', async () => {
    const path = join(directory, 'log')
    await writeDatabase(path, databaseContent(3, 300))
    const logs = readdirSync(path).filter((name) => name.endsWith('.log'))
    expect(logs.map((name) => statSync(join(path, name)).size)).toEqual(logs.map(() => 0))
  })

  test('without components and features can be asked', async () => {
    const path = join(directory, 'empty')
    await writeDatabase(path, {
      manifest: { ...content.manifest, components: [], features: {} },
      components: [],
      functionNames: [],
      files: [],
      features: [],
    })
    await using empty = await openReader(path)
    expect(await empty.lookup(1, strings.high, strings.low, 0, 10)).toEqual([])
  })

  test('is not read after close', async () => {
    const path = join(directory, 'closed')
    await writeDatabase(path, databaseContent(3, 300))
    const closed = await openReader(path)
    await closed.close()
    await closed.close()
    expect(() => closed.component(0)).toThrow(TypeError)
    await expect(closed.lookup(1, strings.high, strings.low, 0, 10)).rejects.toThrow(TypeError)
  })

  test.each([
    ['unsorted hashes', { high: Uint32Array.of(2, 1), low: Uint32Array.of(0, 0) }],
    ['a hash twice', { high: Uint32Array.of(1, 1), low: Uint32Array.of(5, 5) }],
    ['postings out of order', { component: [1, 0] }],
    ['kind 0', { kind: 0 }],
  ])('is not written with %s', async (_, wrong) => {
    const path = mkdtempSync(join(directory, 'wrong-'))
    const right = {
      kind: 1,
      high: Uint32Array.of(1, 2),
      low: Uint32Array.of(0, 0),
      starts: Uint32Array.of(0, 2, 2),
      component: [0, 1],
      unit: [0, 0],
      set: [0, 0],
      families: [1, 1],
      components: [1, 1],
    }
    const features = [{ ...right, ...wrong }]
    await expect(writeDatabase(path, { ...content, features })).rejects.toThrow(TypeError)
  })

  test('is not written over another', async () => {
    const error = await errorOf(() => writeDatabase(join(directory, 'log'), content))
    expect(error.code).toBe('STORE_CORRUPT')
  })
})

describe('opening', () => {
  test('a directory without a database is STORE_NOT_FOUND', async () => {
    expect((await errorOf(() => openReader(join(directory, 'nowhere')))).code).toBe('STORE_NOT_FOUND')
  })

  test('a database that is open already is STORE_LOCKED', async () => {
    const path = join(directory, 'locked')
    await writeDatabase(path, databaseContent(3, 300))
    await using _held = await openReader(path)
    expect((await errorOf(() => openReader(path))).code).toBe('STORE_LOCKED')
  })

  test('a database of another schema says what to do', async () => {
    const path = await damaged((level) =>
      level.put(MANIFEST_KEY, packRecord({ manifest: { ...content.manifest, schema: SCHEMA + 1 }, layout: [] })),
    )
    const error = await errorOf(() => openReader(path))
    expect(error.code).toBe('STORE_SCHEMA_MISMATCH')
    expect(error.message).toBe(
      `database has schema ${SCHEMA + 1}, this version reads ${SCHEMA}: build it again or install the binprint that wrote it`,
    )
  })

  test.each([
    ['no manifest', (level: Level<Buffer, Buffer>) => level.del(MANIFEST_KEY)],
    [
      'a broken layout',
      (level: Level<Buffer, Buffer>) =>
        level.put(MANIFEST_KEY, packRecord({ manifest: content.manifest, layout: [{ kind: 1, bucketBits: 77 }] })),
    ],
    [
      'a prefilter of another size',
      (level: Level<Buffer, Buffer>) =>
        level.put(
          MANIFEST_KEY,
          packRecord({ manifest: content.manifest, layout: [{ kind: 1, bucketBits: 1, bloomBytes: 9 }] }),
        ),
    ],
  ])('a database with %s is STORE_CORRUPT', async (_, change) => {
    const path = await damaged(change)
    expect((await errorOf(() => openReader(path))).code).toBe('STORE_CORRUPT')
  })

  test('damaged files are STORE_CORRUPT', async () => {
    const path = await damaged(async () => undefined)
    writeFileSync(join(path, 'CURRENT'), 'no newline')
    expect((await errorOf(() => openReader(path))).code).toBe('STORE_CORRUPT')
  })
})

describe('a damaged value', () => {
  const { high, low } = databaseContent(2, 500).features[0]!

  test.each([
    ['is missing', (level: Level<Buffer, Buffer>) => level.del(bucketKey(1, 0))],
    ['has no checksum', (level: Level<Buffer, Buffer>) => level.put(bucketKey(1, 0), Buffer.alloc(100))],
    ['contradicts itself', (level: Level<Buffer, Buffer>) => level.put(bucketKey(1, 0), seal(Buffer.alloc(8, 0xff)))],
  ])('that %s ends the lookup in STORE_CORRUPT and names the bucket', async (_, change) => {
    await using reader = await openReader(await damaged(change))
    const error = await errorOf(() => reader.lookup(1, high, low, 0, high.length))
    expect(error).toMatchObject({ code: 'STORE_CORRUPT', message: expect.stringContaining('bucket 0 of kind 1') })
  })

  test('anywhere in a table file is found by its checksum', async () => {
    const path = await damaged(async () => undefined)
    const next = random(8)
    const table = readdirSync(path).find((name) => name.endsWith('.ldb'))!
    const whole = readFileSync(join(path, table))
    const expected = await readAll(path)
    for (let i = 0; i < 40; i++) {
      const broken = Buffer.from(whole)
      broken[below(next, broken.length)]! ^= 1 << below(next, 8)
      writeFileSync(join(path, table), broken)
      const outcome = await readAll(path).catch((error: unknown) => {
        if (error instanceof DetectorError) return error.code
        throw error
      })
      // Bits that nobody reads (padding, unused keys of the index) may differ; what is read must not.
      if (typeof outcome !== 'string') expect(outcome).toEqual(expected)
      else expect(outcome).toBe('STORE_CORRUPT')
    }
  })

  async function readAll(path: string): Promise<unknown> {
    await using reader = await openReader(path)
    const hits = await reader.lookup(1, high, low, 0, high.length)
    const components = await Promise.all(reader.manifest.components.map((__, index) => reader.component(index)))
    return [reader.manifest, hits, components]
  }
})
