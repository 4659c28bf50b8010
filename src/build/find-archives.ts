import { join } from 'node:path'
import type { CatalogEntry, NpmSource } from '../database/catalog.ts'
import { DetectorError, throwIfAborted } from '../errors.ts'
import { type Exclusion, NOTHING_EXCLUDED } from './exclusion.ts'
import { type Lock, type LockedNpm, type LockedSource, readLock } from './locks.ts'
import type { ReleaseArchive } from './release-archives.ts'
import { AptRoot } from './sources/apt.ts'
import { type AptSource, downloadSource, downloadSources, findSources } from './sources/apt-sources.ts'
import { DEBIAN_SUITES } from './sources/debian.ts'
import { upstreamTarballs } from './sources/debian-sources.ts'
import { npmTarball } from './sources/npm.ts'
import { versionIn } from './sources/npm-version.ts'

/** Which archives are read beside the tags of the repositories. */
export interface ArchivePlan {
  /** Upstream's tarballs in Debian's source packages. */
  readonly sourcePackages: boolean
  /** The catalog's `npmSources`. */
  readonly npm: boolean
  /** Where packages are kept between builds. */
  readonly cacheDirectory: string
  /** Default: {@link DEBIAN_SUITES}. */
  readonly suites?: readonly string[]
  readonly exclusion?: Exclusion
}

/** An archive and what a lock says of it. */
export interface LockedArchive extends ReleaseArchive {
  readonly debian?: Omit<LockedSource, 'release'>
  readonly npm?: Omit<LockedNpm, 'release'>
}

/** The archives of one component, downloaded. */
export interface FoundArchives {
  readonly archives: readonly LockedArchive[]
  readonly skipped: readonly { readonly path: string; readonly reason: string }[]
}

/** What the build around it says. */
interface Setting {
  readonly locksDirectory: string
  readonly locked?: boolean
  readonly signal?: AbortSignal
  readonly onProgress?: (phase: 'fetch', done: number, total: number, label: string) => void
}

/**
 * Downloads the archives of each component: Debian's first, then npm's, each in the order of their names. A locked build
 * takes those of the lock, whatever else the plan asks for.
 *
 * @throws DetectorError `SOURCE_FAILED` when apt gives nothing, npm cannot be started, or an archive of the lock is gone
 */
export async function findArchives(
  entries: readonly CatalogEntry[],
  plan: ArchivePlan,
  setting: Setting,
): Promise<Map<string, FoundArchives>> {
  const lockOf = (entry: CatalogEntry): Lock | undefined => {
    return setting.locked === true ? readLock(setting.locksDirectory, entry.name) : undefined
  }
  const named = entries.flatMap((entry) => {
    if (setting.locked === true) return lockOf(entry)?.sourcePackages.map(({ source }) => source) ?? []
    return plan.sourcePackages ? entry.debian.source : []
  })
  const apt = named.length === 0 ? undefined : await openRoot(plan, setting.signal)
  const listed = apt === undefined ? [] : await findSources(apt, [...new Set(named)])
  const tarballs = new Map(
    entries.map((entry) => {
      const lock = lockOf(entry)
      const { exclusion = NOTHING_EXCLUDED } = plan
      return [entry, lock === undefined ? upstreamTarballs(entry, listed, exclusion) : lockedTarballs(listed, lock)]
    }),
  )
  // What could not be had with the others is not to be had alone: mirrors drop what was superseded.
  const asked = new Set<AptSource>()
  if (apt !== undefined) {
    const first = [...tarballs.values()].flatMap((groups) => groups.map(([one]) => one!))
    await downloadSources(apt, first, (done, total) => setting.onProgress?.('fetch', done, total, 'source packages'))
    for (const one of first) asked.add(one)
  }
  const found = new Map<string, FoundArchives>()
  for (const entry of entries) {
    throwIfAborted(setting.signal)
    const lock = lockOf(entry)
    const debian = apt === undefined ? NO_ARCHIVES : await debianArchives(entry, apt, tarballs.get(entry)!, asked, lock)
    const npm = plan.npm || lock !== undefined ? await npmArchives(entry, plan, lock, setting.signal) : NO_ARCHIVES
    found.set(entry.name, {
      archives: [...debian.archives, ...npm.archives],
      skipped: [...debian.skipped, ...npm.skipped],
    })
  }
  return found
}

/** Of a component that nothing was looked for. */
export const NO_ARCHIVES: FoundArchives = { archives: [], skipped: [] }

function openRoot({ cacheDirectory, suites = DEBIAN_SUITES }: ArchivePlan, signal?: AbortSignal): Promise<AptRoot> {
  const directory = join(cacheDirectory, 'source-packages')
  // Source packages have no architecture; apt wants one all the same.
  return AptRoot.open({ directory, suites, architectures: ['amd64'], lists: 'deb-src', signal })
}

