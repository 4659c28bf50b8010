/** Sums over the pairs of components and programs, for one tool. */
export function summarise(pairs) {
  const labelled = pairs.filter(({ outcome }) => outcome === 'found' || outcome === 'missed')
  const found = labelled.filter(({ outcome }) => outcome === 'found')
  const sizes = found.filter(isRight).map(({ setSize }) => setSize)
  return {
    labelled: labelled.length,
    found: found.length,
    right: found.filter(isRight).length,
    exact: found.filter(({ version }) => version === 'right').length,
    wrong: found.filter(({ version }) => version === 'wrong').length,
    medianSet: median(sizes),
    false: pairs.filter(({ outcome }) => outcome === 'false').length,
  }
}

/**
 * The best that text and data allow, over the found pairs that have a ceiling: the share of versions that something tells from
 * all others, and the median of what nothing tells apart. `by` is `found` or `all`.
 */
export function ceiling(pairs, by) {
  const sizes = pairs.filter(({ outcome, alike }) => outcome === 'found' && alike).map(({ alike }) => alike[by])
  return { pairs: sizes.length, alone: sizes.filter((size) => size === 1).length, medianSet: median(sizes) }
}

/** Whether the true version is named, alone, in a set, or by "or newer". */
export function isRight({ version }) {
  return version === 'right' || version === 'inSet' || version === 'newerThanSet'
}

function median(values) {
  if (values.length === 0) return 0
  const sorted = [...values].sort((a, b) => a - b)
  return (sorted[sorted.length >> 1] + sorted[(sorted.length - 1) >> 1]) / 2
}

/** Pairs by a key, keys sorted. */
export function groupBy(pairs, keyOf) {
  const groups = new Map()
  for (const pair of pairs) {
    const key = keyOf(pair)
    if (!groups.has(key)) groups.set(key, [])
    groups.get(key).push(pair)
  }
  return new Map([...groups].sort(([a], [b]) => (a < b ? -1 : 1)))
}
