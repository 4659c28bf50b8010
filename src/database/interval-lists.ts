import { enlarged } from './pair-table.ts'

/** End of a list. */
const NONE = 0xffff_ffff

/**
 * Many sets of release indices, each kept as a chain of intervals, newest first. Adding ascending indices extends the
 * first interval of a chain; any other order is as correct, only slower.
 */
export class IntervalLists {
  #lists = 0
  #heads = new Uint32Array(1024)
  #nodes = 0
  #from = new Uint32Array(1024)
  #to = new Uint32Array(1024)
  #next = new Uint32Array(1024)

  get count(): number {
    return this.#lists
  }

  /** Adds empty lists until there are `count`. */
  ensure(count: number): void {
    if (count <= this.#lists) return
    if (count > this.#heads.length) this.#heads = enlarged(this.#heads, Math.max(count, this.#heads.length * 2))
    this.#heads.fill(NONE, this.#lists, count)
    this.#lists = count
  }

  add(list: number, release: number): void {
    let before = NONE
    let node = this.#heads[list]!
    while (node !== NONE && release + 1 < this.#from[node]!) {
      before = node
      node = this.#next[node]!
    }
    if (node === NONE || release > this.#to[node]! + 1) {
      this.#insert(list, before, node, release, release)
      return
    }
    if (release > this.#to[node]!) this.#to[node] = release
    if (release >= this.#from[node]!) return
    this.#from[node] = release
    const older = this.#next[node]!
    if (older === NONE || this.#to[older]! + 1 < release) return
    this.#from[node] = this.#from[older]!
    this.#next[node] = this.#next[older]!
  }

  remove(list: number, release: number): void {
    let before = NONE
    let node = this.#heads[list]!
    while (node !== NONE && release < this.#from[node]!) {
      before = node
      node = this.#next[node]!
    }
    if (node === NONE || release > this.#to[node]!) return
    const from = this.#from[node]!
    const to = this.#to[node]!
    if (from === to) this.#link(list, before, this.#next[node]!)
    else if (release === to) this.#to[node] = to - 1
    else if (release === from) this.#from[node] = from + 1
    else {
      this.#from[node] = release + 1
      this.#insert(list, node, this.#next[node]!, from, release - 1)
    }
  }

  /** Puts a whole set of intervals, as stored, into an empty list. */
  fill(list: number, intervals: readonly number[]): void {
    for (let i = 0; i < intervals.length; i += 2)
      this.#insert(list, NONE, this.#heads[list]!, intervals[i]!, intervals[i + 1]!)
  }

  isEmpty(list: number): boolean {
    return this.#heads[list] === NONE
  }

  /** A number that stands for the set's only interval, as `from * 2^16 + to`, below 2^32; undefined
   * where there is not exactly one, or it ends above 65535. */
  singleInterval(list: number): number | undefined {
    const node = this.#heads[list]!
    if (node === NONE || this.#next[node] !== NONE || this.#to[node]! >= 2 ** 16) return undefined
    return this.#from[node]! * 2 ** 16 + this.#to[node]!
  }

  /** The set as flattened inclusive ranges, ascending. */
  intervals(list: number): number[] {
    const descending: number[] = []
    for (let node = this.#heads[list]!; node !== NONE; node = this.#next[node]!)
      descending.push(this.#to[node]!, this.#from[node]!)
    return descending.reverse()
  }

  #insert(list: number, before: number, after: number, from: number, to: number): void {
    if (this.#nodes === this.#from.length) {
      this.#from = enlarged(this.#from, this.#nodes * 2)
      this.#to = enlarged(this.#to, this.#nodes * 2)
      this.#next = enlarged(this.#next, this.#nodes * 2)
    }
    const node = this.#nodes++
    this.#from[node] = from
    this.#to[node] = to
    this.#next[node] = after
    this.#link(list, before, node)
  }

  #link(list: number, before: number, node: number): void {
    if (before === NONE) this.#heads[list] = node
    else this.#next[before] = node
  }
}
