import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bytesSource } from '../../src/bytes/source.ts'
import { extractTable } from '../../src/fingerprint/extract.ts'
import { type DataRange, scanData } from '../../src/fingerprint/kernel/data.ts'
import { Kernel, kernel } from '../../src/fingerprint/kernel/kernel.ts'
import { Kind } from '../../src/fingerprint/print-set.ts'
import { tableWindows } from './table-oracle.ts'

/** `hash offset` of the table windows that the kernel finds. */
function scan(bytes: Uint8Array, range: Partial<DataRange> = {}): string[] {
  const found: string[] = []
  const all = { source: bytesSource(bytes), offset: 0, size: bytes.length, address: 0, base: 0, tableKind: Kind.Table }
  scanData(
    kernel(),
    { ...all, ...range },
    {
      strings: () => undefined,
      candidate: () => undefined,
      tables: ({ count, high, low, offsets, lengths, flags }) => {
        for (let i = 0; i < count; i++) {
          expect([lengths[i], flags[i]]).toEqual([32, 0])
          found.push(`${(BigInt(high[i]!) << 32n) | BigInt(low[i]!)} ${offsets[i]}`)
        }
      },
    },
  )
  return found
}

/** The polynomial remainders of 0 to 255: a table that many libraries hold. */
function remainders(): Uint8Array {
  const words = Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ ((value & 1) * 0xedb8_8320)
    return value
  })
  return new Uint8Array(words.buffer)
}

/** Data as it is: numbers at random, small numbers, zeros, texts, each often enough for windows to be chosen. */
const block = fc.oneof(
  fc.uint8Array({ minLength: 64, maxLength: 200 }),
  fc.array(fc.nat(40), { minLength: 8, maxLength: 40 }).map((list) => new Uint8Array(Uint32Array.from(list).buffer)),
  fc.nat(120).map((length) => new Uint8Array(length)),
  fc
    .array(fc.stringMatching(/^[ -~]{3,20}$/), { maxLength: 12 })
    .map((list) => Uint8Array.from(Buffer.from(list.join('\0')))),
)
const data = fc.array(block, { maxLength: 12 }).map((blocks) => Uint8Array.from(Buffer.concat(blocks)))

