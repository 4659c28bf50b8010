import type { CatalogEntry, VendoredPaths } from '../database/catalog.ts'
import type { PathRules } from './sources/paths.ts'

/** Names and aliases of all components of a catalog, by which folders tell whose code they hold. */
export function componentNames(catalog: readonly CatalogEntry[]): string[] {
  return catalog.flatMap(({ name, aliases }) => [name, ...aliases])
}

/** What the catalog says about the paths of one component, joined with what holds for all repositories. */
export function pathRules(entry: CatalogEntry, names: readonly string[], patterns: VendoredPaths): PathRules {
  return {
    exclude: entry.exclude,
    vendored: entry.vendored.map(({ path }) => path),
    patterns,
    componentNames: new Set(names),
    ownNames: new Set([entry.name, ...entry.aliases]),
  }
}
