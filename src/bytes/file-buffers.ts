import { type ByteSource, bytesSource, sliceSource } from './source.ts'

/** Larger files are read piece by piece. Few programs are: those of a Debian system have 100 KB in the middle. */
const MOST_BYTES = 4 * 1024 ** 2

/**
 * Reads small files in one go, into memory that the next one uses again: a file that is analysed is read as a whole anyway, and some
 * of it many times, and memory of its own for each would have to be got, and looked after by the collector.
 */
export class FileBuffers {
  readonly #free: Uint8Array[] = []

  /**
   * The same bytes, read at the first use where they are few. What was read must not be used after the source is closed; the given
   * one then stays open.
   */
  open(source: ByteSource): ByteSource {
    const { size } = source
    return size <= MOST_BYTES ? new BufferedSource(source, this.#free) : sliceSource(source, 0, size)
  }
}

/** What is read of a source that was closed. */
const NOTHING = bytesSource(new Uint8Array(0))

class BufferedSource implements ByteSource {
  readonly #source: ByteSource
  readonly #free: Uint8Array[]
  #buffer: Uint8Array | undefined
  #bytes: ByteSource | undefined

  constructor(source: ByteSource, free: Uint8Array[]) {
    this.#source = source
    this.#free = free
  }

  get size(): number {
    return this.#source.size
  }

  read(offset: number, length: number): Uint8Array {
    return this.#whole().read(offset, length)
  }

  readInto(target: Uint8Array, offset: number): void {
    this.#whole().readInto(target, offset)
  }

  close(): void {
    if (this.#buffer !== undefined) this.#free.push(this.#buffer)
    this.#buffer = undefined
    this.#bytes = NOTHING
  }

  #whole(): ByteSource {
    if (this.#bytes === undefined) {
      // Pages that no file reaches are no memory.
      const buffer = this.#free.pop() ?? new Uint8Array(Buffer.allocUnsafeSlow(MOST_BYTES).buffer)
      this.#buffer = buffer
      const bytes = buffer.subarray(0, this.#source.size)
      this.#source.readInto(bytes, 0)
      this.#bytes = bytesSource(bytes)
    }
    return this.#bytes
  }
}
