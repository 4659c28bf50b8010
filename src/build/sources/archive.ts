import { decompressToSource } from '../../archive/decompress.ts'
import { readTar, tarMemberSource } from '../../archive/tar.ts'
import { readZip, readZipEntry } from '../../archive/zip.ts'
import { latin1 } from '../../bytes/cursor.ts'
import { checkLimit, DEFAULT_LIMITS, type Limits } from '../../bytes/limits.ts'
import { type ByteSource, fileSource } from '../../bytes/source.ts'
import { DetectorError } from '../../errors.ts'
import { type AcceptPath, type Blob, byPath, type SourceTree, tooLarge } from './tree.ts'

/** A regular file within an archive. */
interface Member {
  readonly path: string
  /** Unpacked bytes. */
  readonly size: number
  /** @throws DetectorError when it cannot be unpacked */
  read(): Uint8Array
}

/**
 * The files of a source archive, ids being their paths: tar, plain or packed with gzip, xz, bzip2 or zstd, and zip, told
 * by their content.
 *
 * A folder that all files share (`zlib-1.3.1/`) is no part of the paths. Of several members with one path the last one
 * counts, as it would after unpacking; hard links are files, symbolic links are left out. `close()` gives back the
 * unpacked copy.
 *
 * @throws DetectorError `INPUT_NOT_FOUND`, `INPUT_UNREADABLE`, `FORMAT_*`, `SOURCE_UNSAFE` for members with absolute
 *   paths or `..`, `LIMIT_EXCEEDED`, `ABORTED`
 */
export async function archiveTree(
  path: string,
  accept: AcceptPath,
  limits: Limits = DEFAULT_LIMITS,
  signal?: AbortSignal,
): Promise<SourceTree> {
  const opened: ByteSource[] = []
  const close = (): void => {
    for (const source of opened.splice(0)) source.close()
  }
  try {
    const file = fileSource(path)
    opened.push(file)
    const isZip = /^PK(?:\x03\x04|\x05\x06)/.test(latin1(file.read(0, Math.min(4, file.size))))
    if (isZip) return treeOf(zipMembers(file, limits), accept, limits, close)
    const { source } = await decompressToSource(file, limits, signal)
    if (source !== file) opened.push(source)
    return treeOf(tarMembers(source, limits), accept, limits, close)
  } catch (error) {
    close()
    throw atPath(error, path)
  }
}

function treeOf(
  members: ReadonlyMap<string, Member>,
  accept: AcceptPath,
  limits: Limits,
  close: () => void,
): SourceTree {
  checkLimit(limits, 'treeFiles', members.size)
  const inTree = new Map<string, Member>()
  const top = sharedFolder([...members.keys()])
  for (const [path, member] of members) {
    const inner = path.slice(top.length)
    if (!/(?:^|\/)\.git\//.test(inner) && accept(inner)) inTree.set(inner, member)
  }
  const files = [...inTree.keys()].map((path) => ({ path, id: path })).sort(byPath)
  const skipped: { path: string; reason: string }[] = []
  let open = true
  return {
    files,
    skipped,
    blobs,
    async close() {
      open = false
      close()
    },
  }

  async function* blobs(ids: ReadonlySet<string>): AsyncGenerator<Blob, void, undefined> {
    // Archive order, which is the order on disk.
    for (const [id, member] of inTree) {
      if (!ids.has(id)) continue
      if (!open) throw new TypeError('archive was read after close')
      const bytes = readMember(member, limits)
      if (typeof bytes === 'string') skipped.push({ path: id, reason: bytes })
      else yield { id, bytes }
    }
  }
}

/** The bytes, as an array of their own, or why there are none. */
function readMember(member: Member, limits: Limits): Uint8Array | string {
  if (member.size > limits.sourceFileBytes) return tooLarge(member.size, limits)
  try {
    return member.read().slice()
  } catch (error) {
    if (!(error instanceof DetectorError)) throw error
    return error.message
  }
}

function tarMembers(source: ByteSource, limits: Limits): Map<string, Member> {
  const members = new Map<string, Member>()
  for (const member of readTar(source, limits)) {
    const { path, type, size, linkTarget } = member
    // A later member takes the place of an earlier one, also in the order of reading.
    const earlier = type === 'hardlink' ? members.get(linkTarget ?? '') : undefined
    members.delete(path)
    if (type === 'file')
      members.set(path, { path, size, read: () => tarMemberSource(source, member, limits).read(0, size) })
    if (earlier !== undefined) members.set(path, { ...earlier, path })
  }
  return members
}

function zipMembers(source: ByteSource, limits: Limits): Map<string, Member> {
  const members = new Map<string, Member>()
  for (const entry of readZip(source, limits)) {
    const { path, type, size } = entry
    members.delete(path)
    if (type === 'file') members.set(path, { path, size, read: () => readZipEntry(source, entry, limits) })
  }
  return members
}

/** The first folder with its slash when every path lies in it, else nothing. */
function sharedFolder(paths: readonly string[]): string {
  const first = paths[0] ?? ''
  const folder = first.slice(0, first.indexOf('/') + 1)
  return paths.every((path) => path.startsWith(folder)) ? folder : ''
}

/** The same error with the archive named, where it is not yet. */
function atPath(error: unknown, path: string): unknown {
  if (!(error instanceof DetectorError) || error.locus?.path !== undefined) return error
  return new DetectorError(error.code, error.message, { locus: { ...error.locus, path }, cause: error })
}
