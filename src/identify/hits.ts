import type { LookupHits } from '../database/hit-columns.ts'
import type { DatabaseReader } from '../database/reader.ts'
import { sourcesOfBuilt } from '../database/release-sets.ts'
import type { CompiledTemplate, ComponentRecord, Intervals } from '../database/schema.ts'
import { Kind, PrintFlag, type PrintSet } from '../fingerprint/print-set.ts'
import { HitFlag, type HitTable, HitTableBuilder } from './hit-table.ts'
import { speakingComponents } from './speaking.ts'
import { needsNeighbours, worthOf } from './worth.ts'

/** A trusted template found, with the version that stands in the file. */
export interface TemplateHit {
  readonly print: number
  readonly template: CompiledTemplate
  readonly version: string
}

/** A component with at least one hit, and everything that was found of it. */
export interface Candidate {
  readonly index: number
  readonly record: ComponentRecord
  /** By built release, the source release of the same version; -1 for source releases and where there is none. */
  readonly sourceOf: Int32Array
  readonly hits: HitTable
  /** By unit the rows of {@link hits}, in unit order; vendored units are left out. */
  readonly units: ReadonlyMap<number, Uint32Array>
  readonly templates: readonly TemplateHit[]
}

/** The kinds that are looked up as code and data of a component. Templates are looked up beside them. */
const KINDS: readonly Kind[] = [
  Kind.String,
  Kind.Symbol,
  Kind.Function,
  Kind.Mnemonics,
  Kind.Table,
  Kind.BigEndianTable,
  Kind.Immediate,
]

/** Looks every fingerprint up and sorts what is known by component, in database order. */
export async function collectCandidates(prints: PrintSet, reader: DatabaseReader): Promise<Candidate[]> {
  const { components } = reader.manifest
  const features = await findFeatures(prints, reader)
  const templates = await lookup(Kind.Template, prints, reader)
  if (templates.count === 0 && features.every(({ count }) => count === 0)) return []
  const rows = countRows(features, components.length)
  const speaking = speakingComponents(features, components.length)
  const named = new Set(templates.components)
  // Most components that share a fingerprint with the file share too little, and nothing is made of that.
  const chosen = new Array<ChosenComponent | undefined>(components.length).fill(undefined)
  for (let index = 0; index < components.length; index++)
    if (speaking[index] === 1 || named.has(index)) {
      const record = await reader.component(index)
      const table = new HitTableBuilder(rows[index]!, record.units.length)
      chosen[index] = { index, record, table, changes: new Int32Array(record.releases.length + 1) }
    }
  for (const one of features) addHits(one, chosen, prints)
  return chosen
    .filter((one) => one !== undefined)
    .map(({ index, record, table }) => {
      const { hits, units } = table.finish()
      const found = named.has(index) ? templateHits(templates, index, record, prints) : []
      return { index, record, sourceOf: sourcesOf(record), hits, units, templates: found }
    })
}

/** Records live as long as their database, and are asked for with every file. */
const knownSources = new WeakMap<ComponentRecord, Int32Array>()

function sourcesOf(record: ComponentRecord): Int32Array {
  let sources = knownSources.get(record)
  if (sources === undefined) {
    sources = sourcesOfBuilt(record.releases)
    knownSources.set(record, sources)
  }
  return sources
}

/** A component that is looked at, while its hits are collected. */
interface ChosenComponent {
  readonly index: number
  readonly record: ComponentRecord
  readonly table: HitTableBuilder
  /** For {@link mostTogether}: at each release by how many more units hold a feature than at the one before. */
  readonly changes: Int32Array
}

/** The fingerprints of one kind that are known, each once: a struct of arrays. */
export interface KnownFeatures {
  readonly kind: Kind
  readonly hits: LookupHits
  readonly count: number
  /** Each has the rows from its start to its end (exclusive) of {@link hits}. */
  readonly starts: Uint32Array
  readonly ends: Uint32Array
  /** {@link worthOf} / families². */
  readonly weights: Float64Array
}

/**
 * The fingerprints that are known, kind by kind. A function that is known as it stands is not counted without its operands
 * as well: that says no more.
 */
async function findFeatures(prints: PrintSet, reader: DatabaseReader): Promise<KnownFeatures[]> {
  const features: KnownFeatures[] = []
  const whole = new Set<number>()
  for (const kind of KINDS) {
    const hits = await lookup(kind, prints, reader)
    if (hits.count === 0) continue
    const starts = new Uint32Array(hits.count)
    const ends = new Uint32Array(hits.count)
    const weights = new Float64Array(hits.count)
    let count = 0
    for (let start = 0, end = 0; start < hits.count; start = end) {
      const query = hits.queries[start]!
      while (end < hits.count && hits.queries[end] === query) end++
      const offset = prints.offsets[query]!
      if (kind === Kind.Function) whole.add(offset)
      if (repeats(prints, query) || (kind === Kind.Mnemonics && whole.has(offset))) continue
      starts[count] = start
      ends[count] = end
      // What only vendored copies hold is not in the database; 0 families would be a broken one.
      weights[count++] = worthOf(kind, prints.flags[query]!) / Math.max(1, hits.families[start]!) ** 2
    }
    features.push({ kind, hits, count, starts, ends, weights })
  }
  return features
}

