/** Bytes of the first buffer, and of the largest, unless more are asked for at once: each has twice those of the one before. */
const FIRST_BYTES = 1 << 14
const MOST_BYTES = 1 << 20

/**
 * Arrays of zeros for one identification, cut from a few large buffers. A file has thousands of units with some arrays each,
 * and the collector has to look after every buffer, however small it is.
 */
export class ArrayPool {
  #buffer = new ArrayBuffer(0)
  #at = 0
  #nextBytes = FIRST_BYTES

  int32(length: number): Int32Array {
    const at = this.#take(length * 4)
    return new Int32Array(this.#buffer, at, length).fill(0)
  }

  float64(length: number): Float64Array {
    const at = this.#take(length * 8)
    return new Float64Array(this.#buffer, at, length).fill(0)
  }

  /**
   * Runs `body` and takes back all arrays that it asked for, unless it returns something: then they are the caller's for good.
   */
  tentatively<T>(body: () => T | undefined): T | undefined {
    const [buffer, at] = [this.#buffer, this.#at]
    const value = body()
    // Arrays in a buffer that was opened meanwhile are at its start.
    if (value === undefined) this.#at = this.#buffer === buffer ? at : 0
    return value
  }

  #take(bytes: number): number {
    const aligned = Math.ceil(bytes / 8) * 8
    if (this.#at + aligned > this.#buffer.byteLength) {
      this.#buffer = new ArrayBuffer(Math.max(aligned, this.#nextBytes))
      this.#nextBytes = Math.min(2 * this.#nextBytes, MOST_BYTES)
      this.#at = 0
    }
    const at = this.#at
    this.#at += aligned
    return at
  }
}
