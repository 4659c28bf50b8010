import type { LookupHits } from '../database/hit-columns.ts'
import type { DatabaseReader } from '../database/reader.ts'
import type { CompiledTemplate, ComponentRecord } from '../database/schema.ts'
import { Kind, PrintFlag, type PrintSet } from '../fingerprint/print-set.ts'

/** One fingerprint of the file that one unit of a component holds too. */
export interface Hit {
  /** Index of the fingerprint's first place in the {@link PrintSet}; names the fingerprint. */
  readonly print: number
  readonly kind: Kind
  readonly unit: number
  /** Index into {@link ComponentRecord.sets}: the releases that have it. */
  readonly set: number
  /**
   * 1 / families², shared among the units of the component that hold it: what a family shares with nobody, and has in one
   * place, counts in full.
   */
  readonly weight: number
  /** See {@link PrintFlag.Label}. */
  readonly isLabel: boolean
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
  /** By unit; vendored units are left out. */
  readonly units: ReadonlyMap<number, readonly Hit[]>
  readonly templates: readonly TemplateHit[]
}

/** One row of {@link LookupHits}. */
interface LookupHit {
  readonly query: number
  readonly component: number
  readonly unit: number
  readonly set: number
  readonly families: number
}

/** Fewer hits than this in one component cannot make a unit live, so its record is not even read. */
const MIN_HITS = 3

/** Looks every fingerprint up and sorts what is known by component, in database order. */
export async function collectCandidates(prints: PrintSet, reader: DatabaseReader): Promise<Candidate[]> {
  const features = new Map<number, { hits: LookupHit[]; templates: LookupHit[] }>()
  const of = (component: number): { hits: LookupHit[]; templates: LookupHit[] } => {
    let entry = features.get(component)
    if (entry === undefined) {
      entry = { hits: [], templates: [] }
      features.set(component, entry)
    }
    return entry
  }
  const df = new Map<number, number>()
  for (const kind of [Kind.String, Kind.Symbol, Kind.Template]) {
    const [from, to] = rangeOf(prints, kind)
    for (const hit of rowsOf(await reader.lookup(kind, prints.high, prints.low, from, to))) {
      if (kind === Kind.Template) of(hit.component).templates.push(hit)
      else if (!repeats(prints, hit.query)) {
        df.set(hit.query, (df.get(hit.query) ?? 0) + 1)
        of(hit.component).hits.push(hit)
      }
    }
  }
  const candidates: Candidate[] = []
  for (const component of [...features.keys()].sort((a, b) => a - b)) {
    const { hits, templates } = of(component)
    if (hits.length < MIN_HITS && templates.length === 0) continue
    const record = await reader.component(component)
    candidates.push({
      index: component,
      record,
      units: byUnit(hits, record, prints, df),
      templates: templates.flatMap((hit) => templateHit(hit, record, prints)),
    })
  }
  return candidates
}

function* rowsOf({ count, queries, components, units, sets, families }: LookupHits): Generator<LookupHit> {
  for (let i = 0; i < count; i++)
    yield { query: queries[i]!, component: components[i]!, unit: units[i]!, set: sets[i]!, families: families[i]! }
}

/** The print range `[from, to)` of one kind in a sealed set. */
function rangeOf(prints: PrintSet, kind: Kind): [number, number] {
  const { kinds } = prints
  const from = kinds.indexOf(kind)
  return from < 0 ? [0, 0] : [from, kinds.lastIndexOf(kind) + 1]
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

function byUnit(
  hits: readonly LookupHit[],
  record: ComponentRecord,
  prints: PrintSet,
  df: ReadonlyMap<number, number>,
): Map<number, Hit[]> {
  const units = new Map<number, Hit[]>()
  const own = hits.filter((hit) => !record.units[hit.unit]!.vendored)
  const places = new Map<number, number>()
  for (const hit of own) places.set(hit.query, (places.get(hit.query) ?? 0) + 1)
  for (const hit of own) {
    // A fingerprint that only vendored copies hold cannot come here; 0 families would be a broken database.
    const weight = 1 / Math.max(1, hit.families) ** 2 / places.get(hit.query)!
    const entry: Hit = {
      print: hit.query,
      kind: prints.kinds[hit.query] as Kind,
      unit: hit.unit,
      set: hit.set,
      weight,
      isLabel: (prints.flags[hit.query]! & PrintFlag.Label) !== 0,
      df: df.get(hit.query)!,
    }
    const list = units.get(hit.unit)
    if (list === undefined) units.set(hit.unit, [entry])
    else list.push(entry)
  }
  return units
}

function templateHit(hit: LookupHit, record: ComponentRecord, prints: PrintSet): TemplateHit[] {
  const template = record.templates[hit.set]!
  const version = prints.captureAt(hit.query)
  if (version === undefined || record.units[template.unit]!.vendored) return []
  return [{ print: hit.query, template, version }]
}
