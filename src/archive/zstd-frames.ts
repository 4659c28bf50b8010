import type { ByteSource } from '../bytes/source.ts'
import { DetectorError, hex } from '../errors.ts'

/** A frame of a zstd file, as it is stored. */
export interface ZstdFrame {
  /** Bytes from the start of the file. */
  readonly offset: number
  readonly size: number
  /** It holds no data: tools put their own into such frames. */
  readonly isSkippable: boolean
}

const MAGIC = 0xfd2fb528
const SKIPPABLE_MAGIC = 0x184d2a50
const BLOCK_HEADER_BYTES = 3
const CHECKSUM_BYTES = 4
const BlockType = { Rle: 1, Reserved: 3 } as const
/** By the flag of the dictionary's number, and by that of the content's size. */
const DICTIONARY_BYTES = [0, 1, 2, 4]
const CONTENT_SIZE_BYTES = [0, 2, 4, 8]

/**
 * The frames of a zstd file, one behind the other: Node's decoder takes one, and is silent about what comes after it. Layers of
 * container images have thousands, so that single files can be fetched (`zstd:chunked`).
 *
 * @throws DetectorError `FORMAT_TRUNCATED`, `FORMAT_CORRUPT`
 * @see RFC 8878, 3.1 "Frames"
 */
export function* zstdFrames(source: ByteSource): Generator<ZstdFrame> {
  const header = new HeaderReader(source)
  for (let offset = 0; offset < source.size; ) {
    const magic = header.number(offset, 4)
    const isSkippable = (magic & 0xffff_fff0) >>> 0 === SKIPPABLE_MAGIC
    if (!isSkippable && magic !== MAGIC)
      throw new DetectorError('FORMAT_CORRUPT', `need a zstd frame, have ${hex(magic)}`, { locus: { offset } })
    const size = isSkippable ? 8 + header.number(offset + 4, 4) : endOfBlocks(header, offset) - offset
    if (offset + size > source.size)
      throw new DetectorError('FORMAT_TRUNCATED', `need ${size} bytes of a zstd frame, have ${source.size - offset}`, {
        locus: { offset },
      })
    yield { offset, size, isSkippable }
    offset += size
  }
}

function endOfBlocks(header: HeaderReader, offset: number): number {
  const descriptor = header.number(offset + 4, 1)
  const isSingleSegment = (descriptor & 0x20) !== 0
  const dictionaryBytes = DICTIONARY_BYTES[descriptor & 3] ?? 0
  const contentSizeBytes = CONTENT_SIZE_BYTES[descriptor >> 6] || (isSingleSegment ? 1 : 0)
  let at = offset + 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes + contentSizeBytes
  for (let isLast = false; !isLast; ) {
    const block = header.number(at, BLOCK_HEADER_BYTES)
    const type = (block >> 1) & 3
    if (type === BlockType.Reserved)
      throw new DetectorError('FORMAT_CORRUPT', 'zstd block of a reserved type', { locus: { offset: at } })
    at += BLOCK_HEADER_BYTES + (type === BlockType.Rle ? 1 : block >> 3)
    isLast = (block & 1) !== 0
  }
  return (descriptor & 0x04) === 0 ? at : at + CHECKSUM_BYTES
}

/** Reads small numbers that stand far apart: nothing around them is read. */
class HeaderReader {
  readonly #source: ByteSource
  readonly #bytes = Buffer.alloc(4)

  constructor(source: ByteSource) {
    this.#source = source
  }

  number(offset: number, length: number): number {
    this.#source.readInto(this.#bytes.subarray(0, length), offset)
    return this.#bytes.readUIntLE(0, length)
  }
}
