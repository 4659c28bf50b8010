import { execFileSync } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { readdirSync } from 'node:fs'
import * as zlib from 'node:zlib'
import { deflateRawSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { decompressToSource, detectCompression } from '../../src/archive/decompress.ts'
import { DEFAULT_LIMITS } from '../../src/bytes/limits.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { hasProgram, workDirectory } from '../fixtures/compile.ts'

const TEXT = Buffer.from('int inflate(z_streamp strm, int flush);\n'.repeat(20_000))

function packWith(program: string, bytes: Uint8Array): Buffer {
  return execFileSync(program, ['-c'], { input: bytes, maxBuffer: 2 ** 28 })
}

async function unpack(packed: Uint8Array, limits = DEFAULT_LIMITS): Promise<{ format: string; bytes: Buffer }> {
  const { source, format } = await decompressToSource(bytesSource(packed), limits)
  const bytes = Buffer.from(source.read(0, source.size))
  source.close()
  return { format, bytes }
}

const searchPath = process.env['PATH']
afterEach(() => {
  process.env['PATH'] = searchPath
})

test('gzip is unpacked, with all of its members', async () => {
  const packed = Buffer.concat([gzipSync(TEXT), gzipSync(Buffer.from('second'))])
  const { format, bytes } = await unpack(packed)
  expect(format).toBe('gzip')
  expect(bytes.equals(Buffer.concat([TEXT, Buffer.from('second')]))).toBe(true)
})

test.each([1, 100, 200_000, 3_000_000])('%i zeros behind the end of gzip are no part of it', async (count) => {
  const packed = Buffer.concat([gzipSync(TEXT), Buffer.alloc(count)])
  const seen: Buffer[] = []
  const onPacked = (bytes: Uint8Array): void => void seen.push(Buffer.from(bytes))
  const { source } = await decompressToSource(bytesSource(packed), DEFAULT_LIMITS, undefined, { onPacked })
  expect(Buffer.from(source.read(0, source.size)).equals(TEXT)).toBe(true)
  // A digest is of all that is stored.
  expect(Buffer.concat(seen).equals(packed)).toBe(true)
  source.close()
})

test('of gzip in many chunks, each ends in its own bytes, wherever it is cut', async () => {
  const noise = randomFillSync(Buffer.alloc(5_000_000))
  const packed = gzipSync(noise)
  expect((await unpack(packed)).bytes.equals(noise)).toBe(true)
  for (const cut of [1, 8, 131_072, 262_144, 4_000_000])
    await expect(unpack(packed.subarray(0, packed.length - cut))).rejects.toMatchObject({ code: 'FORMAT_TRUNCATED' })
  packed[packed.length >> 1] = (packed[packed.length >> 1] ?? 0) ^ 0xff
  await expect(unpack(packed)).rejects.toMatchObject({ code: 'FORMAT_CORRUPT' })
  await expect(unpack(gzipSync(noise), { ...DEFAULT_LIMITS, unpackedBytes: 1_000_000 })).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
  })
})

const PROGRAMS = [
  ['xz', 'xz'],
  ['bzip2', 'bzip2'],
  ['zstd', 'zstd'],
] as const

/** Node has a decoder of its own, which takes one frame at a time, from 22.15 on. */
test.skipIf(!('createZstdDecompress' in zlib))('frames of zstd are counted', async () => {
  const empty = Buffer.from('28b52ffd2000010000', 'hex')
  const limits = { ...DEFAULT_LIMITS, archiveMembers: 100 }
  expect((await unpack(Buffer.concat(Array.from({ length: 100 }, () => empty)), limits)).bytes.length).toBe(0)
  await expect(unpack(Buffer.concat(Array.from({ length: 101 }, () => empty)), limits)).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
  })
})

