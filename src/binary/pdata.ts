import { Cursor } from '../bytes/cursor.ts'
import { MAX_TABLE_BYTES } from '../bytes/limits.ts'
import type { ByteSource } from '../bytes/source.ts'
import type { Program, Section, UnwindTable } from './program.ts'
import type { RelocationTarget } from './relocation-targets.ts'

/** Bytes of an entry by architecture; other machines have no such table, or one of another form. */
const ENTRY_BYTES: Readonly<Record<string, number>> = { x86_64: 12, aarch64: 8, arm: 8 }
/** `UNW_FLAG_CHAININFO` of an UNWIND_INFO: what follows its codes is the entry of the part it continues. */
const FLAG_CHAINED = 4
/** Compilers chain a part to its function directly; a forged chain that goes round ends here. */
const MAX_CHAIN = 8

/**
 * Reads the function ranges of the exception directory of a PE image, in its order: `accept` takes virtual address and
 * bytes. Only x64, ARM64 and 32-bit ARM have one.
 *
 * A part that continues a function right behind it (chained unwind information, fragments of ARM64) joins it; elsewhere
 * it is a range of its own. Entries without bytes in the file are left out.
 *
 * @throws DetectorError `FORMAT_TRUNCATED` if the table leaves the file
 * @see Microsoft, "x64 exception handling"; "ARM64 exception handling"; "ARM exception handling"
 */
export function readPdata(
  program: Program,
  source: ByteSource,
  table: UnwindTable,
  accept: (address: number, size: number) => void,
): void {
  const entryBytes = ENTRY_BYTES[program.arch]
  if (entryBytes === undefined) return
  const count = Math.floor(table.size / entryBytes)
  const bytes = source.read(table.offset, count * entryBytes)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const image = new Image(program, source)
  const part = program.arch === 'x86_64' ? x64Part : armPart(program.arch === 'arm' ? 2 : 4)
  // The range in hand: given away once the next entry does not continue it.
  let [start, end] = [0, 0]
  for (let i = 0; i < count; i++) {
    const { begin, size, functionBegin } = part(view, i * entryBytes, image)
    if (size <= 0) continue
    if (begin === end && functionBegin >= start && functionBegin < end) {
      end += size
      continue
    }
    if (end > start) accept(program.imageBase + start, end - start)
    ;[start, end] = [begin, begin + size]
  }
  if (end > start) accept(program.imageBase + start, end - start)
}

/**
 * Reads the function ranges of a `.pdata` section of an x64 or ARM64 COFF object, in its order: `accept` takes a place and
 * bytes. Places are known by relocation only (`targetAt`, by offset in the section); of ARM64 just packed entries say how
 * long a function is. A chained part joins what ends where it begins.
 */
export function readObjectPdata(
  program: Program,
  source: ByteSource,
  table: UnwindTable,
  targetAt: (offset: number) => RelocationTarget | undefined,
  accept: (place: RelocationTarget, size: number) => void,
): void {
  const entryBytes = program.arch === 'arm' ? undefined : ENTRY_BYTES[program.arch]
  if (entryBytes === undefined) return
  const cursor = new Cursor(source, true)
  let last: RelocationTarget | undefined
  let size = 0
  for (let at = 0; at + entryBytes <= table.size; at += entryBytes) {
    const begin = targetAt(at)
    if (begin === undefined) continue
    const end = targetAt(at + 4)
    const packed = cursor.u32(table.offset + at + 4)
    const isChained = entryBytes === 12 && continues(program, cursor, targetAt(at + 8))
    const length =
      entryBytes === 12 ? (end?.section === begin.section ? end.value - begin.value : 0) : packedSize(packed)
    if (!(length > 0)) continue
    if (isChained && last !== undefined && last.section === begin.section && last.value + size === begin.value) {
      size += length
      continue
    }
    if (last !== undefined) accept(last, size)
    ;[last, size] = [begin, length]
  }
  if (last !== undefined) accept(last, size)
}

/** Whether the UNWIND_INFO at a place of an object is a chained one. */
function continues({ sections }: Program, cursor: Cursor, unwind: RelocationTarget | undefined): boolean {
  const holder = unwind === undefined ? undefined : sections[unwind.section]
  if (unwind === undefined || holder === undefined || !(unwind.value >= 0 && unwind.value < holder.size)) return false
  return (cursor.u8(holder.offset + unwind.value) >> 3) % 8 >= FLAG_CHAINED
}

