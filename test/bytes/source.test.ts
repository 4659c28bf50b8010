import { closeSync, mkdirSync, openSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ByteSource, bytesSource, fileSource, sliceSource } from '../../src/bytes/source.ts'
import type { DetectorError } from '../../src/errors.ts'
import { temporaryDirectory } from '../build/sources/repositories.ts'
import { codeOf } from './code-of.ts'

/** Bytes of a page of the file source. */
const PAGE = 1 << 16
/** Pages of the file source and a bit: reads lie in one page, across two, or across more. */
const LARGE = 48 * PAGE + 12_345

/** A byte that depends on its place, so that a shifted read is seen. */
function patternAt(offset: number): number {
  return (offset * 2_654_435_761) >>> 24
}

function pattern(size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  for (let i = 0; i < size; i++) bytes[i] = patternAt(i)
  return bytes
}

function fileOf(bytes: Uint8Array): string {
  const path = join(temporaryDirectory(), 'input')
  writeFileSync(path, bytes)
  return path
}

const range = fc.record({
  offset: fc.oneof(fc.integer({ min: -5, max: 60 }), fc.constantFrom(Number.NaN, 0.5, 2 ** 53, -(2 ** 40))),
  length: fc.oneof(fc.integer({ min: -5, max: 60 }), fc.constantFrom(Number.NaN, 1.5, 2 ** 53, Infinity)),
})

function isInside(offset: number, length: number, size: number): boolean {
  return [offset, length].every((n) => Number.isSafeInteger(n) && n >= 0) && offset + length <= size
}

/** A range inside gives its bytes, any other one `FORMAT_TRUNCATED`. */
function checkRanges(source: ByteSource, bytes: Uint8Array): void {
  fc.assert(
    fc.property(range, ({ offset, length }) => {
      const target = new Uint8Array(length >= 0 && length < 100 ? length : 0)
      if (isInside(offset, length, bytes.length)) {
        const expected = Buffer.from(bytes.slice(offset, offset + length))
        expect(Buffer.from(source.read(offset, length))).toEqual(expected)
        source.readInto(target, offset)
        expect(Buffer.from(target)).toEqual(expected)
      } else {
        expect(codeOf(() => source.read(offset, length))).toBe('FORMAT_TRUNCATED')
        if (!isInside(offset, target.length, bytes.length))
          expect(codeOf(() => source.readInto(target, offset))).toBe('FORMAT_TRUNCATED')
      }
    }),
  )
}

describe('no offset escapes the window', () => {
  const bytes = pattern(50)
  test('of bytes in memory', () => checkRanges(bytesSource(bytes), bytes))
  test('of a part of another source', () => {
    checkRanges(sliceSource(bytesSource(bytes), 7, 20), bytes.subarray(7, 27))
  })
  test('of a part of a part', () => {
    const part = sliceSource(sliceSource(bytesSource(bytes), 7, 20), 3, 10)
    checkRanges(part, bytes.subarray(10, 20))
  })
  test('of a file', () => {
    const source = fileSource(fileOf(bytes))
    checkRanges(source, bytes)
    source.close()
  })
  test.each([
    [-1, 5],
    [0, 51],
    [51, 0],
    [Number.NaN, 1],
  ])('when a part from %d of %d bytes is taken of 50', (start, size) => {
    expect(codeOf(() => sliceSource(bytesSource(bytes), start, size))).toBe('FORMAT_TRUNCATED')
  })
})

test('the message of a refused read says what was needed, where, and what was there', () => {
  expect(() => bytesSource(pattern(0x1f4c)).read(0x1f40, 64)).toThrow('need 64 bytes at offset 0x1f40, have 12')
})

