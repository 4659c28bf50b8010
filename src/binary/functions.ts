import type { ByteSource } from '../bytes/source.ts'
import { addCallTargets } from './call-targets.ts'
import { CodePlaces } from './code-places.ts'
import { MAX_PADDING, trailingPadding } from './padding.ts'
import { type Program, SymbolFlag } from './program.ts'
import { RangeList } from './range-list.ts'
import { addUnwindRanges } from './unwind-ranges.ts'

/** Where functions start and end, as a struct of arrays: ascending by file offset and disjoint. */
export interface FunctionRanges {
  readonly count: number
  /** File offset of the first byte. */
  readonly offsets: Float64Array
  /** Virtual address, or offset in the section for objects. */
  readonly addresses: Float64Array
  /** Bytes, at least 1; a function ends within its section. */
  readonly sizes: Uint32Array
  /** Index into `Program.sections`. */
  readonly sections: Int32Array
  /** Index into `Program.symbols` of one symbol that starts there, an exported one if there is any; -1 without. */
  readonly symbols: Int32Array
  /** Bytes of the sections that may hold functions, and how many of them lie in one. */
  readonly codeBytes: number
  readonly coveredBytes: number
}

/**
 * Finds the functions of a program from what it says about itself, best source first: symbols with a size, `.eh_frame`,
 * `.pdata`; then places where something starts but nobody says where it ends: other symbols, `.ARM.exidx`, and targets
 * of calls where little else is known. Such a function ends where the next one starts, without the padding between.
 *
 * Where sources disagree the better one stays: of a worse one, what begins inside a known function is left out and what
 * reaches into one is cut. Within a source the function that begins first stays, the longest of those that begin
 * together. Parts that compilers split off (`.cold`) are ranges of their own. Jump stubs of the linker (`.plt`) are none.
 *
 * @throws DetectorError `INPUT_UNREADABLE`
 */
export function functionRanges(program: Program, source: ByteSource): FunctionRanges {
  const places = new CodePlaces(program)
  const symbols = symbolPlaces(program, places)
  let ranges = disjoint(symbols.sized.sorted(), places)
  for (const layout of ['eh_frame', 'pdata'] as const) {
    const found = new RangeList()
    addUnwindRanges(program, source, places, layout, found)
    ranges = merged(ranges, disjoint(found.sorted(), places))
  }
  const starts = symbols.unsized
  addUnwindRanges(program, source, places, 'exidx', starts)
  if (program.kind !== 'object')
    for (const section of littleKnown(program, places, ranges))
      addCallTargets(program, source, places, section, (offset) => starts.push(offset, 0))
  return finish(program, places, withStarts(ranges, starts.sorted(), program, source, places))
}

/**
 * Calls are searched where functions with a size cover less of a section than this. Programs from compilers reach 0.95 and
 * more; assembly without frames leaves 0.61 of a static OpenSSL, which calls bring to 0.99.
 */
const WELL_KNOWN = 0.9

/** The code sections that ascending ranges cover too little. */
function littleKnown(program: Program, places: CodePlaces, { count, starts, sizes }: RangeList): readonly number[] {
  const found: number[] = []
  let next = 0
  for (const section of places.sections) {
    let covered = 0
    for (; next < count && (starts[next] as number) < places.end(section); next++) covered += sizes[next] as number
    if (covered < WELL_KNOWN * (program.sections[section]?.size ?? 0)) found.push(section)
  }
  return found
}

interface SymbolPlaces {
  /** By file offset. */
  readonly sized: RangeList
  readonly unsized: RangeList
}

/** Exported symbols first: theirs is the name by which others know a function. */
function symbolPlaces({ symbols }: Program, places: CodePlaces): SymbolPlaces {
  const sized = new RangeList()
  const unsized = new RangeList()
  const function_ = SymbolFlag.Defined | SymbolFlag.Function
  const { count, flags, addresses, sizes, sections } = symbols
  for (const exported of [SymbolFlag.Exported, 0])
    for (let i = 0; i < count; i++) {
      const have = flags[i] as number
      if ((have & function_) !== function_ || (have & SymbolFlag.Exported) !== exported) continue
      const offset = places.offsetOf(addresses[i] as number, sections[i] as number)
      const size = sizes[i] as number
      if (offset >= 0) (size > 0 ? sized : unsized).push(offset, size, i)
    }
  return { sized, unsized }
}

