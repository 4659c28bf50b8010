import { decompressToSource } from '../archive/decompress.ts'
import { readTar, type TarMember } from '../archive/tar.ts'
import type { Limits } from '../bytes/limits.ts'
import { type ByteSource, fileSource, sliceSource } from '../bytes/source.ts'
import { DetectorError } from '../errors.ts'

/** Named files of an archive or a directory that holds an image. */
export interface NamedFiles {
  /** For messages. */
  readonly place: string
  /** The bytes of a file; the caller closes them. Undefined where there is none. */
  open(path: string): ByteSource | undefined
  close(): void
}

/** Links from one name of an archive to another: older `docker save` wrote them for layers it had written before. */
const MOST_LINKS = 8
const UNPACKED_IN_MEMORY = 1024 ** 2

/**
 * The files of a tar archive, which may be packed as a whole.
 *
 * @throws DetectorError `INPUT_NOT_FOUND`, `INPUT_UNREADABLE`, `FORMAT_BAD_MAGIC` for what is no tar archive, and what reading it throws
 */
export async function openArchiveFiles(
  path: string,
  limits: Limits,
  signal: AbortSignal | undefined,
): Promise<NamedFiles> {
  const file = fileSource(path)
  let archive: ByteSource = file
  const close = (): void => {
    if (archive !== file) archive.close()
    file.close()
  }
  try {
    archive = (await decompressToSource(file, limits, signal, { memoryBytes: UNPACKED_IN_MEMORY })).source
    const members = new Map<string, TarMember>()
    for (const member of readTar(archive, limits)) members.set(member.path, member)
    return { place: path, open: (name) => openMember(archive, members, name), close }
  } catch (error) {
    close()
    if (!(error instanceof DetectorError) || error.locus?.path !== undefined) throw error
    throw new DetectorError(error.code, `${path}: ${error.message}`, { locus: { path }, cause: error })
  }
}

function openMember(
  archive: ByteSource,
  members: ReadonlyMap<string, TarMember>,
  path: string,
): ByteSource | undefined {
  let name = path
  for (let links = 0; links <= MOST_LINKS; links++) {
    const member = members.get(name)
    if (member === undefined) return undefined
    if (member.type === 'file') return sliceSource(archive, member.offset, member.size)
    if (member.type !== 'symlink' && member.type !== 'hardlink') return undefined
    name = member.type === 'hardlink' ? (member.linkTarget ?? '') : beside(name, member.linkTarget ?? '')
  }
  return undefined
}

/** Where a link of an archive leads, as a path of the archive. */
function beside(link: string, target: string): string {
  const steps = link.split('/').slice(0, -1)
  for (const step of target.split('/')) {
    if (step === '..') steps.pop()
    else if (step !== '' && step !== '.') steps.push(step)
  }
  return steps.join('/')
}
