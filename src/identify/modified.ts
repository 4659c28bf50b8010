import { type Program, SymbolFlag } from '../binary/program.ts'
import { hashText } from '../bytes/hash.ts'
import type { DatabaseReader } from '../database/reader.ts'
import { holdsRelease } from '../database/release-sets.ts'
import type { ComponentRecord } from '../database/schema.ts'
import { Kind, PrintSet } from '../fingerprint/print-set.ts'
import { symbolName } from '../fingerprint/symbols.ts'
import type { ModifiedFunction } from '../model.ts'
import type { Copy } from './copies.ts'
import { GAP_BYTES, placesOf } from './places.ts'
import { needsNeighbours } from './worth.ts'

/** What is asked of the file. */
export interface CodeSource {
  /** Sealed. */
  readonly prints: PrintSet
  readonly programs: readonly Program[]
  /** Fills a set with the fingerprints of all functions that start in `[from, to)` of the file, known to anybody or not. */
  readonly readCode: (prints: PrintSet, from: number, to: number) => void
}

/** Fewer functions than this do not show that the file was built as the indexed libraries were. */
const LEAST_KNOWN = 20
/** More changed functions than this share of the known ones, and it was built otherwise: by another compiler, say. */
const MOST_CHANGED = 0.05
/** Functions start at multiples of 64 bytes at most: a larger gap between two of them holds another one. */
const PADDING_BYTES = 64

/**
 * The functions of a copy that somebody changed: those of its release, by name or by place, whose code no indexed release has,
 * where nearly all other code is the release's own.
 *
 * Where the file names its functions, each is looked for at its name. Elsewhere one function that nobody has stands between
 * two of one unit, and of those that builds of the release have in this unit just one is nowhere in the file. Only for a version that is known and was indexed as built: a newer one has new functions.
 */
export async function findModified(copy: Copy, file: CodeSource, reader: DatabaseReader): Promise<ModifiedFunction[]> {
  const { index, record } = copy.presence.candidate
  const { estimate } = copy.claim
  if (estimate.kind !== 'exact' || !estimate.indexed || file.programs.length > 1) return []
  const { version } = estimate
  const built = record.releases.findIndex((release) => release.origin === 'built' && release.version === version)
  if (built < 0) return []
  const known = functionsOfRelease(copy, built, file.prints)
  if (known.length < LEAST_KNOWN) return []
  const missing = await missingFunctions(copy, built, reader)
  if (missing.length === 0) return []
  const names = await reader.functionNames(index)
  const changed: ModifiedFunction[] = []
  for (const { unit, name, from, to } of placesOfMissing(missing, known, names, copy, file)) {
    const code = new PrintSet()
    file.readCode(code, from, to)
    const unknown = await unknownFunctions(code.seal(), reader)
    // More of them between two functions are somebody else's code.
    if (unknown.length === 1) changed.push({ unit: record.units[unit]!.path, name, ...unknown[0]!, release: version })
  }
  return changed.length <= MOST_CHANGED * known.length ? changed : []
}

/** A function of the release, where it is in the file. */
interface KnownFunction {
  readonly unit: number
  readonly offset: number
  readonly end: number
}

/** Ascending by offset. */
function functionsOfRelease({ presence }: Copy, built: number, prints: PrintSet): KnownFunction[] {
  const { units, candidate } = presence
  const { hits, record } = candidate
  const found: KnownFunction[] = []
  for (const { unit, hits: rows } of units) {
    const own = rows.filter(
      (row) => hits.kinds[row] === Kind.Function && holdsRelease(record.sets[hits.sets[row]!]!, built),
    )
    const places = placesOf(own, hits, prints)
    places.prints.forEach((print, at) => {
      const offset = places.offsets[at]!
      found.push({ unit, offset, end: offset + prints.lengths[print]! })
    })
  }
  return found.sort((a, b) => a.offset - b.offset)
}

interface NamedFunction {
  readonly unit: number
  /** Index into the component's function names. */
  readonly name: number
}

/** The functions that builds of the release have in the units that are here, and the file has of no release. */
async function missingFunctions(
  { presence: { units: here, candidate } }: Copy,
  built: number,
  reader: DatabaseReader,
): Promise<NamedFunction[]> {
  const { hits, record, index } = candidate
  const isHere = new Set(here.map(({ unit }) => unit))
  const { units, names, sets } = await reader.builtFunctions(index)
  const found = new Set<string>()
  for (let row = 0; row < hits.count; row++)
    if (hits.names[row]! > 0) found.add(`${hits.units[row]} ${hits.names[row]! - 1}`)
  const missing = new Map<string, NamedFunction>()
  units.forEach((unit, at) => {
    const [name, set] = [names[at]!, sets[at]!]
    const key = `${unit} ${name}`
    if (isHere.has(unit) && !found.has(key) && holdsRelease(record.sets[set]!, built)) missing.set(key, { unit, name })
  })
  return [...missing.values()]
}

