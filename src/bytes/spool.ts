import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DetectorError } from '../errors.ts'
import { type ByteSource, bytesSource, fileSource } from './source.ts'

/** Only the user that scans may read what is spooled. */
const FILE_MODE = 0o600

/** Takes bytes in order and becomes a source: in memory while small, else in an anonymous temporary file. */
export class Spool {
  readonly #memoryBytes: number
  #chunks: Buffer[] = []
  #size = 0
  #file: { readonly directory: string; readonly path: string; readonly handle: number } | undefined

  /** Up to `memoryBytes` stay in memory. */
  constructor(memoryBytes: number) {
    this.#memoryBytes = memoryBytes
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#size
  }

  /**
   * Appends a copy of the bytes.
   *
   * @throws DetectorError `SOURCE_FAILED` when the temporary file cannot be written
   */
  write(bytes: Uint8Array): void {
    this.#size += bytes.length
    if (this.#file === undefined && this.#size <= this.#memoryBytes) {
      this.#chunks.push(Buffer.from(bytes))
      return
    }
    this.#writeToFile(bytes)
  }

  /** What was written, as a source. Closing it frees the memory or the file. */
  toSource(): ByteSource {
    if (this.#file === undefined) {
      const bytes = Buffer.concat(this.#chunks)
      this.#chunks = []
      return bytesSource(bytes)
    }
    const { directory, path, handle } = this.#file
    closeSync(handle)
    this.#file = undefined
    const source = fileSource(path)
    // With its name gone the file vanishes with the process, however that ends. Windows keeps names of open files.
    if (process.platform !== 'win32') removeDirectory(directory)
    return {
      size: source.size,
      ...(source.stored === undefined ? {} : { stored: source.stored }),
      read: (offset, length) => source.read(offset, length),
      readInto: (target, offset) => source.readInto(target, offset),
      close() {
        source.close()
        removeDirectory(directory)
      },
    }
  }

  /** Frees everything: after a failure, or to start anew. */
  discard(): void {
    this.#chunks = []
    this.#size = 0
    if (this.#file === undefined) return
    closeSync(this.#file.handle)
    removeDirectory(this.#file.directory)
    this.#file = undefined
  }

  #writeToFile(bytes: Uint8Array): void {
    try {
      this.#file ??= createFile()
      for (const chunk of this.#chunks) writeFully(this.#file.handle, chunk)
      this.#chunks = []
      writeFully(this.#file.handle, bytes)
    } catch (cause) {
      throw new DetectorError('SOURCE_FAILED', `cannot write ${bytes.length} bytes to ${tmpdir()}`, { cause })
    }
  }
}

function createFile(): { directory: string; path: string; handle: number } {
  const directory = mkdtempSync(join(tmpdir(), 'binprint-'))
  const path = join(directory, 'spooled')
  return { directory, path, handle: openSync(path, 'wx', FILE_MODE) }
}

function writeFully(handle: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done, bytes.length - done)
}

function removeDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true })
}
