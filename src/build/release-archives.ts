import { createHash } from 'node:crypto'
import type { Limits } from '../bytes/limits.ts'
import type { CatalogEntry } from '../database/catalog.ts'
import { DetectorError, throwIfAborted } from '../errors.ts'
import { versionOrder } from '../versions/order.ts'
import { archiveTree } from './sources/archive.ts'
import { classifyPath, type PathRules } from './sources/paths.ts'
import { type Blob, byPath, type TreeFile } from './sources/tree.ts'

/** An archive that holds the source of one release as upstream or a redistributor published it. */
export interface ReleaseArchive {
  readonly version: string
  /** What it is, for the provenance of the release: `Debian source zlib 1:1.2.13.dfsg-1`. */
  readonly provenance: string
  readonly path: string
  /** The directory of the archive, below its top folder, that holds the source; empty for all of it. */
  readonly under: string
  /** Whether it also adds files to a release that is known from a tag or an archive before it. */
  readonly completes: boolean
}

/** What the releases of a component are made of, while it is collected. */
export interface ReleaseParts {
  files: readonly TreeFile[]
  /** What was read, in order. */
  readonly provenance: string[]
}

/** What {@link addArchives} works with. */
export interface ArchiveSetting {
  readonly entry: CatalogEntry
  readonly rules: PathRules
  /** By version: those of the tags; archives add theirs. */
  readonly parts: Map<string, ReleaseParts>
  /** Hexadecimal digits of the repository's object ids, 40 or 64. */
  readonly idLength: number
  readonly limits: Limits
  readonly signal: AbortSignal | undefined
}

/**
 * Adds archives to the releases of the tags, and releases that only archives have.
 *
 * @returns the contents added, by id; the files that could not be read; and the archives that a release took something of
 */
export async function addArchives(
  archives: readonly ReleaseArchive[],
  { entry, rules, parts, idLength, limits, signal }: ArchiveSetting,
): Promise<{
  blobs: Map<string, ArchiveFile>
  skipped: { path: string; reason: string }[]
  used: ReleaseArchive[]
}> {
  const order = versionOrder(entry.versionScheme)
  const tagged = [...parts].sort(([a], [b]) => order(a, b))
  const blobs = new Map<string, ArchiveFile>()
  const [skipped, used]: [{ path: string; reason: string }[], ReleaseArchive[]] = [[], []]
  for (const archive of archives) {
    throwIfAborted(signal)
    const release = parts.get(archive.version)
    if (release !== undefined && !archive.completes) continue
    const near = release ?? (tagged.findLast(([version]) => order(version, archive.version) < 0) ?? tagged[0])?.[1]
    const layout = near?.files.map(({ path }) => path) ?? []
    const known = release?.files ?? []
    const added = await archiveFiles(archive, { rules, known, layout, idLength, limits, signal })
    skipped.push(...added.skipped)
    if (added.files.length === 0) continue
    used.push(archive)
    for (const file of added.files) if (!blobs.has(file.id)) blobs.set(file.id, file)
    const files = [...known, ...added.files.map(({ path, id }) => ({ path, id }))].sort(byPath)
    parts.set(archive.version, { files, provenance: [...(release?.provenance ?? []), archive.provenance] })
  }
  return { blobs, skipped, used }
}

/** Where the files of an archive stand in the layout of the repository: `strip` goes from their paths, `add` comes before. */
export interface Alignment {
  readonly strip: string
  readonly add: string
}

/** One file of an archive at its place in the layout of the repository, its id being that of a git blob. */
interface ArchiveFile extends TreeFile {
  readonly blob: Blob
}

/**
 * What an archive adds to a release: files whose place in the repository's layout and whose content the tag has not, as
 * upstream generates some for its tarballs that git lacks. Of a release with a tag, build files are left out: those of a
 * tarball are generated from the ones in git.
 */
async function archiveFiles(
  archive: ReleaseArchive,
  {
    rules,
    known,
    layout,
    idLength,
    limits,
    signal,
  }: Omit<ArchiveSetting, 'entry' | 'parts'> & {
    /** The files of the release so far; none for a release that only archives have. */
    readonly known: readonly TreeFile[]
    /** Paths of the release, or of one near it, that tell how archive and repository correspond. */
    readonly layout: readonly string[]
  },
): Promise<{ files: ArchiveFile[]; skipped: { path: string; reason: string }[] }> {
  const under = archive.under === '' ? '' : `${archive.under.replace(/\/$/, '')}/`
  const tree = await archiveTree(archive.path, (path) => path.startsWith(under), limits, signal)
  try {
    const paths = tree.files.map(({ path }) => path.slice(under.length))
    if (paths.length === 0)
      throw new DetectorError(
        'SOURCE_FAILED',
        `need files below ${under || 'the root'} of ${archive.provenance}, have none`,
      )
    const alignment = align(paths, layout)
    const [knownPaths, knownIds] = [new Set(known.map(({ path }) => path)), new Set(known.map(({ id }) => id))]
    const places = new Map<string, string>()
    for (const { id, path } of tree.files) {
      const place = placeOf(path.slice(under.length), alignment)
      const kind = classifyPath(place, rules)
      if (kind === 'skip' || (kind === 'build' && known.length > 0) || knownPaths.has(place)) continue
      places.set(id, place)
    }
    const files: ArchiveFile[] = []
    for await (const { id: member, bytes } of tree.blobs(new Set(places.keys()))) {
      const id = blobId(bytes, idLength)
      if (!knownIds.has(id)) files.push({ path: places.get(member)!, id, blob: { id, bytes } })
    }
    return {
      files,
      skipped: tree.skipped.map(({ path, reason }) => ({ path: `${archive.provenance}: ${path}`, reason })),
    }
  } finally {
    await tree.close?.()
  }
}

/**
 * The change of folders by which most paths of the archive are paths of the repository: tarballs often hold one
 * folder of it (`expat/lib/xmlparse.c` is `lib/xmlparse.c`), or have one more (`src/lapi.c` for `lapi.c`).
 */
export function align(paths: readonly string[], layout: readonly string[]): Alignment {
  const repository = new Set(layout)
  let best: Alignment & { readonly hits: number } = { strip: '', add: '', hits: 0 }
  // No change first: of equal ones the first counts.
  const changes = ['', ...topFolders(layout)].map((add) => ({ strip: '', add }))
  for (const change of [...changes, ...topFolders(paths).map((strip) => ({ strip, add: '' }))]) {
    let hits = 0
    for (const path of paths) if (path.startsWith(change.strip) && repository.has(placeOf(path, change))) hits++
    if (hits > best.hits) best = { ...change, hits }
  }
  return { strip: best.strip, add: best.add }
}

/** Files outside the stripped folder keep their path. */
function placeOf(path: string, { strip, add }: Alignment): string {
  return add + (path.startsWith(strip) ? path.slice(strip.length) : path)
}

/** Folders of up to two levels, with their slash, in order. Projects keep a part that is published no deeper. */
function topFolders(paths: readonly string[]): string[] {
  const found = new Set<string>()
  for (const path of paths)
    for (const [folder] of [/^[^/]+\//.exec(path), /^[^/]+\/[^/]+\//.exec(path)].filter((match) => match !== null))
      found.add(folder)
  return [...found].sort()
}

/** The id that git would give the content. */
function blobId(bytes: Uint8Array, idLength: number): string {
  const hash = createHash(idLength === 64 ? 'sha256' : 'sha1')
  return hash.update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
}
