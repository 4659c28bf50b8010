import type { Program } from '../binary/program.ts'
import { latin1 } from '../bytes/cursor.ts'
import { lowerBound } from '../bytes/search.ts'
import type { ByteSource } from '../bytes/source.ts'
import { FeatureKind, forEachKind } from '../database/feature-kinds.ts'
import type { PairTable } from '../database/pair-table.ts'
import { extractLiteral, extractProgram } from '../fingerprint/extract.ts'
import { Kind, PrintSet } from '../fingerprint/print-set.ts'
import { functionNames } from '../fingerprint/symbols.ts'
import type { Template } from '../fingerprint/templates.ts'
import { publicRanges } from './public-tables.ts'

/** What the code of one function gives, over all builds that have one of its name. Hashes by number in a pool. */
export interface FunctionFeatures {
  readonly functions: Set<number>
  readonly mnemonics: Set<number>
  readonly immediates: Set<number>
}

/** Distinct features of one archive member or file, over all inputs that have one of its name. Hashes by number in a pool. */
export interface Features {
  /** All but what is in {@link code}. */
  readonly data: Readonly<Record<FeatureKind, Set<number>>>
  /** By name of the function, without what compilers append; '' for functions without a name. */
  readonly code: Map<string, FunctionFeatures>
  readonly templates: Map<bigint, Template>
}

type CodeKind = typeof Kind.Function | typeof Kind.Mnemonics | typeof Kind.Immediate
const CODE_FIELDS: Readonly<Record<CodeKind, keyof FunctionFeatures>> = {
  [Kind.Function]: 'functions',
  [Kind.Mnemonics]: 'mnemonics',
  [Kind.Immediate]: 'immediates',
}

/** Empty features, to be added to. */
export function noFeatures(): Features {
  return { data: forEachKind(() => new Set()), code: new Map(), templates: new Map() }
}

/** In no name of C: only labels and clones of the compiler have one (`.LC7`, `__func__.3`, `inflate.part.0`). */
const DOT = 0x2e

/** Bytes searched for listed tables at once, and how much of them is searched again. */
const WINDOW_BYTES = 1 << 20
const OVERLAP_BYTES = 16

/**
 * Adds what a program holds, as a scan would find it, without the tables of published algorithms that are known by their
 * start alone.
 *
 * @throws DetectorError as reading the program's bytes does
 */
export function addProgramFeatures(program: Program, source: ByteSource, pool: PairTable, into: Features): void {
  const prints = new PrintSet()
  extractProgram(program, source, prints)
  const functions = functionsOf(program, prints)
  const open = publicPlaces(program, source)
  for (let i = 0; i < prints.count; i++) {
    const number = pool.intern(prints.high[i]!, prints.low[i]!)
    const offset = prints.offsets[i]!
    switch (prints.kinds[i]) {
      case Kind.String:
        into.data[FeatureKind.String].add(number)
        break
      case Kind.Template:
        addTemplates(source.read(offset, prints.lengths[i]!), into.templates)
        break
      case Kind.Symbol:
        if (!source.read(offset, prints.lengths[i]!).includes(DOT)) into.data[FeatureKind.Symbol].add(number)
        break
      case Kind.Table:
      case Kind.BigEndianTable:
        if (!open.has(offset)) into.data[prints.kinds[i] as typeof Kind.Table].add(number)
        break
      case Kind.Function:
      case Kind.Mnemonics:
      case Kind.Immediate:
        codeOf(into, functions.nameAt(offset))[CODE_FIELDS[prints.kinds[i] as CodeKind]].add(number)
        break
    }
  }
}

/** Whether the object is a stub of an import library: it stands for a function of another file. */
export function isImportStub(program: Program): boolean {
  return program.format === 'pe' && program.sections.some(({ name }) => name.startsWith('.idata$'))
}

function codeOf(features: Features, name: string): FunctionFeatures {
  let code = features.code.get(name)
  if (code === undefined) {
    code = { functions: new Set(), mnemonics: new Set(), immediates: new Set() }
    features.code.set(name, code)
  }
  return code
}

/** The templates of a constant's bytes with what a print does not keep of them; UTF-16 is known by its zeros. */
function addTemplates(bytes: Uint8Array, into: Map<bigint, Template>): void {
  const narrow = bytes.includes(0) ? bytes.filter((_, i) => i % 2 === 0) : bytes
  extractLiteral(latin1(narrow), {
    string: () => undefined,
    template: (template) => into.set(template.hash, template),
    literal: () => undefined,
  })
}

/** Which function an offset of the file lies in, of those that have a fingerprint. */
function functionsOf(program: Program, prints: PrintSet): { nameAt(offset: number): string } {
  const places: { start: number; end: number }[] = []
  for (let i = 0; i < prints.count; i++)
    if (prints.kinds[i] === Kind.Function)
      places.push({ start: prints.offsets[i]!, end: prints.offsets[i]! + prints.lengths[i]! })
  places.sort((a, b) => a.start - b.start)
  const starts = places.map(({ start }) => start)
  const names = functionNames(program)
  return {
    nameAt(offset) {
      const place = places[lowerBound(starts, offset + 1) - 1]
      return place === undefined || offset >= place.end ? '' : (names.get(place.start) ?? '')
    },
  }
}

/** Offsets of the file that lie in a table known by its start. */
function publicPlaces(program: Program, source: ByteSource): { has(offset: number): boolean } {
  const ranges: { start: number; end: number }[] = []
  for (const { role, offset, size, address } of program.sections) {
    if (role !== 'data' && role !== 'mixed') continue
    for (let at = (4 - (address % 4)) % 4; at + OVERLAP_BYTES <= size; at += WINDOW_BYTES) {
      const bytes = source.read(offset + at, Math.min(WINDOW_BYTES + OVERLAP_BYTES, size - at))
      for (const { start, end } of publicRanges(bytes))
        ranges.push({ start: offset + at + start, end: offset + at + end })
    }
  }
  // Ascending and disjoint, so that a file full of such starts costs no more than any other.
  ranges.sort((a, b) => a.start - b.start)
  const starts: number[] = []
  const ends: number[] = []
  for (const { start, end } of ranges) {
    const last = ends.length - 1
    if (last >= 0 && start <= ends[last]!) ends[last] = Math.max(ends[last]!, end)
    else {
      starts.push(start)
      ends.push(end)
    }
  }
  return {
    has(offset) {
      const at = lowerBound(starts, offset + 1) - 1
      return at >= 0 && offset < ends[at]!
    },
  }
}
