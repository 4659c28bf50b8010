import type { FileScore, Pair } from './judge.ts'

/** One number with what it rests on. */
export interface Figure {
  /** Null where there is nothing to count. Shares are in [0,1]. */
  readonly value: number | null
  /** Bootstrap interval over files, 95 %; null with `value`. */
  readonly low: number | null
  readonly high: number | null
  /** What the value is a share, median or mean of: claims, labels, files or groups. */
  readonly n: number
}

/** How a figure comes from sums over files, so that resampling only adds. */
export interface Measure {
  /** Sums that `add` counts into. */
  readonly width: number
  add(file: FileScore, into: (index: number, amount: number) => void): void
  /** Undefined where there is nothing to count. */
  value(sums: Float64Array): number | undefined
  n(sums: Float64Array): number
}

/** How intervals are made: seeded, so that the same claims give the same interval. */
export interface Resampling {
  /** Resampled corpora. 1,000 make the ends of a 95 % interval steady to a tenth of its width. */
  readonly rounds: number
  readonly seed: number
}

/**
 * The measure over the files, with the interval between the 2.5th and 97.5th percentile of as many resamples with
 * replacement, whole files at a time: what stands in one file is not independent.
 *
 * @see Efron and Tibshirani, An Introduction to the Bootstrap, ch. 13 "percentile interval"
 */
export function figure(files: readonly FileScore[], measure: Measure, { rounds, seed }: Resampling): Figure {
  const parts = files.map((file) => {
    const sparse: number[] = []
    measure.add(file, (index, amount) => sparse.push(index, amount))
    return Float64Array.from(sparse)
  })
  const sums = new Float64Array(measure.width)
  for (const part of parts) addSparse(part, sums)
  const n = measure.n(sums)
  const value = measure.value(sums)
  if (value === undefined) return { value: null, low: null, high: null, n }
  const random = seededRandom(seed)
  const values: number[] = []
  for (let round = 0; round < rounds; round++) {
    sums.fill(0)
    for (let draw = 0; draw < parts.length; draw++)
      addSparse(parts[Math.floor(random() * parts.length)] as Float64Array, sums)
    const resampled = measure.value(sums)
    if (resampled !== undefined) values.push(resampled)
  }
  values.sort((a, b) => a - b)
  return { value: rounded(value), low: percentile(values, 0.025), high: percentile(values, 0.975), n }
}

function addSparse(part: Float64Array, sums: Float64Array): void {
  for (let i = 0; i < part.length; i += 2) {
    const index = part[i] as number
    sums[index] = (sums[index] as number) + (part[i + 1] as number)
  }
}

function percentile(sorted: readonly number[], share: number): number | null {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
  return value === undefined ? null : rounded(value)
}

/** Four decimals: a corpus of hundreds of labels tells no more. */
function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000
}

/**
 * Numbers in [0,1) that a seed decides.
 *
 * @see Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (2003): 32 bits of state, shifts 13, 17, 5
 */
