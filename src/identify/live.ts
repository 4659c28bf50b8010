import type { ArrayPool } from './array-pool.ts'
import type { Tallies, Totals } from './tally.ts'

/**
 * A unit is live, really linked in, with at least this many of its strings …
 *
 * These constants are the prototype's; sensitivities in docs/identification.md.
 */
export const LIVE_STRINGS = 3
/** … making up this share of them (0.3 → 0.2 costs five points of precision) … */
const LIVE_COVERAGE = 0.3
/** … and this much weight, so that strings everyone has cannot do it alone. */
export const LIVE_WEIGHT = 2
/** Without strings, a unit is live by this many defined functions of its own. */
const LIVE_SYMBOLS = 5
const LIVE_SYMBOL_WEIGHT = 4
/** Machine code: one function of 30 instructions that nobody else has, or two of 15. */
const LIVE_FUNCTION_WEIGHT = 3
/** Constant data: a quarter of a kilobyte, as windows are 64 bytes apart on average … */
export const LIVE_TABLES = 4
/** … which is the share {@link LIVE_COVERAGE} of the unit's data, or so much of it that options cannot matter … */
const LIVE_TABLES_WITHOUT_COVERAGE = 16
/** … or half a kilobyte, where no source tells how much data there is: small tables of built code are alike. */
const LIVE_TABLES_OF_BUILT = 8
const LIVE_TABLE_WEIGHT = 3
/** Rare constants of the code, side by side. */
export const LIVE_IMMEDIATES = 3

/**
 * A table of names is one piece of evidence however long it is: cipher suites, encodings and scripts are named alike by
 * everyone who implements them. Below {@link LIVE_WEIGHT}, so that such a table never makes a unit live by itself.
 */
const LABEL_CAP = 1.5
/** Text is what no compiler and no option changes: so much of it in a unit, and none of it here, and the unit is not here. */
const TELLING_STRINGS = 8
/** One unit never says more than this, so that a single generated file cannot outvote a library. */
export const UNIT_WEIGHT_CAP = 40

/** What was found of a unit and what it holds, release by release: one entry per release of the component. */
export interface Counted extends Tallies {
  /** Strings, table windows and immediates that the release has in this unit at all. */
  readonly expected: Int32Array
  readonly expectedTables: Int32Array
  readonly expectedImmediates: Int32Array
}

/** What a unit says. */
export interface Worth {
  /**
   * What it adds to the evidence for its component, at most {@link UNIT_WEIGHT_CAP}: above 0 in the releases in which it is
   * live.
   */
  readonly worth: Float64Array
  /** Text alone makes it live in some release. */
  readonly hasText: boolean
  /** It is live in some release. */
  readonly isLive: boolean
}

/** Whether hits of which no release can have more could make a unit live at all: of most units they cannot. */
export function canSpeak({ found, weight, functionWeight }: Totals): boolean {
  return (
    weight >= LIVE_WEIGHT &&
    (found.sentences + found.labels >= LIVE_STRINGS ||
      found.symbols >= LIVE_SYMBOLS ||
      functionWeight >= LIVE_FUNCTION_WEIGHT ||
      found.tables >= LIVE_TABLES ||
      found.immediates >= LIVE_IMMEDIATES)
  )
}

/** What the unit adds by each way in which it is live. `totals` are those of the same hits. */
export function worthOfUnit(counted: Counted, { found }: Totals, pool: ArrayPool): Worth {
  const worth = pool.float64(counted.expected.length)
  if (found.sentences + found.labels > 0) addStrings(counted, worth)
  if (found.symbols > 0) addSymbols(counted, worth)
  const hasText = isAnyPositive(worth)
  if (found.functions > 0) addFunctions(counted, worth)
  if (found.tables > 0) addTables(counted, worth)
  if (found.immediates > 0) addImmediates(counted, worth)
  for (let release = 0; release < worth.length; release++)
    if (worth[release]! > UNIT_WEIGHT_CAP) worth[release] = UNIT_WEIGHT_CAP
  return { worth, hasText, isLive: hasText || isAnyPositive(worth) }
}

function isAnyPositive(weights: Float64Array): boolean {
  for (let release = 0; release < weights.length; release++) if (weights[release]! > 0) return true
  return false
}

/** Strings of the unit that are in the file. */
export function stringsFound({ sentences, labels }: Tallies, release: number): number {
  return sentences.found[release]! + labels.found[release]!
}

/** Whether machine code of the unit is there: no chance, however little it is. */
export function liveByFunctions({ functions }: Tallies, release: number): boolean {
  return functions.weight[release]! >= LIVE_FUNCTION_WEIGHT
}

function addStrings(counted: Counted, worth: Float64Array): void {
  const { sentences, labels, expected } = counted
  for (let release = 0; release < worth.length; release++) {
    const found = stringsFound(counted, release)
    if (found < LIVE_STRINGS || found < LIVE_COVERAGE * expected[release]!) continue
    const weight = sentences.weight[release]! + Math.min(LABEL_CAP, labels.weight[release]!)
    if (weight >= LIVE_WEIGHT) worth[release]! += weight
  }
}

function addSymbols(counted: Counted, worth: Float64Array): void {
  const { found, weight } = counted.symbols
  for (let release = 0; release < worth.length; release++) {
    if (found[release]! < LIVE_SYMBOLS || weight[release]! < LIVE_SYMBOL_WEIGHT || lacksText(counted, release)) continue
    worth[release]! += weight[release]!
  }
}

function addFunctions(counted: Counted, worth: Float64Array): void {
  for (let release = 0; release < worth.length; release++)
    if (liveByFunctions(counted, release)) worth[release]! += counted.functions.weight[release]!
}

function addTables(counted: Counted, worth: Float64Array): void {
  const { found, weight } = counted.tables
  for (let release = 0; release < worth.length; release++) {
    if (lacksText(counted, release)) continue
    if (areTables(found[release]!, weight[release]!, counted.expectedTables[release]!))
      worth[release]! += weight[release]!
  }
}

/** Whether so many table windows of a unit make it live, of those `expected`: 0 where no source tells how many it has. */
export function areTables(found: number, weight: number, expected: number): boolean {
  if (weight < LIVE_TABLE_WEIGHT) return false
  const least = expected > 0 ? LIVE_TABLES : LIVE_TABLES_OF_BUILT
  return (found >= least && found >= LIVE_COVERAGE * expected) || found >= LIVE_TABLES_WITHOUT_COVERAGE
}

function addImmediates(counted: Counted, worth: Float64Array): void {
  const { found, weight } = counted.immediates
  for (let release = 0; release < worth.length; release++) {
    if (found[release]! < LIVE_IMMEDIATES || weight[release]! < LIVE_WEIGHT || lacksText(counted, release)) continue
    if (found[release]! >= LIVE_COVERAGE * counted.expectedImmediates[release]!) worth[release]! += weight[release]!
  }
}

/**
 * Whether the text of the unit speaks against it: data and constants are copied more easily than files, and names such as
 * `tls_init` are given to functions by everybody.
 */
function lacksText(counted: Counted, release: number): boolean {
  return counted.expected[release]! >= TELLING_STRINGS && stringsFound(counted, release) === 0
}
