import { describe, expect, test } from 'vitest'
import { type CodeWindow, codeBatches } from '../../src/fingerprint/kernel/code.ts'
import { Kernel } from '../../src/fingerprint/kernel/kernel.ts'
import { seeded } from './mutate.ts'

const ARCHITECTURES = ['x86_64', 'i386', 'aarch64']
const kernel = new Kernel()

function randomBytes(random: () => number, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random() * 256)
}

/** All batches as plain values. */
function values(window: CodeWindow, arch: string, addresses?: { lowest: number; highest: number }) {
  const found = codeBatches(kernel, window, { arch, ...(addresses === undefined ? {} : { addresses }) })
  return Object.values(found).map((batch) => ({
    hashes: Array.from(batch.high as Uint32Array, (high, i) => `${high} ${batch.low[i]}`),
    places: Array.from(batch.offsets as Float64Array, (offset, i) => [offset, batch.lengths[i]!]),
  }))
}

function window(bytes: Uint8Array, starts: readonly number[], ends: readonly number[]): CodeWindow {
  return { bytes, offset: 0, address: 0, starts: Uint32Array.from(starts), ends: Uint32Array.from(ends) }
}

describe.each(ARCHITECTURES)('%s', (arch) => {
  test('random bytes end in results that stay within the window', () => {
    const random = seeded(7)
    for (let round = 0; round < 300; round++) {
      const bytes = randomBytes(random, 1 + Math.floor(random() * 400))
      const cuts = Array.from({ length: 6 }, () => Math.floor(random() * (bytes.length + 1))).sort((a, b) => a - b)
      const found = values(window(bytes, cuts.slice(0, -1), cuts.slice(1)), arch, {
        lowest: 0x40_0000,
        highest: 2 ** 40,
      })
      for (const { places } of found)
        for (const [offset, length] of places) expect(offset! + length!).toBeLessThanOrEqual(bytes.length)
    }
  })

  test('what stands behind a function does not change its fingerprints', () => {
    const random = seeded(11)
    const body = Buffer.alloc(48, arch === 'aarch64' ? '0000018b' : '5089c3', 'hex')
    for (let cut = 24; cut <= 48; cut++) {
      const code = Uint8Array.from(body.subarray(0, cut))
      for (let i = 0; i < 3; i++) code[Math.floor(random() * cut)] = random() * 256
      const ends = [randomBytes(random, 32), new Uint8Array(32).fill(0xff), new Uint8Array(0)]
      const [first, ...others] = ends.map((end) =>
        values(window(Buffer.concat([code, end]), [0], [cut]), arch).map(({ hashes }) => hashes),
      )
      for (const other of others) expect(other).toEqual(first)
    }
  })

  test('ranges that are empty, overlap or leave the window give nothing', () => {
    const bytes = Buffer.alloc(64, arch === 'aarch64' ? '0000018b' : '50', 'hex')
    const starts = [0, 0, 8, 60, 64, 0xffff_fff0, 4]
    const ends = [48, 0, 56, 68, 0xffff_ffff, 4, 0xffff_fffe]
    expect(values(window(bytes, starts, ends), arch)[0]?.places).toEqual([[0, 48]])
  })

  test('masks may overlap, leave the window and be many at one place', () => {
    const random = seeded(13)
    const bytes = Buffer.alloc(4096, arch === 'aarch64' ? '0000018b' : '81c078563412', 'hex')
    const offsets = Uint32Array.from({ length: 20_000 }, () => random() * 5000).sort()
    const sizes = Uint8Array.from(offsets, () => random() * 256)
    const relocations = { count: offsets.length, offsets, sizes }
    const found = values({ ...window(bytes, [0, 1024], [1020, 4092]), relocations }, arch)
    expect(found[0]?.hashes.length).toBe(2)
    const backwards = { count: 2, offsets: Uint32Array.of(8, 4), sizes: Uint8Array.of(4, 4) }
    expect(() => values({ ...window(bytes, [0], [1020]), relocations: backwards }, arch)).toThrow(TypeError)
  })

  test('an empty window and one without functions give nothing', () => {
    for (const empty of [window(new Uint8Array(0), [0], [0]), window(new Uint8Array(64), [], [])])
      expect(values(empty, arch).flatMap(({ hashes }) => hashes)).toEqual([])
  })
})

test('a megabyte of prefixes, of constants or of nothing but padding takes no more than its share of time', () => {
  const started = performance.now()
  for (const filling of ['66', '48', 'f0', 'b878563412', '90', '0fff', 'c4', '62f1', 'e8']) {
    const bytes = Buffer.alloc(2 ** 20, filling, 'hex')
    for (let i = 0; filling.startsWith('b8') && i + 5 <= bytes.length; i += 5)
      bytes.writeUInt32LE((i * 77_777) % 2 ** 32, i + 1)
    for (const arch of ARCHITECTURES) values(window(bytes, [0], [bytes.length]), arch)
  }
  expect(performance.now() - started).toBeLessThan(10_000)
})
