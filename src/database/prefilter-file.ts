import { closeSync, fstatSync, openSync, readSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hash64, low32 } from '../bytes/hash.ts'
import type { Locus } from '../errors.ts'
import { damagedValue } from './records.ts'

/**
 * The prefilters of a compiled database, in a file of its own beside LevelDB's tables: every process that opens the database
 * needs all of them, and as values of LevelDB their bytes were copied five times on the way. They stand in the order of the
 * layout; checksums follow in the same order, one for each {@link CHUNK_BYTES} of a filter: the lower half of its xxh64,
 * little-endian.
 */
export const PREFILTERS = 'PREFILTERS'

/** Hashed at once: hashing copies into the memory of a WebAssembly module, which never shrinks. */
const CHUNK_BYTES = 1 << 18

const CHECKSUM_BYTES = 4

/** Writes the filters into the directory. */
export function writePrefilters(directory: string, filters: readonly Uint8Array[]): void {
  const file = openSync(join(directory, PREFILTERS), 'w', 0o600)
  try {
    for (const filter of filters) writeFileSync(file, filter)
    writeFileSync(file, Buffer.concat(filters.map(checksums)))
  } finally {
    closeSync(file)
  }
}

/**
 * The filters, by their sizes in bytes; views of one buffer.
 *
 * @throws DetectorError `STORE_CORRUPT` when the file is missing, has another size, or is damaged
 */
export function readPrefilters(directory: string, sizes: readonly number[], locus: Locus): Uint8Array[] {
  const lengths = [...sizes, ...sizes.map((size) => Math.ceil(size / CHUNK_BYTES) * CHECKSUM_BYTES)]
  const total = lengths.reduce((sum, length) => sum + length, 0)
  const bytes = readWhole(join(directory, PREFILTERS), total, locus)
  let end = 0
  const parts = lengths.map((length) => {
    end += length
    return bytes.subarray(end - length, end)
  })
  const filters = parts.slice(0, sizes.length)
  for (const [place, filter] of filters.entries())
    if (!checksums(filter).equals(parts[sizes.length + place]!))
      throw damagedValue('file of prefilters', 'has another checksum', locus)
  return filters
}

/** Of each chunk of a filter. */
function checksums(filter: Uint8Array): Buffer {
  const sums = Buffer.alloc(Math.ceil(filter.length / CHUNK_BYTES) * CHECKSUM_BYTES)
  for (let start = 0, at = 0; start < filter.length; start += CHUNK_BYTES)
    at = sums.writeUInt32LE(low32(hash64(filter.subarray(start, start + CHUNK_BYTES))), at)
  return sums
}

function readWhole(path: string, length: number, locus: Locus): Buffer {
  const what = 'file of prefilters'
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
    throw damagedValue(what, 'is missing', locus, cause)
  }
  try {
    const { size } = fstatSync(file)
    if (size !== length) throw damagedValue(what, `has ${size} bytes instead of ${length}`, locus)
    const bytes = Buffer.allocUnsafeSlow(length)
    let at = 0
    while (at < length) {
      const read = readSync(file, bytes, at, length - at, at)
      if (read === 0) throw damagedValue(what, `ends after ${at} bytes`, locus)
      at += read
    }
    return bytes
  } finally {
    closeSync(file)
  }
}
