import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { DetectorError, hex } from '../errors.ts'

/**
 * Untrusted bytes behind one door. Reads are synchronous and windowed: a file may be larger than any Buffer, and a
 * parser never holds more of it than the range it asked for.
 */
export interface ByteSource {
  /** Bytes in all. */
  readonly size: number
  /** Where the bytes lie one after the other in an open file; absent where they do not. */
  readonly stored?: StoredRange
  /**
   * Returns exactly `length` bytes at `offset`. The result is a view that no later read changes; callers must not
   * write to it.
   *
   * @throws DetectorError `FORMAT_TRUNCATED` if the range leaves the source, `LIMIT_EXCEEDED` for more than 2 GiB of a
   * file, `INPUT_UNREADABLE` if the system refuses
   */
  read(offset: number, length: number): Uint8Array
  /** Fills `target` with the bytes from `offset` on; fails as {@link read} does. For large stretches read once. */
  readInto(target: Uint8Array, offset: number): void
  /** Releases the file handle. Reading afterwards fails. */
  close(): void
}

/** A part of a file that this process has open: another thread can read it as well. */
export interface StoredRange {
  /** Descriptor of the file; good until the source is closed. */
  readonly handle: number
  /** Of the first byte, from the start of the file. */
  readonly start: number
}

/**
 * Size of the pages a file is read in: large enough that tables cost few reads, small enough that the texts of evidence,
 * which lie all over a file, do not read it once more.
 */
const PAGE_BYTES = 1 << 16
/** A file of this size or less is one page: everything of a program is read at some time, and each reading costs a call. */
const WHOLE_BYTES = 1 << 19
/** Pages kept, 16 MiB in all: a symbol table, its strings and the section being walked stay in memory together. */
const PAGES_KEPT = 256

/**
 * How often a file may be read page by page in sum, and what is free beside it. Tables that lead to and fro all over the
 * file, as a forged one may with every entry, then get what they ask for and not a page for each few bytes.
 */
const PAGED_TIMES = 4
const PAGED_FREE_BYTES = 64 * 1024 ** 2

/** No system call reads more, and older Nodes have no larger buffers; nothing that is read whole comes near. */
const MAX_READ_BYTES = 2 ** 31 - 1

/** A source over bytes already in memory. The array is not copied. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return new BytesSource(bytes)
}

/** A part of another source, seen as a source of its own (an archive member). Closing it does not close the parent. */
export function sliceSource(parent: ByteSource, start: number, size: number): ByteSource {
  checkRange(start, size, parent.size)
  return new SliceSource(parent, start, size)
}

/** The bytes of a file that stays open elsewhere, perhaps in another thread: closing the source does not close it. */
export function storedSource({ handle, start }: StoredRange, size: number): ByteSource {
  return sliceSource(new FileSource('an open file', handle, start + size, false), start, size)
}

/**
 * Opens a regular file. The size is taken once: a file that shrinks meanwhile ends in `FORMAT_TRUNCATED`.
 *
 * @throws DetectorError `INPUT_NOT_FOUND` or `INPUT_UNREADABLE`
 */
export function fileSource(path: string): ByteSource {
  const { handle, size } = openFile(path)
  return new FileSource(path, handle, size, true)
}

// Classes, and not objects with functions of their own: what the engine compiles for a function does not outlive it, and
// would be compiled anew for each file.

class BytesSource implements ByteSource {
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get size(): number {
    return this.#bytes.length
  }

