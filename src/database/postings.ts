import { VarintReader, VarintWriter } from '../bytes/varint.ts'
import { DetectorError } from '../errors.ts'

/**
 * All features of one kind in a database, as a struct of arrays. Hashes ascend strictly (high, then low). The postings of
 * feature `i` are `starts[i] … starts[i + 1]`, ordered by component.
 */
export interface KindFeatures {
  /** 1 to 255. */
  readonly kind: number
  readonly high: Uint32Array
  readonly low: Uint32Array
  /** One longer than `high`. */
  readonly starts: Uint32Array
  /** Per posting: index into the manifest's components. */
  readonly component: ArrayLike<number>
  /** Per posting: unit of the component. */
  readonly unit: ArrayLike<number>
  /** Per posting: interval set of the component; for templates the index of the template. */
  readonly set: ArrayLike<number>
  /** Per posting, for functions only: one more than the index of its name in the component's names, 0 for none. */
  readonly name?: ArrayLike<number>
  /** Per feature: families that hold it in a unit that is not vendored. Stored up to 255. */
  readonly families: ArrayLike<number>
  /** Per feature: components that hold it. Stored up to 255. */
  readonly components: ArrayLike<number>
}

/** Where a posting is, as {@link BucketReader.find} reports it. */
export type PostingVisitor = (
  component: number,
  unit: number,
  set: number,
  families: number,
  components: number,
) => void

/** u32 number of features, u32 bytes of their heads. */
const HEADER_BYTES = 8
/** Both halves of a hash, little-endian. */
const HASH_BYTES = 8
/** Families and components stand in one byte each. */
const CAP = 255

/**
 * The value of one bucket: header; hashes, so that they can be searched; a head per feature, namely families, components
 * and the number of bytes of its postings; the postings as varints: difference of the component from the one before,
 * unit, set.
 *
 * @throws TypeError when postings are not ordered by component
 */
export function packBucket(features: KindFeatures, from: number, to: number): Uint8Array {
  const hashes = Buffer.allocUnsafe((to - from) * HASH_BYTES)
  const heads = new VarintWriter()
  const postings = new VarintWriter()
  const counts = new Uint8Array(2)
  for (let i = from, at = 0; i < to; i++, at += HASH_BYTES) {
    hashes.writeUInt32LE(features.high[i]!, at)
    hashes.writeUInt32LE(features.low[i]!, at + 4)
    const before = postings.length
    let component = 0
    for (let p = features.starts[i]!; p < features.starts[i + 1]!; p++) {
      if (features.component[p]! < component)
        throw new TypeError(`features: postings of feature ${i} are not ordered by component`)
      postings.number(features.component[p]! - component)
      postings.number(features.unit[p]!)
      postings.number(features.set[p]!)
      component = features.component[p]!
    }
    counts[0] = Math.min(features.families[i]!, CAP)
    counts[1] = Math.min(features.components[i]!, CAP)
    heads.raw(counts)
    heads.number(postings.length - before)
  }
  const header = Buffer.allocUnsafe(HEADER_BYTES)
  header.writeUInt32LE(to - from, 0)
  header.writeUInt32LE(heads.length, 4)
  return Buffer.concat([header, hashes, heads.finish(), postings.finish()])
}

/**
 * Reads one bucket for ascending queries: each {@link find} goes on where the one before stopped.
 *
 * Every method throws `STORE_CORRUPT` where the bytes contradict themselves.
 */
export class BucketReader {
  readonly #view: DataView
  readonly #bytes: Uint8Array
  readonly #count: number
  readonly #headsAt: number
  readonly #postingsAt: number
  /** The first feature not yet passed, and where its head and its postings are. */
  #feature = 0
  #head: number
  #postings: number

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (bytes.length < HEADER_BYTES) throw corrupt(`bucket of ${bytes.length} bytes`)
    this.#count = this.#view.getUint32(0, true)
    this.#headsAt = HEADER_BYTES + this.#count * HASH_BYTES
    this.#postingsAt = this.#headsAt + this.#view.getUint32(4, true)
    if (this.#postingsAt > bytes.length)
      throw corrupt(`bucket of ${this.#count} features needs ${this.#postingsAt} bytes, have ${bytes.length}`)
    this.#head = this.#headsAt
    this.#postings = this.#postingsAt
  }

  /** Visits the postings of a hash, which must not be below the one asked for before; false when it is not there. */
  find(high: number, low: number, visit: PostingVisitor): boolean {
    const feature = this.#search(high, low)
    if (feature < 0) return false
    while (this.#feature < feature) this.#skip()
    const families = this.#bytes[this.#head]!
    const components = this.#bytes[this.#head + 1]!
    const [head, start] = [this.#head, this.#postings]
    this.#skip()
    const reader = new VarintReader(this.#bytes.subarray(start, this.#postings))
    for (let component = 0; !reader.done; ) {
      component += reader.number()
      visit(component, reader.number(), reader.number(), families, components)
    }
    // The same hash may be asked for again.
    this.#feature = feature
    this.#head = head
    this.#postings = start
    return true
  }

  #search(high: number, low: number): number {
    let from = this.#feature
    let to = this.#count
    while (from < to) {
      const middle = (from + to) >>> 1
      const at = HEADER_BYTES + middle * HASH_BYTES
      const above = this.#view.getUint32(at, true) - high || this.#view.getUint32(at + 4, true) - low
      if (above === 0) return middle
      if (above < 0) from = middle + 1
      else to = middle
    }
    return -1
  }

  #skip(): void {
    const bytes = this.#bytes
    let at = this.#head + 2
    let length = 0
    for (let scale = 1; ; scale *= 0x80) {
      const byte = bytes[at++]!
      length += (byte & 0x7f) * scale
      if (byte < 0x80) break
      if (at >= this.#postingsAt) throw corrupt(`head of feature ${this.#feature} has no end`)
    }
    this.#feature++
    this.#head = at
    this.#postings += length
    if (at > this.#postingsAt || this.#postings > bytes.length)
      throw corrupt(`postings of feature ${this.#feature - 1} leave the bucket`)
  }
}

function corrupt(message: string): DetectorError {
  return new DetectorError('STORE_CORRUPT', message)
}
