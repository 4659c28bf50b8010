import { Cursor } from '../../bytes/cursor.ts'
import { checkLimit, type Limits } from '../../bytes/limits.ts'
import type { ByteSource } from '../../bytes/source.ts'
import { DetectorError, hex } from '../../errors.ts'

/** `RpmP`, `Slot`, `BlbS` and `BlbE`. */
const MAGIC = 0x506d7052
const SLOT_MAGIC = 0x746f6c53
const BLOB_START = 0x53626c42
const BLOB_END = 0x45626c42
const VERSION_AT = 4
const SLOT_PAGES_AT = 12
const HEADER_BYTES = 32
const SLOT_BYTES = 16
const PAGE_BYTES = 4096
/** Blobs are placed, and measured, in blocks. */
const BLOCK_BYTES = 16
const BLOB_HEAD_BYTES = 16
const BLOB_TAIL_BYTES = 12

/** Tells rpm's own database format (`Packages.db`) by its magic. */
export function isNdb(source: ByteSource): boolean {
  return source.size >= HEADER_BYTES && new Cursor(source, true).u32(0) === MAGIC
}

/**
 * The headers of the packages of an `ndb` database of rpm, in the order of its slots.
 *
 * @throws DetectorError `FORMAT_BAD_MAGIC`, `FORMAT_UNSUPPORTED` for another version, `FORMAT_CORRUPT`, `FORMAT_TRUNCATED`,
 *   `LIMIT_EXCEEDED`
 * @see rpm's source, lib/backend/ndb/rpmpkg.c
 */
export function* ndbBlobs(source: ByteSource, limits: Limits): Generator<Uint8Array> {
  if (!isNdb(source)) throw new DetectorError('FORMAT_BAD_MAGIC', 'not a database of rpm: need RpmP at its start')
  const cursor = new Cursor(source, true)
  const version = cursor.u32(VERSION_AT)
  if (version !== 0)
    throw new DetectorError('FORMAT_UNSUPPORTED', `need version 0 of rpm's ndb format, have ${version}`)
  const end = cursor.u32(SLOT_PAGES_AT) * PAGE_BYTES
  cursor.need(0, end)
  // Slots may all lead to one blob; packages that are there once do not take more bytes than the file has.
  let total = 0
  for (let at = HEADER_BYTES; at < end; at += SLOT_BYTES) {
    if (cursor.u32(at) !== SLOT_MAGIC)
      throw new DetectorError('FORMAT_CORRUPT', `no slot at ${hex(at)} of rpm's database`, { locus: { offset: at } })
    const index = cursor.u32(at + 4)
    const block = cursor.u32(at + 8)
    if (index === 0 || block === 0) continue
    const blob = blobAt(cursor, index, block * BLOCK_BYTES, limits)
    total += blob.length
    if (total > source.size)
      throw new DetectorError('FORMAT_CORRUPT', `blobs of rpm's database overlap: ${total} bytes in ${source.size}`)
    yield blob
  }
}

function blobAt(cursor: Cursor, index: number, at: number, limits: Limits): Uint8Array {
  const length = cursor.u32(at + 12)
  checkLimit(limits, 'rpmHeaderBytes', length, { offset: at })
  const tail =
    at + Math.ceil((BLOB_HEAD_BYTES + length + BLOB_TAIL_BYTES) / BLOCK_BYTES) * BLOCK_BYTES - BLOB_TAIL_BYTES
  if (cursor.u32(at) !== BLOB_START || cursor.u32(at + 4) !== index || cursor.u32(tail + 8) !== BLOB_END)
    throw new DetectorError('FORMAT_CORRUPT', `no package ${index} at ${hex(at)} of rpm's database`, {
      locus: { offset: at },
    })
  return cursor.bytes(at + BLOB_HEAD_BYTES, length)
}
