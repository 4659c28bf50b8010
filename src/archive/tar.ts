import { checkLimit, DEFAULT_LIMITS, type Limits } from '../bytes/limits.ts'
import { type ByteSource, sliceSource } from '../bytes/source.ts'
import { DetectorError, hex } from '../errors.ts'
import { memberPath, type OnUnsafe, pathText, rootedPath } from './member-path.ts'
import { type PaxSparse, paxOverrides, type TarOverrides } from './tar-extended.ts'
import {
  isTarHeader,
  isZeroBlock,
  needBytes,
  parseTarHeader,
  TAR_BLOCK,
  TarBlocks,
  type TarHeader,
} from './tar-header.ts'
import { type SparseForm, sparseSource } from './tar-sparse.ts'

/** A member of a tar archive. {@link tarMemberSource} gives its bytes. */
export interface TarMember {
  /** Normalised: no leading `./`, no trailing slash. */
  readonly path: string
  /** `other`: devices, pipes, dumped directories and parts of files; their bytes are not the file's bytes. */
  readonly type: 'file' | 'directory' | 'symlink' | 'hardlink' | 'other'
  /** Where its bytes are stored: bytes from the start of the archive. */
  readonly offset: number
  /** Bytes of the file; of a sparse one more than are stored. 0 for everything but files and `other`. */
  readonly size: number
  /** As written for symlinks, a normalised member path for hard links. */
  readonly linkTarget?: string
  /** Permission bits. */
  readonly mode: number
  /** Only of files with holes: their bytes do not stand at `offset` as they are. */
  readonly sparse?: SparseForm
}

const TYPES: Readonly<Record<string, TarMember['type']>> = {
  '\0': 'file',
  '0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '5': 'directory',
  '7': 'file',
  S: 'file',
}

/** GNU long name and long link, PAX for the next member (also in Solaris' spelling) and for all that follow. */
const EXTENDED: ReadonlySet<string> = new Set(['L', 'K', 'x', 'X', 'g'])

const NO_OVERRIDES: TarOverrides = {}

/** How a walk takes paths that are no plain ones. */
export interface TarOptions {
  /** Is told of unsafe members, and the walk goes on. Without it they end it. */
  readonly onUnsafe?: OnUnsafe
  /** Absolute paths and `..` steps are read within the root, as engines for containers do; only what leads out of it is unsafe. */
  readonly inRoot?: boolean
}

/** Where a member stands, and how its paths are read. */
interface MemberPlace {
  /** Of its header. */
  readonly at: number
  /** Of its bytes. */
  readonly data: number
  readonly normalise: (raw: string) => string
}

/**
 * Walks a tar archive: v7, ustar, PAX and GNU, members in archive order, duplicates included. Returns where the archive ends:
 * the offset of the zeros behind it, or the end of the source.
 *
 * Lazily: an error comes when the walk reaches it, after the members before it. The archive's root (`./`) is no member.
 * Nothing is read but headers.
 *
 * @throws DetectorError `FORMAT_BAD_MAGIC` if the first block is no header, `FORMAT_CORRUPT`, `FORMAT_TRUNCATED`,
 *   `SOURCE_UNSAFE`, `LIMIT_EXCEEDED`
 * @see POSIX.1-2017 pax, "ustar Interchange Format", "pax Extended Header"; GNU tar manual, "Basic Tar Format"
 */
export function* readTar(
  source: ByteSource,
  limits: Limits = DEFAULT_LIMITS,
  { onUnsafe, inRoot = false }: TarOptions = {},
): Generator<TarMember, number, undefined> {
  const blocks = new TarBlocks(source)
  let global = NO_OVERRIDES
  let local = NO_OVERRIDES
  let members = 0
  let headers = 0
  let at = 0
  while (at < source.size) {
    const block = blocks.at(at)
    if (isZeroBlock(block)) return checkEnd(source, blocks, at)
    const header = parseTarHeader(block, at)
    // Extended headers count too, so that a chain of them without a member ends as well.
    checkLimit(limits, 'archiveMembers', Math.max(members, Math.floor(headers++ / 4)), { offset: at })
    const data = at + TAR_BLOCK + (header.mapGoesOn ? mapBytes(blocks, at + TAR_BLOCK) : 0)
    if (EXTENDED.has(header.type)) {
      needBytes(source, data, header.size)
      checkLimit(limits, 'extendedHeaderBytes', header.size, { offset: at })
      const bytes = source.read(data, header.size)
      if (header.type === 'g') global = { ...global, ...paxOverrides(bytes, data) }
      else local = { ...local, ...localOverrides(header.type, bytes, data) }
      at = next(data, header.size)
      continue
    }
    const overrides = global === NO_OVERRIDES ? local : { ...global, ...local }
    const stored = storedSize(source, blocks, header, overrides, data)
    needBytes(source, data, stored)
    checkLimit(limits, 'archiveMembers', ++members, { offset: at })
    const member = safeMember(header, overrides, { at, data, normalise: inRoot ? rootedPath : memberPath }, onUnsafe)
    if (member !== undefined) yield member
    local = NO_OVERRIDES
    at = next(data, stored)
  }
  return at
}

