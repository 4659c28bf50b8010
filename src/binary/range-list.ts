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
  constructor(capacity = 256) {
    this.#starts = new Float64Array(capacity)
    this.#sizes = new Float64Array(capacity)
    this.#symbols = new Int32Array(capacity)
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
    const order = orderOf(starts)
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

/** Below it, sorting by parts costs more than it saves: each pass clears and adds up 65,536 counts. */
const RADIX_COUNT = 8192

/** The order that sorts `values`, stable; undefined where they ascend already. */
function orderOf(values: Float64Array): Uint32Array | undefined {
  const count = values.length
  let isAscending = true
  let [lowest, highest] = [0, 0]
  for (let i = 0; i < count; i++) {
    const value = values[i] as number
    if (i > 0 && value < (values[i - 1] as number)) isAscending = false
    if (value > highest) highest = value
    if (value < lowest) lowest = value
  }
  if (isAscending) return undefined
  const order = new Uint32Array(count)
  for (let i = 0; i < count; i++) order[i] = i
  if (count < RADIX_COUNT || lowest < 0 || highest >= 2 ** 32)
    return order.sort((a, b) => (values[a] as number) - (values[b] as number) || a - b)
  const keys = Uint32Array.from(values)
  return byHalf(keys, 16, byHalf(keys, 0, order))
}

/** Sorts `order` by 16 bits of the keys, stable. */
function byHalf(keys: Uint32Array, shift: 0 | 16, order: Uint32Array): Uint32Array {
  const ends = new Uint32Array(65_537)
  for (let i = 0; i < keys.length; i++) {
    const half = (((keys[i] as number) >>> shift) & 0xffff) + 1
    ends[half] = (ends[half] as number) + 1
  }
  for (let half = 1; half < ends.length; half++) ends[half] = (ends[half] as number) + (ends[half - 1] as number)
  const result = new Uint32Array(order.length)
  for (let i = 0; i < order.length; i++) {
    const at = order[i] as number
    const half = ((keys[at] as number) >>> shift) & 0xffff
    const place = ends[half] as number
    result[place] = at
    ends[half] = place + 1
  }
  return result
}
