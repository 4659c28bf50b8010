import type { LookupHits } from '../database/hit-columns.ts'
import type { DatabaseReader } from '../database/reader.ts'
import type { CompiledTemplate, ComponentRecord } from '../database/schema.ts'
import { Kind, PrintFlag, type PrintSet } from '../fingerprint/print-set.ts'
import { needsNeighbours, worthOf } from './worth.ts'

/** One fingerprint of the file that one unit of a component holds too. */
export interface Hit {
  /** Index of the fingerprint's first place in the {@link PrintSet}; names the fingerprint. */
  readonly print: number
  readonly kind: Kind
  readonly unit: number
  /** Index into {@link ComponentRecord.sets}: the releases that have it. */
  readonly set: number
  /** Number of the function's name among those of the component, 0 where it has none. */
  readonly name: number
  /**
   * {@link worthOf} / families², shared among the units of the component that hold it: what a family shares with nobody, and has in one
   * place, counts in full.
   */
  readonly weight: number
  /** See {@link PrintFlag.Label}. */
  readonly isLabel: boolean
  /** It counts only beside others of its unit and sort. */
  readonly needsNeighbours: boolean
  /** Units of the whole database that hold it. */
  readonly df: number
}

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
  /** By unit; vendored units are left out. */
  readonly units: ReadonlyMap<number, readonly Hit[]>
  readonly templates: readonly TemplateHit[]
}

/** Less weight than this in one component cannot make a unit live, so its record is not even read. */
const MIN_WEIGHT = 2
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
  const weights = new Float64Array(components.length)
  for (const { hits, start, end, weight } of features)
    for (let row = start; row < end; row++) weights[hits.components[row]!]! += weight
  const templates = await lookup(Kind.Template, prints, reader)
  const named = new Set(templates.components)
  // Most components that share a fingerprint with the file share too little, and nothing is made of that.
  const chosen = new Map<number, ChosenComponent>()
  for (const index of components.keys())
    if (weights[index]! >= MIN_WEIGHT || named.has(index))
      chosen.set(index, { record: await reader.component(index), units: new Map() })
  for (const feature of features) addHits(feature, chosen)
  return [...chosen].map(([index, { record, units }]) => ({
    index,
    record,
    sourceOf: sourcesOf(record),
    units,
    templates: named.has(index) ? templateHits(templates, index, record, prints) : [],
  }))
}

/** A component that is looked at, while its hits are collected. */
interface ChosenComponent {
  readonly record: ComponentRecord
  readonly units: Map<number, Hit[]>
}

/** One fingerprint of the file that is known: the rows `[start, end)` of the hits of its kind. */
interface FoundFeature {
  readonly hits: LookupHits
  readonly start: number
  readonly end: number
  /** {@link worthOf} / families². */
  readonly weight: number
  readonly kind: Kind
  readonly isLabel: boolean
  readonly needsNeighbours: boolean
}

/**
 * The fingerprints that are known, each once. A function that is known as it stands is not counted without its operands as
 * well: that says no more.
 */
async function findFeatures(prints: PrintSet, reader: DatabaseReader): Promise<FoundFeature[]> {
  const features: FoundFeature[] = []
  const whole = new Set<number>()
  for (const kind of KINDS) {
    const hits = await lookup(kind, prints, reader)
    for (let start = 0, end = 0; start < hits.count; start = end) {
      const query = hits.queries[start]!
      while (end < hits.count && hits.queries[end] === query) end++
      const offset = prints.offsets[query]!
      if (kind === Kind.Function) whole.add(offset)
      if (repeats(prints, query) || (kind === Kind.Mnemonics && whole.has(offset))) continue
      const flags = prints.flags[query]!
      // What only vendored copies hold is not in the database; 0 families would be a broken one.
      const weight = worthOf(kind, flags) / Math.max(1, hits.families[start]!) ** 2
      features.push({
        hits,
        start,
        end,
        weight,
        kind,
        isLabel: kind === Kind.String && (flags & PrintFlag.Label) !== 0,
        needsNeighbours: needsNeighbours(kind, flags),
      })
    }
  }
  return features
}

async function lookup(kind: Kind, prints: PrintSet, reader: DatabaseReader): Promise<LookupHits> {
  const [from, to] = rangeOf(prints, kind)
  return reader.lookup(kind, prints.high, prints.low, from, to)
}

/** Adds a hit for each unit that holds the feature, of the components that are looked at. Rows are in component order. */
function addHits({ hits, start, end, ...feature }: FoundFeature, chosen: ReadonlyMap<number, ChosenComponent>): void {
  for (let first = start, next = start; first < end; first = next) {
    const component = hits.components[first]!
    while (next < end && hits.components[next] === component) next++
    const one = chosen.get(component)
    if (one === undefined) continue
    const weight = feature.weight / together(one.record, hits.sets, first, next)
    for (let row = first; row < next; row++) {
      const hit: Hit = {
        print: hits.queries[row]!,
        kind: feature.kind,
        unit: hits.units[row]!,
        set: hits.sets[row]!,
        name: hits.names[row]!,
        weight,
        isLabel: feature.isLabel,
        needsNeighbours: feature.needsNeighbours,
        df: end - start,
      }
      const list = one.units.get(hit.unit)
      if (list === undefined) one.units.set(hit.unit, [hit])
      else list.push(hit)
    }
  }
}

/**
 * How many units of a component hold a feature at one time: the most that do in any one release. A file that was renamed is
 * two units, but never of one release.
 */
function together({ sets }: ComponentRecord, rows: Uint32Array, first: number, end: number): number {
  if (end - first === 1) return 1
  const changes: number[] = []
  for (let row = first; row < end; row++) {
    const intervals = sets[rows[row]!]!
    // Ends sort behind starts of the same release, as they are still in it.
    for (let i = 0; i < intervals.length; i += 2) changes.push(2 * intervals[i]!, 2 * intervals[i + 1]! + 1)
  }
  changes.sort((a, b) => a - b)
  let now = 0
  let most = 1
  for (const change of changes) {
    now += change % 2 === 0 ? 1 : -1
    if (now > most) most = now
  }
  return most
}

/** By built release, the source release of the same version; -1 for source releases and where there is none. */
function sourcesOf({ releases }: ComponentRecord): Int32Array {
  const sources = new Map<string, number>()
  releases.forEach(({ version, origin }, release) => {
    if (origin === 'source') sources.set(version, release)
  })
  return Int32Array.from(releases, ({ version, origin }) => (origin === 'built' ? (sources.get(version) ?? -1) : -1))
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
