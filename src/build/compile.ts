import type { CatalogEntry } from '../database/catalog.ts'
import type { KindFeatures } from '../database/postings.ts'
import {
  type CompiledTemplate,
  type CompiledUnit,
  type ComponentPrints,
  type ComponentRecord,
  type FeatureTable,
  type Intervals,
  type ReleaseRecord,
  SCHEMA,
  type TemplateRecord,
} from '../database/schema.ts'
import { writeDatabase } from '../database/writer.ts'
import { Kind } from '../fingerprint/print-set.ts'
import { type MergedFeatures, mergeFeatures } from './merge.ts'
import { findVendoredUnits } from './ownership.ts'
import { trustedTemplates } from './template-trust.ts'

/** What a database is compiled from. */
export interface CompileInput {
  /** By name, each with its catalog entry. */
  readonly components: readonly { readonly prints: ComponentPrints; readonly entry: CatalogEntry }[]
  /** Prints of programs that hold none of the components: what they share with one says nothing. */
  readonly background: ComponentPrints | undefined
  /** Hash of all of it, hexadecimal. */
  readonly digest: string
}

/** Compiles prints into a LevelDB database in `directory`, which must not exist or be empty. */
export async function compileDatabase(directory: string, input: CompileInput): Promise<void> {
  const { components } = input
  const prints = components.map((component) => component.prints)
  const strings = mergeFeatures(prints.map((one) => one.strings))
  const owners = components.map(({ prints, entry }) => ({ prints, family: entry.family ?? entry.name }))
  const vendored = findVendoredUnits(owners, strings)
  const families = familyNumbers(owners.map(({ family }) => family))
  const kinds = [
    compileKind(Kind.String, strings, prints, input.background?.strings, vendored, families),
    compileKind(
      Kind.Symbol,
      mergeFeatures(prints.map((one) => one.symbols)),
      prints,
      input.background?.symbols,
      vendored,
      families,
    ),
  ]
  const trusted = trustedTemplates(prints, families, vendored, input.background?.templates ?? [])
  const records = components.map(({ prints, entry }, index) =>
    compileComponent(prints, entry, vendored[index]!, unitTotals(index, prints, kinds[0]!), trusted[index]!),
  )
  const features = [...kinds, compileTemplates(trusted)]
  await writeDatabase(directory, {
    manifest: {
      schema: SCHEMA,
      digest: input.digest,
      components: records.map((record) => record.name),
      releases: records.reduce((sum, record) => sum + record.releases.length, 0),
      units: vendored.reduce((sum, flags) => sum + flags.filter((flag) => flag === 0).length, 0),
      features: Object.fromEntries(features.map(({ kind, high }) => [String(kind), high.length])),
    },
    components: records,
    features,
  })
}

function familyNumbers(names: readonly string[]): number[] {
  const numbers = new Map<string, number>()
  return names.map((name) => {
    const known = numbers.get(name) ?? numbers.size
    numbers.set(name, known)
    return known
  })
}

/**
 * The features of one kind with the postings that count: not of vendored units, nothing that the background has, and of
 * built releases nothing that the sources of another family own, as libraries carry text of what is linked into them.
 */
function compileKind(
  kind: number,
  merged: MergedFeatures,
  prints: readonly ComponentPrints[],
  background: FeatureTable | undefined,
  vendored: readonly Uint8Array[],
  families: readonly number[],
): KindFeatures {
  const out = {
    high: [] as number[],
    low: [] as number[],
    starts: [] as number[],
    component: [] as number[],
    unit: [] as number[],
    set: [] as number[],
    families: [] as number[],
    components: [] as number[],
  }
  const fromSource = prints.map(({ sets, releases }) =>
    Uint8Array.from(sets, (set) => Number(holdsSource(set, releases))),
  )
  let ground = 0
  for (let i = 0; i < merged.high.length; i++) {
    const [high, low] = [merged.high[i]!, merged.low[i]!]
    if (background !== undefined) {
      while (ground < background.high.length && isBefore(background.high[ground]!, background.low[ground]!, high, low))
        ground++
      if (background.high[ground] === high && background.low[ground] === low) continue
    }
    const start = out.component.length
    const holders = new Set<number>()
    const owners = sourceFamilies(merged, i)
    for (let entry = merged.starts[i]!; entry < merged.starts[i + 1]!; entry++) {
      const component = merged.component[entry]!
      const table = kind === Kind.String ? prints[component]!.strings : prints[component]!.symbols
      const feature = merged.feature[entry]!
      if (owners.size > 0 && !owners.has(families[component]!)) continue
      for (let p = table.starts[feature]!; p < table.starts[feature + 1]!; p++) {
        if (vendored[component]![table.units[p]!] === 1) continue
        holders.add(component)
        out.component.push(component)
        out.unit.push(table.units[p]!)
        out.set.push(table.sets[p]!)
      }
    }
    if (holders.size === 0) continue
    out.high.push(high)
    out.low.push(low)
    out.starts.push(start)
    out.families.push(new Set([...holders].map((component) => families[component])).size)
    out.components.push(holders.size)
  }
  out.starts.push(out.component.length)

  /** Families whose sources hold fingerprint `i` in a unit of their own. */
  function sourceFamilies(features: MergedFeatures, i: number): ReadonlySet<number> {
    const found = new Set<number>()
    for (let entry = features.starts[i]!; entry < features.starts[i + 1]!; entry++) {
      const component = features.component[entry]!
      const table = kind === Kind.String ? prints[component]!.strings : prints[component]!.symbols
      const feature = features.feature[entry]!
      for (let p = table.starts[feature]!; p < table.starts[feature + 1]!; p++)
        if (vendored[component]![table.units[p]!] === 0 && fromSource[component]![table.sets[p]!] === 1)
          found.add(families[component]!)
    }
    return found
  }
  return {
    ...out,
    kind,
    high: Uint32Array.from(out.high),
    low: Uint32Array.from(out.low),
    starts: Uint32Array.from(out.starts),
  }
}

