import { radixOrder } from '../bytes/radix.ts'
import type { FeatureTable } from '../database/schema.ts'

/**
 * The features of all components in hash order. Entries `starts[i] … starts[i + 1]` hold one fingerprint; `component`
 * and `feature` say in which table, and where in it.
 */
export interface MergedFeatures {
  readonly high: Uint32Array
  readonly low: Uint32Array
  /** One longer than `high`. */
  readonly starts: Uint32Array
  readonly component: Uint16Array
  readonly feature: Uint32Array
}

/**
 * Entries sorted at once: what this many need stays in the processor's cache, where sorting millions as a whole waits for
 * memory at nearly every step.
 */
const ENTRIES_AT_ONCE = 1 << 14

/** More parts would cost more than they save: each is looked for in every table. */
const MAX_PART_BITS = 16

/**
 * Merges the sorted tables of all components. Entries of one fingerprint stand in component order.
 *
 * Hashes are spread evenly, so that those with the same first bits are a part of known size; any other spread is as correct,
 * only slower.
 */
export function mergeFeatures(tables: readonly FeatureTable[]): MergedFeatures {
  const count = tables.reduce((sum, table) => sum + table.high.length, 0)
  const merged = {
    high: new Uint32Array(count),
    low: new Uint32Array(count),
    starts: new Uint32Array(count + 1),
    component: new Uint16Array(count),
    feature: new Uint32Array(count),
  }
  const bits = Math.min(Math.max(Math.ceil(Math.log2(count / ENTRIES_AT_ONCE)), 0), MAX_PART_BITS)
  const next = new Uint32Array(tables.length)
  let distinct = 0
  let done = 0
  for (let part = 0; part < 2 ** bits; part++) {
    const end = (part + 1) * 2 ** (32 - bits)
    const rows = collectPart(tables, next, end)
    const order = hashOrder(rows)
    for (let i = 0; i < order.length; i++) {
      const row = order[i]!
      const high = rows.high[row]!
      const low = rows.low[row]!
      merged.component[done] = rows.component[row]!
      merged.feature[done] = rows.feature[row]!
      if (distinct === 0 || merged.high[distinct - 1] !== high || merged.low[distinct - 1] !== low) {
        merged.high[distinct] = high
        merged.low[distinct] = low
        merged.starts[distinct++] = done
      }
      done++
    }
  }
  merged.starts[distinct] = count
  return {
    ...merged,
    high: merged.high.subarray(0, distinct),
    low: merged.low.subarray(0, distinct),
    starts: merged.starts.subarray(0, distinct + 1),
  }
}

/** The entries before `end`, by the upper half of their hashes, that were not yet taken, component by component. */
function collectPart(tables: readonly FeatureTable[], next: Uint32Array, end: number): Omit<MergedFeatures, 'starts'> {
  const ends = tables.map(({ high }, component) => {
    let at = next[component]!
    while (at < high.length && high[at]! < end) at++
    return at
  })
  const count = ends.reduce((sum, to, component) => sum + to - next[component]!, 0)
  const rows = {
    high: new Uint32Array(count),
    low: new Uint32Array(count),
    component: new Uint16Array(count),
    feature: new Uint32Array(count),
  }
  let at = 0
  for (const [component, { high, low }] of tables.entries()) {
    const [from, to] = [next[component]!, ends[component]!]
    for (let feature = from; feature < to; feature++) {
      rows.high[at] = high[feature]!
      rows.low[at] = low[feature]!
      rows.component[at] = component
      rows.feature[at++] = feature
    }
    next[component] = to
  }
  return rows
}

/** The order of rows by hash. Two hashes hardly ever share an upper half, so that the lower ones are looked at only then. */
function hashOrder({ high, low }: Pick<MergedFeatures, 'high' | 'low'>): Uint32Array {
  const order = radixOrder([high], high.length)
  let start = 0
  let isAscending = true
  for (let i = 1; i <= order.length; i++) {
    const row = order[i]!
    const before = order[i - 1]!
    if (i < order.length && high[row] === high[before]) {
      if (low[row]! < low[before]!) isAscending = false
      continue
    }
    if (!isAscending) order.subarray(start, i).sort((a, b) => low[a]! - low[b]! || a - b)
    start = i
    isAscending = true
  }
  return order
}
