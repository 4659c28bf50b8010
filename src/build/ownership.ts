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
 * more of the other component than of this one (zlib is all in rocksdb's copy of it, rocksdb is not).
 *
 * `merged` are the strings of all components.
 *
 * @returns for each component, one flag per unit; paths that say so themselves are flagged as well
 */
export function findVendoredUnits(all: readonly OwnedPrints[], merged: MergedFeatures): Uint8Array[] {
  const flags = all.map(({ prints }) => Uint8Array.from(prints.units, (unit) => (unit.vendored ? 1 : 0)))
  const stems = all.map(({ prints }) => prints.units.map(({ path }) => stemOf(path)))
  const sizes = all.map(({ prints }) => unitSizes(prints.features[FeatureKind.String], prints.units.length))
  const totals = all.map(({ prints }) => prints.features[FeatureKind.String].high.length)
  const shared = new Map<string, number>()
  const sharedByPair = new Map<string, number>()
  for (let i = 0; i < merged.high.length; i++) {
    const [start, end] = [merged.starts[i]!, merged.starts[i + 1]!]
    for (let x = start; x < end; x++)
      for (let y = x + 1; y < end; y++) {
        const [a, b] = [merged.component[x]!, merged.component[y]!]
        if (all[a]!.family === all[b]!.family) continue
        increment(sharedByPair, `${a} ${b}`)
        for (const unitA of unitsOf(all[a]!.prints.features[FeatureKind.String], merged.feature[x]!))
          for (const unitB of unitsOf(all[b]!.prints.features[FeatureKind.String], merged.feature[y]!))
            if (stems[a]![unitA] === stems[b]![unitB]) increment(shared, `${a} ${unitA} ${b} ${unitB}`)
      }
  }
  for (const [key, count] of shared) {
    if (count < SHARED_STRINGS) continue
    const [a, unitA, b, unitB] = key.split(' ').map(Number) as [number, number, number, number]
    const common = sharedByPair.get(`${a} ${b}`) ?? 0
    const carrierIsA = common / totals[a]! < common / totals[b]!
    const [carrier, unit] = carrierIsA ? [a, unitA] : [b, unitB]
    if (count >= SHARED_PART * sizes[carrier]![unit]!) flags[carrier]![unit] = 1
  }
  return flags
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