describe('table windows', () => {
  test('are those of the definition, at any address', () => {
    fc.assert(
      fc.property(data, fc.nat(40), (bytes, address) => {
        expect(scan(bytes, { address })).toEqual(tableWindows(bytes, { address }))
      }),
      { numRuns: 400 },
    )
  })

  test.each([
    ['two bytes', Uint16Array.from({ length: 4000 }, (_, i) => 16 * i)],
    ['four bytes', Uint32Array.from({ length: 4000 }, (_, i) => 100_003 * i)],
    ['four bytes, some of them equal', Uint32Array.from({ length: 4000 }, (_, i) => 100_003 * (i >> 1))],
  ])('are not ascending numbers of %s, in either byte order', (_, numbers) => {
    const bytes = new Uint8Array(numbers.buffer)
    const last = numbers.BYTES_PER_ELEMENT - 1
    expect(scan(bytes)).toEqual([])
    expect(scan(bytes.map((_, i) => bytes[i ^ last]!))).toEqual([])
    // The same numbers in another order.
    expect(scan(new Uint8Array(numbers.toSorted((a, b) => (a % 251) - (b % 251)).buffer)).length).toBeGreaterThan(100)
  })

  test('are found in reads of any size', () => {
    fc.assert(
      fc.property(data, fc.nat(3), fc.integer({ min: 1, max: 90 }), (bytes, address, windowBytes) => {
        expect(scan(bytes, { address, windowBytes })).toEqual(tableWindows(bytes, { address }))
      }),
    )
  })

  test('that a relocation touches are left out', () => {
    const touches = fc.array(fc.tuple(fc.nat(1500), fc.constantFrom(1, 4, 8)), { maxLength: 40 })
    fc.assert(
      fc.property(data, touches, fc.constantFrom(7, 64, 5000), (bytes, list, windowBytes) => {
        const touched = list.toSorted((a, b) => a[0] - b[0])
        const ranges = {
          count: touched.length,
          offsets: Uint32Array.from(touched, ([offset]) => offset),
          sizes: Uint8Array.from(touched, ([, size]) => size),
        }
        expect(scan(bytes, { touched: ranges, windowBytes })).toEqual(tableWindows(bytes, { touched }))
      }),
    )
  })

  test('behind many relocations take as long as the relocations and the data do', () => {
    const count = 4_096_000
    const touched = { count, offsets: new Uint32Array(count).map((_, i) => i), sizes: new Uint8Array(count).fill(1) }
    const bytes = new Uint8Array(count)
    for (let at = 0; at < count; at += 1024) bytes.set(remainders().subarray(0, 512), at)
    // Two thousand windows: passing all relocations again in each takes five seconds.
    const started = process.cpuUsage()
    expect(scan(bytes, { touched, windowBytes: 2000 })).toEqual([])
    const { user, system } = process.cpuUsage(started)
    expect((user + system) / 1e6).toBeLessThan(2)
  })

  test('are one in twenty places of a program at most, by the definition', () => {
    const bytes = readFileSync(process.execPath).subarray(0, 3_000_000)
    const found = scan(bytes)
    expect(found).toEqual(tableWindows(bytes))
    expect(found.length).toBeLessThan(bytes.length / 4 / 15)
  })

  test('of a table of remainders are the same wherever it lies', () => {
    const table = remainders()
    const hashes = (found: readonly string[]) => found.map((line) => line.split(' ')[0])
    const alone = hashes(tableWindows(table))
    expect(alone.length).toBeGreaterThan(5)
    const moved = Uint8Array.from([...new Uint8Array(57), ...table])
    expect(hashes(scan(moved, { address: 3 }))).toEqual(expect.arrayContaining(alone))
  })

  test('have the offsets of the file, from the base', () => {
    const table = remainders()
    const offsets = (found: readonly string[]) => found.map((line) => Number(line.split(' ')[1]))
    expect(
      offsets(scan(Uint8Array.from([...new Uint8Array(40), ...table]), { offset: 40, size: 1024, base: 5 })),
    ).toEqual(offsets(tableWindows(table)).map((offset) => offset + 45))
  })

  test.each([
    ['zeros', new Uint8Array(200)],
    ['one byte', new Uint8Array(200).fill(7)],
    ['fewer than 32 bytes', remainders().subarray(0, 31)],
    ['texts with a NUL between', Buffer.from('invalid distance code\0invalid literal/length code\0'.repeat(200))],
  ])('are not found in %s', (_name, bytes) => {
    expect(scan(bytes)).toEqual([])
  })

  test('are found in text without a NUL, which may be an alphabet', () => {
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
    expect(scan(Buffer.from(digits.repeat(20))).length).toBeGreaterThan(0)
  })
})

test('an array of a source gives the windows of a section that holds it', () => {
  const found: string[] = []
  extractTable(remainders(), (high, low, offset) => found.push(`${(BigInt(high) << 32n) | BigInt(low)} ${offset}`))
  expect(found).toEqual(tableWindows(remainders()))
})

test('what lies around the bytes in the memory changes nothing, and what is written stays in its region', () => {
  const own = new Kernel()
  fc.assert(
    fc.property(data, fc.nat(255), fc.nat(3), (bytes, guard, from) => {
      const run = (fill: number): string =>
        own.scope(() => {
          const { exports } = own
          const rows = exports.tableRows(bytes.length)
          const before = own.reserve(64)
          const input = own.reserve(bytes.length + 64)
          const output = own.reserveRows(rows)
          const behind = own.reserve(256)
          own.bytes(before, behind + 256 - before).fill(fill)
          own.bytes(input, bytes.length).set(bytes)
          const count = exports.tables(input, bytes.length, from, 0, 0, 0, 0, output, 0, 0)
          const isKept = own.bytes(before, 64).every((byte) => byte === fill)
          const isKeptBehind = own.bytes(behind, 256).every((byte) => byte === fill)
          return JSON.stringify([isKept, isKeptBehind, count <= rows, own.rows(output, rows, count)])
        })
      expect(run(guard)).toBe(run(0x61))
      expect(run(guard).startsWith('[true,true,true,')).toBe(true)
    }),
  )
})
