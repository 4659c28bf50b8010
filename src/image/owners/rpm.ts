import { RpmHeader, RpmTag, rpmFiles } from '../../archive/rpm-header.ts'
import { checkLimit, type Limits } from '../../bytes/limits.ts'
import { throwIfAborted } from '../../errors.ts'
import type { OwnedPaths, PackageSource } from './package-facts.ts'

const TYPE_MASK = 0o170000
const DIRECTORY = 0o040000

/** Files that a package lists but did not leave there: replaced by another package, left out, or of another architecture. */
const PRESENT_STATES: ReadonlySet<number> = new Set([0, 3])

/** Keys that packages are checked with stand among them. */
const KEY_PACKAGE = 'gpg-pubkey'

/**
 * The packages and paths of the headers of an rpm database, in its order. Folders are left out.
 *
 * @throws DetectorError `FORMAT_*`; `LIMIT_EXCEEDED` for paths of more than `limits.packageDatabaseBytes` in sum
 */
export function rpmOwners(headers: Iterable<Uint8Array>, limits: Limits, signal?: AbortSignal): OwnedPaths[] {
  const packages: OwnedPaths[] = []
  let total = 0
  for (const bytes of headers) {
    throwIfAborted(signal)
    const header = new RpmHeader(bytes)
    const name = header.text(RpmTag.Name)
    const version = header.text(RpmTag.Version)
    if (name === undefined || version === undefined || name === KEY_PACKAGE) continue
    const epoch = header.numbers(RpmTag.Epoch)[0]
    const release = header.text(RpmTag.Release)
    const full = `${epoch === undefined ? '' : `${epoch}:`}${version}${release === undefined ? '' : `-${release}`}`
    const paths = rpmFiles(header, limits)
      .filter(({ mode, state }) => (mode & TYPE_MASK) !== DIRECTORY && PRESENT_STATES.has(state))
      .map(({ path }) => path.replace(/^\/+/, ''))
    for (const path of paths) total += path.length
    checkLimit(limits, 'packageDatabaseBytes', total)
    const architecture = header.text(RpmTag.Arch) ?? null
    const source = sourceOf(header.text(RpmTag.SourceRpm))
    packages.push({ package: { kind: 'rpm', name, version: full, architecture, ...source }, paths })
  }
  return packages
}

/** From the name of the source package's file, `name-version-release.src.rpm`. */
function sourceOf(file: string | undefined): PackageSource {
  const [, source = null, sourceVersion = null] = /^(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm$/.exec(file ?? '') ?? []
  return { source, sourceVersion }
}
