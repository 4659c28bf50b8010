import { type CatalogEntry, defaultEntry, readCatalogEntry } from '../database/catalog.ts'
import type { PackageOwner } from '../model.ts'

/**
 * Tells whether a distribution's package is one of a component, by the names that the catalog knows of both: the component's own and
 * its aliases, and the names of its source and library packages. `catalog` is the directory that holds `components/`.
 */
export function ownComponents(catalog: string): (component: string, owner: PackageOwner) => boolean {
  const known = new Map<string, ReadonlySet<string>>()
  return (component, { name, source }) => {
    let names = known.get(component)
    if (names === undefined) {
      names = packageNames(readCatalogEntry(catalog, component) ?? defaultEntry(component))
      known.set(component, names)
    }
    return names.has(plainName(name)) || (source !== null && names.has(plainName(source)))
  }
}

function packageNames({ name, aliases, debian }: CatalogEntry): ReadonlySet<string> {
  return new Set([name, ...aliases, ...debian.source, ...debian.libraries].map(plainName))
}

/** Distributions add what a package is for (`-libs`, `-devel`) and which series it is of (`openssl3`, `python3.11`). */
function plainName(name: string): string {
  return name
    .toLowerCase()
    .replace(/-(?:libs?|devel|dev|static|common|minimal|bin|tools|utils|base|core)$/, '')
    .replace(/[._-]?\d+(?:\.\d+)*$/, '')
}
