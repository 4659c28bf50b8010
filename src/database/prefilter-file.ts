import { closeSync, fstatSync, openSync, readSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hash64, low32 } from '../bytes/hash.ts'
import type { Locus } from '../errors.ts'
import { damagedValue } from './records.ts'

/**
 * The prefilters of a compiled database, in a file of its own beside LevelDB's tables: every process that scans needs
 * all of them, and as values of LevelDB their bytes would be copied five times on the way. They stand in the order of the
 * layout; checksums follow in the same order, one for each {@link CHUNK_BYTES} of a filter: the lower half of its xxh64,
 * little-endian.
 */
export const PREFILTERS = 'PREFILTERS'

/** Hashed at once: hashing copies into the memory of a WebAssembly module, which never shrinks. */
const CHUNK_BYTES = 1 << 18

const CHECKSUM_BYTES = 4

/** Writes the filters into the directory. */
export function writePrefilters(directory: string, filters: readonly Uint8Array[]): void {
  const file = openSync(join(directory, PREFILTERS), 'w')
  try {
    for (const filter of filters) writeFileSync(file, filter)
    writeFileSync(file, Buffer.concat(filters.map(checksums)))
  } finally {
    closeSync(file)
  }
}

/**
 * The file of an open database. Its size is checked at once, its content when a filter is first asked for: a process that
 * opens a database and scans nothing has no use for some megabytes.
 */
export class PrefilterFile {
  readonly #locus: Locus
  /** By filter, then its checksums. */
  readonly #lengths: readonly number[]
  readonly #filters: number
  #file: number | undefined
  #read: readonly Uint8Array[] | undefined

  /**
   * `sizes` are those of the filters, in bytes.
   *
   * @throws DetectorError `STORE_CORRUPT` when the file is missing or has another size
   */
  constructor(directory: string, sizes: readonly number[], locus: Locus) {
    this.#locus = locus
    this.#filters = sizes.length
    this.#lengths = [...sizes, ...sizes.map((size) => Math.ceil(size / CHUNK_BYTES) * CHECKSUM_BYTES)]
    this.#file = openPrefilters(join(directory, PREFILTERS), locus)
    const { size } = fstatSync(this.#file)
    const expected = sum(this.#lengths)
    if (size === expected) return
    this.close()
    throw damagedValue(WHAT, `has ${size} bytes instead of ${expected}`, locus)
  }

  /**
   * All filters, in the order of their sizes: views of one buffer, the same ones at each call. Once they were read the file
   * is not needed any more.
   *
   * @throws DetectorError `STORE_CORRUPT` when they are damaged
   */
  filters(): readonly Uint8Array[] {
    this.#read ??= this.#readFilters()
    return this.#read
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }

  #readFilters(): Uint8Array[] {
    if (this.#file === undefined) throw new TypeError(`read of database ${this.#locus.path} after close`)
    const bytes = this.#readWhole(this.#file)
    let end = 0
    const parts = this.#lengths.map((length) => {
      end += length
      return bytes.subarray(end - length, end)
    })
    const filters = parts.slice(0, this.#filters)
    for (const [place, filter] of filters.entries())
      if (!checksums(filter).equals(parts[this.#filters + place]!))
        throw damagedValue(WHAT, 'has another checksum', this.#locus)
    this.close()
    return filters
  }

  #readWhole(file: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(sum(this.#lengths))
    for (let at = 0; at < bytes.length; ) {
      const read = readSync(file, bytes, at, bytes.length - at, at)
      if (read === 0) throw damagedValue(WHAT, `ends after ${at} bytes`, this.#locus)
      at += read
    }
    return bytes
  }
}

const WHAT = 'file of prefilters'

function openPrefilters(path: string, locus: Locus): number {
  try {
    return openSync(path, 'r')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
    throw damagedValue(WHAT, 'is missing', locus, cause)
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

/** Of each chunk of a filter. */
function checksums(filter: Uint8Array): Buffer {
  const sums = Buffer.alloc(Math.ceil(filter.length / CHUNK_BYTES) * CHECKSUM_BYTES)
  for (let start = 0, at = 0; start < filter.length; start += CHUNK_BYTES)
    at = sums.writeUInt32LE(low32(hash64(filter.subarray(start, start + CHUNK_BYTES))), at)
  return sums
}
