import type { CatalogEntry } from '../../database/catalog.ts'
import { versionOrder } from '../../versions/order.ts'
import { upstreamVersion } from '../../versions/upstream.ts'
import { type Exclusion, packageKey } from '../exclusion.ts'
import type { AptSource } from './apt-sources.ts'

/**
 * Marks of what is no release: snapshots of a repository and pre-releases. The release that a snapshot follows has other
 * text, so that it must not be told as its source.
 */
const UNRELEASED = /(?:git|svn|cvs|bzr|hg|snapshot)\.?\d|~(?!dfsg|ds|deb|bpo)|[+^~]20\d{6}/

/**
 * The source packages of a component, grouped by upstream version. Of each group one is read, the first that is to be had:
 * Debian's newest comes first, whose repack is the last. Excluded ones do not count.
 */
export function upstreamTarballs(
  entry: CatalogEntry,
  listed: readonly AptSource[],
  exclusion: Exclusion,
): AptSource[][] {
  const order = versionOrder('debian')
  const groups = new Map<string, AptSource[]>()
  for (const one of listed) {
    if (!entry.debian.source.includes(one.source) || UNRELEASED.test(undecorated(one.version))) continue
    if (exclusion.packages.has(packageKey(one.source, one.version)) || exclusion.sha256.has(one.sha256)) continue
    const version = upstreamVersion(one.version)
    groups.set(version, [...(groups.get(version) ?? []), one])
  }
  return [...groups.values()].map((group) => group.sort((a, b) => order(b.version, a.version)))
}

/** Without Debian's revision, epoch, and the `0~` before versions that are dates: upstream may yet choose another scheme. */
function undecorated(version: string): string {
  return version
    .replace(/-[^-]*$/, '')
    .replace(/^\d+:/, '')
    .replace(/^0~(?=\d)/, '')
}
