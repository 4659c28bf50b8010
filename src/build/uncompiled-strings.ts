import { FEATURE_KINDS } from '../database/feature-kinds.ts'
import type { KindFeatures } from '../database/postings.ts'
import { sourcesOfBuilt } from '../database/release-sets.ts'
import type { ComponentPrints, Intervals } from '../database/schema.ts'

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
  const { starts, component: components, unit: units, set: sets } = strings
  for (let feature = 0; feature + 1 < starts.length; feature++)
    for (let start = starts[feature]!, end = start; start < starts[feature + 1]!; start = end) {
      const component = components[start]!
      while (end < starts[feature + 1]! && components[end] === component) end++
      const { words, ofSet, builtOfSet, builtOfUnit } = builds[component]!
      for (let p = start; p < end; p++) {
        let isHere = false
        let isHeld = false
        for (let word = 0; word < words; word++) {
          const here = ofSet[sets[p]! * words + word]! & builtOfUnit[units[p]! * words + word]!
          if (here === 0) continue
          isHere = true
          for (let other = start; other < end; other++)
            if ((here & builtOfSet[sets[other]! * words + word]!) !== 0) isHeld = true
        }
        if (isHere && !isHeld) uncompiled[p] = 1
      }
    }
  return uncompiled
}

/** What was built of a component, as bits for the source releases of which there is a build: `words` words a row. */
interface Builds {
  readonly words: number
  /** By set the source releases in it. */
  readonly ofSet: Int32Array
  /** By set the source releases whose builds are in it. */
  readonly builtOfSet: Int32Array
  /** By unit the source releases in whose build it is. */
  readonly builtOfUnit: Int32Array
}

function buildsOf({ features, units, sets, releases }: ComponentPrints): Builds {
  const builtFrom = sourcesOfBuilt(releases)
  const sources = [...new Set(builtFrom.filter((source) => source >= 0))]
  const words = Math.ceil(sources.length / 32)
  // By release: the place, plus one, of its bit, as the source of a build and as the build.
  const asSource = new Int32Array(releases.length)
  for (const [bit, source] of sources.entries()) asSource[source] = bit + 1
  const asBuilt = builtFrom.map((source) => (source < 0 ? 0 : asSource[source]!))
  const builtOfSet = bitsOfSets(sets, asBuilt, words)
  const builtOfUnit = new Int32Array(units.length * words)
  if (words > 0)
    for (const kind of FEATURE_KINDS) {
      const table = features[kind]
      for (let p = 0; p < table.units.length; p++)
        for (let word = 0; word < words; word++)
          builtOfUnit[table.units[p]! * words + word]! |= builtOfSet[table.sets[p]! * words + word]!
    }
  return { words, ofSet: bitsOfSets(sets, asSource, words), builtOfSet, builtOfUnit }
}

/** By set the bits of its releases; `bits` holds by release the place of its bit, plus one, or 0. */
function bitsOfSets(sets: readonly Intervals[], bits: Int32Array, words: number): Int32Array {
  const rows = new Int32Array(sets.length * words)
  for (const [number, set] of sets.entries())
    for (let i = 0; i < set.length; i += 2)
      for (let release = set[i]!; release <= set[i + 1]!; release++) {
        const bit = bits[release]! - 1
        if (bit >= 0) rows[number * words + (bit >>> 5)]! |= 1 << (bit & 31)
      }
  return rows
}