interface PlaceOfMissing {
  readonly unit: number
  readonly name: string
  /** File offsets. */
  readonly from: number
  readonly to: number
}

function placesOfMissing(
  missing: readonly NamedFunction[],
  known: readonly KnownFunction[],
  names: readonly string[],
  copy: Copy,
  { prints, programs: [program] }: CodeSource,
): PlaceOfMissing[] {
  const offsets = namedFunctions(program!)
  const isNamed = known.some(({ offset }) => [...offsets.values()].includes(offset))
  if (isNamed) {
    const definitions = definitionsOf(copy, prints)
    return missing.flatMap(({ unit, name }) => {
      const text = names[name]!
      const from = offsets.get(text)
      // Of a shared library, functions were indexed that one source file alone defines.
      const isIndexed = definitions.get(hashText(text)) === 1
      return from === undefined || !isIndexed ? [] : [{ unit, name: text, from, to: from + 1 }]
    })
  }
  return gapsWithin(known).flatMap(({ unit, from, to }) => {
    const [one, another] = missing.filter((candidate) => candidate.unit === unit)
    return one === undefined || another !== undefined ? [] : [{ unit, name: names[one.name]!, from, to }]
  })
}

/** Whether a set holds a release that was indexed from source. */
function isOfSource({ sets, releases }: ComponentRecord, set: number): boolean {
  const intervals = sets[set]!
  for (let i = 0; i < intervals.length; i += 2)
    for (let release = intervals[i]!; release <= intervals[i + 1]!; release++)
      if (releases[release]!.origin === 'source') return true
  return false
}

/** How many source files define each name of the component that the file defines, by the name's hash. */
function definitionsOf({ presence: { candidate } }: Copy, prints: PrintSet): Map<bigint, number> {
  const { hits, record } = candidate
  const definitions = new Map<bigint, number>()
  for (let row = 0; row < hits.count; row++) {
    if (hits.kinds[row] !== Kind.Symbol || !isOfSource(record, hits.sets[row]!)) continue
    const print = hits.prints[row]!
    const hash = (BigInt(prints.high[print]!) << 32n) | BigInt(prints.low[print]!)
    definitions.set(hash, (definitions.get(hash) ?? 0) + 1)
  }
  return definitions
}

/** Places where another function fits between two of one unit. Between two units may be what neither has. */
function gapsWithin(known: readonly KnownFunction[]): { unit: number; from: number; to: number }[] {
  const gaps: { unit: number; from: number; to: number }[] = []
  for (let i = 1; i < known.length; i++) {
    const [before, behind] = [known[i - 1]!, known[i]!]
    const bytes = behind.offset - before.end
    if (before.unit === behind.unit && bytes > PADDING_BYTES && bytes < GAP_BYTES)
      gaps.push({ unit: before.unit, from: before.end, to: behind.offset })
  }
  return gaps
}

/** The functions that a program names: file offsets by name. */
function namedFunctions(program: Program): Map<string, number> {
  const { symbols, sections } = program
  const wanted = SymbolFlag.Defined | SymbolFlag.Function
  const named = new Map<string, number>()
  for (let i = 0; i < symbols.count; i++) {
    if ((symbols.flags[i]! & wanted) !== wanted) continue
    const section = sections[symbols.sections[i]!]
    if (section?.role !== 'code') continue
    const name = symbolName(program, i)
    if (name !== undefined) named.set(name, section.offset + symbols.addresses[i]! - section.address)
  }
  return named
}

/** The functions of a set that no component has, neither as they stand nor without operands; ascending. */
async function unknownFunctions(
  prints: PrintSet,
  reader: DatabaseReader,
): Promise<{ readonly offset: number; readonly length: number }[]> {
  const known = new Set<number>()
  const functions = new Map<number, number>()
  for (const kind of [Kind.Function, Kind.Mnemonics]) {
    const from = prints.kinds.indexOf(kind)
    const to = prints.kinds.lastIndexOf(kind) + 1
    if (from < 0) continue
    const { queries } = await reader.lookup(kind, prints.high, prints.low, from, to)
    for (const query of queries) known.add(prints.offsets[query]!)
    for (let print = from; print < to; print++)
      if (!needsNeighbours(kind, prints.flags[print]!)) functions.set(prints.offsets[print]!, prints.lengths[print]!)
  }
  return [...functions]
    .filter(([offset]) => !known.has(offset))
    .map(([offset, length]) => ({ offset, length }))
    .sort((a, b) => a.offset - b.offset)
}
