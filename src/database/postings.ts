import type { HitColumns } from './hit-columns.ts'
import { corrupt } from './text-coding.ts'

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
  readonly name?: ArrayLike<number> | undefined
  /** Per feature: families that hold it in a unit that is not vendored. Stored up to 255. */
  readonly families: ArrayLike<number>
  /** Per feature: components that hold it. Stored up to 255. */
  readonly components: ArrayLike<number>
}

/** Whether numbers of this machine have their lowest byte first. Buckets are written and read in its own order. */
export const LITTLE_ENDIAN: boolean = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1

/** Numbers of the header: features, bytes of an end (2 or 4), whether postings have names. */
const HEADER_NUMBERS = 3
/** Families and components stand in one byte each. */
const CAP = 255
/** Longest LEB128 form of 32 bits. */
const MAX_VARINT_BYTES = 5

/**
 * The value of one bucket, made to be searched without unpacking anything: header; upper halves of the hashes; lower
 * halves; for each feature where its postings end; the postings. Numbers are of this machine's byte order. The postings
 * of a feature are a byte each for families and components, then for each posting the difference of the component from
 * the one before, unit, set and, if there are names, the name, as LEB128.
 *
 * @throws TypeError when postings are not ordered by component
 */
export function packBucket(features: KindFeatures, from: number, to: number): Uint8Array {
  const count = to - from
  const ends = new Uint32Array(count)
  const { name } = features
  const mostBytes =
    2 * count + (features.starts[to]! - features.starts[from]!) * (name === undefined ? 3 : 4) * MAX_VARINT_BYTES
  if (packed.length < mostBytes) packed = new Uint8Array(mostBytes)
  let at = 0
  for (let i = from; i < to; i++) {
    packed[at++] = Math.min(features.families[i]!, CAP)
    packed[at++] = Math.min(features.components[i]!, CAP)
    let component = 0
    for (let p = features.starts[i]!; p < features.starts[i + 1]!; p++) {
      if (features.component[p]! < component)
        throw new TypeError(`features: postings of feature ${i} are not ordered by component`)
      at = putNumber(at, features.component[p]! - component)
      at = putNumber(at, features.unit[p]!)
      at = putNumber(at, features.set[p]!)
      if (name !== undefined) at = putNumber(at, name[p]!)
      component = features.component[p]!
    }
    ends[i - from] = at
  }
  const endBytes = at <= 0xffff ? 2 : 4
  const hashesAt = HEADER_NUMBERS * 4
  const endsAt = hashesAt + count * 8
  const bucket = new Uint8Array(endsAt + count * endBytes + at)
  new Uint32Array(bucket.buffer, 0, HEADER_NUMBERS).set([count, endBytes, name === undefined ? 0 : 1])
  new Uint32Array(bucket.buffer, hashesAt, count).set(features.high.subarray(from, to))
  new Uint32Array(bucket.buffer, hashesAt + count * 4, count).set(features.low.subarray(from, to))
  const Ends = endBytes === 2 ? Uint16Array : Uint32Array
  new Ends(bucket.buffer, endsAt, count).set(ends)
  bucket.set(packed.subarray(0, at), endsAt + count * endBytes)
  return bucket
}

/** Kept from bucket to bucket, as there are thousands. */
let packed = new Uint8Array(1 << 16)

/** Packs a number as LEB128; the place behind it. A function of its own, as one made for each bucket is compiled for each. */
function putNumber(place: number, value: number): number {
  let at = place
  let rest = value
  for (; rest >= 0x80; rest >>>= 7) packed[at++] = rest | 0x80
  packed[at++] = rest
  return at
}

/**
 * Reads one bucket.
 *
 * Every method throws `STORE_CORRUPT` where the bytes contradict themselves.
 */
export class BucketReader {
  readonly #high: Uint32Array
  readonly #low: Uint32Array
  readonly #ends: Uint16Array | Uint32Array
  readonly #postings: Uint8Array
  readonly #hasNames: boolean
  /** Behind the number that was read last. */
  #at = 0

