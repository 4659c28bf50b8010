import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkLimit, type Limits } from '../bytes/limits.ts'
import { type ByteSource, bytesSource, fileSource } from '../bytes/source.ts'
import { DetectorError, throwIfAborted } from '../errors.ts'

/** Up to this size unpacked bytes stay in memory: most source archives and package members are smaller. */
const MEMORY_BYTES = 64 * 1024 ** 2
/** Below this size no ratio is checked: a few hundred bytes of header would decide it. */
const RATIO_FREE_BYTES = 1024 ** 2
/** Only the user that scans may read what is unpacked. */
const FILE_MODE = 0o600

/** Who else looks at the bytes, and how many may stay in memory. */
export interface UnpackedOptions {
  readonly memoryBytes?: number
  readonly onPacked?: (bytes: Uint8Array) => void
  readonly onUnpacked?: (bytes: Uint8Array) => void
}

/**
 * Takes unpacked bytes in order and becomes a source: in memory while small, else in an anonymous temporary file.
 *
 * Checks `unpackedBytes` and `unpackRatio` at every write, so that a bomb stops while it unfolds.
 */
export class Unpacked {
  readonly #limits: Limits
  readonly #signal: AbortSignal | undefined
  #chunks: Buffer[] = []
  #written = 0
  #file: { readonly directory: string; readonly path: string; readonly handle: number } | undefined
  readonly #memoryBytes: number
  readonly #onPacked: UnpackedOptions['onPacked']
  readonly #onUnpacked: UnpackedOptions['onUnpacked']
  /** Packed bytes handed to the decoder so far. */
  #packedBytes = 0

  constructor(limits: Limits, signal: AbortSignal | undefined, options: UnpackedOptions = {}) {
    this.#limits = limits
    this.#signal = signal
    this.#memoryBytes = options.memoryBytes ?? MEMORY_BYTES
    this.#onPacked = options.onPacked
    this.#onUnpacked = options.onUnpacked
  }

  /** Counts packed bytes that the decoder gets. */
  take(packed: Uint8Array): void {
    this.#packedBytes += packed.length
    this.#onPacked?.(packed)
  }

  /** Appends a copy of the bytes. */
  write(bytes: Uint8Array): void {
    throwIfAborted(this.#signal)
    this.#written += bytes.length
    checkLimit(this.#limits, 'unpackedBytes', this.#written)
    if (this.#written > RATIO_FREE_BYTES)
      checkLimit(this.#limits, 'unpackRatio', Math.ceil(this.#written / Math.max(1, this.#packedBytes)))
    this.#onUnpacked?.(bytes)
    if (this.#file === undefined && this.#written <= this.#memoryBytes) {
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

  /** Frees everything after a failure. */
  discard(): void {
    this.#chunks = []
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
      throw new DetectorError('SOURCE_FAILED', `cannot write ${bytes.length} unpacked bytes to ${tmpdir()}`, { cause })
    }
  }
}

function createFile(): { directory: string; path: string; handle: number } {
  const directory = mkdtempSync(join(tmpdir(), 'binprint-'))
  const path = join(directory, 'unpacked')
  return { directory, path, handle: openSync(path, 'wx', FILE_MODE) }
}

function writeFully(handle: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done, bytes.length - done)
}

function removeDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true })
}
