import { readFileSync } from 'node:fs'
import { FeatureKind } from '../database/feature-kinds.ts'
import type { HashList } from './compile-kind.ts'

/**
 * Fingerprints of published algorithms, which belong to nobody. They stand in `public-features.bin`, made by `npm run build` of
 * what `algorithm-features.ts` computes: three lists, each the number of its hashes, the upper halves of all, and the lower
 * halves, ascending; all numbers of 32 bits, little-endian.
 */
interface PublicFeatures {
  readonly tables: HashList
  readonly immediates: HashList
  readonly halves: HashList
}

let read: PublicFeatures | undefined

function publicFeatures(): PublicFeatures {
  read ??= readFeatures(readFileSync(new URL('./public-features.bin', import.meta.url)))
  return read
}

function readFeatures(bytes: Buffer): PublicFeatures {
  const words = new Uint32Array(bytes.length / 4)
  for (let i = 0; i < words.length; i++) words[i] = bytes.readUInt32LE(i * 4)
  let end = 0
  const next = (): HashList => {
    const start = end + 1
    const count = words[end]!
    end = start + 2 * count
    return { high: words.subarray(start, start + count), low: words.subarray(start + count, end) }
  }
  return { tables: next(), immediates: next(), halves: next() }
}

/** The fingerprints of a kind that are those of published algorithms. */
export function publicFeaturesOf(kind: FeatureKind): readonly HashList[] {
  const { tables, immediates, halves } = publicFeatures()
  if (kind === FeatureKind.Immediate) return [immediates, halves]
  return kind === FeatureKind.Table || kind === FeatureKind.BigEndianTable ? [tables] : []
}

/** Whether a constant of code belongs to nobody: MD5 is made of 64 such numbers, whoever writes it down. */
export function isPublicImmediate(high: number, low: number): boolean {
  return holds(publicFeatures().immediates, high, low)
}

/** Whether an ascending list has the hash with these halves. */
export function holds(list: HashList, high: number, low: number): boolean {
  let [from, to] = [0, list.high.length]
  while (from < to) {
    const middle = (from + to) >>> 1
    const isBefore = list.high[middle]! < high || (list.high[middle] === high && list.low[middle]! < low)
    if (isBefore) from = middle + 1
    else to = middle
  }
  return list.high[from] === high && list.low[from] === low
}
