import { Kind } from '../fingerprint/print-set.ts'
import type { KnownFeatures } from './hits.ts'
import { canSpeak, LIVE_WEIGHT } from './live.ts'

/** Weights are added up in another order later on, and may come out higher by rounding. */
const ROUNDING = 1e-9

/**
 * Which components have a unit that the hits could make live, by 1: of the others nothing but their templates matters. Their
 * records need not be read, which in a large catalog are most of those that share a fingerprint with the file.
 *
 * Hits are counted without regard to releases and neighbours, so that no unit can have more later on.
 */
export function speakingComponents(features: readonly KnownFeatures[], components: number): Uint8Array {
  const speaking = new Uint8Array(components)
  const firsts = unitPlaces(features, weightsOf(features, components), components)
  const units = firsts[components]!
  if (units === 0) return speaking
  const weight = new Float64Array(units)
  const functionWeight = new Float64Array(units)
  const [strings, symbols, functions, tables, immediates] = Array.from({ length: 5 }, () => new Uint32Array(units)) as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ]
  const counts: Readonly<Partial<Record<Kind, Uint32Array>>> = {
    [Kind.String]: strings,
    [Kind.Symbol]: symbols,
    [Kind.Function]: functions,
    [Kind.Mnemonics]: functions,
    [Kind.Table]: tables,
    [Kind.BigEndianTable]: tables,
    [Kind.Immediate]: immediates,
  }
  for (const { kind, hits, count, starts, ends, weights } of features) {
    const counted = counts[kind]!
    const isFunction = counted === functions
    for (let at = 0; at < count; at++)
      for (let row = starts[at]!; row < ends[at]!; row++) {
        const component = hits.components[row]!
        const first = firsts[component]!
        if (first === firsts[component + 1]) continue
        const unit = first + hits.units[row]!
        counted[unit]!++
        weight[unit]! += weights[at]!
        if (isFunction) functionWeight[unit]! += weights[at]!
      }
  }
  // Filled anew for each unit: there are a hundred thousand in a large catalog.
  const found = { sentences: 0, labels: 0, symbols: 0, functions: 0, tables: 0, immediates: 0 }
  const most = { found, weight: 0, functionWeight: 0 }
  for (let component = 0; component < components; component++)
    for (let unit = firsts[component]!; unit < firsts[component + 1]!; unit++) {
      if (weight[unit] === 0) continue
      found.sentences = strings[unit]!
      found.symbols = symbols[unit]!
      found.functions = functions[unit]!
      found.tables = tables[unit]!
      found.immediates = immediates[unit]!
      most.weight = weight[unit]! + ROUNDING
      most.functionWeight = functionWeight[unit]! + ROUNDING
      if (!canSpeak(most)) continue
      speaking[component] = 1
      break
    }
  return speaking
}

/** By component all weights of its hits: no unit of it has more. */
function weightsOf(features: readonly KnownFeatures[], components: number): Float64Array {
  const sums = new Float64Array(components)
  for (const { hits, count, starts, ends, weights } of features)
    for (let at = 0; at < count; at++)
      for (let row = starts[at]!; row < ends[at]!; row++) sums[hits.components[row]!]! += weights[at]!
  return sums
}

/**
 * By component where its units begin when those of all stand in one row, up to the last one that was hit. Those that weigh too
 * little together, which are most, have none.
 */
function unitPlaces(features: readonly KnownFeatures[], sums: Float64Array, components: number): Uint32Array {
  const firsts = new Uint32Array(components + 1)
  for (const { hits, count, starts, ends } of features)
    for (let at = 0; at < count; at++)
      for (let row = starts[at]!; row < ends[at]!; row++) {
        const component = hits.components[row]!
        if (sums[component]! + 2 * ROUNDING < LIVE_WEIGHT) continue
        if (hits.units[row]! >= firsts[component + 1]!) firsts[component + 1] = hits.units[row]! + 1
      }
  for (let component = 0; component < components; component++) firsts[component + 1]! += firsts[component]!
  return firsts
}