/** By component the number of its hits. */
function countRows(features: readonly KnownFeatures[], components: number): Uint32Array {
  const rows = new Uint32Array(components)
  for (const { hits, count, starts, ends } of features)
    for (let at = 0; at < count; at++)
      for (let row = starts[at]!; row < ends[at]!; row++) rows[hits.components[row]!]!++
  return rows
}

async function lookup(kind: Kind, prints: PrintSet, reader: DatabaseReader): Promise<LookupHits> {
  const [from, to] = rangeOf(prints, kind)
  return reader.lookup(kind, prints.high, prints.low, from, to, prints.filteredBy === reader.prefilter)
}

/** Adds a hit for each unit that holds a feature, of the components that are looked at. Rows are in component order. */
function addHits(
  { kind, hits, count, starts, ends, weights }: KnownFeatures,
  chosen: readonly (ChosenComponent | undefined)[],
  { flags }: PrintSet,
): void {
  for (let at = 0; at < count; at++) {
    const end = ends[at]!
    const print = hits.queries[starts[at]!]!
    const hitFlags = flagsOf(kind, flags[print]!)
    for (let first = starts[at]!, next = first; first < end; first = next) {
      const component = hits.components[first]!
      while (next < end && hits.components[next] === component) next++
      const one = chosen[component]
      if (one === undefined) continue
      const together =
        next === first + 1 ? 1 : mostTogether(hits.sets.subarray(first, next), one.record.sets, one.changes)
      one.table.add(hits, first, next, print, kind, weights[at]! / together, hitFlags, end - starts[at]!)
    }
  }
}

function flagsOf(kind: Kind, flags: number): number {
  const label = kind === Kind.String && (flags & PrintFlag.Label) !== 0 ? HitFlag.Label : 0
  return needsNeighbours(kind, flags) ? label | HitFlag.NeedsNeighbours : label
}

/**
 * How many units of a component hold a feature at one time: the most that do in any one release. A file that was renamed is
 * two units, but never of one release.
 *
 * `held` has for each unit an index into `sets`. `changes` has an entry more than there are releases, all zero, as it is
 * left.
 */
export function mostTogether(held: Uint32Array, sets: readonly Intervals[], changes: Int32Array): number {
  if (held.length === 1) return 1
  if (held.length === 2) return overlap(sets[held[0]!]!, sets[held[1]!]!) ? 2 : 1
  for (const set of held) {
    const intervals = sets[set]!
    for (let i = 0; i < intervals.length; i += 2) {
      changes[intervals[i]!]!++
      changes[intervals[i + 1]! + 1]!--
    }
  }
  let now = 0
  let most = 1
  for (let release = 0; release < changes.length; release++) {
    now += changes[release]!
    changes[release] = 0
    if (now > most) most = now
  }
  return most
}

/** Whether two sets share a release. */
function overlap(a: Intervals, b: Intervals): boolean {
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i + 1]! < b[j]!) i += 2
    else if (b[j + 1]! < a[i]!) j += 2
    else return true
  }
  return false
}

/** The print range `[from, to)` of one kind in a sealed set. */
function rangeOf({ kinds, count }: PrintSet, kind: Kind): [number, number] {
  const from = kinds.indexOf(kind)
  return from < 0 || from >= count ? [0, 0] : [from, kinds.lastIndexOf(kind, count - 1) + 1]
}

/** Whether the print before is the same fingerprint at an earlier place. */
function repeats(prints: PrintSet, at: number): boolean {
  return (
    at > 0 &&
    prints.kinds[at] === prints.kinds[at - 1] &&
    prints.high[at] === prints.high[at - 1] &&
    prints.low[at] === prints.low[at - 1]
  )
}

function templateHits(
  { count, queries, components, sets }: LookupHits,
  component: number,
  record: ComponentRecord,
  prints: PrintSet,
): TemplateHit[] {
  const found: TemplateHit[] = []
  for (let row = 0; row < count; row++) {
    if (components[row] !== component) continue
    const template = record.templates[sets[row]!]!
    const version = prints.captureAt(queries[row]!)
    if (version !== undefined && !record.units[template.unit]!.vendored)
      found.push({ print: queries[row]!, template, version })
  }
  return found
}
