import { ascendingOrder } from '../bytes/radix.ts'

/** Columns without room: most programs leave some of their lists empty. */
const NO_FLOATS = new Float64Array(0)
const NO_NUMBERS = new Int32Array(0)

/**
 * Ranges of bytes as a growing struct of arrays. `starts` count from wherever the owner says: virtual addresses or file
 * offsets.
 */
export class RangeList {
  #count = 0
  #starts: Float64Array
  #sizes: Float64Array
  #symbols: Int32Array

  /** `capacity` is the number of ranges expected; more may be added. */
  constructor(capacity = 0) {
    this.#starts = capacity === 0 ? NO_FLOATS : new Float64Array(capacity)
    this.#sizes = capacity === 0 ? NO_FLOATS : new Float64Array(capacity)
    this.#symbols = capacity === 0 ? NO_NUMBERS : new Int32Array(capacity)
  }

  get count(): number {
    return this.#count
  }

  /** `symbol` is an index into the program's symbols, or -1. */
  push(start: number, size: number, symbol = -1): void {
    if (this.#count === this.#starts.length) this.#grow()
    this.#starts[this.#count] = start
    this.#sizes[this.#count] = size
    this.#symbols[this.#count++] = symbol
  }

  startAt(index: number): number {
    return this.#starts[index] as number
  }

  endAt(index: number): number {
    return (this.#starts[index] as number) + (this.#sizes[index] as number)
  }

  symbolAt(index: number): number {
    return this.#symbols[index] as number
  }

  /** Adds a range of another list. */
  pushOf(list: RangeList, index: number): void {
    this.push(list.#starts[index] as number, list.#sizes[index] as number, list.#symbols[index])
  }

  /** A view, valid until the next `push`; so are the others. */
  get starts(): Float64Array {
    return this.#starts.subarray(0, this.#count)
  }

  get sizes(): Float64Array {
    return this.#sizes.subarray(0, this.#count)
  }

  get symbols(): Int32Array {
    return this.#symbols.subarray(0, this.#count)
  }

  /** This list in ascending order of starts; ranges with one start keep their order. */
  sorted(): RangeList {
    const { starts, sizes, symbols } = this
    const order = ascendingOrder(starts)
    if (order === undefined) return this
    const result = new RangeList(order.length)
    for (let i = 0; i < order.length; i++) {
      const at = order[i] as number
      result.push(starts[at] as number, sizes[at] as number, symbols[at] as number)
    }
    return result
  }

  #grow(): void {
    const capacity = Math.max(256, this.#starts.length * 2)
    const [starts, sizes, symbols] = [this.#starts, this.#sizes, this.#symbols]
    this.#starts = new Float64Array(capacity)
    this.#sizes = new Float64Array(capacity)
    this.#symbols = new Int32Array(capacity)
    this.#starts.set(starts)
    this.#sizes.set(sizes)
    this.#symbols.set(symbols)
  }
}