  read(offset: number, length: number): Uint8Array {
    checkRange(offset, length, this.#bytes.length)
    return this.#bytes.subarray(offset, offset + length)
  }

  readInto(target: Uint8Array, offset: number): void {
    checkRange(offset, target.length, this.#bytes.length)
    target.set(this.#bytes.subarray(offset, offset + target.length))
  }

  close(): void {
    // Nothing is held open.
  }
}

class SliceSource implements ByteSource {
  readonly #parent: ByteSource
  readonly #start: number
  readonly size: number
  readonly stored?: StoredRange

  constructor(parent: ByteSource, start: number, size: number) {
    this.#parent = parent
    this.#start = start
    this.size = size
    const { stored } = parent
    if (stored !== undefined) this.stored = { handle: stored.handle, start: stored.start + start }
  }

  read(offset: number, length: number): Uint8Array {
    checkRange(offset, length, this.size)
    return this.#parent.read(this.#start + offset, length)
  }

  readInto(target: Uint8Array, offset: number): void {
    checkRange(offset, target.length, this.size)
    this.#parent.readInto(target, this.#start + offset)
  }

  close(): void {
    // Nothing is held open.
  }
}

class FileSource implements ByteSource {
  readonly size: number
  readonly #path: string
  readonly #handle: number
  /** By number, the one used last at the end. */
  readonly #pages = new Map<number, Uint8Array>()
  readonly stored: StoredRange
  #isOpen = true
  readonly #isOwner: boolean
  readonly #pageBytes: number
  /** Bytes that may still be read as pages. */
  #pageable: number

  constructor(path: string, handle: number, size: number, isOwner: boolean) {
    this.#path = path
    this.#handle = handle
    this.#isOwner = isOwner
    this.size = size
    this.stored = { handle, start: 0 }
    this.#pageBytes = size <= WHOLE_BYTES ? WHOLE_BYTES : PAGE_BYTES
    this.#pageable = PAGED_TIMES * size + PAGED_FREE_BYTES
  }

  read(offset: number, length: number): Uint8Array {
    this.#check(offset, length)
    if (length === 0) return new Uint8Array(0)
    const first = Math.floor(offset / this.#pageBytes)
    const last = Math.floor((offset + length - 1) / this.#pageBytes)
    if (last - first > 1) return this.#readExactly(offset, length)
    const within = offset - first * this.#pageBytes
    const head = this.#page(first)?.subarray(within)
    if (first === last) return head?.subarray(0, length) ?? this.#readExactly(offset, length)
    const tail = this.#page(last)
    if (head === undefined || tail === undefined) return this.#readExactly(offset, length)
    const bytes = new Uint8Array(length)
    bytes.set(head)
    bytes.set(tail.subarray(0, length - head.length), head.length)
    return bytes
  }

  readInto(target: Uint8Array, offset: number): void {
    this.#check(offset, target.length)
    const whole = this.size <= WHOLE_BYTES ? this.#pages.get(0) : undefined
    if (whole === undefined) this.#fill(target, offset)
    else target.set(whole.subarray(offset, offset + target.length))
  }

  close(): void {
    if (this.#isOpen && this.#isOwner) closeSync(this.#handle)
    this.#isOpen = false
    this.#pages.clear()
  }

  #check(offset: number, length: number): void {
    if (!this.#isOpen) throw new TypeError(`read of ${this.#path} after close`)
    checkRange(offset, length, this.size)
  }

  /** Undefined where the page is not there, and pages are read no more. */
  #page(index: number): Uint8Array | undefined {
    const kept = this.#pages.get(index)
    if (kept !== undefined) {
      this.#pages.delete(index)
      this.#pages.set(index, kept)
      return kept
    }
    this.#pageable -= this.#pageBytes
    if (this.#pageable < 0) return undefined
    const start = index * this.#pageBytes
    const fresh = this.#readExactly(start, Math.min(this.#pageBytes, this.size - start))
    this.#pages.set(index, fresh)
    if (this.#pages.size > PAGES_KEPT) this.#pages.delete(this.#pages.keys().next().value as number)
    return fresh
  }

  #readExactly(offset: number, length: number): Uint8Array {
    if (length > MAX_READ_BYTES)
      throw new DetectorError('LIMIT_EXCEEDED', `need ${length} bytes at once, can read ${MAX_READ_BYTES}`, {
        locus: { path: this.#path, offset },
      })
    // Not cleared first: what cannot be filled is never returned.
    const bytes = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer)
    this.#fill(bytes, offset)
    return bytes
  }

  #fill(bytes: Uint8Array, offset: number): void {
    let done = 0
    while (done < bytes.length) {
      const got = readSome(this.#path, this.#handle, bytes, done, offset + done)
      if (got === 0) throw truncated(offset, bytes.length, offset + done)
      done += got
    }
  }
}

function openFile(path: string): { handle: number; size: number } {
  const handle = openHandle(path)
  const stats = fstatSync(handle)
  if (stats.isFile()) return { handle, size: stats.size }
  closeSync(handle)
  throw new DetectorError('INPUT_UNREADABLE', `not a regular file: ${path}`, { locus: { path } })
}

function openHandle(path: string): number {
  try {
    // Without O_NONBLOCK, opening a pipe that nobody writes to never ends. Windows does not have it.
    return openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    const code = missing ? 'INPUT_NOT_FOUND' : 'INPUT_UNREADABLE'
    throw new DetectorError(code, missing ? `no such file: ${path}` : `cannot open ${path}`, { locus: { path }, cause })
  }
}

/** Reads into `bytes` from `done` on; returns how many bytes came. */
function readSome(path: string, handle: number, bytes: Uint8Array, done: number, offset: number): number {
  try {
    return readSync(handle, bytes, done, bytes.length - done, offset)
  } catch (cause) {
    throw new DetectorError('INPUT_UNREADABLE', `cannot read ${path}`, { locus: { path, offset }, cause })
  }
}

function checkRange(offset: number, length: number, size: number): void {
  if (
    Number.isSafeInteger(offset) &&
    Number.isSafeInteger(length) &&
    offset >= 0 &&
    length >= 0 &&
    offset + length <= size
  )
    return
  throw truncated(offset, length, size)
}

function truncated(offset: number, length: number, size: number): DetectorError {
  const have = Math.max(0, Math.min(size - offset, length))
  return new DetectorError(
    'FORMAT_TRUNCATED',
    `need ${length} bytes at offset ${hex(offset)}, have ${Number.isNaN(have) ? 0 : have}`,
    { locus: { offset } },
  )
}
