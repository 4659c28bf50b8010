import { inflateRawSync } from 'node:zlib'
import { Cursor } from '../bytes/cursor.ts'
import { checkLimit, DEFAULT_LIMITS, type Limits } from '../bytes/limits.ts'
import type { ByteSource } from '../bytes/source.ts'
import { DetectorError, hex } from '../errors.ts'
import { memberPath, type OnUnsafe, pathText, safePath } from './member-path.ts'

/** An entry of the central directory; {@link readZipEntry} gives its bytes. */
export interface ZipEntry {
  /** Normalised, with forward slashes and without a trailing one. */
  readonly path: string
  readonly type: 'file' | 'directory'
  /** Of the local header, in bytes from the start of the file. */
  readonly offset: number
  readonly compressedSize: number
  readonly size: number
  /** 0 stored, 8 deflate; others are listed but not read. */
  readonly method: number
  readonly encrypted: boolean
}

const END_SIGNATURE = 0x06054b50
const END_BYTES = 22
/** The end record is followed by a comment of at most 65,535 bytes. */
const MAX_COMMENT = 0xffff
const END64_SIGNATURE = 0x06064b50
const LOCATOR64_SIGNATURE = 0x07064b50
const LOCATOR64_BYTES = 20
const CENTRAL_SIGNATURE = 0x02014b50
const CENTRAL_BYTES = 46
const LOCAL_SIGNATURE = 0x04034b50
/** Of a local header, without name and extra fields. */
export const LOCAL_BYTES = 30
const EXTRA_ZIP64 = 1

export const ZipMethod = { Stored: 0, Deflate: 8 } as const

interface Directory {
  readonly offset: number
  readonly size: number
  readonly count: number
  /** Bytes before the archive proper (a self-extractor); entry offsets do not count them. */
  readonly prefix: number
}

/**
 * Lists the entries of a zip file in the order of its central directory.
 *
 * With `onUnsafe`, entries with unsafe paths are told to it and left out.
 *
 * @throws DetectorError `FORMAT_BAD_MAGIC` without an end record, `FORMAT_TRUNCATED`, `FORMAT_CORRUPT`,
 *   `SOURCE_UNSAFE`, `LIMIT_EXCEEDED`
 * @see PKWARE APPNOTE.TXT 6.3.10, 4.3
 */
export function readZip(source: ByteSource, limits: Limits = DEFAULT_LIMITS, onUnsafe?: OnUnsafe): ZipEntry[] {
  const cursor = new Cursor(source, true)
  const directory = findDirectory(cursor)
  cursor.need(directory.offset, directory.size)
  checkLimit(limits, 'archiveMembers', directory.count, { offset: directory.offset })
  const end = directory.offset + directory.size
  const entries: ZipEntry[] = []
  let at = directory.offset
  for (let i = 0; i < directory.count; i++) {
    if (at + CENTRAL_BYTES > end || cursor.u32(at) !== CENTRAL_SIGNATURE)
      throw new DetectorError(
        'FORMAT_CORRUPT',
        `entry ${i} of ${directory.count} at ${hex(at)} is no directory entry`,
        {
          locus: { offset: at },
        },
      )
    const nameBytes = cursor.u16(at + 28)
    const extraBytes = cursor.u16(at + 30)
    const length = CENTRAL_BYTES + nameBytes + extraBytes + cursor.u16(at + 32)
    const entry = readEntry(cursor, at, nameBytes, extraBytes, directory.prefix, onUnsafe)
    if (entry !== undefined) entries.push(entry)
    at += length
  }
  return entries
}

function findDirectory(cursor: Cursor): Directory {
  const end = findEnd(cursor)
  const count = cursor.u16(end + 10)
  const size = cursor.u32(end + 12)
  const offset = cursor.u32(end + 16)
  const locator = end - LOCATOR64_BYTES
  if (locator >= 0 && cursor.u32(locator) === LOCATOR64_SIGNATURE) return findDirectory64(cursor, locator)
  // The directory ends where the end record starts, whatever stands before the archive.
  const prefix = Math.max(0, end - size - offset)
  return { offset: offset + prefix, size, count, prefix }
}

function findDirectory64(cursor: Cursor, locator: number): Directory {
  const announced = cursor.u64(locator + 8)
  // Behind a self-extractor the offset is off by its size; the record then stands right before the locator.
  const at = announced + 56 <= cursor.size && cursor.u32(announced) === END64_SIGNATURE ? announced : locator - 56
  if (at < 0 || cursor.u32(at) !== END64_SIGNATURE)
    throw new DetectorError('FORMAT_CORRUPT', `no zip64 end record at ${hex(announced)}`, {
      locus: { offset: locator },
    })
  const size = cursor.u64(at + 40)
  const offset = cursor.u64(at + 48)
  const prefix = Math.max(0, at - size - offset)
  return { offset: offset + prefix, size, count: cursor.u64(at + 32), prefix }
}

