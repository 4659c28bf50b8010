import { type FunctionRanges, functionRanges } from '../binary/functions.ts'
import { addressBounds, type Program } from '../binary/program.ts'
import { type Relocations, readRelocations } from '../binary/relocations.ts'
import { lowerBound } from '../bytes/search.ts'
import type { ByteSource } from '../bytes/source.ts'
import { withoutTags } from './character-codes.ts'
import { type CodeRelocations, codeBatches, isCodeKnown, planWindows, type WindowPlan } from './kernel/code.ts'
import { kernel } from './kernel/kernel.ts'
import type { Prefilter } from './kernel/prefilter.ts'
import { Kind, type PrintSet } from './print-set.ts'

/** Options of {@link extractFunctions}; see `ExtractOptions`. */
export interface FunctionOptions {
  readonly base: number
  readonly prefilter: Prefilter | undefined
  /** File offsets, `base` included: only functions that start in `[from, to)`. */
  readonly within?: readonly [from: number, to: number] | undefined
}

/**
 * Adds the fingerprints of a program's functions, and the rare constants of their instructions, to `prints`. Programs for
 * other processors than those of `isCodeKnown` have none.
 *
 * The prefilter, if any, must be loaded into the kernel.
 */
export function extractFunctions(
  program: Program,
  source: ByteSource,
  prints: PrintSet,
  { base, prefilter, within }: FunctionOptions,
): void {
  if (!isCodeKnown(program.arch)) return
  const all = knownRanges(program, source)
  const ranges = within === undefined ? all : startingIn(all, within[0] - base, within[1] - base)
  const relocations = new SectionRelocations(program, source)
  // Objects have no addresses yet: what will be one has a relocation.
  const isObject = program.kind === 'object'
  const options = { arch: program.arch, prefilter, ...(isObject ? {} : { addresses: addressBounds(program) }) }
  for (const plan of planWindows(ranges)) {
    const section = program.sections[ranges.sections[plan.first]!]!
    const within = plan.offset - section.offset
    const window = {
      bytes: { length: plan.bytes, readInto: (target: Uint8Array) => source.readInto(target, plan.offset) },
      offset: base + plan.offset,
      address: section.address + within,
      ...boundsOf(ranges, plan),
      ...(isObject ? { relocations: relocations.within(ranges.sections[plan.first]!, within, plan.bytes) } : {}),
    }
    const { functions, mnemonics, immediates } = codeBatches(kernel(), window, options)
    prints.addBatch(Kind.Function, functions)
    prints.addBatch(Kind.Mnemonics, mnemonics)
    prints.addBatch(
      Kind.Immediate,
      prefilter === undefined ? immediates : withoutTags(immediates, source, base, program.arch),
    )
  }
}

/** A program is asked again for parts of its code, and finding its functions takes longer than reading most parts. */
const rangesOf = new WeakMap<Program, FunctionRanges>()

function knownRanges(program: Program, source: ByteSource): FunctionRanges {
  const known = rangesOf.get(program)
  if (known !== undefined) return known
  const ranges = functionRanges(program, source)
  rangesOf.set(program, ranges)
  return ranges
}

/** The functions that start in `[from, to)` of the source. Views. */
function startingIn(ranges: FunctionRanges, from: number, to: number): FunctionRanges {
  const first = lowerBound(ranges.offsets, from, ranges.count)
  const end = Math.max(first, lowerBound(ranges.offsets, to, ranges.count))
  return {
    ...ranges,
    count: end - first,
    offsets: ranges.offsets.subarray(first, end),
    addresses: ranges.addresses.subarray(first, end),
    sizes: ranges.sizes.subarray(first, end),
    sections: ranges.sections.subarray(first, end),
    symbols: ranges.symbols.subarray(first, end),
  }
}

/** Where the functions of a window start and end, from its start. */
function boundsOf(
  { offsets, sizes }: FunctionRanges,
  { first, end, offset }: WindowPlan,
): {
  starts: Uint32Array
  ends: Uint32Array
} {
  const starts = new Uint32Array(end - first)
  const ends = new Uint32Array(end - first)
  for (let i = 0; i < starts.length; i++) {
    starts[i] = offsets[first + i]! - offset
    ends[i] = starts[i]! + sizes[first + i]!
  }
  return { starts, ends }
}

/** The relocations of the section that was asked for last; windows come section by section. */
class SectionRelocations {
  readonly #program: Program
  readonly #source: ByteSource
  #section = -1
  #all: Relocations | undefined

  constructor(program: Program, source: ByteSource) {
    this.#program = program
    this.#source = source
  }

  /** Those that begin in the `size` bytes from `start` of a section, counted from there. */
  within(section: number, start: number, size: number): CodeRelocations {
    if (this.#all === undefined || this.#section !== section) {
      this.#all = readRelocations(this.#program, this.#source, section)
      this.#section = section
    }
    const { count, offsets, sizes } = this.#all
    const first = lowerBound(offsets, start, count)
    const end = lowerBound(offsets, start + size, count)
    return {
      count: end - first,
      offsets: offsets.slice(first, end).map((at) => at - start),
      sizes: sizes.slice(first, end),
    }
  }
}
