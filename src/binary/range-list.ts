/**
 * Ranges of bytes as a growing struct of arrays. `starts` count from wherever the owner says: virtual addresses or file
 * offsets.
 */
export class RangeList {
  #count = 0
  #starts = new Float64Array(256)
  #sizes = new Float64Array(256)
  #symbols = new Int32Array(256)

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
    const result = new RangeList()
    for (let i = 0; i < order.length; i++) {
      const at = order[i] as number
      result.push(starts[at] as number, sizes[at] as number, symbols[at] as number)
    }
    return result
  }

  #grow(): void {
    const capacity = this.#starts.length * 2
    const [starts, sizes, symbols] = [this.#starts, this.#sizes, this.#symbols]
    this.#starts = new Float64Array(capacity)
    this.#sizes = new Float64Array(capacity)
    this.#symbols = new Int32Array(capacity)
    this.#starts.set(starts)
    this.#sizes.set(sizes)
    this.#symbols.set(symbols)
  }
}

/** The order that sorts `values`, stable; undefined where they ascend already. */
function orderOf(values: Float64Array): Uint32Array | undefined {
  const count = values.length
  let isAscending = true
  let highest = 0
  for (let i = 0; i < count; i++) {
    if (i > 0 && (values[i] as number) < (values[i - 1] as number)) isAscending = false
    highest = Math.max(highest, Math.abs(values[i] as number))
  }
  if (isAscending) return undefined
  // Value and place in one number sort ten times as fast as a comparison of values; it must be exact.
  const order = new Uint32Array(count)
  if ((highest + 1) * count <= Number.MAX_SAFE_INTEGER) {
    const keys = new Float64Array(count)
    for (let i = 0; i < count; i++) keys[i] = (values[i] as number) * count + i
    keys.sort()
    for (let i = 0; i < count; i++) {
      const key = keys[i] as number
      order[i] = key - Math.floor(key / count) * count
    }
    return order
  }
  for (let i = 0; i < count; i++) order[i] = i
  return order.sort((a, b) => (values[a] as number) - (values[b] as number) || a - b)
}
