import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readCatalog } from '../database/catalog.ts'
import type { CatalogNames } from './judge.ts'
import { DEFAULT_DATABASE } from './open-database.ts'

/**
 * The names, aliases and version orders of a catalog, by name: what `evaluate` tells components apart by. `location` is
 * as for `openDatabase`; a directory without `components/` has the default catalog.
 *
 * @throws DetectorError `CATALOG_CORRUPT`, `INPUT_NOT_FOUND`
 */
export function catalogNames(location?: string): readonly CatalogNames[] {
  const own = location === undefined ? DEFAULT_DATABASE : resolve(location)
  const entries = readCatalog(existsSync(join(own, 'components')) ? own : DEFAULT_DATABASE)
  return entries.map(({ name, aliases, versionScheme }) => ({ name, aliases, versionScheme }))
}