export function seededRandom(seed: number): () => number {
  // Spread over the word, because small seeds start alike; 0 would stay 0.
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

/** Which pairs a figure looks at. */
export type Slice = (pair: Pair) => boolean

export const ALL: Slice = () => true
export const CATALOG: Slice = (pair) => pair.inCatalog

/** The share of pairs with `isGood` among those with `isCounted`. */
export function share(isCounted: (pair: Pair, file: FileScore) => boolean, isGood: (pair: Pair) => boolean): Measure {
  return {
    width: 2,
    add: (file, into) => {
      const counted = file.pairs.filter((pair) => isCounted(pair, file))
      into(0, counted.filter(isGood).length)
      into(1, counted.length)
    },
    value: ([good = 0, all = 0]) => ratio(good, all),
    n: ([, all = 0]) => all,
  }
}

const isFound = ({ outcome }: Pair): boolean => outcome === 'found'
const isLabelled = ({ outcome }: Pair): boolean => outcome === 'found' || outcome === 'missed'
const isClaimed = ({ outcome }: Pair): boolean => outcome === 'found' || outcome === 'false'

/** Right claims among those in files whose label list is complete. */
export function precision(slice: Slice): Measure {
  return share((pair, { label }) => label.complete && slice(pair) && isClaimed(pair), isFound)
}

/** Labelled components that were claimed, in all files. */
export function recall(slice: Slice): Measure {
  return share((pair) => slice(pair) && isLabelled(pair), isFound)
}

/** The harmonic mean of precision and recall, as they are counted here; n are the labels. */
export function f1(slice: Slice): Measure {
  const [left, right] = [precision(slice), recall(slice)]
  return {
    width: 4,
    add: (file, into) => {
      left.add(file, into)
      right.add(file, (index, amount) => into(2 + index, amount))
    },
    value: (sums) => harmonic(left.value(sums.subarray(0, 2)), right.value(sums.subarray(2, 4))),
    n: (sums) => sums[3] as number,
  }
}

/**
 * The mean over groups of their own precision, recall or F1: each group counts the same, however many files it has. n is
 * the number of groups that have a value; a group without claims has no precision, one without labels no recall.
 *
 * F1 is that of the two means.
 */
export function macro(
  files: readonly FileScore[],
  slice: Slice,
  groupOf: (pair: Pair, file: FileScore) => string,
  what: 'precision' | 'recall' | 'f1',
): Measure {
  const groups = [...new Set(files.flatMap((file) => file.pairs.filter(slice).map((pair) => groupOf(pair, file))))]
  const indexOf = new Map(groups.map((group, index) => [group, 4 * index]))
  const means = (sums: Float64Array): readonly [Mean, Mean] => {
    const precisions = new Mean()
    const recalls = new Mean()
    for (let at = 0; at < sums.length; at += 4) {
      precisions.add(sums[at] as number, sums[at + 1] as number)
      recalls.add(sums[at + 2] as number, sums[at + 3] as number)
    }
    return [precisions, recalls]
  }
  return {
    width: 4 * groups.length,
    add: (file, into) => {
      for (const pair of file.pairs.filter(slice)) {
        const at = indexOf.get(groupOf(pair, file)) as number
        if (file.label.complete && isClaimed(pair)) {
          into(at, isFound(pair) ? 1 : 0)
          into(at + 1, 1)
        }
        if (isLabelled(pair)) {
          into(at + 2, isFound(pair) ? 1 : 0)
          into(at + 3, 1)
        }
      }
    },
    value: (sums) => {
      const [precisions, recalls] = means(sums)
      if (what === 'precision') return precisions.value
      return what === 'recall' ? recalls.value : harmonic(precisions.value, recalls.value)
    },
    n: (sums) => means(sums)[what === 'precision' ? 0 : 1].count,
  }
}

class Mean {
  #sum = 0
  count = 0
  add(good: number, all: number): void {
    if (all === 0) return
    this.#sum += good / all
    this.count++
  }
  get value(): number | undefined {
    return ratio(this.#sum, this.count)
  }
}

/** The median over pairs of `sizeOf`; pairs of size 0 do not count. Of an even number, the lower of the two in the middle. */
export function median(isCounted: (pair: Pair) => boolean, sizeOf: (pair: Pair) => number, largest: number): Measure {
  return {
    width: largest + 1,
    add: (file, into) => {
      for (const pair of file.pairs) if (isCounted(pair) && sizeOf(pair) > 0) into(sizeOf(pair), 1)
    },
    value: (sums) => {
      const total = sums.reduce((a, b) => a + b, 0)
      let seen = 0
      for (let size = 0; size < sums.length; size++) {
        seen += sums[size] as number
        if (total > 0 && 2 * seen >= total) return size
      }
      return undefined
    },
    n: (sums) => sums.reduce((a, b) => a + b, 0),
  }
}

/** Pairs with `isCounted` per 1,000 files with `isIn`; n are the files. */
export function perThousand(isIn: (file: FileScore) => boolean, isCounted: (pair: Pair) => boolean): Measure {
  return {
    width: 2,
    add: (file, into) => {
      if (!isIn(file)) return
      into(0, file.pairs.filter(isCounted).length)
      into(1, 1)
    },
    value: ([count = 0, files = 0]) => ratio(1000 * count, files),
    n: ([, files = 0]) => files,
  }
}

function ratio(part: number, whole: number): number | undefined {
  return whole === 0 ? undefined : part / whole
}

function harmonic(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return undefined
  return a + b === 0 ? 0 : (2 * a * b) / (a + b)
}
