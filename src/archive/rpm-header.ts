import { checkLimit, type Limits } from '../bytes/limits.ts'
import { DetectorError } from '../errors.ts'
import { pathText } from './member-path.ts'

/** Numbers of the fields that are read. */
export const RpmTag = {
  Name: 1000,
  Version: 1001,
  Release: 1002,
  Epoch: 1003,
  Arch: 1022,
  OldFileNames: 1027,
  FileSizes: 1028,
  FileStates: 1029,
  FileModes: 1030,
  SourceRpm: 1044,
  FileDevices: 1095,
  FileInodes: 1096,
  DirIndexes: 1116,
  BaseNames: 1117,
  DirNames: 1118,
  PayloadFormat: 1124,
  PayloadCompressor: 1125,
  LongFileSizes: 5008,
} as const

/** Bytes of a number by the type of its field; texts have no fixed size. */
const NUMBER_BYTES: Readonly<Record<number, number>> = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8 }
const TEXT_TYPES: ReadonlySet<number> = new Set([6, 8, 9])
const INDEX_ENTRY_BYTES = 16
/** Counts in front of index and store. */
const PREFIX_BYTES = 8

interface Field {
  readonly type: number
  /** From the start of the store. */
  readonly offset: number
  readonly count: number
}

/**
 * A header of RPM: fields by number. It stands in packages (behind eight bytes of magic) and, as it is, in databases.
 *
 * @see rpm.org, "RPM V4 Package format", "Header"
 */
export class RpmHeader {
  readonly #fields = new Map<number, Field>()
  readonly #store: DataView

  /**
   * `bytes` starts with the two counts.
   *
   * @throws DetectorError `FORMAT_TRUNCATED`, `FORMAT_CORRUPT`
   */
  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const size = bytes.length < PREFIX_BYTES ? PREFIX_BYTES : rpmHeaderBytes(view.getUint32(0), view.getUint32(4))
    if (size > bytes.length)
      throw new DetectorError('FORMAT_TRUNCATED', `need ${size} bytes of RPM header, have ${bytes.length}`)
    const count = view.getUint32(0)
    const storeAt = PREFIX_BYTES + INDEX_ENTRY_BYTES * count
    this.#store = new DataView(bytes.buffer, bytes.byteOffset + storeAt, size - storeAt)
    for (let i = 0; i < count; i++) {
      const at = PREFIX_BYTES + INDEX_ENTRY_BYTES * i
      const field = { type: view.getUint32(at + 4), offset: view.getUint32(at + 8), count: view.getUint32(at + 12) }
      const tag = view.getUint32(at)
      if (!this.#fields.has(tag)) this.#fields.set(tag, field)
    }
  }

  /** The text, or the first of several; undefined where there is none. */
  text(tag: number): string | undefined {
    return this.texts(tag, 1)[0]
  }

  /** All texts of a field, at most `most`; none where there is no such field. */
  texts(tag: number, most: number = Number.POSITIVE_INFINITY): string[] {
    const field = this.#fields.get(tag)
    if (field === undefined || !TEXT_TYPES.has(field.type)) return []
    const { buffer, byteOffset, byteLength } = this.#store
    const bytes = new Uint8Array(buffer, byteOffset, byteLength)
    const texts: string[] = []
    let at = field.offset
    while (texts.length < Math.min(field.count, most)) {
      const end = at < byteLength ? bytes.indexOf(0, at) : -1
      if (end < 0) throw corrupt(tag, field)
      texts.push(pathText(bytes.subarray(at, end)))
      at = end + 1
    }
    return texts
  }

  /** All numbers of a field, unsigned; none where there is no such field. */
  numbers(tag: number): Float64Array {
    const field = this.#fields.get(tag)
    const bytes = field === undefined ? undefined : NUMBER_BYTES[field.type]
    if (field === undefined || bytes === undefined) return new Float64Array(0)
    const { offset, count } = field
    if (offset + count * bytes > this.#store.byteLength) throw corrupt(tag, field)
    const numbers = new Float64Array(count)
    for (let i = 0; i < count; i++) numbers[i] = this.#number(offset + i * bytes, bytes)
    return numbers
  }

  #number(at: number, bytes: number): number {
    if (bytes === 1) return this.#store.getUint8(at)
    if (bytes === 2) return this.#store.getUint16(at)
    if (bytes === 4) return this.#store.getUint32(at)
    return this.#store.getUint32(at) * 2 ** 32 + this.#store.getUint32(at + 4)
  }
}

/** Bytes of a header with its two counts. */
export function rpmHeaderBytes(indexCount: number, storeBytes: number): number {
  return PREFIX_BYTES + INDEX_ENTRY_BYTES * indexCount + storeBytes
}

/** A file as a header lists it. */
export interface RpmFile {
  /** As written: absolute as a rule. */
  readonly path: string
  /** With the bits of its type; 0 where the header does not say. */
  readonly mode: number
  readonly size: number
  /** 0 where it is there as packed; only databases say. */
  readonly state: number
  /** Equal for names of the same file. */
  readonly identity: string
}

/**
 * The files of a header, in its order, which is that of the numbers in archives of RPM's own kind.
 *
 * @throws DetectorError `FORMAT_CORRUPT`; `LIMIT_EXCEEDED` for paths of more than `limits.packageDatabaseBytes` in sum
 */
export function rpmFiles(header: RpmHeader, limits: Limits): RpmFile[] {
  const paths = rpmPaths(header, limits)
  const modes = header.numbers(RpmTag.FileModes)
  const sizes = header.numbers(RpmTag.FileSizes)
  const longSizes = header.numbers(RpmTag.LongFileSizes)
  const states = header.numbers(RpmTag.FileStates)
  const inodes = header.numbers(RpmTag.FileInodes)
  const devices = header.numbers(RpmTag.FileDevices)
  return paths.map((path, i) => ({
    path,
    mode: modes[i] ?? 0,
    size: longSizes[i] ?? sizes[i] ?? 0,
    state: states[i] ?? 0,
    identity: `${devices[i] ?? 0}:${inodes[i] ?? `#${i}`}`,
  }))
}

function rpmPaths(header: RpmHeader, limits: Limits): string[] {
  const names = header.texts(RpmTag.BaseNames)
  // Before the year 2000 paths were written out.
  if (names.length === 0) return header.texts(RpmTag.OldFileNames)
  const directories = header.texts(RpmTag.DirNames)
  const indexes = header.numbers(RpmTag.DirIndexes)
  let total = 0
  return names.map((name, i) => {
    const directory = directories[indexes[i] ?? -1]
    if (directory === undefined)
      throw new DetectorError(
        'FORMAT_CORRUPT',
        `file ${i} of an RPM header has no directory among ${directories.length}`,
      )
    total += directory.length + name.length
    checkLimit(limits, 'packageDatabaseBytes', total)
    return directory + name
  })
}

function corrupt(tag: number, { type, offset, count }: Field): DetectorError {
  return new DetectorError(
    'FORMAT_CORRUPT',
    `field ${tag} of an RPM header, ${count} of type ${type} at ${offset} of its store, leaves it`,
  )
}
