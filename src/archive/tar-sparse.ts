import { checkLimit, type Limits } from '../bytes/limits.ts'
import { lowerBound } from '../bytes/search.ts'
import type { ByteSource } from '../bytes/source.ts'
import { DetectorError, hex } from '../errors.ts'
import { numberField, TAR_BLOCK } from './tar-header.ts'

/**
 * Where a sparse file's parts are listed: in its header and the blocks behind it (`gnu`, type `S`), in PAX records (`listed`,
 * versions 0.0 and 0.1), or in front of its data (`front`, version 1.0). What is not part of the list is a hole.
 *
 * @see GNU tar manual, "Storing Sparse Files"
 */
export type SparseForm = (
  | { readonly kind: 'gnu' /** Offset of the header. */; readonly header: number }
  | { readonly kind: 'listed'; readonly parts: string }
  | { readonly kind: 'front' }
) & {
  /** Bytes in the archive, with the list of version 1.0. */
  readonly storedSize: number
}

interface SparseFile {
  /** Of what is stored, in bytes of the archive. */
  readonly offset: number
  /** Bytes with all holes. */
  readonly size: number
  readonly form: SparseForm
}

/** Ascending and disjoint. */
interface Parts {
  /** Where each part ends in the file. */
  readonly ends: Float64Array
  readonly sizes: Float64Array
  /** Where its bytes are in the archive. */
  readonly stored: Float64Array
}

/** As those of files: nothing that is read whole comes near. */
const MAX_READ_BYTES = 2 ** 31 - 1

/** See `tarMemberSource`. */
export function sparseSource(archive: ByteSource, file: SparseFile, limits: Limits): ByteSource {
  checkLimit(limits, 'unpackedBytes', file.size, { offset: file.offset })
  const list = new PartList(file, limits)
  const { form } = file
  let data = file.offset
  if (form.kind === 'gnu') readBlocks(archive, form.header, list)
  else if (form.kind === 'listed') readRecords(form.parts, list)
  else data += readFront(archive, file, list)
  return new SparseSource(archive, file.size, list.finish(data))
}

/** Takes parts in order, checks them, and lays their data out one after the other. */
class PartList {
  readonly #file: SparseFile
  readonly #limits: Limits
  readonly #numbers: number[] = []
  #end = 0

  constructor(file: SparseFile, limits: Limits) {
    this.#file = file
    this.#limits = limits
  }