/** Bytes of an ARM64 function by its packed unwind data, 0 where a record says it. */
function packedSize(data: number): number {
  return data % 4 === 0 || data % 4 === 3 ? 0 : ((data >>> 2) & 0x7ff) * 4
}

/** A piece of code, by relative virtual address; `functionBegin` is the begin of the part it continues, or its own. */
interface Part {
  readonly begin: number
  readonly size: number
  readonly functionBegin: number
}

function x64Part(view: DataView, at: number, image: Image): Part {
  const begin = view.getUint32(at, true)
  let functionBegin = begin
  let unwind = view.getUint32(at + 8, true)
  for (let depth = 0; depth < MAX_CHAIN; depth++) {
    // An odd number is the place of another entry, whose unwind information counts.
    const parent = unwind % 2 === 1 ? image.placeOf(unwind - 1, 12) : chainedEntry(image, unwind)
    if (parent < 0) break
    functionBegin = image.view.getUint32(parent, true)
    unwind = image.view.getUint32(parent + 8, true)
  }
  return { begin, size: view.getUint32(at + 4, true) - begin, functionBegin }
}

/** Where the entry stands that an UNWIND_INFO continues, as {@link Image.placeOf}; -1 where it stands for itself. */
function chainedEntry(image: Image, rva: number): number {
  const at = image.placeOf(rva, 4)
  if (at < 0 || (image.view.getUint8(at) >> 3) % 8 < FLAG_CHAINED) return -1
  const codes = image.view.getUint8(at + 2)
  return image.placeOf(rva + 4 + 2 * (codes + (codes % 2)), 12)
}

/** 32- and 64-bit ARM differ in the unit of lengths: 2 or 4 bytes. */
function armPart(unit: number): (view: DataView, at: number, image: Image) => Part {
  return (view, at, image) => {
    // Bit 0 says "Thumb code".
    const begin = view.getUint32(at, true) & ~1
    const data = view.getUint32(at + 4, true)
    const flag = data & 3
    // A fragment has no prologue: it continues the function before it.
    const functionBegin = flag === 2 ? begin - 1 : begin
    if (flag !== 0) return { begin, size: flag === 3 ? 0 : ((data >>> 2) & 0x7ff) * unit, functionBegin }
    const record = image.placeOf(data, 4)
    const size = record < 0 ? 0 : (image.view.getUint32(record, true) & 0x3ffff) * unit
    return { begin, size, functionBegin }
  }
}

const NO_BYTES = new DataView(new ArrayBuffer(0))

/**
 * The loaded bytes of an image by relative virtual address. Sections that are asked for are held whole: entries may lead
 * anywhere, in any order, and there are millions of them.
 */
class Image {
  /** The section of the last question. */
  view: DataView = NO_BYTES
  readonly #source: ByteSource
  readonly #base: number
  readonly #sections: readonly Section[]
  readonly #views = new Map<Section, DataView>()
  #last: Section | undefined

  constructor({ sections, imageBase }: Program, source: ByteSource) {
    this.#source = source
    this.#base = imageBase
    this.#sections = sections.filter(({ size }) => size > 0).toSorted((a, b) => a.address - b.address)
  }

  /** Where `length` bytes of one section stand in {@link view}, -1 where they do not. */
  placeOf(rva: number, length: number): number {
    const address = this.#base + rva
    // Unwind information stands together: mostly in the section of the last question.
    if (this.#last === undefined || !holds(this.#last, address, length)) {
      this.#last = this.#find(address)
      this.view = this.#last === undefined ? NO_BYTES : this.#viewOf(this.#last)
    }
    const at = this.#last === undefined ? -1 : address - this.#last.address
    return at >= 0 && at + length <= this.view.byteLength ? at : -1
  }

  #viewOf(section: Section): DataView {
    const known = this.#views.get(section)
    if (known !== undefined) return known
    const bytes = this.#source.read(section.offset, Math.min(section.size, MAX_TABLE_BYTES))
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#views.set(section, view)
    return view
  }

  #find(address: number): Section | undefined {
    let [first, end] = [0, this.#sections.length]
    while (first < end) {
      const middle = (first + end) >> 1
      if ((this.#sections[middle] as Section).address <= address) first = middle + 1
      else end = middle
    }
    return this.#sections[first - 1]
  }
}

function holds({ address, size }: Section, wanted: number, length: number): boolean {
  return wanted >= address && wanted + length <= address + size
}
