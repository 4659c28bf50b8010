import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { Level } from 'level'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Bloom, bloomBytes } from '../../src/database/bloom.ts'
import { bucketBits, bucketKey, bucketOf, MANIFEST_KEY } from '../../src/database/buckets.ts'
import { HitColumns } from '../../src/database/hit-columns.ts'
import { BucketReader, LITTLE_ENDIAN, packBucket } from '../../src/database/postings.ts'
import { PREFILTERS } from '../../src/database/prefilter-file.ts'
import { type DatabaseReader, openReader } from '../../src/database/reader.ts'
import { packRecord, seal, unpackRecord, unseal } from '../../src/database/records.ts'
import { SCHEMA } from '../../src/database/schema.ts'
import { writeDatabase } from '../../src/database/writer.ts'
import { DetectorError } from '../../src/errors.ts'
import { below, random } from './synthetic.ts'
import {
  databaseContent,
  expectedRows,
  FILES,
  kindFeatures,
  type Row,
  rowsOf,
  sortedHashes,
} from './synthetic-database.ts'

const directory = mkdtempSync(join(tmpdir(), 'binprint-reader-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const content = databaseContent(1, 20_000)
const strings = content.features[0]!

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

/** The definition of `docs/engine.md`, word by word. */
function bitsOf(bytes: number, high: number, low: number): number[] {
  const block = Number((BigInt(high) * BigInt(bytes / 64)) / 2n ** 32n)
  const [a, b] = [low & 511, (low >>> 9) | 1]
  return Array.from({ length: 8 }, (_, i) => block * 512 + Number((BigInt(a) + BigInt(i) * BigInt(b)) & 511n))
}

function hasBits(bytes: Uint8Array, high: number, low: number): boolean {
  return bitsOf(bytes.length, high, low).every((bit) => ((bytes[bit >>> 3]! >>> (bit & 7)) & 1) === 1)
}

describe('the prefilter', () => {
  test('lets every known hash through and one stranger in 100 at most', () => {
    const { high, low } = sortedHashes(random(3), 20_000)
    const bloom = new Bloom(new Uint8Array(bloomBytes(high.length)))
    for (let i = 0; i < high.length; i++) bloom.add(high[i]!, low[i]!)
    for (let i = 0; i < high.length; i++) expect(bloom.has(high[i]!, low[i]!)).toBe(true)
    const next = random(4)
    let passed = 0
    for (let i = 0; i < 100_000; i++) if (bloom.has(next(), next())) passed++
    expect(passed).toBeLessThan(1000)
  })

  test('sets exactly the bits of the definition', () => {
    const half = fc.oneof(fc.constantFrom(0, 1, 511, 512, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff), fc.nat(0xffff_ffff))
    fc.assert(
      fc.property(half, half, fc.integer({ min: 1, max: 5000 }), (high, low, blocks) => {
        const bytes = new Uint8Array(blocks * 64)
        const bloom = new Bloom(bytes)
        bloom.add(high, low)
        const expected = new Uint8Array(bytes.length)
        for (const bit of bitsOf(bytes.length, high, low)) expected[bit >>> 3]! |= 1 << (bit & 7)
        expect(Buffer.compare(bytes, expected)).toBe(0)
        expect(bloom.has(high, low)).toBe(true)
      }),
    )
  })

  test.each([
    [0, 64],
    [42, 64],
    [43, 128],
    [2 ** 40, 2 ** 27],
  ])('for %i keys has %i bytes', (keys, bytes) => {
    expect(bloomBytes(keys)).toBe(bytes)
  })

  test.each([0, 63, 65, 2 ** 27 + 64])('of %i bytes is a mistake of the caller', (bytes) => {
    expect(() => new Bloom(new Uint8Array(bytes))).toThrow(TypeError)
  })
})

describe('a bucket', () => {
  test('gives back the postings of each of its features, asked for in order', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 60 }), fc.boolean(), (seed, count, withStrangers) => {
        const features = kindFeatures(1, random(seed), count, 9)
        const bucket = new BucketReader(packBucket(features, 0, count))
        const hits = new HitColumns()
        const expected: Row[] = []
        for (let i = 0; i < count; i++) {
          if (seed % 3 === 0 && i % 2 === 0) continue
          if (withStrangers && features.low[i]! > 0 && features.low[i]! - 1 !== features.low[i - 1])
            expect(bucket.find(features.high[i]!, features.low[i]! - 1, i, 9, hits)).toBe(false)
          for (let times = 0; times < 2; times++) {
            expect(bucket.find(features.high[i]!, features.low[i]!, i, 9, hits)).toBe(true)
            expected.push(...expectedRows(features, i, i))
          }
        }
        expect(rowsOf(hits.finish())).toEqual(expected)
      }),
    )
  })

  test.each([
    ['evenly', (i: number) => i * 1000],
    ['all at one end', (i: number) => (i === 0 ? 0 : 0xffff_ff00 + (i % 256))],
    ['in powers of two', (i: number) => 2 ** (i % 32)],
    ['all the same', () => 77],
  ])('finds hashes whose upper halves are spread %s', (_, high) => {
    const highs = Uint32Array.from({ length: 600 }, (__, i) => high(i)).sort()
    const features = {
      ...kindFeatures(1, random(5), 600, 9),
      high: highs,
      low: Uint32Array.from({ length: 600 }, (__, i) => i * 7),
    }
    const bucket = new BucketReader(packBucket(features, 0, 600))
    for (let i = 0; i < 600; i++) {
      const hits = new HitColumns()
      expect(bucket.find(features.high[i]!, features.low[i]!, 3, 9, hits)).toBe(true)
      expect(rowsOf(hits.finish())).toEqual(expectedRows(features, i, 3))
      expect(bucket.find(features.high[i]!, features.low[i]! + 1, 3, 9, new HitColumns())).toBe(false)
    }
    for (const stranger of [0x8000_0001, 0xffff_ffff, 5])
      expect(bucket.find(stranger, 1, 3, 9, new HitColumns())).toBe(false)
  })

  test('whose postings take more than 64 KiB gives them back', () => {
    const count = 9000
    const features = {
      ...kindFeatures(4, random(7), count, 9),
      starts: Uint32Array.from({ length: count + 1 }, (_, i) => i),
    }
    for (const column of [features.unit, features.set, features.name as Uint32Array] as Uint32Array[])
      column.forEach((_, p) => {
        column[p] = 0xffff_ffff - p
      })
    const bucket = new BucketReader(packBucket(features, 0, count))
    for (const i of [0, 4500, count - 1]) {
      const hits = new HitColumns()
      bucket.find(features.high[i]!, features.low[i]!, i, 9, hits)
      expect(rowsOf(hits.finish())).toEqual(expectedRows(features, i, i))
    }
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
        for (let f = 0; f < 40; f++) bucket.find(features.high[f]!, features.low[f]!, f, 9, new HitColumns())
      } catch (error) {
        expect(error).toMatchObject({ code: 'STORE_CORRUPT' })
      }
    }
  })

  test('may begin anywhere in a buffer', () => {
    const features = kindFeatures(1, random(5), 40, 9)
    const packed = packBucket(features, 0, 40)
    for (const shift of [1, 2, 3]) {
      const shifted = Buffer.alloc(packed.length + shift).subarray(shift)
      shifted.set(packed)
      const hits = new HitColumns()
      new BucketReader(shifted).find(features.high[7]!, features.low[7]!, 7, 9, hits)
      expect(rowsOf(hits.finish())).toEqual(expectedRows(features, 7, 7))
    }
  })

  test('counts above 255 are stored as 255', () => {
    const features = { ...kindFeatures(1, random(5), 1, 9), families: [300], components: [70_000] }
    const hits = new HitColumns()
    new BucketReader(packBucket(features, 0, 1)).find(features.high[0]!, features.low[0]!, 0, 9, hits)
    const { families, holders } = hits.finish()
    expect([families[0], holders[0]]).toEqual([255, 255])
  })

  test.each([
    [0, 0],
    [2048, 0],
    [2049, 1],
    [1_000_000, 9],
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
    ['ends early', seal(Buffer.from('{"a":'))],
    ['is nested without end', seal(Buffer.alloc(200_000, '['))],
    ['is no object', seal(Buffer.from('5'))],
    ['is a list', seal(Buffer.from('[5]'))],
  ])('that %s is STORE_CORRUPT', (_, sealed) => {
    expect(() => unpackRecord(sealed, 'record', {})).toThrow(expect.objectContaining({ code: 'STORE_CORRUPT' }))
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

  test('gives back manifest, library names and components', async () => {
    expect(reader.manifest).toEqual(content.manifest)
    expect(reader.sonames).toEqual([['libalpha'], ['libbeta'], ['libgamma']])
    for (const [index, component] of content.components.entries())
      expect(await reader.component(index)).toEqual(component)
    expect(await reader.component(1)).toBe(await reader.component(1))
  })

  test('finds every posting of every feature', async () => {
    for (const features of content.features) {
      const hits = await reader.lookup(features.kind, features.high, features.low, 0, features.high.length)
      const queries = [...features.high.keys()]
      expect(rowsOf(hits)).toEqual(queries.flatMap((query) => expectedRows(features, query, query)))
    }
  })

  test('finds what a map of all features finds, for any queries', async () => {
    const known = new Map([...strings.high.keys()].map((i) => [`${strings.high[i]} ${strings.low[i]}`, i]))
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(3000), async (seed, count) => {
        const next = random(seed)
        const queries = Array.from({ length: count }, () => {
          const i = below(next, strings.high.length)
          const [h, l] = [strings.high[i]!, strings.low[i]!]
          return [
            [h, l],
            [h, l ^ 1],
            [h ^ (1 << below(next, 32)), l],
            [next(), next()],
          ][below(next, 4)]!
        }).map(([h, l]) => [h! >>> 0, l! >>> 0] as const)
        queries.sort((a, b) => a[0] - b[0] || a[1] - b[1])
        const high = Uint32Array.from(queries, ([h]) => h)
        const low = Uint32Array.from(queries, ([, l]) => l)
        const expected = queries.flatMap(([h, l], query) => {
          const feature = known.get(`${h} ${l}`)
          return feature === undefined ? [] : expectedRows(strings, feature, query)
        })
        expect(rowsOf(await reader.lookup(strings.kind, high, low, 0, count))).toEqual(expected)
      }),
      { numRuns: 30 },
    )
  })

  test('finds each repetition of a query, and nothing for strangers', async () => {
    const [a, b] = [100, 15_000]
    const high = Uint32Array.of(0, strings.high[a]!, strings.high[a]!, strings.high[b]!, 0xffff_ffff)
    const low = Uint32Array.of(7, strings.low[a]!, strings.low[a]!, strings.low[b]!, 0xffff_ffff)
    const hits = rowsOf(await reader.lookup(strings.kind, high, low, 0, 5))
    expect(hits).toEqual([a, a, b].flatMap((feature, i) => expectedRows(strings, feature, i + 1)))
  })

  test('has prefilters of whole cache lines that let its features through, and nothing of other kinds', () => {
    for (const { kind, high, low } of content.features) {
      const bytes = reader.prefilter.filter(kind)
      expect(bytes.length % 64).toBe(0)
      expect(high.every((h, i) => hasBits(bytes, h, low[i]!))).toBe(true)
    }
    expect(reader.prefilter.filter(99)).toEqual(new Uint8Array(0))
    expect(reader.prefilter.filter(1)).toBe(reader.prefilter.filter(1))
  })

  test('gives back the names of functions, which no lookup needs', async () => {
    expect([await reader.functionNames(0), await reader.functionNames(1)]).toEqual([['inflate', 'main'], []])
    expect(await reader.builtFunctions(0)).toEqual({ units: [0, 0], names: [0, 1], sets: [0, 1] })
    expect(await reader.builtFunctions(1)).toEqual({ units: [], names: [], sets: [] })
  })

  test('names every component that a file with this sha256 or build-id belongs to', async () => {
    const identity = (i: number) => {
      const { component, release, name, arch } = FILES[i]!
      return { component, release, name, arch }
    }
    expect(await reader.fileBySha256('ab'.repeat(32))).toEqual([identity(0), identity(1)])
    expect(await reader.fileBySha256('00'.repeat(32))).toEqual([identity(3)])
    expect(await reader.fileByBuildId('c0ffee')).toEqual([identity(0), identity(1), identity(2)])
    expect([await reader.fileBySha256('ff'.repeat(32)), await reader.fileByBuildId('c0ff')]).toEqual([[], []])
  })

  test('looks up only the range asked for', async () => {
    const hits = await reader.lookup(strings.kind, strings.high, strings.low, 50, 60)
    expect([...new Set(hits.queries)]).toEqual([50, 51, 52, 53, 54, 55, 56, 57, 58, 59])
  })

  test('knows nothing of a kind it does not hold', async () => {
    expect(await reader.lookup(99, strings.high, strings.low, 0, 10)).toMatchObject({ count: 0 })
  })

  test('finds each of thousands of files', async () => {
    const files = Array.from({ length: 3000 }, (_, i) => ({
      ...FILES[0]!,
      component: i % 3,
      sha256: i.toString(16).padStart(64, '0'),
      buildId: i.toString(16).padStart(40, '0'),
    }))
    const path = join(directory, 'files')
    await writeDatabase(path, { ...databaseContent(3, 300), files })
    await using many = await openReader(path)
    for (let i = 0; i < files.length; i += 97) {
      expect(await many.fileBySha256(files[i]!.sha256)).toMatchObject([{ component: i % 3 }])
      expect(await many.fileByBuildId(files[i]!.buildId)).toMatchObject([{ component: i % 3 }])
    }
  })

  test('answers several lookups at once', async () => {
    const size = strings.high.length
    const [all, first, second] = await Promise.all([
      reader.lookup(strings.kind, strings.high, strings.low, 0, size),
      reader.lookup(strings.kind, strings.high, strings.low, 0, size / 2),
      reader.lookup(strings.kind, strings.high, strings.low, size / 2, size),
    ])
    expect([...rowsOf(first!), ...rowsOf(second!)]).toEqual(rowsOf(all!))
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
      builtFunctions: [],
      files: [],
      features: [],
    })
    await using empty = await openReader(path)
    expect(await empty.lookup(1, strings.high, strings.low, 0, 10)).toMatchObject({ count: 0 })
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
      level.put(
        MANIFEST_KEY,
        packRecord({
          manifest: { ...content.manifest, schema: SCHEMA + 1 },
          littleEndian: true,
          sonames: [],
          layout: [],
        }),
      ),
    )
    const error = await errorOf(() => openReader(path))
    expect(error.code).toBe('STORE_SCHEMA_MISMATCH')
    expect(error.message).toBe(
      `database has schema ${SCHEMA + 1}, this version reads ${SCHEMA}: build it again or install the binprint that wrote it`,
    )
  })

  test('a database of another byte order is not read', async () => {
    const path = await damaged((level) =>
      level.put(
        MANIFEST_KEY,
        packRecord({ manifest: content.manifest, littleEndian: !LITTLE_ENDIAN, sonames: [], layout: [], fileBits: 0 }),
      ),
    )
    expect((await errorOf(() => openReader(path))).code).toBe('STORE_SCHEMA_MISMATCH')
  })

  test.each([
    ['no manifest', (level: Level<Buffer, Buffer>) => level.del(MANIFEST_KEY)],
    [
      'a broken layout',
      (level: Level<Buffer, Buffer>) =>
        level.put(
          MANIFEST_KEY,
          packRecord({
            manifest: content.manifest,
            littleEndian: LITTLE_ENDIAN,
            sonames: [[], [], []],
            layout: [{ kind: 1, bucketBits: 77 }],
          }),
        ),
    ],
    [
      'a prefilter of another size',
      (level: Level<Buffer, Buffer>) =>
        level.put(
          MANIFEST_KEY,
          packRecord({
            manifest: content.manifest,
            littleEndian: LITTLE_ENDIAN,
            sonames: [[], [], []],
            layout: [{ kind: 1, bucketBits: 1, bloomBytes: 64 }],
            fileBits: 0,
          }),
        ),
    ],
  ])('a database with %s is STORE_CORRUPT', async (_, change) => {
    const path = await damaged(change)
    expect((await errorOf(() => openReader(path))).code).toBe('STORE_CORRUPT')
  })

  test.each<[string, (path: string) => void]>([
    ['without prefilters', (path) => rmSync(path)],
    ['with a part of its prefilters', (path) => truncateSync(path, 64)],
  ])('a database %s is STORE_CORRUPT', async (_, change) => {
    const path = await damaged(async () => undefined)
    change(join(path, PREFILTERS))
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

  test.each([0, 1_000, -1])(
    'of the prefilters, at byte %i, ends the first use of them in STORE_CORRUPT',
    async (at) => {
      const path = await damaged(async () => undefined)
      const bytes = readFileSync(join(path, PREFILTERS))
      bytes[(at + bytes.length) % bytes.length]! ^= 1
      writeFileSync(join(path, PREFILTERS), bytes)
      await using reader = await openReader(path)
      expect(() => reader.prefilter.filter(1)).toThrow(expect.objectContaining({ code: 'STORE_CORRUPT' }))
      expect((await errorOf(() => reader.lookup(1, high, low, 0, high.length))).code).toBe('STORE_CORRUPT')
    },
  )

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
    const files = await Promise.all(FILES.map(({ sha256 }) => reader.fileBySha256(sha256)))
    return [reader.manifest, rowsOf(hits), components, files, await reader.functionNames(0)]
  }
})
