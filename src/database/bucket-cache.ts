/** Memory that threads share: plain data for a message. */
export interface SharedBuckets {
  /** By bucket two numbers: one more than where its bytes begin, 0 while it is not kept, and their number. */
  readonly places: Int32Array
  /** The buckets one after the other, each from a multiple of {@link ALIGNMENT}. */
  readonly bytes: Uint8Array
  /** One number: where the next bucket goes. */
  readonly end: Int32Array
}

/** Bytes kept at most. The default database has some 85 MB of buckets; pages that nobody writes to are no memory. */
const CAPACITY = 128 << 20
/** Buckets are read as 32-bit numbers. */
const ALIGNMENT = 4

/**
 * Keeps buckets that were read and checked, for scans of many files: a small program asks for some fifty buckets of 30 KB, and the next
 * one for most of the same. Threads may share one; what one of them has read is there for all. Nothing is ever thrown out: when it is
 * full, other buckets are not kept.
 */
export class BucketCache {
  readonly shared: SharedBuckets

  /** `buckets` is the number of all that there are. Without `shared` the memory is new. */
  constructor(buckets: number, shared?: SharedBuckets) {
    this.shared = shared ?? {
      places: new Int32Array(new SharedArrayBuffer(2 * buckets * Int32Array.BYTES_PER_ELEMENT)),
      bytes: new Uint8Array(new SharedArrayBuffer(CAPACITY)),
      end: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)),
    }
  }

  /** A view of the bytes of a bucket; undefined where it is not kept. */
  get(bucket: number): Uint8Array | undefined {
    const { places, bytes } = this.shared
    const start = Atomics.load(places, 2 * bucket) - 1
    return start < 0 ? undefined : bytes.subarray(start, start + places[2 * bucket + 1]!)
  }

  /** Keeps a copy of the bytes. Two threads may do so at once: the first place is then forgotten. */
  put(bucket: number, value: Uint8Array): void {
    const { places, bytes, end } = this.shared
    const start = Atomics.add(end, 0, Math.ceil(value.length / ALIGNMENT) * ALIGNMENT)
    if (start + value.length > bytes.length) {
      // The number must not run over, however often this is asked.
      Atomics.store(end, 0, bytes.length)
      return
    }
    bytes.set(value, start)
    Atomics.store(places, 2 * bucket + 1, value.length)
    // Last, as the others look here first.
    Atomics.store(places, 2 * bucket, start + 1)
  }
}
