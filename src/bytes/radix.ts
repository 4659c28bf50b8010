/** Bits of a digit: a table of 2,048 counts stays in the processor's first cache, and three digits make 32 bits. */
const DIGIT_BITS = 11
const DIGITS = 3
const VALUES = 1 << DIGIT_BITS
/** Counts of all digits, kept from one sorting to the next: nothing else runs while they are in use. */
const places = new Uint32Array(DIGITS * VALUES)

/**
 * The order that sorts rows by several columns of unsigned 32-bit numbers, the most significant column first. Stable: rows
 * that are equal in all columns keep their order. Four passes over memory per column at most, whatever the
 * values are.
 */
export function radixOrder(columns: readonly Uint32Array[], count: number): Uint32Array {
  let order = new Uint32Array(count)
  for (let i = 0; i < count; i++) order[i] = i
  let next = new Uint32Array(count)
  let keys = new Uint32Array(count)
  let nextKeys = new Uint32Array(count)
  if (count === 0) return order
  for (const column of [...columns].reverse()) {
    places.fill(0)
    for (let i = 0; i < count; i++) {
      const key = column[order[i]!]!
      keys[i] = key
      places[key & (VALUES - 1)]!++
      places[VALUES + ((key >>> DIGIT_BITS) & (VALUES - 1))]!++
      places[2 * VALUES + (key >>> (2 * DIGIT_BITS))]!++
    }
    for (let digit = 0; digit < DIGITS; digit++) {
      const first = digit * VALUES
      const shift = digit * DIGIT_BITS
      // All rows have the digit of the first one: there is nothing to sort by it.
      if (places[first + ((keys[0]! >>> shift) & (VALUES - 1))] === count) continue
      toStarts(first)
      scatter(shift, first, keys, order, nextKeys, next)
      ;[order, next] = [next, order]
      ;[keys, nextKeys] = [nextKeys, keys]
    }
  }
  return order
}

/** How often each value of the digit at `first` comes becomes where its first row goes. */
function toStarts(first: number): void {
  let start = 0
  for (let at = first; at < first + VALUES; at++) {
    const count = places[at]!
    places[at] = start
    start += count
  }
}

/** Puts keys and rows where their digit at `shift` belongs; the starts, at `first`, move on with them. */
function scatter(
  shift: number,
  first: number,
  keys: Uint32Array,
  rows: Uint32Array,
  toKeys: Uint32Array,
  toRows: Uint32Array,
): void {
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!
    const to = places[first + ((key >>> shift) & (VALUES - 1))]!++
    toKeys[to] = key
    toRows[to] = rows[i]!
  }
}

/** Below it, sorting by digits costs more than it saves: the counts of all digits are cleared and added up. */
const RADIX_COUNT = 256

/** The order that sorts `values`, stable; undefined where they ascend already. */
export function ascendingOrder(values: Float64Array): Uint32Array | undefined {
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
  if (count >= RADIX_COUNT && lowest >= 0 && highest < 2 ** 32) return radixOrder([new Uint32Array(values)], count)
  const order = new Uint32Array(count)
  for (let i = 0; i < count; i++) order[i] = i
  return order.sort((a, b) => (values[a] as number) - (values[b] as number) || a - b)
}
