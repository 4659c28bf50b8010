import type { ByteSource } from '../bytes/source.ts'
import { CodePlaces } from './code-places.ts'
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
  let ranges = disjoint(symbols.sized.sorted())
  for (const layout of ['eh_frame', 'pdata'] as const) {
    const found = new RangeList()
    addUnwindRanges(program, source, places, layout, found)
    ranges = merged(ranges, disjoint(found.sorted()))
  }
  return finish(program, places, ranges)
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

/** Of ascending ranges those that begin outside the ones before; of those that begin together the longest. */
function disjoint(list: RangeList): RangeList {
  const { count, starts, sizes, symbols } = list
  const result = new RangeList()
  let end = Number.NEGATIVE_INFINITY
  for (let i = 0; i < count; ) {
    const start = starts[i] as number
    const symbol = symbols[i] as number
    let size = 0
    for (; i < count && starts[i] === start; i++) size = Math.max(size, sizes[i] as number)
    if (start < end) continue
    result.push(start, size, symbol)
    end = start + size
  }
  return result
}

/** Ranges of both lists; what of `lower` lies in a range of `higher` is cut off, or the range is left out. */
function merged(higher: RangeList, lower: RangeList): RangeList {
  if (lower.count === 0) return higher
  if (higher.count === 0) return lower
  const result = new RangeList()
  const [high, low] = [view(higher), view(lower)]
  let next = 0
  for (let i = 0; i < low.count; i++) {
    const start = low.starts[i] as number
    for (; next < high.count && high.endOf(next) <= start; next++) high.copy(next, result)
    const limit = next < high.count ? (high.starts[next] as number) : Number.POSITIVE_INFINITY
    if (start < limit) result.push(start, Math.min(low.endOf(i), limit) - start, low.symbols[i])
  }
  for (; next < high.count; next++) high.copy(next, result)
  return result
}

/** A list's arrays taken once, for loops. */
function view({ count, starts, sizes, symbols }: RangeList) {
  return {
    count,
    starts,
    symbols,
    endOf: (at: number): number => (starts[at] as number) + (sizes[at] as number),
    copy: (at: number, to: RangeList): void => to.push(starts[at] as number, sizes[at] as number, symbols[at]),
  }
}

/** Adds section and address, and cuts what leaves the section. */
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
    const size = Math.min(wanted[i] as number, places.end(index) - start, 0xffffffff)
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
