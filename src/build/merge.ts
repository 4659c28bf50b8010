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

/** Merges the sorted tables of all components. Entries of one fingerprint stand in component order. */
export function mergeFeatures(tables: readonly FeatureTable[]): MergedFeatures {
  const count = tables.reduce((sum, table) => sum + table.high.length, 0)
  const all = {
    high: new Uint32Array(count),
    low: new Uint32Array(count),
    component: new Uint16Array(count),
    feature: new Uint32Array(count),
  }
  let at = 0
  tables.forEach((table, component) => {
    all.high.set(table.high, at)
    all.low.set(table.low, at)
    all.component.fill(component, at, at + table.high.length)
    for (let feature = 0; feature < table.high.length; feature++) all.feature[at++] = feature
  })
  const order = radixOrder([all.high, all.low], count)
  const starts: number[] = []
  for (let i = 0; i < count; i++) {
    const [row, before] = [order[i]!, order[i - 1]]
    if (before === undefined || all.high[row] !== all.high[before] || all.low[row] !== all.low[before]) starts.push(i)
  }
  return {
    high: Uint32Array.from(starts, (start) => all.high[order[start]!]!),
    low: Uint32Array.from(starts, (start) => all.low[order[start]!]!),
    starts: Uint32Array.from([...starts, count]),
    component: Uint16Array.from(order, (row) => all.component[row]!),
    feature: Uint32Array.from(order, (row) => all.feature[row]!),
  }
}
