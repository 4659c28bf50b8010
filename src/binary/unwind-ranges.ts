import { MAX_TABLE_BYTES } from '../bytes/limits.ts'
import type { ByteSource } from '../bytes/source.ts'
import type { CodePlaces } from './code-places.ts'
import { type EhFrame, ehFrameAddress, type FunctionSink, readEhFrame } from './eh-frame.ts'
import { readExidx } from './exidx.ts'
import { readObjectPdata, readPdata } from './pdata.ts'
import type { Program, UnwindTable } from './program.ts'
import type { RangeList } from './range-list.ts'
import { relocationTargets } from './relocation-targets.ts'

/**
 * Adds what the unwind tables of one kind say to `found`, by file offset and in the order of the tables. `exidx` gives
 * starts only: size 0.
 */
export function addUnwindRanges(
  program: Program,
  source: ByteSource,
  places: CodePlaces,
  layout: 'eh_frame' | 'pdata' | 'exidx',
  found: RangeList,
): void {
  const bases = basesOf(program)
  for (const whole of program.unwindTables) {
    const table = { ...whole, size: Math.min(whole.size, MAX_TABLE_BYTES) }
    if (table.layout !== layout && !(table.layout === 'eh_frame_hdr' && layout === 'eh_frame')) continue
    if (table.layout === 'eh_frame') addFrame(program, source, places, bases, table, found)
    else if (table.layout === 'eh_frame_hdr') addFrameOfHeader(program, source, places, bases, table, found)
    else if (table.layout === 'exidx') addExidx(program, source, places, table, found)
    else if (program.kind === 'object')
      readObjectPdata(program, source, table, relocationTargets(program, source, table.section), (place, size) => {
        const offset = places.offsetOf(place.value, place.section)
        if (offset >= 0) found.push(offset, size)
      })
    else
      readPdata(program, source, table, (address, size) => {
        const offset = places.offsetOf(address, -1)
        if (offset >= 0) found.push(offset, size)
      })
  }
}

function addExidx(
  program: Program,
  source: ByteSource,
  places: CodePlaces,
  table: UnwindTable,
  found: RangeList,
): void {
  const targetAt = program.kind === 'object' ? relocationTargets(program, source, table.section) : undefined
  readExidx(source, { ...table, littleEndian: program.littleEndian }, (address, storedAt) => {
    const target = targetAt?.(storedAt)
    if (targetAt !== undefined && target === undefined) return
    const offset = places.offsetOf(target?.value ?? address, target?.section ?? -1)
    if (offset >= 0) found.push(offset, 0)
  })
}

function addFrame(
  program: Program,
  source: ByteSource,
  places: CodePlaces,
  bases: Bases,
  table: UnwindTable,
  found: RangeList,
): void {
  const frame = frameOf(program, bases, table)
  if (program.kind !== 'object') {
    readEhFrame(source, frame, new ByAddress(places, found))
    return
  }
  readEhFrame(source, frame, new ByRelocation(places, found, relocationTargets(program, source, table.section)))
}

/**
 * Adds functions by their address. A class, as a function made anew for each program would be compiled anew for each: what
 * the engine compiles for a function does not outlive it.
 */
class ByAddress implements FunctionSink {
  readonly #places: CodePlaces
  readonly #found: RangeList

  constructor(places: CodePlaces, found: RangeList) {
    this.#places = places
    this.#found = found
  }

  add(address: number, size: number): void {
    const offset = this.#places.offsetOf(address, -1)
    if (offset >= 0) this.#found.push(offset, size)
  }
}

/** Adds functions of an object, whose addresses are what a relocation says. */
class ByRelocation implements FunctionSink {
  readonly #places: CodePlaces
  readonly #found: RangeList
  readonly #targetAt: ReturnType<typeof relocationTargets>

  constructor(places: CodePlaces, found: RangeList, targetAt: ReturnType<typeof relocationTargets>) {
    this.#places = places
    this.#found = found
    this.#targetAt = targetAt
  }

  add(_address: number, size: number, storedAt: number): void {
    const target = this.#targetAt(storedAt)
    const offset = target === undefined ? -1 : this.#places.offsetOf(target.value, target.section)
    if (offset >= 0) this.#found.push(offset, size)
  }
}

/** Without sections the header leads to the table, which then ends at its entry of length 0. */
function addFrameOfHeader(
  program: Program,
  source: ByteSource,
  places: CodePlaces,
  bases: Bases,
  table: UnwindTable,
  found: RangeList,
): void {
  const address = ehFrameAddress(source, frameOf(program, bases, table))
  if (address === undefined) return
  for (const holder of program.sections) {
    const within = address - holder.address
    if (!(within >= 0 && within < holder.size)) continue
    const place = { address, offset: holder.offset + within, size: Math.min(holder.size - within, MAX_TABLE_BYTES) }
    addFrame(program, source, places, bases, { layout: 'eh_frame_hdr', section: -1, ...place }, found)
    return
  }
}

function frameOf(
  { bits, littleEndian }: Program,
  bases: Bases,
  { layout, address, offset, size }: Omit<UnwindTable, 'section'>,
): EhFrame {
  return { ...bases, offset, size, address, bits, littleEndian, endsAtZero: layout === 'eh_frame_hdr' }
}

type Bases = Pick<EhFrame, 'textBase' | 'dataBase'>

/** What pointers relative to code and to the global offset table count from, where the program has such sections. */
function basesOf({ sections }: Program): Bases {
  const addressOf = (...names: readonly string[]) => sections.find(({ name }) => names.includes(name))?.address
  const textBase = addressOf('.text')
  const dataBase = addressOf('.got.plt') ?? addressOf('.got')
  return { ...(textBase === undefined ? {} : { textBase }), ...(dataBase === undefined ? {} : { dataBase }) }
}