describe.each(PROGRAMS)('%s', (format, program) => {
  const available = hasProgram(program)
  const packed = available ? packWith(program, TEXT) : Buffer.alloc(0)

  test.skipIf(!available)('is unpacked', async () => {
    const unpacked = await unpack(packed)
    expect(unpacked.format).toBe(format)
    expect(unpacked.bytes.equals(TEXT)).toBe(true)
  })

  test.skipIf(!available)('is unpacked by the JavaScript decoder where no program is found', async () => {
    process.env['PATH'] = '/nonexistent'
    expect((await unpack(packed)).bytes.equals(TEXT)).toBe(true)
  })

  test.skipIf(!available)('is unpacked as a whole when it has several streams', async () => {
    const two = Buffer.concat([packed, packWith(program, Buffer.from('second'))])
    expect((await unpack(two)).bytes.length).toBe(TEXT.length + 6)
  })

  test.skipIf(!available)('cut short is truncated', async () => {
    await expect(unpack(packed.subarray(0, packed.length - 20))).rejects.toMatchObject({ code: 'FORMAT_TRUNCATED' })
  })

  test.skipIf(!available)('damaged ends in a DetectorError', async () => {
    const damaged = Uint8Array.from(packed)
    damaged.fill(0xff, 20, Math.min(60, packed.length - 1))
    await expect(unpack(damaged)).rejects.toMatchObject({ name: 'DetectorError' })
  })
})

test('anything else comes back as it is', async () => {
  const source = bytesSource(TEXT)
  expect(await decompressToSource(source)).toEqual({ source, format: 'none' })
})

test.each([
  ['gzip', [0x1f, 0x8b, 8]],
  ['bzip2', [0x42, 0x5a, 0x68, 0x39, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['zstd', [0x5e, 0x2a, 0x4d, 0x18]],
  [undefined, [0x42, 0x5a, 0x68, 0x39, 0x20]],
  [undefined, []],
])('magic bytes tell %s', (format, bytes) => {
  expect(detectCompression(bytesSource(Uint8Array.from(bytes)))).toBe(format)
})

test('gzip cut short is truncated, damaged it is corrupt', async () => {
  const packed = gzipSync(TEXT)
  await expect(unpack(packed.subarray(0, 500))).rejects.toMatchObject({ code: 'FORMAT_TRUNCATED' })
  const damaged = Uint8Array.from(packed)
  damaged.fill(0xff, 40, 200)
  await expect(unpack(damaged)).rejects.toMatchObject({ code: 'FORMAT_CORRUPT' })
})

describe('a bomb', () => {
  const zeros = gzipSync(Buffer.alloc(16 * 1024 ** 2))

  test('stops at the limit of bytes', async () => {
    const limits = { ...DEFAULT_LIMITS, unpackedBytes: 1024 ** 2 }
    await expect(unpack(zeros, limits)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
  })

  test('stops at the limit of the ratio', async () => {
    const limits = { ...DEFAULT_LIMITS, unpackRatio: 100 }
    await expect(unpack(zeros, limits)).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringContaining('raise with limits.unpackRatio'),
    })
  })

  test.skipIf(!hasProgram('xz'))('stops the program that unpacks it', async () => {
    const packed = packWith('xz', Buffer.alloc(32 * 1024 ** 2))
    const limits = { ...DEFAULT_LIMITS, unpackedBytes: 1024 ** 2 }
    await expect(unpack(packed, limits)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
  })
})

test('large results go to a temporary file that has no name and no end after close', async () => {
  // In a directory of its own: others unpack at the same time.
  const work = workDirectory()
  vi.stubEnv('TMPDIR', work.path)
  const large = Buffer.alloc(80 * 1024 ** 2)
  large.write('the end', large.length - 7)
  const { source } = await decompressToSource(bytesSource(gzipSync(large, { level: 1 })))
  expect(source.size).toBe(large.length)
  expect(Buffer.from(source.read(large.length - 7, 7)).toString()).toBe('the end')
  source.close()
  expect(readdirSync(work.path)).toEqual([])
  expect(() => source.read(0, 1)).toThrow()
  vi.unstubAllEnvs()
  work.remove()
})

test('an aborted call ends in ABORTED', async () => {
  const controller = new AbortController()
  controller.abort()
  const call = decompressToSource(bytesSource(gzipSync(TEXT)), DEFAULT_LIMITS, controller.signal)
  await expect(call).rejects.toMatchObject({ code: 'ABORTED' })
})

test('raw deflate has no magic and is left alone', async () => {
  expect((await unpack(deflateRawSync(TEXT))).format).toBe('none')
})
