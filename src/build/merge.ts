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
  const merged = {
    high: new Uint32Array(count),
    low: new Uint32Array(count),
    starts: new Uint32Array(count + 1),
    component: new Uint16Array(count),
    feature: new Uint32Array(count),
  }
  let distinct = 0
  for (let i = 0; i < count; i++) {
    const row = order[i]!
    const [high, low] = [all.high[row]!, all.low[row]!]
    merged.component[i] = all.component[row]!
    merged.feature[i] = all.feature[row]!
    if (distinct > 0 && merged.high[distinct - 1] === high && merged.low[distinct - 1] === low) continue
    merged.high[distinct] = high
    merged.low[distinct] = low
    merged.starts[distinct++] = i
  }
  merged.starts[distinct] = count
  return {
    ...merged,
    high: merged.high.subarray(0, distinct),
    low: merged.low.subarray(0, distinct),
    starts: merged.starts.subarray(0, distinct + 1),
  }
}
