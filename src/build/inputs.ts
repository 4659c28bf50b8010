import { createHash } from 'node:crypto'
import type { CatalogEntry, VendoredPaths } from '../database/catalog.ts'
import { PRINTS_FORMAT } from '../database/sections.ts'
import { EXTRACTION_VERSION } from '../fingerprint/extraction-version.ts'
import type { LockedArchive } from './find-archives.ts'
import type { ReleaseTag } from './index-releases.ts'
import type { Lock } from './locks.ts'
import type { AptPackage } from './sources/apt.ts'

/**
 * Raised whenever the same inputs give other prints for a reason that {@link EXTRACTION_VERSION} and the format do not
 * tell, so that prints of older builds are made again.
 */
const BUILD_RULES = 1

/** What a component's source releases are made from. */
export interface SourceInputs {
  readonly entry: CatalogEntry
  readonly vendoredPaths: VendoredPaths
  readonly tags: readonly ReleaseTag[]
  readonly archives: readonly LockedArchive[]
}

/** What a component's built releases are made from. */
export interface PackageInputs {
  readonly entry: CatalogEntry
  readonly packages: readonly AptPackage[]
  /** sha256 of files that must not be read. */
  readonly excluded: readonly string[]
  /** The digest of the source releases that they stand beside, which name their units; undefined where there are none. */
  readonly sources: string | undefined
}

/**
 * A digest over everything that decides what the source releases of a component hold, but for the names of other components:
 * of these only a few matter, and which ones shows when the paths are read ({@link Lock.folders}).
 */
export function sourcesDigest({ entry, vendoredPaths, tags, archives }: SourceInputs): string {
  const { name, aliases, versionScheme, exclude, vendored } = entry
  return digest([
    { name, aliases, versionScheme, exclude, vendored },
    vendoredPaths,
    tags.map(({ version, tag, commit }) => [version, tag, commit]),
    archives.map(({ version, provenance, under, completes, debian, npm }) => {
      return [version, provenance, under, completes, debian?.sha256, npm?.integrity]
    }),
  ])
}

/** A digest over everything that decides what the built releases of a component hold. */
export function packagesDigest({ entry, packages, excluded, sources }: PackageInputs): string {
  const { name, aliases, versionScheme, sonames, vendored } = entry
  const read = packages.map((one) => [one.name, one.version, one.architecture, one.sha256])
  return digest([{ name, aliases, versionScheme, sonames, vendored }, read, [...excluded].sort(), sources])
}

/** True where folders that were a component's and folders that were nobody's still are, by the names of the catalog. */
export function sameFolders({ folders }: Lock, names: readonly string[]): boolean {
  const known = new Set(names.map((name) => name.toLowerCase()))
  return folders.foreign.every((name) => known.has(name)) && !folders.own.some((name) => known.has(name))
}

function digest(inputs: readonly unknown[]): string {
  const rules = `extraction ${EXTRACTION_VERSION}, format ${PRINTS_FORMAT}, build ${BUILD_RULES}`
  return createHash('sha256')
    .update(JSON.stringify([rules, ...inputs]))
    .digest('hex')
    .slice(0, 32)
}