/**
 * The bytes of one file of an archive. Holes read as zeros, and cost no memory before they are read. Closing it does not
 * close the archive.
 *
 * @throws DetectorError `FORMAT_CORRUPT` or `FORMAT_TRUNCATED` where the parts of a sparse file do not ascend, leave the
 *   file or need more data than are stored; `LIMIT_EXCEEDED`
 */
export function tarMemberSource(
  archive: ByteSource,
  member: Pick<TarMember, 'offset' | 'size' | 'sparse'>,
  limits: Limits = DEFAULT_LIMITS,
): ByteSource {
  const { offset, size, sparse } = member
  return sparse === undefined
    ? sliceSource(archive, offset, size)
    : sparseSource(archive, { offset, size, form: sparse }, limits)
}

/** The end of an archive: two blocks of zeros, or one at the end of the file. */
function checkEnd(source: ByteSource, blocks: TarBlocks, at: number): number {
  if (at + 2 * TAR_BLOCK > source.size || isZeroBlock(blocks.at(at + TAR_BLOCK))) return at
  throw new DetectorError('FORMAT_CORRUPT', `one block of zeros at ${hex(at)} amid the archive`, {
    locus: { offset: at },
  })
}

function localOverrides(type: string, bytes: Uint8Array, at: number): TarOverrides {
  if (type === 'L') return { path: untilNul(bytes) }
  if (type === 'K') return { linkTarget: untilNul(bytes) }
  return paxOverrides(bytes, at)
}

function safeMember(
  header: TarHeader,
  overrides: TarOverrides,
  place: MemberPlace,
  onUnsafe: OnUnsafe | undefined,
): TarMember | undefined {
  const raw = overrides.sparse?.name ?? overrides.path ?? header.path
  try {
    return toMember(header, overrides, raw, place)
  } catch (error) {
    if (onUnsafe === undefined || !(error instanceof DetectorError) || error.code !== 'SOURCE_UNSAFE') throw error
    onUnsafe(raw, error)
    return undefined
  }
}

function toMember(
  header: TarHeader,
  overrides: TarOverrides,
  raw: string,
  { at, data, normalise }: MemberPlace,
): TarMember | undefined {
  const path = normalise(raw)
  if (path === '') return undefined
  const { mode } = header
  const type = TYPES[header.type] ?? 'other'
  const stored = overrides.size ?? header.size
  if (type === 'symlink' || type === 'hardlink') {
    const target = overrides.linkTarget ?? header.linkTarget
    return { path, type, offset: data, size: 0, mode, linkTarget: type === 'hardlink' ? normalise(target) : target }
  }
  if (type !== 'file') return { path, type, offset: data, size: type === 'other' ? stored : 0, mode }
  if (header.type === 'S') {
    const form: SparseForm = { kind: 'gnu', header: at, storedSize: stored }
    return { path, type, offset: data, size: header.realSize, mode, sparse: form }
  }
  if (overrides.sparse !== undefined) {
    const { realSize } = overrides.sparse
    const form = paxForm(overrides.sparse, stored)
    if (realSize === undefined || form === undefined) return { path, type: 'other', offset: data, size: stored, mode }
    return { path, type, offset: data, size: realSize, mode, sparse: form }
  }
  // The oldest archives mark directories by a trailing slash only.
  if (raw.endsWith('/')) return { path, type: 'directory', offset: data, size: 0, mode }
  return { path, type, offset: data, size: stored, mode }
}

function paxForm({ parts, major }: PaxSparse, storedSize: number): SparseForm | undefined {
  if (major === '1') return { kind: 'front', storedSize }
  return parts === undefined ? undefined : { kind: 'listed', parts, storedSize }
}

/**
 * Bytes that follow the header. Links and directories have none, though old tars wrote the size of the target; a hard
 * link of PAX may carry data, which shows in the absence of a header right behind it.
 */
function storedSize(
  source: ByteSource,
  blocks: TarBlocks,
  header: TarHeader,
  overrides: TarOverrides,
  data: number,
): number {
  const size = overrides.size ?? header.size
  if (size === 0 || (header.type !== '1' && header.type !== '2' && header.type !== '5')) return size
  if (header.type !== '1') return 0
  const follows = data + TAR_BLOCK <= source.size ? blocks.at(data) : undefined
  return follows === undefined || isZeroBlock(follows) || isTarHeader(follows) ? 0 : size
}

/** Bytes of the blocks that continue the map of a GNU sparse file. */
function mapBytes(blocks: TarBlocks, start: number): number {
  let at = start
  while (blocks.at(at)[MORE_AT] !== 0) at += TAR_BLOCK
  return at + TAR_BLOCK - start
}

/** Where a block of a sparse map says that another one follows. */
const MORE_AT = 504

function untilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return pathText(end < 0 ? bytes : bytes.subarray(0, end))
}

function next(data: number, size: number): number {
  return data + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK
}