/** Of ascending ranges those that begin outside the ones before; of those that begin together the longest. All are cut to their section. */
function disjoint(list: RangeList, places: CodePlaces): RangeList {
  const { count, starts, sizes, symbols } = list
  const result = new RangeList(count)
  let end = Number.NEGATIVE_INFINITY
  for (let i = 0; i < count; ) {
    const start = starts[i] as number
    const symbol = symbols[i] as number
    let size = 0
    for (; i < count && starts[i] === start; i++) size = Math.max(size, sizes[i] as number)
    const section = places.sectionAt(start)
    if (start < end || section < 0) continue
    end = Math.min(start + size, places.end(section))
    result.push(start, end - start, symbol)
  }
  return result
}

/** Ranges of both lists; what of `lower` lies in a range of `higher` is cut off, or the range is left out. */
function merged(higher: RangeList, lower: RangeList): RangeList {
  if (lower.count === 0) return higher
  if (higher.count === 0) return lower
  const result = new RangeList(higher.count + lower.count)
  let next = 0
  for (let i = 0; i < lower.count; i++) {
    const start = lower.startAt(i)
    for (; next < higher.count && higher.endAt(next) <= start; next++) result.pushOf(higher, next)
    const limit = next < higher.count ? higher.startAt(next) : Number.POSITIVE_INFINITY
    if (start < limit) result.push(start, Math.min(lower.endAt(i), limit) - start, lower.symbolAt(i))
  }
  for (; next < higher.count; next++) result.pushOf(higher, next)
  return result
}

/**
 * Adds what begins at ascending `starts` outside all ranges, up to the next start, range or end of the section. A range
 * without symbol takes that of a start at its place.
 */
function withStarts(
  ranges: RangeList,
  starts: RangeList,
  program: Program,
  source: ByteSource,
  places: CodePlaces,
): RangeList {
  if (starts.count === 0) return ranges
  const result = new RangeList(ranges.count + starts.count)
  let next = 0
  let inside = Number.NEGATIVE_INFINITY
  for (let i = 0; i < starts.count; ) {
    const start = starts.startAt(i)
    let symbol = -1
    for (; i < starts.count && starts.startAt(i) === start; i++) if (symbol < 0) symbol = starts.symbolAt(i)
    for (; next < ranges.count && ranges.startAt(next) <= start; next++) {
      inside = ranges.endAt(next)
      const have = ranges.symbolAt(next)
      const known = ranges.startAt(next)
      result.push(known, inside - known, have < 0 && known === start ? symbol : have)
    }
    const section = places.sectionAt(start)
    if (start < inside || section < 0) continue
    const nextStart = i < starts.count ? starts.startAt(i) : Number.POSITIVE_INFINITY
    const nextKnown = next < ranges.count ? ranges.startAt(next) : Number.POSITIVE_INFINITY
    const end = Math.min(places.end(section), nextStart, nextKnown)
    const size = end - start - paddingBefore(program, source, start, end)
    if (size > 0) result.push(start, size, symbol)
  }
  for (; next < ranges.count; next++) result.pushOf(ranges, next)
  return result
}

function paddingBefore({ arch, littleEndian }: Program, source: ByteSource, start: number, end: number): number {
  if (!littleEndian) return 0
  const length = Math.min(end - start, MAX_PADDING)
  return trailingPadding(arch, source.read(end - length, length))
}

/** Adds section and address. */
function finish(program: Program, places: CodePlaces, list: RangeList): FunctionRanges {
  const { starts, sizes: wanted, symbols } = list
  const offsets = new Float64Array(list.count)
  const addresses = new Float64Array(list.count)
  const sizes = new Uint32Array(list.count)
  const sections = new Int32Array(list.count)
  const names = new Int32Array(list.count)
  let count = 0
  let coveredBytes = 0
  for (let i = 0; i < list.count; i++) {
    const start = starts[i] as number
    const index = places.sectionAt(start)
    const section = program.sections[index]
    if (section === undefined) continue
    // Only a forged size exceeds the 32 bits of the array.
    const size = Math.min(wanted[i] as number, 0xffffffff)
    offsets[count] = start
    addresses[count] = places.base(index) + (start - section.offset)
    sizes[count] = size
    sections[count] = index
    names[count++] = symbols[i] as number
    coveredBytes += size
  }
  return {
    count,
    offsets: offsets.subarray(0, count),
    addresses: addresses.subarray(0, count),
    sizes: sizes.subarray(0, count),
    sections: sections.subarray(0, count),
    symbols: names.subarray(0, count),
    codeBytes: places.codeBytes,
    coveredBytes,
  }
}
