import type { Program } from '../binary/program.ts'
import { hashText } from '../bytes/hash.ts'
import { lowerBound } from '../bytes/search.ts'
import type { DatabaseReader } from '../database/reader.ts'
import { holdsRelease } from '../database/release-sets.ts'
import type { ComponentRecord } from '../database/schema.ts'
import { Kind, PrintSet } from '../fingerprint/print-set.ts'
import { functionNames } from '../fingerprint/symbols.ts'
import type { ModifiedFunction } from '../model.ts'
import type { Copy } from './copies.ts'
import { GAP_BYTES } from './places.ts'
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
 * two of one unit, and of those that builds of the release have in this unit some are nowhere in the file: which of them it is, is
 * told where there is just one. Only for a version that is known and was indexed as built: a newer one has new functions.
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
  const missing = await missingFunctions(copy, built, known, reader)
  if (missing.length === 0) return []
  const names = await reader.functionNames(index)
  const places = placesOfMissing(missing, known, names, copy, file).sort((a, b) => a.from - b.from)
  const starts = places.map(({ from }) => from)
  const code = new PrintSet()
  for (const { from, to } of places) file.readCode(code, from, to)
  const unknown = await unknownFunctions(code.seal(), reader)
  const changed = new Map<string, ModifiedFunction[]>()
  for (const { offset, length } of unknown) {
    const place = places[lowerBound(starts, offset + 1) - 1]
    if (place === undefined || offset >= place.to || mayBeRelinked(file.programs[0]!, offset, length)) continue
    const { unit, name, from } = place
    const one = { unit: record.units[unit]!.path, name, offset, length, release: version }
    const key = `${unit} ${name ?? from}`
    const same = changed.get(key)
    if (same === undefined) changed.set(key, [one])
    else same.push(one)
  }
  // Several for one that is missing are somebody else's code.
  const alone = [...changed.values()].filter((candidates) => candidates.length === 1).flat()
  return alone.length <= MOST_CHANGED * known.length ? alone : []
}

const PAGE_BYTES = 4096
/** The last two instructions of a page. */
const ERRATUM_BYTES = 8

/**
 * Whether the linker may have rewritten the function by itself: for AArch64 it replaces an `adrp` in the last two words of a
 * page (erratum 843419 of the Cortex-A53, `--fix-cortex-a53-843419`, which Debian's compilers ask for).
 */
function mayBeRelinked({ arch }: Program, offset: number, length: number): boolean {
  if (arch !== 'aarch64') return false
  // Pages of the file are pages of memory.
  const place = Math.floor(offset / PAGE_BYTES) * PAGE_BYTES + PAGE_BYTES - ERRATUM_BYTES
  return offset + length > place
}

/** A function of the release, where it is in the file. */
interface KnownFunction {
  readonly unit: number
  readonly offset: number
  readonly end: number
}

/** Each where it is first, ascending by offset: a forged file may repeat one a million times. */
function functionsOfRelease({ presence }: Copy, built: number, prints: PrintSet): KnownFunction[] {
  const { units, candidate } = presence
  const { hits, record } = candidate
  const found: KnownFunction[] = []
  for (const { unit, hits: rows } of units) {
    const own = rows.filter(
      (row) => hits.kinds[row] === Kind.Function && holdsRelease(record.sets[hits.sets[row]!]!, built),
    )
    for (const row of own) {
      const print = hits.prints[row]!
      const offset = prints.offsets[print]!
      found.push({ unit, offset, end: offset + prints.lengths[print]! })
    }
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
  { presence: { candidate } }: Copy,
  built: number,
  known: readonly KnownFunction[],
  reader: DatabaseReader,
): Promise<NamedFunction[]> {
  const { hits, record, index } = candidate
  // A function of one's own may bear a name of theirs: others of its unit must be there.
  const isHere = new Set(known.map(({ unit }) => unit))
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
  readonly name: string | null
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
  const { record } = copy.presence.candidate
  const named = functionNames(program!)
  if (known.some(({ offset }) => named.has(offset))) {
    const offsets = offsetsByName(named)
    const definitions = definitionsOf(copy, prints)
    return missing.flatMap(({ unit, name }) => {
      const text = names[name]!
      // Of a shared library, functions were indexed that one source file alone defines.
      const isIndexed = definitions.get(hashText(text)) === 1
      return isIndexed ? (offsets.get(text) ?? []).map((from) => ({ unit, name: text, from, to: from + 1 })) : []
    })
  }
  const byUnit = new Map<number, number[]>()
  for (const { unit, name } of missing) {
    const same = byUnit.get(unit)
    if (same === undefined) byUnit.set(unit, [name])
    else same.push(name)
  }
  // Without a loader the linker settles itself what else waits for it, such as whether a weak function is there, and rewrites
  // the code that asks. Then only the function that is missing alone can be the one in the gap.
  const isLinkedWhole = program!.needed.length === 0
  return gapsWithin(known).flatMap(({ unit, from, to }): PlaceOfMissing[] => {
    const [name, another] = byUnit.get(unit) ?? []
    if (name === undefined) return []
    if (another === undefined) return [{ unit, name: names[name]!, from, to }]
    return isLinkedWhole || !isSource(record.units[unit]!.path) ? [] : [{ unit, name: null, from, to }]
  })
}

/** Compilers split functions, and all parts bear one name. */
function offsetsByName(named: ReadonlyMap<number, string>): Map<string, number[]> {
  const offsets = new Map<string, number[]>()
  for (const [offset, name] of named) {
    const same = offsets.get(name)
    if (same === undefined) offsets.set(name, [offset])
    else same.push(offset)
  }
  return offsets
}

/** Compilers make functions of a source; of a member whose source is not known, assembly may have made them, frames apart. */
function isSource(path: string): boolean {
  return !/\.(?:o|obj)$/i.test(path)
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
