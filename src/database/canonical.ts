import { radixOrder } from '../bytes/radix.ts'
import { compareCodeUnits } from '../versions/token.ts'
import { FEATURE_KINDS, FeatureKind, forEachKind } from './feature-kinds.ts'
import { compareFiles } from './file-coding.ts'
import type { ComponentPrints, FeatureTable, FileRecord, Intervals, TemplateRecord, UnitRecord } from './schema.ts'

/**
 * Returns the same prints in the one order that is stored: units by path and only those in use, interval sets most used
 * first (equally used ones by content) without duplicates, features by hash, postings by unit, names of functions by text
 * and only those in use, files by release. Two component prints with the same content come out equal, in whatever order
 * they were collected.
 *
 * @throws TypeError if a hash is there twice in a table or a unit twice under a hash
 */
export function canonicalPrints(prints: ComponentPrints): ComponentPrints {
  const { units, toUnit } = orderUnits(prints)
  const { sets, toSet } = orderSets(prints)
  const { functionNames, toName } = orderNames(prints)
  return {
    name: prints.name,
    releases: prints.releases,
    units,
    sets,
    features: forEachKind((kind) => orderTable(prints.features[kind], { toUnit, toSet, toName })),
    templates: orderTemplates(prints.templates, toUnit, toSet),
    functionNames,
    files: orderFiles(prints),
  }
}

/** A table without features. */
export function emptyTable(kind: FeatureKind): FeatureTable {
  const none = (): Uint32Array => new Uint32Array(0)
  return {
    high: none(),
    low: none(),
    starts: new Uint32Array(1),
    units: none(),
    sets: none(),
    names: kind === FeatureKind.Function ? none() : undefined,
  }
}

/** Order of 64-bit hashes held as two halves. */
export function compareHash(highA: number, lowA: number, highB: number, lowB: number): number {
  return highA - highB || lowA - lowB
}

function orderUnits(prints: ComponentPrints): { units: UnitRecord[]; toUnit: Uint32Array } {
  const isUsed = new Uint8Array(prints.units.length)
  const use = (unit: number): void => {
    if (unit >= isUsed.length) throw new TypeError(`prints: posting names unit ${unit} of ${isUsed.length}`)
    isUsed[unit] = 1
  }
  for (const kind of FEATURE_KINDS) for (const unit of prints.features[kind].units) use(unit)
  for (const { unit } of prints.templates) use(unit)
  const order = [...isUsed.keys()]
    .filter((unit) => isUsed[unit] === 1)
    .sort((a, b) => compareUnits(prints.units[a]!, prints.units[b]!))
  const toUnit = new Uint32Array(prints.units.length)
  const units: UnitRecord[] = []
  for (const from of order) {
    const unit = prints.units[from]!
    const last = units.at(-1)
    if (last === undefined || compareUnits(last, unit) !== 0) units.push({ path: unit.path, vendored: unit.vendored })
    toUnit[from] = units.length - 1
  }
  return { units, toUnit }
}

function compareUnits(a: UnitRecord, b: UnitRecord): number {
  if (a.path !== b.path) return a.path < b.path ? -1 : 1
  return Number(a.vendored) - Number(b.vendored)
}

function orderSets(prints: ComponentPrints): { sets: Intervals[]; toSet: Uint32Array } {
  const uses = new Float64Array(prints.sets.length)
  const count = (set: number): void => {
    if (set >= uses.length) throw new TypeError(`prints: posting names set ${set} of ${uses.length}`)
    uses[set]!++
  }
  for (const kind of FEATURE_KINDS) for (const set of prints.features[kind].sets) count(set)
  for (const { agreeing, seen } of prints.templates) {
    count(agreeing)
    count(seen)
  }

  const byContent = new Map<string, { set: Intervals; uses: number; from: number[] }>()
  prints.sets.forEach((set, from) => {
    if (uses[from] === 0) return
    const key = set.join()
    const same = byContent.get(key)
    if (same === undefined) byContent.set(key, { set: [...set], uses: uses[from]!, from: [from] })
    else {
      same.uses += uses[from]!
      same.from.push(from)
    }
  })
  const order = [...byContent.values()].sort((a, b) => b.uses - a.uses || compareSets(a.set, b.set))
  const toSet = new Uint32Array(prints.sets.length)
  order.forEach(({ from }, to) => {
    for (const index of from) toSet[index] = to
  })
  return { sets: order.map(({ set }) => set), toSet }
}

