/**
 * Fingerprints of one kind as a struct of arrays, in no certain order. The columns may be views of the kernel's memory: they
 * are good until the kernel is called again, and are only read.
 */
export interface Batch {
  readonly count: number
  /** Upper halves of the hashes. */
  readonly high: Uint32Array
  /** Lower halves. */
  readonly low: Uint32Array
  /** Bytes from the start of the file. */
  readonly offsets: Float64Array
  /** Bytes in the file. */
  readonly lengths: Uint32Array
  readonly flags: Uint8Array
}

/** Bytes of one row of an output; `assembly/memory.ts` has the layout. */
export const ROW_BYTES = 21

/** The first `count` rows of an output of `capacity` rows at `at`, as views. */
export function rowsAt(buffer: ArrayBuffer, at: number, capacity: number, count: number): Batch {
  const words = at + 8 * capacity
  return {
    count,
    offsets: new Float64Array(buffer, at, count),
    high: new Uint32Array(buffer, words, count),
    low: new Uint32Array(buffer, words + 4 * capacity, count),
    lengths: new Uint32Array(buffer, words + 8 * capacity, count),
    flags: new Uint8Array(buffer, words + 12 * capacity, count),
  }
}
