import { IntervalLists } from './interval-lists.ts'
import { enlarged } from './pair-table.ts'
import type { Intervals } from './schema.ts'

/** The distinct interval sets of stored prints, from which releases can be taken away for all postings at once. */
export class StoredSets {
  readonly #lists = new IntervalLists()

  constructor(sets: readonly Intervals[]) {
    this.#lists.ensure(sets.length)
    sets.forEach((set, index) => {
      this.#lists.fill(index, set)
    })
  }

  drop(release: number): void {
    for (let set = 0; set < this.#lists.count; set++) this.#lists.remove(set, release)
  }

  isEmpty(set: number): boolean {
    return this.#lists.isEmpty(set)
  }

  intervals(set: number): number[] {
    return this.#lists.intervals(set)
  }
}

/**
 * The releases of each posting of one kind: the set that stored prints gave it, and the releases added since. They stay
 * apart, as a component has millions of postings but only thousands of different sets.
 */
export class SeenReleases {
  readonly #added = new IntervalLists()
  /** Of each posting one more than its stored set; 0 for new ones. */
  #stored: Uint32Array<ArrayBuffer> = new Uint32Array(1024)

  /** Adds postings without releases until there are `count`. */
  ensure(count: number): void {
    this.#added.ensure(count)
    if (count > this.#stored.length) this.#stored = enlarged(this.#stored, Math.max(count, this.#stored.length * 2))
  }

  add(posting: number, release: number): void {
    this.#added.add(posting, release)
  }

  /** Gives the posting a set of stored prints. */
  store(posting: number, set: number): void {
    this.#stored[posting] = set + 1
  }

  isEmpty(posting: number, stored: StoredSets): boolean {
    const set = this.#stored[posting]!
    return this.#added.isEmpty(posting) && (set === 0 || stored.isEmpty(set - 1))
  }

  /** As {@link Intervals}. */
  intervals(posting: number, stored: StoredSets): number[] {
    const set = this.#stored[posting]!
    const added = this.#added.intervals(posting)
    if (set === 0) return added
    return added.length === 0 ? stored.intervals(set - 1) : union(added, stored.intervals(set - 1))
  }

  /**
   * A number that postings with the same releases share, though not all of them; undefined where finding one would cost
   * as much as comparing the intervals.
   */
  cheapKey(posting: number): number | undefined {
    const single = this.#added.isEmpty(posting) ? SINGLES : this.#added.singleInterval(posting)
    return single === undefined ? undefined : this.#stored[posting]! * (SINGLES + 1) + single
  }
}

/** More than any number of {@link IntervalLists.singleInterval}; the product with a set's number is below 2^53. */
const SINGLES = 2 ** 32

/** Numbers interval sets by content. */
export class SetNumbers {
  readonly list: number[][] = []
  readonly #numbers = new Map<string, number>()

  number(intervals: number[]): number {
    const key = intervals.join()
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    this.#numbers.set(key, this.list.length)
    return this.list.push(intervals) - 1
  }
}

/** Both must be ascending and are left alone. */
function union(a: readonly number[], b: readonly number[]): number[] {
  const merged: number[] = []
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const fromA = j >= b.length || (i < a.length && a[i]! <= b[j]!)
    const [from, to] = fromA ? [a[i]!, a[i + 1]!] : [b[j]!, b[j + 1]!]
    if (fromA) i += 2
    else j += 2
    if (merged.length > 0 && from <= merged.at(-1)! + 1) merged[merged.length - 1] = Math.max(merged.at(-1)!, to)
    else merged.push(from, to)
  }
  return merged
}
