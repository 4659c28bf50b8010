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
): (readonly number[])[][] {
  const { unit, set } = features
  const { starts, columns } = postingsByComponent(
    features,
    prints.length,
    left === undefined ? [unit, set] : [unit, set, left],
  )
  const [unitOf, setOf, isLeft] = columns as [Uint32Array, Uint32Array, Uint32Array | undefined]
  return prints.map(({ units, sets, releases }, component) => {
    const [from, to] = [starts[component]!, starts[component + 1]!]
    if (from === to) return units.map(() => NOTHING)
    // By unit: differences from the release before.
    const width = releases.length + 1
    const changes = new Int32Array(units.length * width)
    // Few units have tables or rare constants, and of the others there is nothing to add up.
    const isCounted = new Uint8Array(units.length)
    for (let i = from; i < to; i++) {
      if (isLeft?.[i] === 1) continue
      const unit = unitOf[i]!
      isCounted[unit] = 1
      const row = unit * width
      const intervals = sets[setOf[i]!]!
      for (let j = 0; j < intervals.length; j += 2) {
        changes[row + intervals[j]!]!++
        changes[row + intervals[j + 1]! + 1]!--
      }
    }
    return units.map((_, unit) =>
      isCounted[unit] === 0 ? NOTHING : runLengths(changes, unit * width, releases, withBuilt),
    )
  })
}

/** The totals of a unit that has none of a kind: of four kinds it has one on average, so that all share it. */
const NOTHING: readonly number[] = []

/** Of the unit whose differences begin at `row`. */
function runLengths(
  changes: Int32Array,
  row: number,
  releases: readonly ReleaseRecord[],
  withBuilt: boolean,
): number[] {
  const runs: number[] = []
  let total = 0
  let stored = 0
  for (let release = 0; release < releases.length; release++) {
    total += changes[row + release]!
    if (total === stored || (!withBuilt && releases[release]!.origin === 'built')) continue
    stored = total
    runs.push(release, total)
  }
  return runs
}
