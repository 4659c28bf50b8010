/**
 * One piece of a version. Pieces of different rank compare by rank, equal ranks by `text`: as a number where `number`
 * is set, else by code units.
 */
export interface Token {
  readonly rank: number
  readonly text: string
  readonly number: boolean
}

/**
 * Compares two token lists piece by piece, as if each ended in a piece of rank `end`.
 *
 * That makes the order transitive whatever the ranks are, since it is the lexicographic order over a totally ordered
 * alphabet.
 */
export function compareTokens(a: readonly Token[], b: readonly Token[], end: number): number {
  const length = Math.max(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const left = a[i]
    const right = b[i]
    const rank = Math.sign((left?.rank ?? end) - (right?.rank ?? end))
    if (rank !== 0 || left === undefined || right === undefined) return rank
    const order = left.number ? compareDigits(left.text, right.text) : compareCodeUnits(left.text, right.text)
    if (order !== 0) return order
  }
  return 0
}

/** Compares two runs of decimal digits by value; leading zeros do not matter and there is no largest number. */
export function compareDigits(a: string, b: string): number {
  const left = a.replace(/^0+/, '')
  const right = b.replace(/^0+/, '')
  return Math.sign(left.length - right.length) || compareCodeUnits(left, right)
}

/** -1, 0 or 1 by UTF-16 code units, independent of the locale. */
export function compareCodeUnits(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** The tie-break of all orders: the shorter text first, then by code units. */
export function compareText(a: string, b: string): number {
  return Math.sign(a.length - b.length) || compareCodeUnits(a, b)
}
