import { DetectorError } from '../../src/errors.ts'

/** A seeded generator of numbers in [0, 1): mulberry32, small and the same everywhere. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Values that parsers tend to trust: limits of signed and unsigned fields, and zero. */
const TELLING_BYTES = [0x00, 0x01, 0x7f, 0x80, 0xff]

/** A damaged copy: some bytes flipped or set, the end cut, or one part written over another. */
export function mutate(bytes: Uint8Array, random: () => number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  const below = (limit: number) => Math.floor(random() * limit)
  const choice = below(10)
  if (choice === 0) return copy.subarray(0, below(copy.length))
  if (choice === 1) {
    const length = 1 + below(Math.min(64, copy.length))
    copy.copyWithin(below(copy.length), below(copy.length - length + 1), copy.length)
    return copy
  }
  if (choice === 2) {
    const start = below(copy.length)
    return copy.fill(TELLING_BYTES[below(5)] ?? 0, start, start + 1 + below(16))
  }
  for (let i = 1 + below(8); i > 0; i--) {
    // Headers decide more than contents, so half of the damage goes there.
    const at = below(random() < 0.5 ? Math.min(512, copy.length) : copy.length)
    copy[at] = random() < 0.5 ? (TELLING_BYTES[below(5)] ?? 0) : (copy[at] ?? 0) ^ (1 << below(8))
  }
  return copy
}

/** One input, and all of its mutations together, must end within this. */
const HANG_GUARD_MS = 10_000

/**
 * Reads `rounds` mutations of each fixture and returns what ended in anything but a result or a `DetectorError`, by
 * seed, and the slowest.
 */
export async function survey(
  fixtures: readonly Uint8Array[],
  rounds: number,
  read: (bytes: Uint8Array) => unknown,
): Promise<string[]> {
  const faults: string[] = []
  const started = performance.now()
  for (const [index, fixture] of fixtures.entries()) {
    for (let seed = 0; seed < rounds; seed++) {
      const bytes = mutate(fixture, seeded(index * 1_000_003 + seed))
      const before = performance.now()
      try {
        await read(bytes)
      } catch (error) {
        if (!(error instanceof DetectorError)) faults.push(`fixture ${index} seed ${seed}: ${(error as Error).stack}`)
      }
      const took = performance.now() - before
      if (took > HANG_GUARD_MS / 10) faults.push(`fixture ${index} seed ${seed}: ${Math.round(took)} ms`)
    }
  }
  const all = performance.now() - started
  if (all > HANG_GUARD_MS) faults.push(`all mutations took ${Math.round(all)} ms`)
  return faults
}
