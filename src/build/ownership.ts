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
  const sizes = all.map(({ prints }) => unitSizes(prints.features[FeatureKind.String], prints.units.length))
  const likely = sharedByUnits(all, merged).filter(({ count }) => count >= SHARED_STRINGS)
  const partOf = sharedParts(all, merged, likely)
  for (const { a, unitA, b, unitB, count } of likely) {
    const carrierIsA = partOf(a, b) < partOf(b, a)
    const [carrier, unit] = carrierIsA ? [a, unitA] : [b, unitB]
    if (count >= SHARED_PART * sizes[carrier]![unit]!) flags[carrier]![unit] = 1
  }
  return flags
}

/** Two components of different families, `a` before `b`. */
interface Pair {
  readonly a: number
  readonly b: number
}

/** Two units of the same file name with strings in common. */
interface SharedUnits extends Pair {
  readonly unitA: number
  readonly unitB: number
  /** Strings that both hold. */
  count: number
}

/**
 * The units of one file name that share strings. Of the holders of a string only those of the same name are brought together:
 * a string that hundreds of components have would make as many thousands of pairs.
 */
function sharedByUnits(all: readonly OwnedPrints[], merged: MergedFeatures): SharedUnits[] {
  const stems = stemNumbers(all)
  const tables = all.map(({ prints }) => prints.features[FeatureKind.String])
  // Each unit of each component has a number of its own.
  const firsts = new Uint32Array(all.length + 1)
  for (const [component, { prints }] of all.entries()) firsts[component + 1] = firsts[component]! + prints.units.length
  const units = firsts[all.length]!
  const found = new Map<number, SharedUnits>()
  const holders: Holder[] = []
  for (let i = 0; i < merged.high.length; i++) {
    const [start, end] = [merged.starts[i]!, merged.starts[i + 1]!]
    if (end - start < 2) continue
    holders.length = 0
    for (let entry = start; entry < end; entry++) {
      const component = merged.component[entry]!
      for (const unit of unitsOf(tables[component]!, merged.feature[entry]!))
        holders.push({ component, unit, stem: stems[component]![unit]! })
    }
    // Stable, so that components ascend within a name.
    holders.sort((x, y) => x.stem - y.stem)
    for (let x = 0; x < holders.length; x++)
      for (let y = x + 1; y < holders.length && holders[y]!.stem === holders[x]!.stem; y++) {
        const { component: a, unit: unitA } = holders[x]!
        const { component: b, unit: unitB } = holders[y]!
        if (all[a]!.family === all[b]!.family) continue
        const key = (firsts[a]! + unitA) * units + firsts[b]! + unitB
        const known = found.get(key)
        if (known === undefined) found.set(key, { a, unitA, b, unitB, count: 1 })
        else known.count++
      }
  }
  return [...found.values()]
}

interface Holder {
  readonly component: number
  readonly unit: number
  readonly stem: number
}

/** By component and unit a number that stands for the file name. */
function stemNumbers(all: readonly OwnedPrints[]): Uint32Array[] {
  const numbers = new Map<string, number>()
  return all.map(({ prints }) =>
    Uint32Array.from(prints.units, ({ path }) => {
      const stem = stemOf(path)
      const known = numbers.get(stem)
      if (known !== undefined) return known
      numbers.set(stem, numbers.size)
      return numbers.size - 1
    }),
  )
}

/** Of the pairs asked for: which part of the first component's strings the second has, by the releases that have them. */
function sharedParts(
  all: readonly OwnedPrints[],
  merged: MergedFeatures,
  pairs: readonly Pair[],
): (component: number, other: number) => number {
  const asked = all.map(() => new Set<number>())
  for (const { a, b } of pairs) {
    asked[a]!.add(b)
    asked[b]!.add(a)
  }
  const weights = all.map(({ prints }) => releaseCounts(prints))
  const common = all.map(() => new Map<number, number>())
  for (let i = 0; i < merged.high.length; i++) {
    const [start, end] = [merged.starts[i]!, merged.starts[i + 1]!]
    if (end - start < 2) continue
    for (let entry = start; entry < end; entry++) {
      const component = merged.component[entry]!
      const others = asked[component]!
      if (others.size === 0) continue
      const weight = weights[component]![merged.feature[entry]!]!
      for (let other = start; other < end; other++) {
        const number = merged.component[other]!
        if (others.has(number)) common[component]!.set(number, (common[component]!.get(number) ?? 0) + weight)
      }
    }
  }
  const totals = weights.map((counts) => counts.reduce((sum, count) => sum + count, 0))
  return (component, other) => (common[component]!.get(other) ?? 0) / totals[component]!
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

function unitSizes(table: FeatureTable, units: number): Uint32Array {
  const sizes = new Uint32Array(units)
  for (const unit of table.units) sizes[unit]!++
  return sizes
}