function findEnd(cursor: Cursor): number {
  const lowest = Math.max(0, cursor.size - END_BYTES - MAX_COMMENT)
  if (cursor.size >= END_BYTES) {
    const tail = cursor.bytes(lowest, cursor.size - lowest)
    const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength)
    for (let i = tail.length - END_BYTES; i >= 0; i--)
      if (view.getUint32(i, true) === END_SIGNATURE && i + END_BYTES + view.getUint16(i + 20, true) <= tail.length)
        return lowest + i
  }
  throw new DetectorError('FORMAT_BAD_MAGIC', 'not a zip file: no end of central directory')
}

function readEntry(
  cursor: Cursor,
  at: number,
  nameBytes: number,
  extraBytes: number,
  prefix: number,
  onUnsafe: OnUnsafe | undefined,
): ZipEntry | undefined {
  const raw = pathText(cursor.bytes(at + CENTRAL_BYTES, nameBytes)).replaceAll('\\', '/')
  const path = onUnsafe === undefined ? memberPath(raw) : safePath(raw, onUnsafe)
  if (path === undefined || path === '') return undefined
  const fields = { size: cursor.u32(at + 24), compressedSize: cursor.u32(at + 20), offset: cursor.u32(at + 42) }
  const wide = readZip64(cursor, at + CENTRAL_BYTES + nameBytes, extraBytes, fields)
  return {
    path,
    type: raw.endsWith('/') ? 'directory' : 'file',
    ...wide,
    offset: wide.offset + prefix,
    method: cursor.u16(at + 10),
    encrypted: (cursor.u16(at + 8) & 1) !== 0,
  }
}

interface Sizes {
  size: number
  compressedSize: number
  offset: number
}

/** Fields that are all ones stand in the zip64 extra field, in this order and only then. */
function readZip64(cursor: Cursor, start: number, length: number, fields: Sizes): Sizes {
  const result = { ...fields }
  for (let at = start; at + 4 <= start + length; ) {
    const end = Math.min(at + 4 + cursor.u16(at + 2), start + length)
    if (cursor.u16(at) === EXTRA_ZIP64) {
      let field = at + 4
      for (const key of ['size', 'compressedSize', 'offset'] as const) {
        if (fields[key] !== 0xffffffff || field + 8 > end) continue
        result[key] = cursor.u64(field)
        field += 8
      }
    }
    at = end
  }
  return result
}

/**
 * Unpacks one entry into memory.
 *
 * @throws DetectorError `FORMAT_UNSUPPORTED` for encryption and methods other than stored and deflate,
 *   `FORMAT_CORRUPT` if the bytes do not unpack to the size announced, `FORMAT_TRUNCATED`, `LIMIT_EXCEEDED`
 */
export function readZipEntry(source: ByteSource, entry: ZipEntry, limits: Limits = DEFAULT_LIMITS): Uint8Array {
  const { path, offset, method, size, compressedSize } = entry
  if (entry.encrypted)
    throw new DetectorError('FORMAT_UNSUPPORTED', 'entry is encrypted: unpack it first', { locus: { path } })
  checkLimit(limits, 'unpackedBytes', size, { path })
  checkLimit(limits, 'unpackRatio', Math.floor(size / Math.max(1, compressedSize)), { path })
  const packed = source.read(zipEntryStart(source, entry), compressedSize)
  const bytes = method === ZipMethod.Stored ? packed : method === ZipMethod.Deflate ? inflate(packed, entry) : undefined
  if (bytes === undefined)
    throw new DetectorError(
      'FORMAT_UNSUPPORTED',
      `compression method ${method}, known are 0 and 8: repack the archive`,
      {
        locus: { path },
      },
    )
  if (bytes.length !== size)
    throw new DetectorError('FORMAT_CORRUPT', `entry unpacks to ${bytes.length} bytes, directory says ${size}`, {
      locus: { path, offset },
    })
  return bytes
}

/**
 * Where the bytes of an entry are stored, from the start of the file.
 *
 * @throws DetectorError `FORMAT_CORRUPT` without a local header
 */
export function zipEntryStart(source: ByteSource, { path, offset }: Pick<ZipEntry, 'path' | 'offset'>): number {
  if (offset + LOCAL_BYTES <= source.size) {
    const header = source.read(offset, LOCAL_BYTES)
    const view = new DataView(header.buffer, header.byteOffset, LOCAL_BYTES)
    if (view.getUint32(0, true) === LOCAL_SIGNATURE)
      return offset + LOCAL_BYTES + view.getUint16(26, true) + view.getUint16(28, true)
  }
  throw new DetectorError('FORMAT_CORRUPT', `no local header at ${hex(offset)}`, { locus: { path, offset } })
}

function inflate(packed: Uint8Array, { path, offset, size }: ZipEntry): Uint8Array {
  try {
    // zlib wants at least one byte of room; the size is compared afterwards.
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, size) })
  } catch (cause) {
    throw new DetectorError('FORMAT_CORRUPT', `entry does not inflate to ${size} bytes`, {
      locus: { path, offset },
      cause,
    })
  }
}
