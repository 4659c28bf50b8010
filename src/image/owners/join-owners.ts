import type { Diversion, InstalledPackage, PackageFacts } from './package-facts.ts'

/** Who owns what in one root. */
export interface Owners {
  /** The package that put the file there. The path is the canonical one, without a leading slash. */
  ownerOf(path: string): InstalledPackage | undefined
  /** All that are installed, in the order of the facts. */
  readonly packages: readonly InstalledPackage[]
}

/**
 * Joins what the files of one root say. `resolve` gives the canonical path behind links (dpkg says `lib/x` where the file is
 * `usr/lib/x`), without a leading slash, or undefined where there is none.
 *
 * Of several packages with one path the first one owns it.
 */
export function joinOwners(facts: readonly PackageFacts[], resolve: (path: string) => string | undefined): Owners {
  const packages: InstalledPackage[] = []
  const owners = new Map<string, InstalledPackage>()
  const debian = new Map<string, InstalledPackage>()
  const diversions: Diversion[] = []

  for (const fact of facts) {
    if (fact.kind === 'dpkg-diversions') diversions.push(...fact.diversions)
    if (fact.kind === 'dpkg-status') for (const found of fact.packages) addDebian(found)
    if (fact.kind !== 'owned') continue
    for (const { package: owner, paths } of fact.packages) {
      packages.push(owner)
      for (const path of paths) own(path, owner)
    }
  }
  const diverted = new Map(diversions.map((diversion) => [diversion.from, diversion]))
  for (const fact of facts) {
    if (fact.kind !== 'dpkg-list') continue
    const owner = debian.get(fact.package)
    // Only configuration is left of a package that has a list and is not installed.
    if (owner === undefined) continue
    for (const path of fact.paths) {
      const diversion = diverted.get(path)
      own(diversion === undefined || diversion.package === owner.name ? path : diversion.to, owner)
    }
  }
  return { ownerOf: (path) => owners.get(path), packages }

  function addDebian(found: InstalledPackage): void {
    packages.push(found)
    // Lists are called by the name alone, unless the package may be there for several architectures at once.
    if (!debian.has(found.name)) debian.set(found.name, found)
    debian.set(`${found.name}:${found.architecture}`, found)
  }

  function own(path: string, owner: InstalledPackage): void {
    const canonical = resolve(path)
    if (canonical !== undefined && !owners.has(canonical)) owners.set(canonical, owner)
  }
}