  /** `bytes` must not change; they are copied where they do not start at a multiple of 4. */
  constructor(bytes: Uint8Array) {
    // Not `bytes.slice()`, which is a view of the same place where the bytes are a Buffer.
    const { buffer, byteOffset } = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes)
    const headerBytes = HEADER_NUMBERS * 4
    if (bytes.length < headerBytes) throw corrupt(`bucket of ${bytes.length} bytes`)
    const [count, endBytes, hasNames] = new Uint32Array(buffer, byteOffset, HEADER_NUMBERS) as unknown as [
      number,
      number,
      number,
    ]
    if ((endBytes !== 2 && endBytes !== 4) || hasNames > 1) throw corrupt(`bucket with ends of ${endBytes} bytes`)
    const postingsAt = headerBytes + count * (8 + endBytes)
    if (postingsAt > bytes.length)
      throw corrupt(`bucket of ${count} features needs ${postingsAt} bytes, have ${bytes.length}`)
    const endsAt = byteOffset + headerBytes + count * 8
    this.#high = new Uint32Array(buffer, byteOffset + headerBytes, count)
    this.#low = new Uint32Array(buffer, byteOffset + headerBytes + count * 4, count)
    this.#ends = endBytes === 2 ? new Uint16Array(buffer, endsAt, count) : new Uint32Array(buffer, endsAt, count)
    this.#postings = new Uint8Array(buffer, byteOffset + postingsAt, bytes.length - postingsAt)
    this.#hasNames = hasNames === 1
  }

  /**
   * Adds the postings of a hash to `hits`, as those of `query`; false when it is not there. `components` is how many
   * there are: a posting that names another is damage.
   */
  find(high: number, low: number, query: number, components: number, hits: HitColumns): boolean {
    const feature = this.#search(high, low)
    if (feature < 0) return false
    const bytes = this.#postings
    const start = feature === 0 ? 0 : this.#ends[feature - 1]!
    const end = this.#ends[feature]!
    if (start + 2 > end || end > bytes.length) throw corrupt(`postings of feature ${feature} leave the bucket`)
    const families = bytes[start]!
    const holders = bytes[start + 1]!
    let at = start + 2
    let component = 0
    // A scan of a directory reads millions of numbers: those of one byte, which most are, are read without a call.
    while (at < end) {
      let difference = bytes[at++]!
      if (difference >= 0x80) {
        difference = this.#longNumber(at - 1)
        at = this.#at
      }
      let unit = bytes[at++]!
      if (unit >= 0x80) {
        unit = this.#longNumber(at - 1)
        at = this.#at
      }
      let set = bytes[at++]!
      if (set >= 0x80) {
        set = this.#longNumber(at - 1)
        at = this.#at
      }
      let name = 0
      if (this.#hasNames) {
        name = this.#longNumber(at)
        at = this.#at
      }
      component += difference
      if (component >= components) throw corrupt(`component ${component} of ${components}`)
      hits.add(query, component, unit, set, name, families, holders)
    }
    if (at > end) throw corrupt(`postings of feature ${feature} have no end`)
    return true
  }

  /** One LEB128 number of 32 bits; a longer one, or one over the end, comes out wrong and is seen by the caller. */
  #longNumber(start: number): number {
    const bytes = this.#postings
    let at = start
    let byte = bytes[at++]!
    let value = byte & 0x7f
    for (let shift = 7; byte >= 0x80 && shift < 35; shift += 7) {
      byte = bytes[at++] ?? 0
      value |= (byte & 0x7f) << shift
    }
    this.#at = at
    return value >>> 0
  }

  /** Index of the feature, or -1. Hashes are spread evenly, so that a guess by proportion lands close. */
  #search(high: number, low: number): number {
    const highs = this.#high
    const count = highs.length
    if (count === 0) return -1
    const first = highs[0]!
    const span = highs[count - 1]! - first
    if (high < first || high > first + span) return -1
    let from = 0
    let to = count
    if (span > 0) {
      const guess = Math.floor(((high - first) / span) * (count - 1))
      // Steps grow, so that even hashes of the worst spread cost no more than a binary search.
      if (highs[guess]! < high) {
        from = guess + 1
        for (let step = 4; from + step < count; step *= 2) {
          if (highs[from + step]! >= high) {
            to = from + step + 1
            break
          }
          from += step
        }
      } else {
        to = guess + 1
        for (let step = 4; to - step > 0; step *= 2) {
          if (highs[to - step]! < high) {
            from = to - step
            break
          }
          to -= step
        }
      }
    }
    // The first feature with this upper half, then on to the lower one.
    while (from < to) {
      const middle = (from + to) >>> 1
      if (highs[middle]! < high) from = middle + 1
      else to = middle
    }
    return this.#searchLow(high, low, from)
  }

  #searchLow(high: number, low: number, first: number): number {
    const highs = this.#high
    const lows = this.#low
    // Of evenly spread hashes hardly ever two share an upper half.
    for (let i = first; i < first + 4; i++) {
      if (highs[i] !== high) return -1
      if (lows[i] === low) return i
    }
    let from = first
    let to = highs.length
    while (from < to) {
      const middle = (from + to) >>> 1
      const above = highs[middle]! - high || lows[middle]! - low
      if (above === 0) return middle
      if (above < 0) from = middle + 1
      else to = middle
    }
    return -1
  }
}