function compareSets(a: Intervals, b: Intervals): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const difference = a[i]! - b[i]!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** Text that stands in symbol tables may be there in many versions of one component; each is kept once. */
function orderNames({ features, functionNames }: ComponentPrints): { functionNames: string[]; toName: Uint32Array } {
  const isUsed = new Uint8Array(functionNames.length + 1)
  for (const name of features[FeatureKind.Function].names ?? []) {
    if (name > functionNames.length)
      throw new TypeError(`prints: posting has name ${name - 1} of ${functionNames.length}`)
    isUsed[name] = 1
  }
  const toName = new Uint32Array(functionNames.length + 1)
  const order = functionNames
    .map((text, index) => ({ text, number: index + 1 }))
    .filter(({ number }) => isUsed[number] === 1)
    .sort((a, b) => compareCodeUnits(a.text, b.text))
  const sorted: string[] = []
  for (const { text, number } of order) {
    if (text !== sorted.at(-1)) sorted.push(text)
    toName[number] = sorted.length
  }
  return { functionNames: sorted, toName }
}

/** Of a file that is there twice in one release the first name stands. */
function orderFiles({ files, releases }: ComponentPrints): FileRecord[] {
  const seen = new Set<string>()
  return [...files].sort(compareFiles).flatMap(({ sha256, buildId, arch, release, name }) => {
    if (!(release >= 0 && release < releases.length))
      throw new TypeError(`prints: file ${name} is of release ${release} of ${releases.length}`)
    const key = `${release} ${sha256}`
    if (seen.has(key)) return []
    seen.add(key)
    return [{ sha256, buildId, arch, release, name }]
  })
}

interface Renumbering {
  readonly toUnit: Uint32Array
  readonly toSet: Uint32Array
  /** By number in postings, 0 included. */
  readonly toName: Uint32Array
}

function orderTable(table: FeatureTable, { toUnit, toSet, toName }: Renumbering): FeatureTable {
  const features = hashOrder(table)
  const sorted: FeatureTable = {
    high: new Uint32Array(features.length),
    low: new Uint32Array(features.length),
    starts: new Uint32Array(features.length + 1),
    units: new Uint32Array(table.units.length),
    sets: new Uint32Array(table.sets.length),
    names: table.names === undefined ? undefined : new Uint32Array(table.names.length),
  }
  let posting = 0
  for (let to = 0; to < features.length; to++) {
    const from = features[to]!
    sorted.high[to] = table.high[from]!
    sorted.low[to] = table.low[from]!
    if (to > 0 && sorted.high[to] === sorted.high[to - 1] && sorted.low[to] === sorted.low[to - 1])
      throw new TypeError(`prints: a hash is there twice, as features ${features[to - 1]} and ${from}`)
    const first = posting
    for (let p = table.starts[from]!; p < table.starts[from + 1]!; p++) {
      const unit = toUnit[table.units[p]!]!
      // Nearly always one posting, else a few and often in order already: insertion beats a sort with its allocations.
      let at = posting++
      for (; at > first && sorted.units[at - 1]! >= unit; at--) {
        if (sorted.units[at - 1] === unit) throw new TypeError(`prints: feature ${from} names a unit twice`)
        sorted.units[at] = sorted.units[at - 1]!
        sorted.sets[at] = sorted.sets[at - 1]!
        if (sorted.names !== undefined) sorted.names[at] = sorted.names[at - 1]!
      }
      sorted.units[at] = unit
      sorted.sets[at] = toSet[table.sets[p]!]!
      if (sorted.names !== undefined) sorted.names[at] = toName[table.names![p]!]!
    }
    sorted.starts[to + 1] = posting
  }
  return sorted
}

/** Feature indices by hash, without sorting when they are in order already. */
function hashOrder({ high, low }: FeatureTable): Uint32Array {
  for (let i = 1; i < high.length; i++)
    if (compareHash(high[i - 1]!, low[i - 1]!, high[i]!, low[i]!) > 0) return radixOrder([high, low], high.length)
  const order = new Uint32Array(high.length)
  for (let i = 0; i < order.length; i++) order[i] = i
  return order
}

function orderTemplates(
  templates: readonly TemplateRecord[],
  toUnit: Uint32Array,
  toSet: Uint32Array,
): TemplateRecord[] {
  const sorted = templates.map((template) => ({
    high: template.high,
    low: template.low,
    unit: toUnit[template.unit]!,
    agreeing: toSet[template.agreeing]!,
    seen: toSet[template.seen]!,
    selfNaming: template.selfNaming,
    head: template.head,
    headerOnly: template.headerOnly,
  }))
  sorted.sort((a, b) => compareHash(a.high, a.low, b.high, b.low) || a.unit - b.unit)
  for (let i = 1; i < sorted.length; i++) {
    const [a, b] = [sorted[i - 1]!, sorted[i]!]
    if (a.high === b.high && a.low === b.low && a.unit === b.unit)
      throw new TypeError(`prints: a template is there twice in unit ${b.unit}`)
  }
  return sorted
}
