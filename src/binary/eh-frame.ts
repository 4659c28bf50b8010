import type { ByteSource } from '../bytes/source.ts'

/** How a pointer of `.eh_frame` is stored and what it counts from. Linux Standard Base Core, "DWARF Extensions". */
const Encoding = { Omit: 0xff, Indirect: 0x80 } as const
const Format = { Absolute: 0, Uleb: 1, U2: 2, U4: 3, U8: 4, Signed: 8, Sleb: 9, S2: 10, S4: 11, S8: 12 } as const
const Base = { Absolute: 0x00, Pc: 0x10, Text: 0x20, Data: 0x30, Aligned: 0x50 } as const

/** Letters of the longest augmentation known ("zPLRSBG") with room; a forged string ends the entry, not the scan. */
const MAX_AUGMENTATION = 16
/** A 64-bit number has ten groups of seven bits. */
const MAX_LEB_BYTES = 10

/** Where a table of call frame information stands, and what its pointers may count from. */
export interface EhFrame {
  readonly offset: number
  readonly size: number
  /** Virtual address of its first byte. */
  readonly address: number
  readonly bits: 32 | 64
  readonly littleEndian: boolean
  /** Virtual address of the code section and of the global offset table, for the encodings relative to them. */
  readonly textBase?: number
  readonly dataBase?: number
  /** Whether an entry of length 0 ends the table, as for the loader; in a section more may follow one. */
  readonly endsAtZero?: boolean
}

/** Takes the functions of a table. */
export interface FunctionSink {
  /**
   * A function: virtual address of its first byte, its size in bytes, and where the address itself is stored, from the start
   * of the table: in an object the relocation there says what it is.
   */
  add(address: number, size: number, storedAt: number): void
}

/**
 * Reads the function ranges of `.eh_frame`, in its order. Entries that are damaged, or encoded in a way that needs the
 * running program, are left out; so is what stands behind an entry that leaves the table.
 *
 * @throws DetectorError `FORMAT_TRUNCATED` if the table leaves the file
 * @see Linux Standard Base Core 5, "Exception Frames"; DWARF 5, 6.4.1
 */
export function readEhFrame(source: ByteSource, frame: EhFrame, sink: FunctionSink): void {
  new FrameReader(source, frame).read(sink)
}

/** What of a CIE its FDEs need. */
interface Common {
  readonly encoding: number
}

class FrameReader {
  readonly #frame: EhFrame
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #commons = new Map<number, Common | undefined>()
  readonly #pointerBytes: number
  /** Where the last LEB128 number or pointer ended, -1 if it was damaged. */
  #end = 0