describe('a file larger than its pages', () => {
  test('gives the bytes of any range', () => {
    const bytes = pattern(LARGE)
    const source = fileSource(fileOf(bytes))
    expect(source.size).toBe(LARGE)
    const place = fc.tuple(fc.integer({ min: 0, max: LARGE }), fc.constantFrom(0, 1, 100, 70_000, 1 << 20, LARGE))
    fc.assert(
      fc.property(place, ([offset, most]) => {
        const length = Math.min(most, LARGE - offset)
        const read = source.read(offset, length)
        expect(Buffer.compare(read, bytes.subarray(offset, offset + length))).toBe(0)
      }),
      { numRuns: 60 },
    )
    source.close()
  })

  test('keeps every view as it was, however much is read afterwards', () => {
    const source = fileSource(fileOf(pattern(LARGE)))
    const view = source.read(PAGE - 10, 20)
    const before = Buffer.from(view)
    for (let offset = 0; offset + 1000 < LARGE; offset += 100_000) source.read(offset, 1000)
    expect(Buffer.from(view)).toEqual(before)
    source.close()
  })

  test('may have more pages than are kept', () => {
    const path = join(temporaryDirectory(), 'sparse')
    const handle = openSync(path, 'w')
    const pages = 640
    for (let page = 0; page < pages; page++) writeSync(handle, Buffer.from([(page % 251) + 1]), 0, 1, page * PAGE)
    closeSync(handle)
    truncateSync(path, pages * PAGE)
    const source = fileSource(path)
    const order = [...Array(pages).keys(), ...Array(pages).keys()]
    expect(order.map((page) => source.read(page * PAGE, 1)[0])).toEqual(order.map((page) => (page % 251) + 1))
    source.close()
  })
})

test('a file that is read to and fro gives what is asked for, and soon no whole page for each few bytes', () => {
  const path = join(temporaryDirectory(), 'scattered')
  const size = 640 * PAGE
  writeFileSync(path, '')
  truncateSync(path, size)
  const source = fileSource(path)
  // Each page is asked for when it was just dropped: as pages these are 13 GB.
  const started = process.cpuUsage()
  let got = 0
  for (let i = 0; i < 200_000; i++) got += source.read(((i * 257) % 640) * PAGE + 100, 12).length
  const { user, system } = process.cpuUsage(started)
  expect(got).toBe(12 * 200_000)
  expect((user + system) / 1e6).toBeLessThan(2)
  source.close()
})

test('more of a file than any buffer can hold is LIMIT_EXCEEDED, and its end is read all the same', () => {
  const path = join(temporaryDirectory(), 'vast')
  const size = 5 * 2 ** 30
  writeFileSync(path, '')
  truncateSync(path, size)
  const source = fileSource(path)
  expect(codeOf(() => source.read(0, size))).toBe('LIMIT_EXCEEDED')
  expect([...source.read(size - 3, 3)]).toEqual([0, 0, 0])
  source.close()
})

describe('a file that cannot be read', () => {
  test('INPUT_NOT_FOUND when it is not there', () => {
    expect(codeOf(() => fileSource(join(temporaryDirectory(), 'missing')))).toBe('INPUT_NOT_FOUND')
  })

  test('INPUT_UNREADABLE when it is a directory', () => {
    const path = join(temporaryDirectory(), 'folder')
    mkdirSync(path)
    expect(codeOf(() => fileSource(path))).toBe('INPUT_UNREADABLE')
  })

  test('INPUT_UNREADABLE when it is a device', () => {
    expect(codeOf(() => fileSource('/dev/null'))).toBe('INPUT_UNREADABLE')
  })

  test('FORMAT_TRUNCATED when it shrank after it was opened', () => {
    const path = fileOf(pattern(5000))
    const source = fileSource(path)
    truncateSync(path, 100)
    expect(codeOf(() => source.read(50, 1000))).toBe('FORMAT_TRUNCATED')
    source.close()
  })

  test('TypeError after close, which may be called twice', () => {
    const source = fileSource(fileOf(pattern(10)))
    source.close()
    source.close()
    expect(() => source.read(0, 1)).toThrow(TypeError)
  })

  test('the error names the path', () => {
    const path = join(temporaryDirectory(), 'missing')
    try {
      fileSource(path)
      expect.unreachable()
    } catch (error) {
      expect((error as DetectorError).locus).toEqual({ path })
    }
  })
})

test('an empty file is a source of no bytes', () => {
  const source = fileSource(fileOf(new Uint8Array(0)))
  expect([source.size, source.read(0, 0).length]).toEqual([0, 0])
  source.close()
})
