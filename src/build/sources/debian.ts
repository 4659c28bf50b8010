import type { CatalogEntry } from '../../database/catalog.ts'
import { versionOrder } from '../../versions/order.ts'
import { upstreamVersion } from '../../versions/upstream.ts'
import { type Exclusion, packageKey, withoutRebuild } from '../exclusion.ts'
import type { AptPackage } from './apt.ts'

/** Suites whose library packages are read unless others are named; older ones have left the mirrors. */
export const DEBIAN_SUITES: readonly string[] = ['bullseye', 'bookworm', 'trixie', 'sid']
export const DEBIAN_ARCHITECTURES: readonly string[] = ['amd64', 'arm64', 'armhf', 'i386']

/** The builds of one upstream version. */
export interface DebianRelease {
  readonly version: string
  readonly packages: readonly AptPackage[]
}

/** The library packages of a component among all that apt lists, without those that are excluded. */
export function libraryPackages(
  entry: CatalogEntry,
  listed: readonly AptPackage[],
  exclusion: Exclusion,
): AptPackage[] {
  const names = new Set(entry.debian.libraries)
  return listed.filter(
    ({ name, source, sourceVersion, sha256 }) =>
      names.has(name) &&
      entry.debian.source.includes(source) &&
      !exclusion.packages.has(packageKey(source, withoutRebuild(sourceVersion))) &&
      !exclusion.sha256.has(sha256),
  )
}

/**
 * Groups packages by the upstream version of their source, oldest first: architectures and Debian's revisions of one
 * version are builds of one release. `known` are the versions of the component's source releases, whose spelling is taken.
 */
export function debianReleases(
  entry: CatalogEntry,
  packages: readonly AptPackage[],
  known: readonly string[],
): DebianRelease[] {
  const byVersion = new Map<string, AptPackage[]>()
  for (const one of packages) {
    const version = releaseOf(entry, one.sourceVersion, known)
    const same = byVersion.get(version)
    if (same === undefined) byVersion.set(version, [one])
    else same.push(one)
  }
  const order = versionOrder(entry.versionScheme)
  return [...byVersion]
    .sort(([a], [b]) => order(a, b) || (a < b ? -1 : 1))
    .map(([version, packages]) => ({ version, packages }))
}

/** The component's version that a Debian version is of, as `known` spells it: `2.1.12-stable-8` is libevent's 2.1.12. */
export function releaseOf(entry: CatalogEntry, debianVersion: string, known: readonly string[]): string {
  const upstream = upstreamVersion(debianVersion).replace(/-(?:stable|final|release)$/i, '')
  const order = versionOrder(entry.versionScheme)
  // A date is one number in Debian, whatever stands between its parts upstream.
  const isDate = /^\d{8}$/.test(upstream)
  return (
    known.find((version) => version === upstream) ??
    known.find((version) => order(version, upstream) === 0 || (isDate && version.replaceAll('-', '') === upstream)) ??
    upstream
  )
}

/** Source package, version and architectures, for the provenance of a release: `Debian zlib 1:1.2.13.dfsg-1 (amd64, arm64)`. */
export function debianProvenance({ packages }: DebianRelease): string {
  const builds = new Map<string, Set<string>>()
  for (const { source, version, architecture } of packages) {
    const key = `${source} ${version}`
    builds.set(key, (builds.get(key) ?? new Set()).add(architecture))
  }
  const parts = [...builds].sort(([a], [b]) => (a < b ? -1 : 1))
  return `Debian ${parts.map(([build, architectures]) => `${build} (${[...architectures].sort().join(', ')})`).join('; ')}`
}