  add(start: number, size: number): void {
    const { offset } = this.#file
    if (!(start >= this.#end) || !(start + size <= this.#file.size))
      throw new DetectorError(
        'FORMAT_CORRUPT',
        `need parts of a sparse file of ${this.#file.size} bytes that ascend, have ${size} bytes at ${start} behind ${this.#end}`,
        { locus: { offset } },
      )
    this.#end = start + size
    // The last part is often empty and only tells the size of the file.
    if (size === 0) return
    this.#numbers.push(start, size)
    checkLimit(this.#limits, 'sparseParts', this.#numbers.length / 2, { offset })
  }

  /** `data` is where the bytes of the first part are stored. */
  finish(data: number): Parts {
    const count = this.#numbers.length / 2
    const parts = { ends: new Float64Array(count), sizes: new Float64Array(count), stored: new Float64Array(count) }
    let stored = data
    for (let i = 0; i < count; i++) {
      const [start = 0, size = 0] = this.#numbers.slice(2 * i, 2 * i + 2)
      parts.ends[i] = start + size
      parts.sizes[i] = size
      parts.stored[i] = stored
      stored += size
    }
    const { offset, form } = this.#file
    if (stored <= offset + form.storedSize) return parts
    throw new DetectorError(
      'FORMAT_TRUNCATED',
      `parts of a sparse file need ${stored - data} bytes at offset ${hex(data)}, have ${offset + form.storedSize - data}`,
      { locus: { offset: data } },
    )
  }
}

/** In the header, from which on there are four; in each block behind it there are 21. */
const HEADER_PARTS = { at: 386, count: 4, more: 482 }
const BLOCK_PARTS = { at: 0, count: 21, more: 504 }
const NUMBER_BYTES = 12

function readBlocks(archive: ByteSource, header: number, list: PartList): void {
  let layout = HEADER_PARTS
  for (let at = header; ; at += TAR_BLOCK) {
    const block = archive.read(at, TAR_BLOCK)
    for (let i = 0; i < layout.count; i++) {
      const field = layout.at + 2 * NUMBER_BYTES * i
      if (block[field] === 0) break
      const start = numberField(block, { at: field, bytes: NUMBER_BYTES }, at)
      list.add(start, numberField(block, { at: field + NUMBER_BYTES, bytes: NUMBER_BYTES }, at))
    }
    if (block[layout.more] === 0) return
    layout = BLOCK_PARTS
  }
}

function readRecords(parts: string, list: PartList): void {
  const numbers = parts === '' ? [] : parts.split(',')
  if (numbers.length % 2 !== 0 || !numbers.every((text) => /^\d{1,15}$/.test(text)))
    throw new DetectorError('FORMAT_CORRUPT', 'need pairs of numbers as the parts of a sparse file, have other text')
  for (let i = 0; i < numbers.length; i += 2) list.add(Number(numbers[i]), Number(numbers[i + 1]))
}

/** Lines of one number each, first how many parts there are, in whole blocks. Returns the bytes of these blocks. */
function readFront(archive: ByteSource, { offset, form }: SparseFile, list: PartList): number {
  let block: Uint8Array = new Uint8Array(0)
  let blocks = 0
  let at = 0

  function line(): number {
    let value = 0
    for (let digits = 0; digits <= 15; digits++) {
      if (at === block.length) {
        if ((blocks + 1) * TAR_BLOCK > form.storedSize) break
        block = archive.read(offset + blocks++ * TAR_BLOCK, TAR_BLOCK)
        at = 0
      }
      const digit = (block[at++] as number) - 0x30
      if (digit === 0x0a - 0x30 && digits > 0) return value
      if (digit < 0 || digit > 9) break
      value = 10 * value + digit
    }
    throw new DetectorError('FORMAT_CORRUPT', `list of the parts of a sparse file at ${hex(offset)} does not parse`, {
      locus: { offset },
    })
  }

  for (let left = line(); left > 0; left--) {
    const start = line()
    list.add(start, line())
  }
  return blocks * TAR_BLOCK
}

class SparseSource implements ByteSource {
  readonly #archive: ByteSource
  readonly #parts: Parts
  readonly size: number

  constructor(archive: ByteSource, size: number, parts: Parts) {
    this.#archive = archive
    this.#parts = parts
    this.size = size
  }

  read(offset: number, length: number): Uint8Array {
    this.#check(offset, length)
    const bytes = new Uint8Array(length)
    this.#fill(bytes, offset)
    return bytes
  }

  readInto(target: Uint8Array, offset: number): void {
    this.#check(offset, target.length)
    target.fill(0)
    this.#fill(target, offset)
  }

  close(): void {
    // Nothing is held open.
  }

  #check(offset: number, length: number): void {
    if (!(offset >= 0 && length >= 0 && offset + length <= this.size))
      throw new DetectorError(
        'FORMAT_TRUNCATED',
        `need ${length} bytes at offset ${hex(offset)}, have ${Math.max(0, Math.min(this.size - offset, length))}`,
        { locus: { offset } },
      )
    if (length > MAX_READ_BYTES)
      throw new DetectorError('LIMIT_EXCEEDED', `need ${length} bytes at once, can read ${MAX_READ_BYTES}`, {
        locus: { offset },
      })
  }

  /** Writes the parts that lie in the range between the zeros. */
  #fill(target: Uint8Array, offset: number): void {
    const { ends, sizes, stored } = this.#parts
    const stop = offset + target.length
    for (let i = lowerBound(ends, offset + 1); i < ends.length; i++) {
      const end = ends[i] as number
      const start = end - (sizes[i] as number)
      if (start >= stop) return
      const from = Math.max(start, offset)
      const part = target.subarray(from - offset, Math.min(end, stop) - offset)
      this.#archive.readInto(part, (stored[i] as number) + from - start)
    }
  }
}
