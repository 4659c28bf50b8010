import { Kind } from '../print-set.ts'
import type { Batch } from './batch.ts'
import type { Kernel } from './kernel.ts'
import type { Prefilter } from './prefilter.ts'

/** Names that lie in one table. */
export interface NameRanges {
  readonly bytes: Uint8Array
  /** File offset of the first byte, as the fingerprints shall have it. */
  readonly offset: number
  readonly count: number
  /** Where each name starts in {@link bytes}, and its bytes; it must lie within them. In any order. */
  readonly starts: Uint32Array
  readonly lengths: Uint32Array
}

/** Bytes of the table looked at together: the part of a large table that is copied into the kernel at once. */
const WINDOW_BYTES = 1 << 22
/** Names of one call. */
const BATCH_NAMES = 1 << 14
const REQUEST_BYTES = 8

/**
 * Fingerprints names of symbols as `docs/fingerprints.md` has them: C++ names of the Itanium ABI as sources spell them,
 * others as they are. Decorated names of Windows are not for here.
 *
 * The prefilter, if any, must be loaded. Batches are views: copy what must stay.
 */
export function hashNames(
  kernel: Kernel,
  names: NameRanges,
  prefilter: Prefilter | undefined,
  sink: (batch: Batch) => void,
): void {
  const { order, ends } = byWindow(names)
  let from = 0
  for (const to of ends) {
    if (to > from) kernel.scope(() => hashWindow(kernel, names, order.subarray(from, to), prefilter, sink))
    from = to
  }
}

/** The names ordered by the window that they start in, and where each window's end there. */
function byWindow({ bytes, count, starts }: NameRanges): { order: Uint32Array; ends: Uint32Array } {
  const ends = new Uint32Array(Math.floor(bytes.length / WINDOW_BYTES) + 1)
  for (let i = 0; i < count; i++) ends[Math.floor(starts[i]! / WINDOW_BYTES)]!++
  for (let window = 1; window < ends.length; window++) ends[window]! += ends[window - 1]!
  const order = new Uint32Array(count)
  for (let i = count - 1; i >= 0; i--) order[--ends[Math.floor(starts[i]! / WINDOW_BYTES)]!] = i
  // Each has moved down to where its window starts.
  ends.copyWithin(0, 1)
  ends[ends.length - 1] = count
  return { order, ends }
}

// Loops stand in functions without callbacks: what the engine compiles for them then serves for all files.

/** Where the first of the names starts, and the end of the last. */
function spanOf(starts: Uint32Array, lengths: Uint32Array, names: Uint32Array): [number, number] {
  let first = Number.POSITIVE_INFINITY
  let end = 0
  for (let i = 0; i < names.length; i++) {
    const start = starts[names[i]!]!
    if (start < first) first = start
    if (start + lengths[names[i]!]! > end) end = start + lengths[names[i]!]!
  }
  return [first, end]
}

function writeRequests(
  words: Uint32Array,
  starts: Uint32Array,
  lengths: Uint32Array,
  names: Uint32Array,
  origin: number,
): void {
  for (let i = 0; i < names.length; i++) {
    words[2 * i] = starts[names[i]!]! - origin
    words[2 * i + 1] = lengths[names[i]!]!
  }
}

function hashWindow(
  kernel: Kernel,
  { bytes, offset, starts, lengths }: NameRanges,
  order: Uint32Array,
  prefilter: Prefilter | undefined,
  sink: (batch: Batch) => void,
): void {
  const [first, end] = spanOf(starts, lengths, order)
  const window = kernel.reserve(end - first)
  const capacity = Math.min(order.length, BATCH_NAMES)
  const requests = kernel.reserve(capacity * REQUEST_BYTES)
  const output = kernel.reserveRows(capacity)
  kernel.bytes(window, end - first).set(bytes.subarray(first, end))
  for (let done = 0; done < order.length; done += capacity) {
    const count = Math.min(capacity, order.length - done)
    const words = new Uint32Array(kernel.exports.memory.buffer, requests, 2 * count)
    writeRequests(words, starts, lengths, order.subarray(done, done + count), first)
    const rows = kernel.exports.names(window, requests, count, offset + first, output)
    const kept = kernel.retain(output, count, rows, prefilter, Kind.Symbol)
    if (kept > 0) sink(kernel.rows(output, count, kept))
  }
}
