import { FeatureKind } from '../database/feature-kinds.ts'
import type { ComponentPrints, FeatureTable } from '../database/schema.ts'
import { stemOf } from '../database/stem.ts'
import type { MergedFeatures } from './merge.ts'

/** What one component brings to the question whose code a unit is. */
export interface OwnedPrints {
  readonly prints: ComponentPrints
  /** The component's family, or its own name: forks never take units from each other. */
  readonly family: string
}

/** A unit is another's copy with at least this many shared strings … */
const SHARED_STRINGS = 3
/** … that are at least this share of its own. */
const SHARED_PART = 0.5

/**
 * Finds the units that are copies of another component's: same file name, most strings in common, and the common part is
 * more of the other component than of this one (zlib is all in rocksdb's copy of it, rocksdb is not). Parts are those of a
 * release: of a component with many, strings count by how many of them have it, or a long history would make its owner
 * look like the smaller part of a carrier that was indexed once.
 *
 * `merged` are the strings of all components.
 *
 * @returns for each component, one flag per unit; paths that say so themselves are flagged as well
 */
export function findVendoredUnits(all: readonly OwnedPrints[], merged: MergedFeatures): Uint8Array[] {
  const flags = all.map(({ prints }) => Uint8Array.from(prints.units, (unit) => (unit.vendored ? 1 : 0)))
  const stems = all.map(({ prints }) => prints.units.map(({ path }) => stemOf(path)))
  const sizes = all.map(({ prints }) => unitSizes(prints.features[FeatureKind.String], prints.units.length))
  const weights = all.map(({ prints }) => releaseCounts(prints))
  const totals = weights.map((counts) => counts.reduce((sum, count) => sum + count, 0))
  const shared = new Map<string, number>()
  // By pair the weights of what both have, in the first and in the second.
  const sharedByPair = new Map<string, [number, number]>()
  for (let i = 0; i < merged.high.length; i++) {
    const [start, end] = [merged.starts[i]!, merged.starts[i + 1]!]
    for (let x = start; x < end; x++)
      for (let y = x + 1; y < end; y++) {
        const [a, b] = [merged.component[x]!, merged.component[y]!]
        if (all[a]!.family === all[b]!.family) continue
        const pair = sharedByPair.get(`${a} ${b}`) ?? [0, 0]
        pair[0] += weights[a]![merged.feature[x]!]!
        pair[1] += weights[b]![merged.feature[y]!]!
        sharedByPair.set(`${a} ${b}`, pair)
        for (const unitA of unitsOf(all[a]!.prints.features[FeatureKind.String], merged.feature[x]!))
          for (const unitB of unitsOf(all[b]!.prints.features[FeatureKind.String], merged.feature[y]!))
            if (stems[a]![unitA] === stems[b]![unitB]) increment(shared, `${a} ${unitA} ${b} ${unitB}`)
      }
  }
  for (const [key, count] of shared) {
    if (count < SHARED_STRINGS) continue
    const [a, unitA, b, unitB] = key.split(' ').map(Number) as [number, number, number, number]
    const [commonA, commonB] = sharedByPair.get(`${a} ${b}`) ?? [0, 0]
    const carrierIsA = commonA / totals[a]! < commonB / totals[b]!
    const [carrier, unit] = carrierIsA ? [a, unitA] : [b, unitB]
    if (count >= SHARED_PART * sizes[carrier]![unit]!) flags[carrier]![unit] = 1
  }
  return flags
}

/** By string how many releases have it: in the unit in which most do. */
function releaseCounts({ features, sets }: ComponentPrints): Uint32Array {
  const table = features[FeatureKind.String]
  const sizes = sets.map((set) => {
    let size = 0
    for (let i = 0; i < set.length; i += 2) size += set[i + 1]! - set[i]! + 1
    return size
  })
  const counts = new Uint32Array(table.high.length)
  for (let feature = 0; feature < counts.length; feature++)
    for (let p = table.starts[feature]!; p < table.starts[feature + 1]!; p++)
      counts[feature] = Math.max(counts[feature]!, sizes[table.sets[p]!]!)
  return counts
}

function unitsOf(table: FeatureTable, feature: number): Uint32Array {
  return table.units.subarray(table.starts[feature]!, table.starts[feature + 1]!)
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function unitSizes(table: FeatureTable, units: number): Uint32Array {
  const sizes = new Uint32Array(units)
  for (const unit of table.units) sizes[unit]!++
  return sizes
}
