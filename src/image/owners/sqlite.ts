import { latin1 } from '../../bytes/cursor.ts'
import { checkLimit, type Limits } from '../../bytes/limits.ts'
import type { ByteSource } from '../../bytes/source.ts'
import { DetectorError } from '../../errors.ts'

const MAGIC = 'SQLite format 3\0'
const HEADER_BYTES = 100
const LEAF = 0x0d
const INTERIOR = 0x05
/** Trees of 2^31 pages with two branches each come to 31. */
const MAX_DEPTH = 40

/** Reads rows of tables. Numbers are 8 bytes at most, texts are UTF-8. */
export type SqliteValue = number | string | Uint8Array | null

/** Tells an SQLite database by its first 16 bytes. */
export function isSqlite(source: ByteSource): boolean {
  return source.size >= HEADER_BYTES && latin1(source.read(0, MAGIC.length)) === MAGIC
}

/**
 * The rows of one table, in the order of their keys; none where there is no such table. The file is read page by page and never
 * written to; changes in a write-ahead log beside it are not seen.
 *
 * @throws DetectorError `FORMAT_CORRUPT` for pages that lead in a circle or cells that leave their page, `FORMAT_UNSUPPORTED`
 *   for texts in UTF-16, `LIMIT_EXCEEDED`
 * @see sqlite.org, "Database File Format"
 */
export function* sqliteRows(source: ByteSource, table: string, limits: Limits): Generator<readonly SqliteValue[]> {
  const file = new Pages(source, limits)
  const root = rootOf(file, table)
  if (root !== undefined) yield* rowsBelow(file, root)
}

/** The first page holds the table of tables: type, name, table, first page, text of its definition. */
function rootOf(file: Pages, table: string): number | undefined {
  for (const [type, name, , root] of rowsBelow(file, 1))
    if (type === 'table' && name === table && typeof root === 'number') return root
  return undefined
}

/** Walks a tree from left to right. Each page counts once in a file, so that trees of any form come to an end. */
function* rowsBelow(file: Pages, root: number): Generator<readonly SqliteValue[]> {
  // Nothing else leads to the table of tables.
  const seen = new Set<number>(root === 1 ? [] : [1])
  const trail: { page: Page; next: number }[] = []
  const descend = (number: number): void => {
    if (seen.has(number) || trail.length > MAX_DEPTH) throw corrupt(`page ${number} of a table leads in a circle`)
    seen.add(number)
    trail.push({ page: file.page(number), next: 0 })
  }
  descend(root)
  for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
    const { page } = top
    const index = top.next++
    if (index < page.cells) {
      const at = page.cell(index)
      if (page.isLeaf) yield file.row(page, at, seen)
      else descend(page.u32(at))
    } else if (index === page.cells && !page.isLeaf) descend(page.rightmost)
    else trail.pop()
  }
}

/** One page of a table's tree. */
class Page {
  readonly bytes: Uint8Array
  readonly number: number
  readonly isLeaf: boolean
  readonly cells: number
  readonly #view: DataView
  readonly #header: number

  constructor(bytes: Uint8Array, number: number) {
    this.bytes = bytes
    this.number = number
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#header = number === 1 ? HEADER_BYTES : 0
    const type = bytes[this.#header]
    if (type !== LEAF && type !== INTERIOR) throw corrupt(`page ${number} is of type ${type}, need one of a table`)
    this.isLeaf = type === LEAF
    this.cells = this.#view.getUint16(this.#header + 3)
    if (this.#pointers + 2 * this.cells > bytes.length) throw corrupt(`page ${number} says it has ${this.cells} cells`)
  }

  get #pointers(): number {
    return this.#header + (this.isLeaf ? 8 : 12)
  }

  get rightmost(): number {
    return this.#view.getUint32(this.#header + 8)
  }

  cell(index: number): number {
    return this.#view.getUint16(this.#pointers + 2 * index)
  }

  u32(at: number): number {
    if (at + 4 > this.bytes.length) throw corrupt(`cell at ${at} leaves page ${this.number}`)
    return this.#view.getUint32(at)
  }
}

class Pages {
  readonly #source: ByteSource
  readonly #limits: Limits
  readonly #pageBytes: number
  /** Bytes of a page that are in use; extensions may keep some at its end. */
  readonly #usable: number
  #rowBytes = 0

