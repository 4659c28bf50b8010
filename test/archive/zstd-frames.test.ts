import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { zstdFrames } from '../../src/archive/zstd-frames.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { hasProgram } from '../fixtures/compile.ts'

const MAGIC = '28b52ffd'
/** Five bytes as they are, in one segment without a checksum. */
const RAW = `${MAGIC}200529000068656c6c6f`
/** The same byte five times, behind an empty block, with a window, and a checksum that nobody looks at here. */
const RUN = `${MAGIC}0400${'000000'}${'2b0000'}78${'00000000'}`
const SKIPPABLE = '502a4d1803000000ffffff'

function framesOf(hex: string): { offset: number; size: number; isSkippable: boolean }[] {
  return [...zstdFrames(bytesSource(Buffer.from(hex, 'hex')))]
}

test('frames stand one behind the other, those of tools between them', () => {
  const bytes = (hex: string): number => hex.length / 2
  expect(framesOf(SKIPPABLE + RAW + RUN + SKIPPABLE)).toEqual([
    { offset: 0, size: bytes(SKIPPABLE), isSkippable: true },
    { offset: 11, size: bytes(RAW), isSkippable: false },
    { offset: 11 + bytes(RAW), size: bytes(RUN), isSkippable: false },
    { offset: 11 + bytes(RAW + RUN), size: bytes(SKIPPABLE), isSkippable: true },
  ])
  expect(framesOf('')).toEqual([])
})

test('a cut anywhere is truncated, and what is no frame is corrupt', () => {
  for (const whole of [RAW, RUN, SKIPPABLE])
    for (let cut = 2; cut < whole.length; cut += 2)
      expect(() => framesOf(RAW + whole.slice(0, cut)), `${whole} cut at ${cut}`).toThrow(
        expect.objectContaining({ code: 'FORMAT_TRUNCATED' }),
      )
  expect(() => framesOf(`${RAW}00000000`)).toThrow(expect.objectContaining({ code: 'FORMAT_CORRUPT' }))
  expect(() => framesOf(`${MAGIC}2005070000`)).toThrow(expect.objectContaining({ code: 'FORMAT_CORRUPT' }))
})

test.skipIf(!hasProgram('zstd'))('those that zstd itself makes', () => {
  const frames = [0, 1, 1000, 3_000_000].map((size) => {
    const input = Buffer.from(Array.from({ length: size }, (_, i) => (i * i) >> 3))
    return execFileSync('zstd', ['-c', '-q'], { input, maxBuffer: 2 ** 28 })
  })
  const found = [...zstdFrames(bytesSource(Buffer.concat(frames)))]
  expect(found.map(({ size }) => size)).toEqual(frames.map(({ length }) => length))
})
