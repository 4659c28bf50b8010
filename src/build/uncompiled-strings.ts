import { FEATURE_KINDS } from '../database/feature-kinds.ts'
import type { KindFeatures } from '../database/postings.ts'
import { holdsRelease, sourcesOfBuilt } from '../database/release-sets.ts'
import type { ComponentPrints, FeatureTable, Intervals } from '../database/schema.ts'

/**
 * Which postings of strings no build holds, though it was made of a source that does: texts of asserts and traces, of other
 * platforms, and arguments that a macro drops. Where a unit was built in a release whose source has the string in it, and
 * no build of such a release has the string anywhere, a program is not expected to hold it.
 *
 * @returns 1 for each such posting
 */
export function uncompiledStrings(prints: readonly ComponentPrints[], strings: KindFeatures): Uint8Array {
  const builds = prints.map(buildsOf)
  const uncompiled = new Uint8Array(strings.component.length)
  for (let feature = 0; feature + 1 < strings.starts.length; feature++)
    for (let start = strings.starts[feature]!, end = start; start < strings.starts[feature + 1]!; start = end) {
      const component = strings.component[start]!
      while (end < strings.starts[feature + 1]! && strings.component[end] === component) end++
      const { built, units } = builds[component]!
      const { sets } = prints[component]!
      const isHeld = (source: number): boolean => {
        for (let p = start; p < end; p++) if (built[strings.set[p]!]!.includes(source)) return true
        return false
      }
      for (let p = start; p < end; p++) {
        const set = sets[strings.set[p]!]!
        let isHere = false
        for (const source of units[strings.unit[p]!]!) {
          if (!holdsRelease(set, source)) continue
          isHere = !isHeld(source)
          if (!isHere) break
        }
        if (isHere) uncompiled[p] = 1
      }
    }
  return uncompiled
}

/** What was built of a component, by the source releases of the same versions. */
interface Builds {
  /** By set. */
  readonly built: readonly (readonly number[])[]
  /** By unit. */
  readonly units: readonly (readonly number[])[]
}

function buildsOf({ features, units, sets, releases }: ComponentPrints): Builds {
  const builtFrom = sourcesOfBuilt(releases)
  const built = sets.map((set) => sourcesBuilt(set, builtFrom))
  return {
    built,
    units: sourcesByUnit(
      FEATURE_KINDS.map((kind) => features[kind]),
      units.length,
      built,
    ),
  }
}

/** The built releases of a set, by their source releases. */
function sourcesBuilt(set: Intervals, builtFrom: Int32Array): number[] {
  const found: number[] = []
  for (let i = 0; i < set.length; i += 2)
    for (let release = set[i]!; release <= set[i + 1]!; release++)
      if (builtFrom[release]! >= 0) found.push(builtFrom[release]!)
  return found
}

/** By unit the source releases in whose build it is. */
function sourcesByUnit(
  tables: readonly FeatureTable[],
  units: number,
  built: readonly (readonly number[])[],
): readonly number[][] {
  const byUnit = Array.from({ length: units }, (): number[] => [])
  // Most postings of a unit have the same few sets as the one before.
  const last = new Int32Array(units).fill(-1)
  for (const table of tables)
    for (let p = 0; p < table.units.length; p++) {
      const [unit, set] = [table.units[p]!, table.sets[p]!]
      if (last[unit] === set) continue
      last[unit] = set
      const sources = byUnit[unit]!
      for (const source of built[set]!) if (!sources.includes(source)) sources.push(source)
    }
  return byUnit
}