  constructor(source: ByteSource, limits: Limits) {
    this.#source = source
    this.#limits = limits
    if (!isSqlite(source)) throw new DetectorError('FORMAT_BAD_MAGIC', 'not an SQLite database')
    const header = source.read(0, HEADER_BYTES)
    const view = new DataView(header.buffer, header.byteOffset, HEADER_BYTES)
    const size = view.getUint16(16)
    this.#pageBytes = size === 1 ? 65_536 : size
    this.#usable = this.#pageBytes - view.getUint8(20)
    if (this.#pageBytes < 512 || (this.#pageBytes & (this.#pageBytes - 1)) !== 0 || this.#usable < 480)
      throw corrupt(`page size is ${size}, ${view.getUint8(20)} of them kept`)
    const encoding = view.getUint32(56)
    if (encoding > 1)
      throw new DetectorError(
        'FORMAT_UNSUPPORTED',
        `need texts of the SQLite database in UTF-8, have encoding ${encoding}`,
      )
  }

  page(number: number): Page {
    return new Page(this.#read(number), number)
  }

  /** The values of the row whose cell stands at `at`. */
  row(page: Page, at: number, seen: Set<number>): readonly SqliteValue[] {
    const size = new Varints(page.bytes, at)
    const length = size.next()
    // The key: values that are the key stand in the row as null.
    size.next()
    checkLimit(this.#limits, 'rpmHeaderBytes', length)
    // Any number of cells may lead to one row.
    this.#rowBytes += length
    if (this.#rowBytes > this.#source.size)
      throw corrupt(`rows overlap: ${this.#rowBytes} bytes in ${this.#source.size}`)
    return valuesOf(this.#payload(page, size.at, length, seen))
  }

  /** What fits stands in the page, the rest in a chain of pages. */
  #payload(page: Page, at: number, length: number, seen: Set<number>): Uint8Array {
    const local = this.#localBytes(length)
    if (at + local > this.#usable) throw corrupt(`cell at ${at} leaves page ${page.number}`)
    if (local === length) return page.bytes.subarray(at, at + length)
    const payload = new Uint8Array(length)
    payload.set(page.bytes.subarray(at, at + local))
    let next = page.u32(at + local)
    for (let done = local; done < length; ) {
      if (seen.has(next)) throw corrupt(`page ${next} of a row leads in a circle`)
      seen.add(next)
      const bytes = this.#read(next)
      const part = bytes.subarray(4, 4 + Math.min(this.#usable - 4, length - done))
      payload.set(part, done)
      done += part.length
      next = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0)
    }
    return payload
  }

  #localBytes(length: number): number {
    const most = this.#usable - 35
    if (length <= most) return length
    const least = Math.floor(((this.#usable - 12) * 32) / 255) - 23
    const fitting = least + ((length - least) % (this.#usable - 4))
    return fitting <= most ? fitting : least
  }

  #read(number: number): Uint8Array {
    if (number < 1 || number * this.#pageBytes > this.#source.size)
      throw corrupt(`page ${number} is none of ${Math.floor(this.#source.size / this.#pageBytes)}`)
    return this.#source.read((number - 1) * this.#pageBytes, this.#pageBytes)
  }
}

/** Numbers of one to nine bytes, most significant first. */
class Varints {
  readonly #bytes: Uint8Array
  at: number

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.at = at
  }

  next(): number {
    let value = 0
    for (let i = 0; i < 9; i++) {
      const byte = this.#bytes[this.at++]
      if (byte === undefined) throw corrupt('number runs past the end of its page or row')
      if (i === 8) return value * 256 + byte
      value = value * 128 + (byte & 0x7f)
      if (byte < 0x80) return value
    }
    return value
  }
}

/** A row: the types of its values behind their length in bytes, and then the values. */
function valuesOf(row: Uint8Array): readonly SqliteValue[] {
  const types = new Varints(row, 0)
  const end = types.next()
  const values: SqliteValue[] = []
  for (let at = end; types.at < end; ) {
    const type = types.next()
    const length = lengthOf(type)
    if (at + length > row.length) throw corrupt(`value of ${length} bytes at ${at} of a row of ${row.length}`)
    values.push(decoded(type, row.subarray(at, at + length)))
    at += length
  }
  return values
}

function lengthOf(type: number): number {
  if (type >= 12) return Math.floor((type - 12) / 2)
  return [0, 1, 2, 3, 4, 6, 8, 8, 0, 0][type] ?? 0
}

function decoded(type: number, bytes: Uint8Array): SqliteValue {
  if (type >= 12) return type % 2 === 0 ? bytes : Buffer.from(bytes).toString('utf8')
  if (type === 8 || type === 9) return type - 8
  if (type === 0 || type > 7) return null
  const buffer = Buffer.from(bytes)
  if (type === 7) return buffer.readDoubleBE(0)
  return type === 6 ? Number(buffer.readBigInt64BE(0)) : buffer.readIntBE(0, bytes.length)
}

function corrupt(what: string): DetectorError {
  return new DetectorError('FORMAT_CORRUPT', `SQLite database: ${what}`)
}
