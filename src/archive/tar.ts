import { latin1 } from '../bytes/cursor.ts'
import { checkLimit, DEFAULT_LIMITS, type Limits } from '../bytes/limits.ts'
import type { ByteSource } from '../bytes/source.ts'
import { DetectorError, hex } from '../errors.ts'
import { memberPath, pathText } from './member-path.ts'

/** A member of a tar archive. `offset` and `size` are bytes of the archive: take them with `sliceSource`. */
export interface TarMember {
  /** Normalised: no leading `./`, no trailing slash. */
  readonly path: string
  /** `other`: devices, pipes, sparse files, dumped directories; their bytes are not the file's bytes. */
  readonly type: 'file' | 'directory' | 'symlink' | 'hardlink' | 'other'
  readonly offset: number
  /** 0 for everything but files and `other`. */
  readonly size: number
  /** As written for symlinks, a normalised member path for hard links. */
  readonly linkTarget?: string
  /** Permission bits. */
  readonly mode: number
}

const BLOCK = 512
const CHECKSUM_AT = 148
const CHECKSUM_BYTES = 8
const SPACE = 0x20

const TYPES: Readonly<Record<string, TarMember['type']>> = {
  '\0': 'file',
  '0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '5': 'directory',
  '7': 'file',
}

/**
 * Walks a tar archive: v7, ustar, PAX and GNU, members in archive order, duplicates included.
 *
 * Lazily: an error comes when the walk reaches it, after the members before it. The archive's root (`./`) is no member.
 *
 * @throws DetectorError `FORMAT_BAD_MAGIC` if the first block is no header, `FORMAT_CORRUPT`, `FORMAT_TRUNCATED`,
 *   `SOURCE_UNSAFE`, `LIMIT_EXCEEDED`
 * @see POSIX.1-2017 pax, "ustar Interchange Format", "pax Extended Header"; GNU tar manual, "Basic Tar Format"
 */
export function* readTar(source: ByteSource, limits: Limits = DEFAULT_LIMITS): Generator<TarMember> {
  let global: Overrides = {}
  let local: Overrides = {}
  let members = 0
  let headers = 0
  let at = 0
  while (at < source.size) {
    const header = readHeader(source, at)
    if (header === undefined) return
    // Extended headers count too, so that a chain of them without a member ends as well.
    checkLimit(limits, 'archiveMembers', Math.max(members, Math.floor(headers++ / 4)), { offset: at })
    const data = at + BLOCK + (header.type === 'S' ? sparseBlocks(source, header.block, at) : 0)
    if (EXTENDED.has(header.type)) {
      need(source, data, header.size)
      checkLimit(limits, 'extendedHeaderBytes', header.size, { offset: at })
      const bytes = source.read(data, header.size)
      if (header.type === 'g') global = { ...global, ...paxOverrides(bytes, data) }
      else if (header.type === 'x' || header.type === 'X') local = { ...local, ...paxOverrides(bytes, data) }
      else if (header.type === 'L') local = { ...local, path: untilNul(bytes) }
      else local = { ...local, linkTarget: untilNul(bytes) }
      at = next(data, header.size)
      continue
    }
    const member = toMember(header, { ...global, ...local }, data)
    const stored = storedSize(source, header, { ...global, ...local }, data)
    need(source, data, stored)
    if (member !== undefined) {
      checkLimit(limits, 'archiveMembers', ++members, { offset: at })
      yield member
    }
    local = {}
    at = next(data, stored)
  }
}

/** GNU long name and long link, PAX for the next member (also in Solaris' spelling) and for all that follow. */
const EXTENDED: ReadonlySet<string> = new Set(['L', 'K', 'x', 'X', 'g'])

/** What extended headers say about a member, in place of its own header. An empty value takes the override back. */
interface Overrides {
  path?: string
  linkTarget?: string
  size?: number
  sparse?: boolean
}

interface Header {
  readonly block: Uint8Array
  readonly type: string
  readonly path: string
  readonly linkTarget: string
  readonly size: number
  readonly mode: number
}

/** Undefined at the end of the archive: two blocks of zeros, or one at the end of the file. */
function readHeader(source: ByteSource, at: number): Header | undefined {
  need(source, at, BLOCK)
  const block = source.read(at, BLOCK)
  if (isZero(block)) {
    if (at + 2 * BLOCK > source.size || isZero(source.read(at + BLOCK, BLOCK))) return undefined
    throw new DetectorError('FORMAT_CORRUPT', `one block of zeros at ${hex(at)} amid the archive`, {
      locus: { offset: at },
    })
  }
  if (!hasChecksum(block))
    throw new DetectorError(
      at === 0 ? 'FORMAT_BAD_MAGIC' : 'FORMAT_CORRUPT',
      at === 0 ? 'not a tar archive: the first block is no header' : `tar header at ${hex(at)} has a wrong checksum`,
      { locus: { offset: at } },
    )
  const isUstar = latin1(block.subarray(257, 262)) === 'ustar'
  const isGnu = isUstar && block[262] === SPACE
  const name = untilNul(block.subarray(0, 100))
  // GNU uses the room of the prefix for times, but in archives of its own magic only.
  const prefix = isUstar && !isGnu ? untilNul(block.subarray(345, 500)) : ''
  return {
    block,
    type: String.fromCharCode(block[156] ?? 0),
    path: prefix === '' ? name : `${prefix}/${name}`,
    linkTarget: untilNul(block.subarray(157, 257)),
    size: numberField(block, 124, 12, at),
    mode: numberField(block, 100, 8, at) & 0o7777,
  }
}

