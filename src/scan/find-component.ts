import { type CatalogEntry, defaultEntry, readCatalog } from '../database/catalog.ts'
import { DetectorError } from '../errors.ts'
import type { VersionEstimate } from '../model.ts'
import { engineDigest } from './engine-digest.ts'
import { readImageRecord } from './image-record.ts'
import { catalogDirectory } from './open-database.ts'
import { checkedConfidence } from './report-parts.ts'
import { ResultCache } from './result-cache.ts'
import { type Answer, answers, parseQuery } from './version-condition.ts'

/** Where to look, and what is left out. */
export interface FindOptions {
  /** The database whose catalog knows names and the order of versions. Default: the default one. */
  readonly db?: string
  /** Where results are kept. Default: `binprint` in the user's cache directory. */
  readonly cacheDirectory?: string
  /** Claims below this confidence are left out. Default: 0.8. */
  readonly minConfidence?: number
}

/** What is known of a component in all images that were ever scanned. */
export interface FoundComponent {
  /** Canonical name. */
  readonly component: string
  /** Images that were asked. */
  readonly images: number
  /** Of those the ones that have it, by reference. */
  readonly found: readonly FoundImage[]
}

/** An image that has the component. */
export interface FoundImage {
  /** As it was named when it was scanned, the last one first. */
  readonly references: readonly string[]
  readonly platform: string | null
  /** Of the database that it was scanned with. */
  readonly database: string
  /** By path. */
  readonly places: readonly FoundPlace[]
}

/** A file of the image that holds the component. */
export interface FoundPlace {
  readonly path: string
  readonly layer: string | null
  readonly layerIndex: number | null
  readonly visibility: 'visible' | 'shadowed'
  readonly ownedBy: string | null
  readonly version: VersionEstimate
  readonly confidence: number
  /** `possible` where only some of the versions that it may be are asked for. */
  readonly answer: Exclude<Answer, 'no'>
}

/** As the function of this name in `scanning.ts`. */
export function findComponent(text: string, options: FindOptions = {}): FoundComponent {
  const minConfidence = checkedConfidence(options.minConfidence)
  const query = parseQuery(text)
  const catalog = readCatalog(catalogDirectory(options.db))
  const entry = findEntry(catalog, query.name)
  const cache = new ResultCache(engineDigest() ?? '', options.cacheDirectory)
  const names = cache.imageNames()
  const found = names.flatMap((name): FoundImage[] => {
    const record = readImageRecord(cache, name)
    const places = (record?.files ?? []).flatMap(({ components, ...file }) =>
      components.flatMap(({ name, undecided, version, confidence }): FoundPlace[] => {
        if ((name !== entry.name && !undecided.includes(entry.name)) || confidence < minConfidence) return []
        const answer = name === entry.name ? answers(version, query.conditions, entry.versionScheme) : 'possible'
        return answer === 'no' ? [] : [{ ...file, version, confidence, answer }]
      }),
    )
    if (record === undefined || places.length === 0) return []
    const { references, platform, database } = record
    return [{ references, platform, database, places }]
  })
  if (found.length === 0 && !catalog.includes(entry))
    throw new DetectorError('USAGE', `no component ${query.name} is known: binprint db info lists those that are`)
  found.sort((a, b) => ((a.references[0] ?? '') < (b.references[0] ?? '') ? -1 : 1))
  return { component: entry.name, images: names.length, found }
}

/** By its name or an alias. What no catalog knows may still be in a database of the user's own. */
function findEntry(catalog: readonly CatalogEntry[], name: string): CatalogEntry {
  const wanted = name.toLowerCase()
  const entry = catalog.find((one) => one.name === wanted || one.aliases.includes(wanted))
  if (entry !== undefined) return entry
  if (/^[a-z0-9][a-z0-9.+_-]*$/.test(wanted)) return defaultEntry(wanted)
  throw new DetectorError('USAGE', `need the name of a component, have ${JSON.stringify(name)}`)
}
