import { FEATURE_KINDS } from '../database/feature-kinds.ts'
import { PrintsBuilder } from '../database/prints-builder.ts'
import type { ComponentPrints, Intervals, ReleaseRecord } from '../database/schema.ts'
import { versionOrder } from '../versions/order.ts'

/**
 * The prints of one component from two databases as one: all releases of both, those that both have as the second has them.
 * `scheme` orders them.
 */
export function joinPrints(first: ComponentPrints, second: ComponentPrints, scheme: string): ComponentPrints {
  const replaced = new Set(second.releases.map(keyOf))
  const order = versionOrder(scheme)
  const releases = [...first.releases.filter((release) => !replaced.has(keyOf(release))), ...second.releases]
  // As an index orders them: of one version the sources stand before the built release.
  releases.sort((a, b) => order(a.version, b.version) || (a.origin > b.origin ? -1 : 1))
  const kept = first.releases.filter((release) => !replaced.has(keyOf(release)))
  const old = kept.length === 0 ? undefined : PrintsBuilder.from(first, kept).finish()
  const builder = old === undefined ? new PrintsBuilder(second.name, releases) : PrintsBuilder.from(old, releases)
  addPrints(builder, second, new Map(releases.map((release, i) => [keyOf(release), i])))
  return builder.finish()
}

function keyOf({ origin, version }: ReleaseRecord): string {
  return `${origin} ${version}`
}

/** Adds all that the prints hold; `places` says where their releases stand in the builder. */
function addPrints(builder: PrintsBuilder, prints: ComponentPrints, places: ReadonlyMap<string, number>): void {
  const releases = prints.releases.map((release) => places.get(keyOf(release))!)
  const units = prints.units.map(({ path, vendored }) => builder.internUnit(path, vendored))
  const members = prints.sets.map((set) => releasesOf(set, releases))
  for (const kind of FEATURE_KINDS) {
    const { high, low, starts, units: unitOf, sets, names } = prints.features[kind]
    for (let feature = 0; feature < high.length; feature++) {
      const hash = builder.internHalves(high[feature]!, low[feature]!)
      for (let posting = starts[feature]!; posting < starts[feature + 1]!; posting++) {
        const name = names?.[posting] ?? 0
        const text = name > 0 ? prints.functionNames[name - 1] : undefined
        for (const release of members[sets[posting]!]!)
          builder.addFeature(kind, hash, units[unitOf[posting]!]!, release, text)
      }
    }
  }
  for (const template of prints.templates) {
    const hash = builder.internHalves(template.high, template.low)
    const agreeing = new Set(members[template.agreeing]!)
    const { selfNaming, head, headerOnly } = template
    for (const release of members[template.seen]!)
      builder.addTemplate(hash, units[template.unit]!, release, {
        agrees: agreeing.has(release),
        ...{ selfNaming, head, headerOnly },
      })
  }
  for (const file of prints.files) builder.addFile({ ...file, release: releases[file.release]! })
}

function releasesOf(set: Intervals, places: readonly number[]): number[] {
  const found: number[] = []
  for (let i = 0; i < set.length; i += 2)
    for (let release = set[i]!; release <= set[i + 1]!; release++) found.push(places[release]!)
  return found.sort((a, b) => a - b)
}