async function debianArchives(
  entry: CatalogEntry,
  apt: AptRoot,
  groups: readonly (readonly AptSource[])[],
  asked: ReadonlySet<AptSource>,
  lock: Lock | undefined,
): Promise<FoundArchives> {
  const archives: LockedArchive[] = []
  const skipped: { path: string; reason: string }[] = []
  for (const group of groups) {
    const first = group[0]!
    const had = await firstToBeHad(apt, group, asked)
    if (had !== undefined) {
      // The first with these bytes names the tarball, so that what a cache or a mirror happens to have does not show.
      const one = group.find(({ sha256 }) => sha256 === had.one.sha256)!
      const provenance = `Debian source ${one.source} ${one.version}`
      archives.push({ version: one.version, provenance, path: had.path, under: '', completes: true, debian: one })
    } else if (lock !== undefined) throw gone(entry, `the source package ${first.source} ${first.version}`)
    else skipped.push({ path: `source package ${first.source}=${first.version}`, reason: 'it could not be downloaded' })
  }
  return { archives, skipped }
}

async function firstToBeHad(
  apt: AptRoot,
  group: readonly AptSource[],
  asked: ReadonlySet<AptSource>,
): Promise<{ readonly one: AptSource; readonly path: string } | undefined> {
  for (const one of group) {
    const path = await downloadSource(apt, one, asked.has(one))
    if (path !== undefined) return { one, path }
  }
  return undefined
}

/** Each tarball of the lock, first as the source package that the lock names, then as any other with the same bytes. */
function lockedTarballs(listed: readonly AptSource[], lock: Lock): AptSource[][] {
  return lock.sourcePackages.map(({ source, version, file, sha256 }) => [
    { source, version, file, sha256 },
    ...listed.filter((one) => one.source === source && one.sha256 === sha256 && one.version !== version),
  ])
}

async function npmArchives(
  entry: CatalogEntry,
  { cacheDirectory, exclusion = NOTHING_EXCLUDED }: ArchivePlan,
  lock: Lock | undefined,
  signal: AbortSignal | undefined,
): Promise<FoundArchives> {
  const archives: LockedArchive[] = []
  const skipped: { path: string; reason: string }[] = []
  for (const { source, version, integrity } of wantedNpm(entry, exclusion, lock)) {
    const name = `${source.package}@${version}`
    const tarball = await npmTarball(join(cacheDirectory, 'npm'), source.package, version, signal)
    if (integrity !== undefined && tarball?.integrity !== integrity) throw gone(entry, `${name} of npm (${integrity})`)
    if (tarball === undefined) {
      skipped.push({ path: `npm ${name}`, reason: 'it could not be downloaded' })
      continue
    }
    archives.push({
      version: await versionIn(tarball.path, source, signal),
      provenance: `npm ${name}`,
      path: tarball.path,
      under: source.path,
      // A bundle may be trimmed or patched: it stands in where upstream's own release is not to be had, and never beside it.
      completes: false,
      npm: { package: source.package, version, integrity: tarball.integrity },
    })
  }
  return { archives, skipped }
}

interface WantedNpm {
  readonly source: NpmSource
  readonly version: string
  readonly integrity?: string
}

function wantedNpm(entry: CatalogEntry, exclusion: Exclusion, lock: Lock | undefined): WantedNpm[] {
  if (lock === undefined)
    return entry.npmSources
      .flatMap((source) => source.versions.map((version) => ({ source, version })))
      .filter(({ source, version }) => !exclusion.npm.has(`${source.package}@${version}`))
  return lock.npm.map(({ package: name, version, integrity }) => {
    const source = entry.npmSources.find((one) => one.package === name && one.versions.includes(version))
    if (source === undefined) throw gone(entry, `${name}@${version} among the npmSources of the catalog`)
    return { source, version, integrity }
  })
}

function gone(entry: CatalogEntry, what: string): DetectorError {
  return new DetectorError(
    'SOURCE_FAILED',
    `need ${what}, which the lock of ${entry.name} names, and cannot have it: build without the lock`,
  )
}

/** What a lock says of archives that a build read. */
export function lockedArchives(archives: readonly LockedArchive[]): Pick<Lock, 'sourcePackages' | 'npm'> {
  return {
    sourcePackages: archives.flatMap(({ version, debian }) =>
      debian === undefined ? [] : [{ ...debian, release: version }],
    ),
    npm: archives.flatMap(({ version, npm }) => (npm === undefined ? [] : [{ ...npm, release: version }])),
  }
}
