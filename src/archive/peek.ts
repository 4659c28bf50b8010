import { constants, gunzipSync, inflateRawSync } from 'node:zlib'
import { Decompress as ZstdDecoder } from 'fzstd'
import type { ByteSource } from '../bytes/source.ts'
import { DetectorError } from '../errors.ts'
import { checkZstdWindow } from './decompress.ts'

/**
 * Packed bytes tried one after the other. The first are enough for most files, the second for the tables of deflate and 512
 * bytes that do not pack, the third for the longest extra field of gzip and for blocks of zstd; and who needs more hides something.
 */
const PACKED_BYTES = [512, 2048, 160 * 1024, 1024 ** 2]
/** What so few packed bytes may unfold to: deflate cannot reach more than 1,032 times of the first three. */
const MAX_UNPACKED = 192 * 1024 ** 2

/**
 * The first bytes that a packed stream unpacks to: at least `bytes`, or all if there are fewer, or whatever the first MiB of
 * the stream has. For telling what is inside; nothing is checked behind them.
 *
 * @throws DetectorError `FORMAT_CORRUPT`, `FORMAT_UNSUPPORTED`
 */
export function peekInto(packed: ByteSource, format: 'gzip' | 'deflate' | 'zstd', bytes: number): Uint8Array {
  let unpacked: Uint8Array = new Uint8Array(0)
  for (const limit of PACKED_BYTES) {
    const part = packed.read(0, Math.min(limit, packed.size))
    unpacked = unpackStart(packed, part, format, bytes)
    if (unpacked.length >= bytes || part.length === packed.size) break
  }
  return unpacked
}

function unpackStart(packed: ByteSource, part: Uint8Array, format: string, bytes: number): Uint8Array {
  // Without this flush, input that ends early is an error.
  const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_UNPACKED, chunkSize: 4096 }
  try {
    if (format === 'zstd') return startOfZstd(packed, part, bytes)
    return format === 'gzip' ? gunzipSync(part, options) : inflateRawSync(part, options)
  } catch (cause) {
    if (cause instanceof DetectorError) throw cause
    const { message } = cause as Error
    throw new DetectorError('FORMAT_CORRUPT', `start of ${format} does not unpack: ${message}`, { cause })
  }
}

function startOfZstd(packed: ByteSource, part: Uint8Array, bytes: number): Uint8Array {
  checkZstdWindow(packed)
  const chunks: Uint8Array[] = []
  let length = 0
  const enough = new Error('enough bytes')
  // The decoder writes block by block, and goes on to the end of its input unless it is stopped.
  const decoder = new ZstdDecoder((chunk) => {
    chunks.push(chunk.slice())
    length += chunk.length
    if (length >= bytes) throw enough
  })
  try {
    decoder.push(part)
  } catch (error) {
    if (error !== enough) throw error
  }
  return Buffer.concat(chunks)
}
