import { hashText, high32, low32 } from '../../src/bytes/hash.ts'
import type { CatalogEntry } from '../../src/database/catalog.ts'
import { FeatureKind } from '../../src/database/feature-kinds.ts'
import { PrintsBuilder } from '../../src/database/prints-builder.ts'
import type { ComponentPrints, FeatureTable, ReleaseRecord } from '../../src/database/schema.ts'

/** A catalog entry with what a test does not care about filled in. */
export function entryOf(name: string, changes: Partial<CatalogEntry> = {}): CatalogEntry {
  return {
    name,
    aliases: [],
    summary: name,
    purl: `pkg:generic/${name}`,
    cpes: [],
    repository: null,
    upstream: null,
    tagPattern: '^v?(?<version>\\d+(?:\\.\\d+)*)$',
    versionScheme: 'semver-like',
    licence: 'MIT',
    licences: [],
    family: null,
    language: 'C',
    sonames: [],
    debian: { source: [], libraries: [] },
    npm: [],
    npmSources: [],
    exclude: [],
    vendored: [],
    ...changes,
  }
}

export function sourceReleases(...versions: string[]): ReleaseRecord[] {
  return versions.map((version) => ({ version, origin: 'source', provenance: `test ${version}` }))
}

/** Units by path with their strings; all releases have all of them. A path that starts with `!` is vendored. */
export type Units = Readonly<Record<string, readonly string[]>>

export function printsOf(name: string, units: Units, releases: ReleaseRecord[] = sourceReleases('1')): ComponentPrints {
  const builder = new PrintsBuilder(name, releases)
  for (const [path, strings] of Object.entries(units)) {
    const unit = builder.internUnit(path.replace('!', ''), path.startsWith('!'))
    for (const text of strings)
      for (const release of releases.keys())
        builder.addFeature(FeatureKind.String, builder.internHash(hashText(text)), unit, release)
  }
  return builder.finish()
}

/** `unit versions` for each posting of the text; `vendored` stands behind the path of such a unit. */
export function postingsOf(prints: ComponentPrints, table: FeatureTable, text: string): string[] {
  const hash = hashText(text)
  const at = table.high.findIndex((high, i) => high === high32(hash) && table.low[i] === low32(hash))
  if (at < 0) return []
  const found: string[] = []
  for (let p = table.starts[at]!; p < table.starts[at + 1]!; p++) {
    const unit = prints.units[table.units[p]!]!
    found.push(`${unit.path}${unit.vendored ? ' vendored' : ''} ${versionsOf(prints, table.sets[p]!)}`)
  }
  return found
}

/** The releases of an interval set: `1.0-1.2,1.4`. */
export function versionsOf(prints: ComponentPrints, set: number): string {
  const intervals = prints.sets[set]!
  const parts: string[] = []
  for (let i = 0; i < intervals.length; i += 2) {
    const [from, to] = [prints.releases[intervals[i]!]!.version, prints.releases[intervals[i + 1]!]!.version]
    parts.push(from === to ? from : `${from}-${to}`)
  }
  return parts.join()
}
