import type { FeatureKind } from '../database/feature-kinds.ts'
import type { KindFeatures } from '../database/postings.ts'
import { sourceSets } from '../database/release-sets.ts'
import type { ComponentPrints, FeatureTable } from '../database/schema.ts'
import { Kind } from '../fingerprint/print-set.ts'
import { type MergedFeatures, mergeFeatures } from './merge.ts'

/** What decides which postings of a component count. */
export interface Ownership {
  readonly prints: readonly ComponentPrints[]
  /** By component and unit: 1 for copies of another component's code. */
  readonly vendored: readonly Uint8Array[]
  /** By component: the number of its family, counted from 0. */
  readonly families: readonly number[]
}

/** Hashes in ascending order, in halves. */
export interface HashList {
  readonly high: Uint32Array
  readonly low: Uint32Array
}

/**
 * The features of one kind with the postings that count: not of vendored units, nothing that is common and says nothing,
 * whoever holds it, and of built releases nothing that the sources of another family own, as libraries carry what is linked into them.
 */
export function compileKind(
  kind: FeatureKind,
  owned: Ownership,
  common: readonly HashList[],
  merged: MergedFeatures = mergeFeatures(owned.prints.map(({ features }) => features[kind])),
): KindFeatures {
  const { prints, vendored, families } = owned
  const tables = prints.map(({ features }) => features[kind])
  const fromSource = prints.map(sourceSets)
  const isCommon = commonFeatures(merged, common)
  const out = new Columns(
    merged.high.length,
    tables.reduce((sum, { units }) => sum + units.length, 0),
    kind === Kind.Function,
  )
  // By family: the last feature, plus one, that its sources hold, or that it holds at all.
  const owner = new Uint32Array(families.length)
  const counted = new Uint32Array(families.length)
  for (let i = 0; i < merged.high.length; i++) {
    if (isCommon[i] === 1) continue
    const start = merged.starts[i]!
    const end = merged.starts[i + 1]!
    // Nearly always one component has it, and shuts out nobody.
    if (end - start === 1) {
      const component = merged.component[start]!
      if (out.addPostings(component, tables[component]!, merged.feature[start]!, vendored[component]!))
        out.addFeature(merged, i, 1, 1)
      continue
    }
    let hasOwner = false
    for (let entry = start; entry < end; entry++) {
      const component = merged.component[entry]!
      if (!isOwned(tables[component]!, merged.feature[entry]!, vendored[component]!, fromSource[component]!)) continue
      owner[families[component]!] = i + 1
      hasOwner = true
    }
    let holders = 0
    let holdingFamilies = 0
    for (let entry = start; entry < end; entry++) {
      const component = merged.component[entry]!
      const family = families[component]!
      if (hasOwner && owner[family] !== i + 1) continue
      if (!out.addPostings(component, tables[component]!, merged.feature[entry]!, vendored[component]!)) continue
      holders++
      if (counted[family] !== i + 1) holdingFamilies++
      counted[family] = i + 1
    }
    if (holders > 0) out.addFeature(merged, i, holdingFamilies, holders)
  }
  return out.finish(kind)
}

/** Whether a feature is in the source of a unit that is not vendored. */
function isOwned(table: FeatureTable, feature: number, vendored: Uint8Array, fromSource: Uint8Array): boolean {
  for (let p = table.starts[feature]!; p < table.starts[feature + 1]!; p++)
    if (vendored[table.units[p]!] === 0 && fromSource[table.sets[p]!] === 1) return true
  return false
}

/** Growing without copies: the sums of all tables are known, and little of them is left out. */
class Columns {
  readonly #high: Uint32Array
  readonly #low: Uint32Array
  readonly #starts: Uint32Array
  readonly #families: Uint16Array
  readonly #components: Uint16Array
  readonly #component: Uint16Array
  readonly #unit: Uint32Array
  readonly #set: Uint32Array
  readonly #name: Uint32Array | undefined
  #features = 0
  #postings = 0

  constructor(features: number, postings: number, hasNames: boolean) {
    this.#high = new Uint32Array(features)
    this.#low = new Uint32Array(features)
    this.#starts = new Uint32Array(features + 1)
    this.#families = new Uint16Array(features)
    this.#components = new Uint16Array(features)
    this.#component = new Uint16Array(postings)
    this.#unit = new Uint32Array(postings)
    this.#set = new Uint32Array(postings)
    this.#name = hasNames ? new Uint32Array(postings) : undefined
  }

  /** Adds the postings of the next feature in units that are not vendored; false when there are none. */
  addPostings(component: number, table: FeatureTable, feature: number, vendored: Uint8Array): boolean {
    const before = this.#postings
    for (let p = table.starts[feature]!; p < table.starts[feature + 1]!; p++) {
      if (vendored[table.units[p]!] === 1) continue
      const at = this.#postings++
      this.#component[at] = component
      this.#unit[at] = table.units[p]!
      this.#set[at] = table.sets[p]!
      if (this.#name !== undefined) this.#name[at] = table.names?.[p] ?? 0
    }
    return this.#postings > before
  }

  addFeature({ high, low }: MergedFeatures, from: number, families: number, components: number): void {
    const at = this.#features++
    this.#high[at] = high[from]!
    this.#low[at] = low[from]!
    this.#families[at] = families
    this.#components[at] = components
    this.#starts[at + 1] = this.#postings
  }

  /** Views, not copies. */
  finish(kind: FeatureKind): KindFeatures {
    const [features, postings] = [this.#features, this.#postings]
    return {
      kind,
      high: this.#high.subarray(0, features),
      low: this.#low.subarray(0, features),
      starts: this.#starts.subarray(0, features + 1),
      families: this.#families.subarray(0, features),
      components: this.#components.subarray(0, features),
      component: this.#component.subarray(0, postings),
      unit: this.#unit.subarray(0, postings),
      set: this.#set.subarray(0, postings),
      name: this.#name?.subarray(0, postings),
    }
  }
}

/** Of each feature 1 if one of the lists has it. */
function commonFeatures({ high, low }: HashList, lists: readonly HashList[]): Uint8Array {
  const flags = new Uint8Array(high.length)
  for (const list of lists) markShared(flags, high, low, list.high, list.low)
  return flags
}

/** Both ascend, so that one walk along them finds all that they share. */
function markShared(
  flags: Uint8Array,
  high: Uint32Array,
  low: Uint32Array,
  listHigh: Uint32Array,
  listLow: Uint32Array,
): void {
  for (let i = 0, at = 0; i < high.length && at < listHigh.length; ) {
    const difference = high[i]! - listHigh[at]! || low[i]! - listLow[at]!
    if (difference === 0) flags[i] = 1
    if (difference <= 0) i++
    else at++
  }
}
