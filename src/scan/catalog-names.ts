import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readCatalog } from '../database/catalog.ts'
import { defaultDatabase } from '../database/installed.ts'
import { PACKAGED_DATABASE } from '../database/packaged.ts'
import type { CatalogNames } from './judge.ts'

/**
 * The names, aliases and version orders of a catalog, by name: what `evaluate` tells components apart by. `location` is
 * as for `openDatabase`; a directory without `components/` has the default catalog.
 *
 * @throws DetectorError `CATALOG_CORRUPT`, `INPUT_NOT_FOUND`
 */
export function catalogNames(location?: string): readonly CatalogNames[] {
  const own = resolve(location ?? defaultDatabase())
  const entries = readCatalog(existsSync(join(own, 'components')) ? own : PACKAGED_DATABASE)
  return entries.map(({ name, aliases, versionScheme }) => ({ name, aliases, versionScheme }))
}