  constructor(source: ByteSource, frame: EhFrame) {
    this.#frame = frame
    this.#bytes = source.read(frame.offset, frame.size)
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength)
    this.#pointerBytes = frame.bits / 8
  }

  read(sink: FunctionSink): void {
    const view = this.#view
    const { littleEndian, size } = this.#frame
    let commonAt = -1
    let common: Common | undefined
    for (let at = 0; at + 4 <= size; ) {
      let length = view.getUint32(at, littleEndian)
      let idAt = at + 4
      if (length === 0) {
        if (this.#frame.endsAtZero === true) return
        at = idAt
        continue
      }
      if (length === 0xffffffff) {
        if (at + 12 > size) return
        length = this.#unsigned8(at + 4)
        idAt = at + 12
      }
      const next = idAt + length
      if (next > size || length < 4) return
      const id = view.getUint32(idAt, littleEndian)
      at = next
      if (id === 0) continue
      // The distance to the common part counts from the field itself.
      const place = idAt - id
      if (place !== commonAt) {
        commonAt = place
        common = this.#common(place)
      }
      if (common !== undefined) this.#function(common.encoding, idAt + 4, next, sink)
    }
  }

  /** The pointer at `at` in the encoding that byte 1 of `.eh_frame_hdr` names. */
  pointerAt(at: number): number | undefined {
    return this.#pointer(this.#view.getUint8(1), at, this.#frame.size)
  }

  #function(encoding: number, at: number, end: number, sink: FunctionSink): void {
    const address = this.#pointer(encoding, at, end)
    const addressEnd = this.#end
    if (address === undefined) return
    // A size is stored in the format of the address, but counts from nothing and has no sign.
    const format = encoding & 7
    const size = this.#pointer(format, addressEnd, end)
    if (size !== undefined && size > 0) sink.add(address, size, at)
  }

  #common(at: number): Common | undefined {
    if (this.#commons.has(at)) return this.#commons.get(at)
    const common = at >= 0 && at + 9 <= this.#frame.size ? this.#readCommon(at) : undefined
    this.#commons.set(at, common)
    return common
  }

  #readCommon(start: number): Common | undefined {
    const view = this.#view
    const { littleEndian, size } = this.#frame
    let length = view.getUint32(start, littleEndian)
    let at = start + 4
    if (length === 0xffffffff) {
      if (start + 12 > size) return undefined
      length = this.#unsigned8(at)
      at += 8
    }
    const end = Math.min(at + length, size)
    if (at + 5 > end || view.getUint32(at, littleEndian) !== 0) return undefined
    const version = view.getUint8(at + 4)
    at += 5
    const letters = at
    while (at < end && at - letters < MAX_AUGMENTATION && view.getUint8(at) !== 0) at++
    if (at >= end || view.getUint8(at) !== 0) return undefined
    const augmentation = String.fromCharCode(...this.#bytes.subarray(letters, at))
    at++
    // GCC before 3 stored a pointer to exception data here.
    if (augmentation === 'eh') at += this.#pointerBytes
    // Version 4 says how wide addresses and segment selectors are.
    if (version === 4) at += 2
    this.#leb(at, end)
    this.#leb(this.#end, end)
    if (version === 1) this.#end = this.#end < 0 ? -1 : this.#end + 1
    else this.#leb(this.#end, end)
    if (this.#end < 0) return undefined
    return this.#augmentation(augmentation, this.#end, end)
  }

  #augmentation(letters: string, start: number, end: number): Common | undefined {
    let encoding: number = Format.Absolute
    if (letters === '' || letters === 'eh') return { encoding }
    if (letters[0] !== 'z') return undefined
    this.#leb(start, end)
    let at = this.#end
    for (const letter of letters.slice(1)) {
      if (letter === 'S' || letter === 'B' || letter === 'G') continue
      if (at < 0 || at >= end) return undefined
      const byte = this.#view.getUint8(at++)
      if (letter === 'R') encoding = byte
      else if (letter === 'P') {
        this.#skipPointer(byte, at, end)
        at = this.#end
      } else if (letter !== 'L') break
    }
    return { encoding }
  }

  #skipPointer(encoding: number, at: number, end: number): void {
    if (encoding === Encoding.Omit) this.#end = at
    else if ((encoding & 0x70) === Base.Aligned) {
      const { address } = this.#frame
      const aligned = Math.ceil((address + at) / this.#pointerBytes) * this.#pointerBytes - address
      this.#end = aligned + this.#pointerBytes <= end ? aligned + this.#pointerBytes : -1
    } else this.#value(encoding & 0xf, at, end)
  }

  /** The value of a pointer, undefined where it cannot be known; {@link #end} is where it ends. */
  #pointer(encoding: number, at: number, end: number): number | undefined {
    if ((encoding & Encoding.Indirect) !== 0) return undefined
    const value = this.#value(encoding & 0xf, at, end)
    if (this.#end < 0) return undefined
    const base = this.#base(encoding & 0x70, at)
    if (base === undefined) return undefined
    return this.#frame.bits === 32 ? (base + value + 2 ** 32) % 2 ** 32 : base + value
  }

  #base(application: number, at: number): number | undefined {
    if (application === Base.Absolute) return 0
    if (application === Base.Pc) return this.#frame.address + at
    if (application === Base.Text) return this.#frame.textBase
    return application === Base.Data ? this.#frame.dataBase : undefined
  }

  #value(format: number, at: number, end: number): number {
    const { littleEndian, bits } = this.#frame
    const bytes = format === Format.Absolute || format === Format.Signed ? this.#pointerBytes : WIDTHS[format]
    if (format === Format.Uleb || format === Format.Sleb) return this.#leb(at, end, format === Format.Sleb)
    if (bytes === undefined || at < 0 || at + bytes > end) {
      this.#end = -1
      return 0
    }
    this.#end = at + bytes
    if (format === Format.S4) return this.#view.getInt32(at, littleEndian)
    if (format === Format.U2) return this.#view.getUint16(at, littleEndian)
    if (format === Format.S2) return this.#view.getInt16(at, littleEndian)
    if (bytes === 4)
      return format === Format.Signed && bits === 32
        ? this.#view.getInt32(at, littleEndian)
        : this.#view.getUint32(at, littleEndian)
    const high = this.#view.getInt32(littleEndian ? at + 4 : at, littleEndian)
    return high * 2 ** 32 + this.#view.getUint32(littleEndian ? at : at + 4, littleEndian)
  }

  #unsigned8(at: number): number {
    const { littleEndian } = this.#frame
    const high = this.#view.getUint32(littleEndian ? at + 4 : at, littleEndian)
    return high * 2 ** 32 + this.#view.getUint32(littleEndian ? at : at + 4, littleEndian)
  }

  #leb(start: number, end: number, isSigned = false): number {
    let value = 0
    let scale = 1
    if (start >= 0)
      for (let at = start; at < end && at - start < MAX_LEB_BYTES; at++) {
        const byte = this.#view.getUint8(at)
        value += (byte & 0x7f) * scale
        scale *= 128
        if (byte >= 0x80) continue
        this.#end = at + 1
        return isSigned && (byte & 0x40) !== 0 ? value - scale : value
      }
    this.#end = -1
    return 0
  }
}

const WIDTHS: Readonly<Record<number, number>> = {
  [Format.U2]: 2,
  [Format.U4]: 4,
  [Format.U8]: 8,
  [Format.S2]: 2,
  [Format.S4]: 4,
  [Format.S8]: 8,
}

/** Bytes of the fixed part of `.eh_frame_hdr`: version and three encodings. */
const HEADER_BYTES = 4

/**
 * The virtual address of `.eh_frame` as `.eh_frame_hdr` gives it, undefined where it does not say.
 *
 * @see Linux Standard Base Core 5, "The .eh_frame_hdr section"
 */
export function ehFrameAddress(source: ByteSource, header: EhFrame): number | undefined {
  if (header.size < HEADER_BYTES || source.read(header.offset, 1)[0] !== 1) return undefined
  return new FrameReader(source, { ...header, dataBase: header.address }).pointerAt(HEADER_BYTES)
}