function holdsSource(set: Intervals, releases: readonly ReleaseRecord[]): boolean {
  for (let i = 0; i < set.length; i += 2)
    for (let release = set[i]!; release <= set[i + 1]!; release++)
      if (releases[release]!.origin === 'source') return true
  return false
}

function isBefore(high: number, low: number, otherHigh: number, otherLow: number): boolean {
  return high < otherHigh || (high === otherHigh && low < otherLow)
}

/** Strings per unit and release, as differences from the release before. */
function unitTotals(component: number, prints: ComponentPrints, strings: KindFeatures): Int32Array[] {
  const changes = prints.units.map(() => new Int32Array(prints.releases.length + 1))
  for (let p = 0; p < strings.component.length; p++) {
    if (strings.component[p] !== component) continue
    const change = changes[strings.unit[p]!]!
    const intervals = prints.sets[strings.set[p]!]!
    for (let i = 0; i < intervals.length; i += 2) {
      change[intervals[i]!]!++
      change[intervals[i + 1]! + 1]!--
    }
  }
  return changes
}

function compileComponent(
  prints: ComponentPrints,
  entry: CatalogEntry,
  vendored: Uint8Array,
  changes: readonly Int32Array[],
  trusted: readonly TemplateRecord[],
): ComponentRecord {
  return {
    name: prints.name,
    aliases: entry.aliases,
    purl: entry.purl,
    cpes: entry.cpes,
    family: entry.family,
    sonames: entry.sonames,
    order: entry.versionScheme,
    releases: prints.releases,
    units: prints.units.map(({ path }, unit): CompiledUnit => {
      return { path, vendored: vendored[unit] === 1, totals: runLengths(changes[unit]!) }
    }),
    sets: prints.sets.map((set): Intervals => [...set]),
    templates: trusted.map(({ unit, agreeing, selfNaming, head, headerOnly }): CompiledTemplate => {
      return { unit, set: agreeing, selfNaming, head, headerOnly }
    }),
  }
}

function runLengths(changes: Int32Array): number[] {
  const runs: number[] = []
  let total = 0
  for (let release = 0; release < changes.length - 1; release++) {
    if (changes[release] === 0) continue
    total += changes[release]!
    runs.push(release, total)
  }
  return runs
}

/** Trusted templates as features; the set of a posting is the index of the template in its component. */
function compileTemplates(trusted: readonly (readonly TemplateRecord[])[]): KindFeatures {
  const all = trusted.flatMap((templates, component) =>
    templates.map((template, index) => ({ template, component, index })),
  )
  all.sort(
    (a, b) =>
      a.template.high - b.template.high ||
      a.template.low - b.template.low ||
      a.component - b.component ||
      a.template.unit - b.template.unit,
  )
  const starts: number[] = []
  const high: number[] = []
  const low: number[] = []
  all.forEach(({ template }, i) => {
    if (high.at(-1) === template.high && low.at(-1) === template.low) return
    starts.push(i)
    high.push(template.high)
    low.push(template.low)
  })
  starts.push(all.length)
  const holders = high.map(
    (_, i) => new Set(all.slice(starts[i]!, starts[i + 1]!).map(({ component }) => component)).size,
  )
  return {
    kind: Kind.Template,
    high: Uint32Array.from(high),
    low: Uint32Array.from(low),
    starts: Uint32Array.from(starts),
    component: all.map(({ component }) => component),
    unit: all.map(({ template }) => template.unit),
    set: all.map(({ index }) => index),
    families: holders,
    components: holders,
  }
}
