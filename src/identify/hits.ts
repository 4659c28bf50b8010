import type { DatabaseReader } from '../database/reader.ts'
import type { CompiledTemplate, ComponentRecord, LookupHit } from '../database/schema.ts'
import { Kind, PrintFlag, type PrintSet } from '../fingerprint/print-set.ts'
import { worthOf } from './worth.ts'

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
  const found = new Map<number, Found>()
  const of = (component: number): Found => {
    let entry = found.get(component)
    if (entry === undefined) {
      entry = { hits: [], templates: [], weight: 0 }
      found.set(component, entry)
    }
    return entry
  }
  const df = new Map<number, number>()
  const exact = new Set<number>()
  for (const kind of KINDS) {
    for (const hit of await lookup(kind, prints, reader)) {
      const { query, component } = hit
      if (repeats(prints, query)) continue
      const offset = prints.offsets[query]!
      if (kind === Kind.Function) exact.add(offset)
      // A function that is known as it stands says no more without its operands.
      else if (kind === Kind.Mnemonics && exact.has(offset)) continue
      df.set(query, (df.get(query) ?? 0) + 1)
      const entry = of(component)
      entry.hits.push(hit)
      entry.weight += weightOf(hit, prints)
    }
  }
  for (const hit of await lookup(Kind.Template, prints, reader)) of(hit.component).templates.push(hit)
  const candidates: Candidate[] = []
  for (const component of [...found.keys()].sort((a, b) => a - b)) {
    const { hits, templates, weight } = of(component)
    if (weight < MIN_WEIGHT && templates.length === 0) continue
    const record = await reader.component(component)
    candidates.push({
      index: component,
      record,
      sourceOf: sourcesOf(record),
      units: byUnit(hits, record, prints, df),
      templates: templates.flatMap((hit) => templateHit(hit, record, prints)),
    })
  }
  return candidates
}

/** What was found of one component, before its record is read. */
interface Found {
  readonly hits: LookupHit[]
  readonly templates: LookupHit[]
  /** Of all hits, before it is shared among units: an upper bound of what any unit can weigh. */
  weight: number
}

async function lookup(kind: Kind, prints: PrintSet, reader: DatabaseReader): Promise<LookupHit[]> {
  const [from, to] = rangeOf(prints, kind)
  return from === to ? [] : reader.lookup(kind, prints.high, prints.low, from, to)
}

/** By built release, the source release of the same version; -1 for source releases and where there is none. */
function sourcesOf({ releases }: ComponentRecord): Int32Array {
  const sources = new Map<string, number>()
  releases.forEach(({ version, origin }, release) => {
    if (origin === 'source') sources.set(version, release)
  })
  return Int32Array.from(releases, ({ version, origin }) => (origin === 'built' ? (sources.get(version) ?? -1) : -1))
}

/** What the hit says, before it is shared among the units of the component: {@link worthOf} / families². */
function weightOf(hit: LookupHit, { kinds, flags }: PrintSet): number {
  // A fingerprint that only vendored copies hold cannot come here; 0 families would be a broken database.
  return worthOf(kinds[hit.query] as Kind, flags[hit.query]!) / Math.max(1, hit.families) ** 2
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
    const weight = weightOf(hit, prints) / places.get(hit.query)!
    const kind = prints.kinds[hit.query] as Kind
    const entry: Hit = {
      print: hit.query,
      kind,
      unit: hit.unit,
      set: hit.set,
      name: hit.name ?? 0,
      weight,
      isLabel: kind === Kind.String && (prints.flags[hit.query]! & PrintFlag.Label) !== 0,
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
