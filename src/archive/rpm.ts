import { Cursor } from '../bytes/cursor.ts'
import { checkLimit, type Limits } from '../bytes/limits.ts'
import { type ByteSource, sliceSource } from '../bytes/source.ts'
import { DetectorError, hex } from '../errors.ts'
import { type Container, type Opening, ProblemList } from './container-member.ts'
import { type IndexedFile, isCpio, readCpio } from './cpio.ts'
import { cpioMembers } from './cpio-container.ts'
import { decompressToSource } from './decompress.ts'
import { type RpmFile, RpmHeader, RpmTag, rpmFiles, rpmHeaderBytes } from './rpm-header.ts'

const LEAD_MAGIC = 0xedabeedb
const LEAD_BYTES = 96
const HEADER_MAGIC = 0x8eade801
/** Magic and four reserved bytes in front of a header's counts. */
const MAGIC_BYTES = 8

const TYPE_MASK = 0o170000
const REGULAR = 0o100000

/** Tells an RPM package by its first four bytes. */
export function isRpm(head: Uint8Array): boolean {
  return head.length >= 4 && new DataView(head.buffer, head.byteOffset, 4).getUint32(0) === LEAD_MAGIC
}

/**
 * Opens an RPM package, binary or source: its files, packed with gzip, xz, zstd, bzip2 or not at all.
 *
 * @throws DetectorError `FORMAT_UNSUPPORTED` for lzma and delta packages, `FORMAT_CORRUPT`, and what `decompressToSource` throws
 * @see rpm.org, "RPM V4 Package format"
 */
export async function openRpm(source: ByteSource, opening: Opening): Promise<Container> {
  const { limits, budget, signal } = opening
  const cursor = new Cursor(source, false)
  const signature = headerAt(cursor, LEAD_BYTES, limits)
  // The signature is padded, so that the header starts at a multiple of eight.
  const main = headerAt(cursor, Math.ceil(signature.end / 8) * 8, limits)
  const header = new RpmHeader(source.read(main.start, main.end - main.start))
  checkPayload(header)
  const packed = sliceSource(source, main.end, source.size - main.end)
  const payload = (await decompressToSource(packed, budget.rest(), signal)).source
  const close = (): void => payload.close()
  try {
    if (payload !== packed) budget.take(payload.size)
    if (payload.size > 0 && !isCpio(payload.read(0, Math.min(6, payload.size)))) throw notCpio(header, main.end)
    const problems = new ProblemList()
    const fileAt = indexedFiles(header, limits)
    const members = () => {
      if (payload.size === 0) return []
      const onUnsafe = (path: string, error: DetectorError): void => problems.add(path, error)
      return cpioMembers(payload, readCpio(payload, { limits, onUnsafe, fileAt }))
    }
    return { kind: 'rpm', members, problems: problems.list, close }
  } catch (error) {
    close()
    throw error
  }
}

/** Where a header's counts stand, and where the header ends. */
function headerAt(cursor: Cursor, at: number, limits: Limits): { start: number; end: number } {
  if (cursor.u32(at) !== HEADER_MAGIC)
    throw new DetectorError('FORMAT_CORRUPT', `no header of an RPM package at ${hex(at)}`, { locus: { offset: at } })
  const start = at + MAGIC_BYTES
  const bytes = rpmHeaderBytes(cursor.u32(start), cursor.u32(start + 4))
  checkLimit(limits, 'rpmHeaderBytes', bytes, { offset: at })
  cursor.need(start, bytes)
  return { start, end: start + bytes }
}

function checkPayload(header: RpmHeader): void {
  const format = header.text(RpmTag.PayloadFormat) ?? 'cpio'
  if (format !== 'cpio')
    throw new DetectorError(
      'FORMAT_UNSUPPORTED',
      `payload of the RPM package is ${format}, need cpio: rebuild it whole`,
    )
  if (header.text(RpmTag.PayloadCompressor) === 'lzma')
    throw new DetectorError('FORMAT_UNSUPPORTED', 'RPM package packed with lzma: unpack it first with rpm2cpio')
}

function notCpio(header: RpmHeader, at: number): DetectorError {
  const compressor = header.text(RpmTag.PayloadCompressor) ?? 'nothing'
  return new DetectorError('FORMAT_CORRUPT', `need a cpio archive packed with ${compressor} at ${hex(at)}`, {
    locus: { offset: at },
  })
}

/** The files by number, for archives whose own headers are short; listed when first asked for. */
function indexedFiles(header: RpmHeader, limits: Limits): (index: number) => IndexedFile | undefined {
  let files: readonly RpmFile[] | undefined
  let last: ReadonlyMap<string, number>
  return (index) => {
    if (files === undefined) {
      files = rpmFiles(header, limits)
      last = new Map(files.map(({ identity }, i) => [identity, i]))
    }
    const file = files[index]
    if (file === undefined) return undefined
    // Of several names of one file the last one has its bytes.
    const isEmpty = (file.mode & TYPE_MASK) === REGULAR && last.get(file.identity) !== index
    return { path: relative(file.path), mode: file.mode, size: isEmpty ? 0 : sizeInArchive(file) }
  }
}

function sizeInArchive({ mode, size }: RpmFile): number {
  const type = mode & TYPE_MASK
  return type === REGULAR || type === 0o120000 ? size : 0
}

function relative(path: string): string {
  return path.replace(/^\/+/, '')
}
