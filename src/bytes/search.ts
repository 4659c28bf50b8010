/**
 * Index of the first of ascending numbers that is not below `least`, or how many there are. Of `values` the first `count` are
 * searched.
 */
export function lowerBound(values: ArrayLike<number>, least: number, count: number = values.length): number {
  let [low, high] = [0, count]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (values[middle]! < least) low = middle + 1
    else high = middle
  }
  return low
}
