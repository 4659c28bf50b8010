import type { KindFeatures } from '../database/postings.ts'
import type { ComponentPrints, ReleaseRecord, UnitTotals } from '../database/schema.ts'
import { postingsByComponent } from './component-postings.ts'
import { uncompiledStrings } from './uncompiled-strings.ts'

/** The kinds whose features are counted per unit. */
export type CountedFeatures = Readonly<Record<keyof UnitTotals, KindFeatures>>

/** The totals of every unit, by component and unit. Strings that no build holds are not counted. */
export function unitTotals(prints: readonly ComponentPrints[], features: CountedFeatures): UnitTotals[][] {
  const strings = totalsOf(prints, features.strings, true, uncompiledStrings(prints, features.strings))
  const tables = totalsOf(prints, features.tables, false)
  const bigEndianTables = totalsOf(prints, features.bigEndianTables, false)
  const immediates = totalsOf(prints, features.immediates, false)
  return prints.map(({ units }, component) =>
    units.map((_, unit) => ({
      strings: strings[component]![unit]!,
      tables: tables[component]![unit]!,
      bigEndianTables: bigEndianTables[component]![unit]!,
      immediates: immediates[component]![unit]!,
    })),
  )
}

function totalsOf(
  prints: readonly ComponentPrints[],
  features: KindFeatures,
  withBuilt: boolean,
  left?: Uint8Array,
): number[][][] {
  const { order, starts } = postingsByComponent(features, prints.length)
  return prints.map(({ units, sets, releases }, component) => {
    const [from, to] = [starts[component]!, starts[component + 1]!]
    if (from === to) return units.map(() => [])
    // By unit: differences from the release before.
    const width = releases.length + 1
    const changes = new Int32Array(units.length * width)
    for (let i = from; i < to; i++) {
      const posting = order[i]!
      if (left?.[posting] === 1) continue
      const row = features.unit[posting]! * width
      const intervals = sets[features.set[posting]!]!
      for (let j = 0; j < intervals.length; j += 2) {
        changes[row + intervals[j]!]!++
        changes[row + intervals[j + 1]! + 1]!--
      }
    }
    return units.map((_, unit) => runLengths(changes.subarray(unit * width, (unit + 1) * width), releases, withBuilt))
  })
}

function runLengths(changes: Int32Array, releases: readonly ReleaseRecord[], withBuilt: boolean): number[] {
  const runs: number[] = []
  let total = 0
  let stored = 0
  for (let release = 0; release < releases.length; release++) {
    total += changes[release]!
    if (total === stored || (!withBuilt && releases[release]!.origin === 'built')) continue
    stored = total
    runs.push(release, total)
  }
  return runs
}
