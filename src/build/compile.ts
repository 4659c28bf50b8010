import type { CatalogEntry } from '../database/catalog.ts'
import { FEATURE_KINDS, type FeatureKind } from '../database/feature-kinds.ts'
import type { KindFeatures } from '../database/postings.ts'
import {
  type CompiledTemplate,
  type CompiledUnit,
  type ComponentPrints,
  type ComponentRecord,
  type Intervals,
  SCHEMA,
  type TemplateRecord,
  type UnitTotals,
} from '../database/schema.ts'
import { writeDatabase } from '../database/writer.ts'
import { Kind } from '../fingerprint/print-set.ts'
import { builtFunctions } from './built-functions.ts'
import { compileKind, type HashList, type Ownership } from './compile-kind.ts'
import { mergeFeatures } from './merge.ts'
import { findVendoredUnits } from './ownership.ts'
import { trustedTemplates } from './template-trust.ts'
import { unitTotals } from './unit-totals.ts'
import { namesWithVersion } from './versioned-names.ts'

/** What a database is compiled from. */
export interface CompileInput {
  /** By name, each with its catalog entry. */
  readonly components: readonly { readonly prints: ComponentPrints; readonly entry: CatalogEntry }[]
  /** Prints of programs that hold none of the components: what they share with one says nothing. */
  readonly background: ComponentPrints | undefined
  /** What belongs to nobody, as published algorithms define it, by kind. */
  readonly publicFeatures?: (kind: FeatureKind) => readonly HashList[]
  /** Hash of all of it, hexadecimal. */
  readonly digest: string
}

/** Compiles prints into a LevelDB database in `directory`, which must not exist or be empty. */
export async function compileDatabase(directory: string, input: CompileInput): Promise<void> {
  const { components, background, publicFeatures } = input
  const prints = components.map((component) => component.prints)
  const strings = mergeFeatures(prints.map(({ features }) => features[Kind.String]))
  const owners = components.map(({ prints, entry }) => ({ prints, family: entry.family ?? entry.name }))
  const vendored = findVendoredUnits(owners, strings)
  const families = familyNumbers(owners.map(({ family }) => family))
  const owned: Ownership = { prints, vendored, families }
  const compiled = new Map<FeatureKind, KindFeatures>()
  for (const kind of FEATURE_KINDS) {
    const ofBackground = background === undefined ? [] : [background.features[kind]]
    const common = [...ofBackground, ...(publicFeatures?.(kind) ?? [])]
    compiled.set(kind, compileKind(kind, owned, common, kind === Kind.String ? strings : undefined))
  }
  const trusted = trustedTemplates(prints, families, vendored, background?.templates ?? [])
  const totals = unitTotals(prints, {
    strings: compiled.get(Kind.String)!,
    tables: compiled.get(Kind.Table)!,
    bigEndianTables: compiled.get(Kind.BigEndianTable)!,
    immediates: compiled.get(Kind.Immediate)!,
  })
  const records = components.map(({ prints, entry }, index) =>
    compileComponent(prints, entry, vendored[index]!, totals[index]!, trusted[index]!),
  )
  const features = [...compiled.values(), compileTemplates(trusted)]
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
    functionNames: prints.map(({ functionNames }) => functionNames),
    builtFunctions: builtFunctions(prints, compiled.get(Kind.Function)!),
    files: prints.flatMap(({ files }, component) => files.map((file) => ({ ...file, component }))),
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

function compileComponent(
  prints: ComponentPrints,
  entry: CatalogEntry,
  vendored: Uint8Array,
  totals: readonly UnitTotals[],
  trusted: readonly TemplateRecord[],
): ComponentRecord {
  return {
    name: prints.name,
    aliases: entry.aliases,
    purl: entry.purl,
    cpes: entry.cpes,
    family: entry.family,
    sonames: entry.sonames,
    versionedNames: namesWithVersion(prints),
    order: entry.versionScheme,
    releases: prints.releases,
    units: prints.units.map(({ path }, unit): CompiledUnit => {
      return { path, vendored: vendored[unit] === 1, totals: totals[unit]! }
    }),
    sets: prints.sets.map((set): Intervals => [...set]),
    templates: trusted.map(({ unit, agreeing, selfNaming, head, headerOnly }): CompiledTemplate => {
      return { unit, set: agreeing, selfNaming, head, headerOnly }
    }),
  }
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
    families: Uint16Array.from(holders),
    components: Uint16Array.from(holders),
    component: Uint16Array.from(all, ({ component }) => component),
    unit: Uint32Array.from(all, ({ template }) => template.unit),
    set: Uint32Array.from(all, ({ index }) => index),
    name: undefined,
  }
}