function toMember(header: Header, overrides: Overrides, data: number): TarMember | undefined {
  const raw = overrides.path ?? header.path
  const path = memberPath(raw)
  if (path === '') return undefined
  const plain = TYPES[header.type] ?? 'other'
  // The oldest archives mark directories by a trailing slash only.
  const type =
    plain === 'file' && overrides.sparse ? 'other' : plain === 'file' && raw.endsWith('/') ? 'directory' : plain
  const size = type === 'file' || type === 'other' ? (overrides.size ?? header.size) : 0
  const member = { path, type, offset: data, size, mode: header.mode }
  if (type !== 'symlink' && type !== 'hardlink') return member
  const target = overrides.linkTarget ?? header.linkTarget
  return { ...member, linkTarget: type === 'hardlink' ? memberPath(target) : target }
}

/**
 * Bytes that follow the header. Links and directories have none, though old tars wrote the size of the target; a hard
 * link of PAX may carry data, which shows in the absence of a header right behind it.
 */
function storedSize(source: ByteSource, header: Header, overrides: Overrides, data: number): number {
  const size = overrides.size ?? header.size
  if (size === 0 || (header.type !== '1' && header.type !== '2' && header.type !== '5')) return size
  if (header.type !== '1') return 0
  const follows = data + BLOCK <= source.size ? source.read(data, BLOCK) : undefined
  return follows === undefined || isZero(follows) || hasChecksum(follows) ? 0 : size
}

/** Bytes of the blocks that continue the map of a GNU sparse file. */
function sparseBlocks(source: ByteSource, header: Uint8Array, at: number): number {
  let bytes = 0
  let more = header[482] !== 0
  while (more) {
    bytes += BLOCK
    need(source, at + bytes, BLOCK)
    more = source.read(at + bytes, BLOCK)[504] !== 0
  }
  return bytes
}

/** Records of the form `25 path=some/long/name\n`, the length in bytes counting itself. */
function paxOverrides(bytes: Uint8Array, at: number): Overrides {
  const overrides: Overrides = {}
  let start = 0
  while (start < bytes.length && bytes[start] !== 0) {
    const length = /^(\d{1,7}) /.exec(latin1(bytes.subarray(start, start + 8)))?.[1]
    const end = start + Number(length)
    const equals = bytes.indexOf(0x3d, start)
    if (length === undefined || end > bytes.length || bytes[end - 1] !== 0x0a || equals < 0 || equals >= end)
      throw new DetectorError('FORMAT_CORRUPT', `extended header record at ${hex(at + start)} does not parse`)
    const key = latin1(bytes.subarray(start + length.length + 1, equals))
    setOverride(overrides, key, pathText(bytes.subarray(equals + 1, end - 1)), at + start)
    start = end
  }
  return overrides
}

function setOverride(overrides: Overrides, key: string, value: string, at: number): void {
  if (key === 'size') {
    if (!/^\d{1,15}$/.test(value)) throw new DetectorError('FORMAT_CORRUPT', `size at ${hex(at)} is no number`)
    overrides.size = Number(value)
  } else if (key === 'linkpath') overrides.linkTarget = value
  else if (key === 'path' && overrides.sparse !== true) overrides.path = value
  else if (key.startsWith('GNU.sparse.')) {
    overrides.sparse = true
    if (key === 'GNU.sparse.name') overrides.path = value
  }
}

/** Octal text, or a big-endian number behind a first byte of 0x80 (GNU, for sizes from 8 GiB on). */
function numberField(block: Uint8Array, at: number, length: number, headerAt: number): number {
  if (((block[at] ?? 0) & 0x80) !== 0) {
    let value = (block[at] ?? 0) & 0x7f
    for (let i = at + 1; i < at + length; i++) value = value * 256 + (block[i] ?? 0)
    if (Number.isSafeInteger(value)) return value
  } else {
    const text = latin1(block.subarray(at, at + length))
      .replace(/\0.*$/s, '')
      .trim()
    if (/^[0-7]*$/.test(text)) return text === '' ? 0 : Number.parseInt(text, 8)
  }
  throw new DetectorError('FORMAT_CORRUPT', `number at ${hex(headerAt + at)} of a tar header does not parse`, {
    locus: { offset: headerAt + at },
  })
}

/** The sum of the header's bytes with the checksum taken as spaces; some old tars summed signed bytes. */
function hasChecksum(block: Uint8Array): boolean {
  const text = latin1(block.subarray(CHECKSUM_AT, CHECKSUM_AT + CHECKSUM_BYTES))
    .replace(/\0.*$/s, '')
    .trim()
  if (!/^[0-7]+$/.test(text)) return false
  let unsigned = 0
  let signed = 0
  for (let i = 0; i < BLOCK; i++) {
    const inside = i >= CHECKSUM_AT && i < CHECKSUM_AT + CHECKSUM_BYTES
    const byte = inside ? SPACE : (block[i] ?? 0)
    unsigned += byte
    signed += byte < 0x80 ? byte : byte - 0x100
  }
  const announced = Number.parseInt(text, 8)
  return announced === unsigned || announced === signed
}

function isZero(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0)
}

function untilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return pathText(end < 0 ? bytes : bytes.subarray(0, end))
}

function next(data: number, size: number): number {
  return data + Math.ceil(size / BLOCK) * BLOCK
}

function need(source: ByteSource, offset: number, length: number): void {
  if (offset + length <= source.size) return
  const have = Math.max(0, source.size - offset)
  throw new DetectorError('FORMAT_TRUNCATED', `need ${length} bytes at offset ${hex(offset)}, have ${have}`, {
    locus: { offset },
  })
}
