/**
 * What a scan says about one program that holds a snippet of `component`.
 *
 * `found`: the component is embedded, by any origin, and no second one is. `second` are the other components said to be
 * embedded. `components` are those of the program in a report.
 */
export function judge(component, components) {
  const embedded = components.filter(({ role }) => role === 'embedded')
  const claim = embedded.find(({ name }) => name === component)
  const second = [...new Set(embedded.map(({ name }) => name))].filter((name) => name !== component).sort()
  return {
    found: claim !== undefined && second.length === 0,
    named: claim !== undefined,
    second,
    origin: claim?.origin ?? null,
    version: claim?.version ?? null,
  }
}

/** How the versions of an estimate stand to the true one: `exact`, `set` (it is among several), `wrong` or `unknown`. */
export function judgeVersion(estimate, isTrue) {
  if (estimate === null) return null
  if (estimate.kind === 'exact') return isTrue(estimate.version) ? 'exact' : 'wrong'
  if (estimate.kind === 'unknown') return 'unknown'
  return estimate.versions.some(isTrue) ? 'set' : 'wrong'
}

/** Figures of some rows: counts, shares of 0 to 1, and the median number of own fingerprints. */
export function summarise(rows) {
  const count = (test) => rows.filter(test).length
  const own = rows.map(ownOf).sort((a, b) => a - b)
  return {
    programs: rows.length,
    found: count(({ found }) => found),
    second: count(({ second }) => second.length > 0),
    asSnippet: count(({ found, origin }) => found && origin === 'snippet'),
    ceiling: count((row) => ownOf(row) > 0),
    medianOwn: own.length === 0 ? 0 : (own[own.length >> 1] + own[(own.length - 1) >> 1]) / 2,
    versionRight: count(
      ({ found, versionVerdict }) => found && (versionVerdict === 'exact' || versionVerdict === 'set'),
    ),
  }
}

/** Fingerprints that only the component's family has, of all kinds. */
export function ownOf({ own }) {
  return Object.values(own).reduce((sum, count) => sum + count, 0)
}

/** Rows by a key, in the order of their first one. */
export function groupBy(rows, keyOf) {
  const groups = new Map()
  for (const row of rows) {
    const key = keyOf(row)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [row])
    else group.push(row)
  }
  return groups
}

/** Totals of each library that has a target, over those of its snippets that have one. */
export function targets(rows) {
  const judged = rows.filter(({ set, target }) => set === 'files' && target !== null)
  return [...groupBy(judged, ({ library }) => library)].map(([library, group]) => {
    const figures = summarise(group)
    const { target } = group[0]
    return { library, target, ...figures, met: figures.found >= target * figures.programs }
  })
}
