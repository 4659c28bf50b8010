import { latin1 } from '../bytes/cursor.ts'
import { checkLimit, type Limits } from '../bytes/limits.ts'
import type { ByteSource } from '../bytes/source.ts'
import { DetectorError, hex } from '../errors.ts'
import { memberPath, type OnUnsafe, pathText, safePath } from './member-path.ts'

/** A regular file of a cpio archive. `offset` and `size` are bytes of the source: take them with `sliceSource`. */
export interface CpioMember {
  /** Normalised: no leading `./`. */
  readonly path: string
  readonly offset: number
  readonly size: number
}

/** A file that a header of RPM's own kind stands for: those hold no name and no size, as the package's header has them. */
export interface IndexedFile {
  readonly path: string
  readonly mode: number
  /** Bytes in the archive. */
  readonly size: number
}

/** What a walk needs beside the bytes. */
export interface CpioWalk {
  readonly limits: Limits
  /** Where the archive starts: others may stand before it. Default: 0. */
  readonly start?: number
  /** Entries of all walks together. */
  readonly counter?: { entries: number }
  /** Is told of unsafe members, which otherwise end the walk. */
  readonly onUnsafe?: OnUnsafe
  /** For archives of RPM. */
  readonly fileAt?: (index: number) => IndexedFile | undefined
}

const NEW_ASCII = /^07070[12]$/
const OLD_ASCII = '070707'
const RPM_STRIPPED = '07070X'
const MAGIC_BYTES = 6
const NEW_BYTES = 110
const OLD_BYTES = 76
const STRIPPED_BYTES = 14
const TRAILER = 'TRAILER!!!'

const TYPE_MASK = 0o170000
const REGULAR = 0o100000

/** Tells the ASCII forms of cpio by the first six bytes. */
export function isCpio(head: Uint8Array): boolean {
  const magic = latin1(head.subarray(0, MAGIC_BYTES))
  return NEW_ASCII.test(magic) || magic === OLD_ASCII || magic === RPM_STRIPPED
}

interface Entry {
  readonly rawPath: string
  readonly mode: number
  readonly offset: number
  readonly size: number
  readonly next: number
}

/**
 * Walks a cpio archive of one of the ASCII forms (newc, with checksums, odc, and RPM's form for large files), regular files
 * in archive order. Returns where it ends, behind its trailer.
 *
 * Of several names of one file only one has its bytes, the others have none. Lazily: an error comes when the walk reaches it.
 *
 * @throws DetectorError `FORMAT_BAD_MAGIC`, `FORMAT_CORRUPT`, `FORMAT_TRUNCATED`, `SOURCE_UNSAFE`, `LIMIT_EXCEEDED`
 * @see cpio(5) of FreeBSD; the kernel's Documentation/driver-api/early-userspace/buffer-format.rst
 */
export function* readCpio(source: ByteSource, walk: CpioWalk): Generator<CpioMember, number, undefined> {
  const { limits, start = 0, counter = { entries: 0 }, onUnsafe } = walk
  for (let at = start; ; ) {
    checkLimit(limits, 'archiveMembers', ++counter.entries, { offset: at })
    const entry = readEntry(source, at, start, walk)
    if (entry.rawPath === TRAILER) return entry.next
    if ((entry.mode & TYPE_MASK) === REGULAR) {
      const { rawPath, offset, size } = entry
      const path = onUnsafe === undefined ? memberPath(rawPath) : safePath(rawPath, onUnsafe)
      if (path !== undefined && path !== '') yield { path, offset, size }
    }
    at = entry.next
  }
}

function readEntry(source: ByteSource, at: number, start: number, walk: CpioWalk): Entry {
  const magic = latin1(source.read(at, Math.min(MAGIC_BYTES, Math.max(0, source.size - at))))
  const entry = NEW_ASCII.test(magic)
    ? readNew(source, at, start, walk.limits)
    : magic === OLD_ASCII
      ? readOld(source, at, walk.limits)
      : magic === RPM_STRIPPED
        ? readStripped(source, at, start, walk)
        : undefined
  if (entry === undefined) {
    const code = at === start ? 'FORMAT_BAD_MAGIC' : magic.length < MAGIC_BYTES ? 'FORMAT_TRUNCATED' : 'FORMAT_CORRUPT'
    throw new DetectorError(code, `no header of a cpio archive at ${hex(at)}`, { locus: { offset: at } })
  }
  if (entry.offset + entry.size > source.size)
    throw new DetectorError(
      'FORMAT_TRUNCATED',
      `need ${entry.size} bytes at offset ${hex(entry.offset)}, have ${Math.max(0, source.size - entry.offset)}`,
      { locus: { offset: entry.offset } },
    )
  return entry
}

function readNew(source: ByteSource, at: number, start: number, limits: Limits): Entry {
  const header = latin1(source.read(at, NEW_BYTES))
  if (!/^[0-9A-Fa-f]*$/.test(header)) throw corrupt(at)
  const field = (index: number): number => Number.parseInt(header.slice(6 + 8 * index, 14 + 8 * index), 16)
  const nameSize = field(11)
  const size = field(6)
  const rawPath = readName(source, at + NEW_BYTES, nameSize, limits)
  const offset = aligned(at + NEW_BYTES + nameSize, start)
  return { rawPath, mode: field(1), offset, size, next: aligned(offset + size, start) }
}

function readOld(source: ByteSource, at: number, limits: Limits): Entry {
  const header = latin1(source.read(at, OLD_BYTES))
  if (!/^[0-7]*$/.test(header)) throw corrupt(at)
  const field = (from: number, to: number): number => Number.parseInt(header.slice(from, to), 8)
  const nameSize = field(59, 65)
  const size = field(65, 76)
  const rawPath = readName(source, at + OLD_BYTES, nameSize, limits)
  const offset = at + OLD_BYTES + nameSize
  return { rawPath, mode: field(18, 24), offset, size, next: offset + size }
}

function readStripped(source: ByteSource, at: number, start: number, walk: CpioWalk): Entry {
  const header = latin1(source.read(at, STRIPPED_BYTES))
  const text = header.slice(MAGIC_BYTES)
  const file = /^[0-9A-Fa-f]{8}$/.test(text) ? walk.fileAt?.(Number.parseInt(text, 16)) : undefined
  if (file === undefined)
    throw new DetectorError('FORMAT_CORRUPT', `need the number of a file of the package at ${hex(at)}, have ${text}`, {
      locus: { offset: at },
    })
  const offset = aligned(at + STRIPPED_BYTES, start)
  return { rawPath: file.path, mode: file.mode, offset, size: file.size, next: aligned(offset + file.size, start) }
}

function readName(source: ByteSource, at: number, size: number, limits: Limits): string {
  checkLimit(limits, 'nameBytes', size, { offset: at })
  const bytes = source.read(at, size)
  const end = bytes.indexOf(0)
  if (end < 0) throw corrupt(at)
  return pathText(bytes.subarray(0, end))
}

/** Headers and data start at multiples of four from the start of the archive. */
function aligned(offset: number, start: number): number {
  return start + Math.ceil((offset - start) / 4) * 4
}

function corrupt(at: number): DetectorError {
  return new DetectorError('FORMAT_CORRUPT', `cpio header at ${hex(at)} does not parse`, { locus: { offset: at } })
}
