import type { CatalogEntry, VendoredPaths } from '../database/catalog.ts'
import type { PathRules } from './sources/paths.ts'

/** What the catalog says about the paths of one component, joined with what holds for all repositories. */
export function pathRules(entry: CatalogEntry, catalog: readonly CatalogEntry[], patterns: VendoredPaths): PathRules {
  return {
    exclude: entry.exclude,
    vendored: entry.vendored.map(({ path }) => path),
    patterns,
    componentNames: new Set(catalog.flatMap(({ name, aliases }) => [name, ...aliases])),
    ownNames: new Set([entry.name, ...entry.aliases]),
  }
}
