import { describe, expect, test } from 'vitest'
import { algorithmBytes, algorithmFeatures } from '../../src/build/algorithm-features.ts'
import { algorithmTables } from '../../src/build/algorithm-tables.ts'
import { holds, isPublicImmediate, publicFeaturesOf } from '../../src/build/public-features.ts'
import { publicPrefix, publicRanges, readAlgorithmConstants } from '../../src/build/public-tables.ts'
import { hash64 } from '../../src/bytes/hash.ts'
import { FeatureKind } from '../../src/database/feature-kinds.ts'
import { extractTable } from '../../src/fingerprint/extract.ts'
import { immediateBytes } from '../../src/fingerprint/rare.ts'

const listed = new Map(readAlgorithmConstants().map((table) => [table.name, table]))
function isPublic(kind: FeatureKind, high: number, low: number): boolean {
  return publicFeaturesOf(kind).some((list) => holds(list, high, low))
}

const computed = algorithmTables().flatMap((table) => {
  const entry = listed.get(table.name)
  return entry === undefined ? [] : [{ name: table.name, table, entry }]
})

test('most listed tables are computed', () => {
  expect(computed.length).toBeGreaterThanOrEqual(60)
})

test.each(computed)('$name starts with the bytes of the list, in both orders', ({ table, entry }) => {
  const size = entry.elementBits / 8
  for (const littleEndian of [true, false]) {
    const bytes = algorithmBytes(table, size, littleEndian)
    const expected = littleEndian ? entry.first16LE : (entry.first16BE ?? entry.first16LE)
    expect(Buffer.from(bytes.subarray(0, expected.length / 2)).toString('hex')).toBe(expected)
    expect(bytes.length).toBeGreaterThanOrEqual(entry.elements * size)
    if (entry.offset === undefined) continue
    const inside = Buffer.from(bytes.subarray(entry.offset, entry.offset + entry.bytesAtOffset!.length / 2))
    expect(inside.toString('hex')).toBe(entry.bytesAtOffset)
  }
})

describe('a window', () => {
  test('of a computed table is public, of others it is not', () => {
    const table = algorithmTables().find(({ name }) => name === 'Blowfish S-box 2')!
    const windows: [number, number][] = []
    extractTable(algorithmBytes(table, 4, true), (high, low) => windows.push([high, low]))
    expect(windows.length).toBeGreaterThan(5)
    for (const [high, low] of windows) expect(isPublic(FeatureKind.Table, high, low)).toBe(true)
    expect(isPublic(FeatureKind.Table, 1, 2)).toBe(false)
  })

  test('is known in thousands', () => {
    expect(algorithmFeatures().tables.size).toBeGreaterThan(3000)
  })
})

describe('a listed start', () => {
  const chrominance = Buffer.from('1112182f6363636312151a4263636363', 'hex')
  const table = Buffer.concat([Buffer.from('00010501010101010100000000000000', 'hex'), Buffer.alloc(4, 7)])

  test('makes as many bytes public as the table has', () => {
    const zigzag = Buffer.from(listed.get('zigzag to natural order 8x8 (bytes)')!.first16LE, 'hex')
    expect(publicPrefix(Buffer.concat([zigzag, Buffer.alloc(100)]))).toBe(64)
    expect(publicPrefix(Buffer.concat([chrominance, Buffer.alloc(100)]))).toBe(64)
  })

  test('with few distinct bytes says nothing', () => {
    expect(publicPrefix(table)).toBe(0)
  })

  test('is found within constant data', () => {
    const data = Buffer.concat([Buffer.alloc(40, 9), chrominance, Buffer.alloc(90, 3)])
    expect(publicRanges(data)).toEqual([{ start: 40, end: 104 }])
    expect(publicRanges(data.subarray(1))).toEqual([])
  })
})

test('powers for combining checks are those that CRC-32 and CRC-32C give', () => {
  const elements = (name: string): string[] =>
    algorithmTables()
      .find((table) => table.name === name)!
      .elements.slice(0, 8)
      .map((element) => element.toString(16))
  // x^1 to x^16 need no reduction; x^32 is the polynomial itself.
  const first = ['40000000', '20000000', '8000000', '800000', '8000']
  expect(elements('CRC-32 powers of x')).toEqual([...first, 'edb88320', 'b1e6b092', 'a06a2517'])
  expect(elements('CRC-32C powers of x')).toEqual([...first, '82f63b78', '6ea2d55c', '18b8ea18'])
})

test.each([
  ['the upper half of the first round constant of SHA-512', 0x428a2f98n, true],
  ['its lower half, as 32-bit code has it', 0xd728ae22n, true],
  ['the first constant of MD5', 0xd76aa478n, true],
  ['the first round constant of SHA-256', 0x428a2f98n, true],
  ['another number', 0xd76aa479n, false],
])('as a constant of code %s belongs to nobody: %#', (_, value, expected) => {
  const hash = hash64(immediateBytes(value))
  expect(isPublic(FeatureKind.Immediate, Number(hash >> 32n), Number(hash & 0xffff_ffffn))).toBe(expected)
})

describe('public-features.bin', () => {
  const { tables, immediates, halves } = algorithmFeatures()

  test('holds what the tables of today have, in order, and is made by npm run build', () => {
    const held = [FeatureKind.Table, FeatureKind.BigEndianTable, FeatureKind.Immediate].map((kind) =>
      publicFeaturesOf(kind).map(({ high, low }) => Array.from(high, (h, i) => (BigInt(h) << 32n) | BigInt(low[i]!))),
    )
    const sorted = (hashes: ReadonlySet<bigint>): bigint[] => [...hashes].sort((a, b) => (a < b ? -1 : 1))
    expect(held).toEqual([[sorted(tables)], [sorted(tables)], [sorted(immediates), sorted(halves)]])
  })

  test('says nothing of other kinds, nor of halves of constants to whoever asks for constants', () => {
    expect(publicFeaturesOf(FeatureKind.String)).toEqual([])
    const upper = hash64(immediateBytes(0x7137449123ef65cdn >> 32n))
    const lower = hash64(immediateBytes(0x23ef65cdn))
    const asked = [upper, lower].map((hash) => isPublicImmediate(Number(hash >> 32n), Number(hash & 0xffff_ffffn)))
    expect(asked).toEqual([true, false])
  })
})
