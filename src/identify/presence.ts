import type { CompiledUnit } from '../database/schema.ts'
import { Kind, type PrintSet } from '../fingerprint/print-set.ts'
import { ArrayPool } from './array-pool.ts'
import { type Explained, noneExplained, PrintMarks } from './explained.ts'
import type { Candidate, TemplateHit } from './hits.ts'
import { liveByFunctions, stringsFound, UNIT_WEIGHT_CAP } from './live.ts'
import { canBeLive, stemOfUnit, type UnitEvidence, weighUnits } from './units.ts'

/** A component that is in the file, with the evidence that nobody else explains better. */
export interface Presence {
  readonly candidate: Candidate
  /** Sum of the live units' weights at {@link release}; 0 when only templates speak. */
  readonly evidence: number
  /** Index of the release that explains most. */
  readonly release: number
  readonly units: readonly UnitEvidence[]
  readonly live: readonly UnitEvidence[]
  /** Siblings of the family that explain the file as well, so that it may be any of them; by name. */
  readonly undecided: readonly string[]
}

/** What the greedy cover decided, in the order in which components were accepted. */
export interface Cover {
  readonly present: readonly Presence[]
  /** Candidates with templates but without code of theirs. */
  readonly mentioned: readonly Candidate[]
}

/** Evidence below this is chance; between 2 and 5 it matters by half a point (prototype). */
export const MIN_EVIDENCE = 3
/** With one live unit of text alone there is no second witness, and chance needs to be rarer. */
const MIN_EVIDENCE_OF_ONE_UNIT = 5
/** Siblings this close to the strongest are told apart by other means than the amount of evidence. */
const CLOSE_SIBLING_SHARE = 0.8
/** From this share on two amounts are the same: fewer is one string of fifty. */
const EQUAL_SHARE = 0.98
/** A sibling of one family needs this share of the winner's evidence, or a template of its own. */
const SIBLING_SHARE = 0.3

/**
 * Accepts the component that explains most, takes its live hits away from all others, and goes on until nobody is left
 * with evidence enough. Components known only by a template that code of theirs holds come last.
 */
export function coverGreedily(candidates: readonly Candidate[], prints: PrintSet): Cover {
  const explained = noneExplained(prints.count)
  const pool = new ArrayPool()
  const waiting = new Map(candidates.map((candidate) => [candidate.index, score(candidate, explained, prints, pool)]))
  const present: Presence[] = []
  for (;;) {
    const next = strongest([...waiting.values()].filter(isEnough), prints)
    if (next === undefined) break
    waiting.delete(next.candidate.index)
    if (!losesToSibling(next, present)) present.push(withUndecided(next, equalsOf(next, [...waiting.values()], prints)))
    const fresh = explainedBy(next, prints)
    explain(next, explained)
    for (const other of waiting.values())
      if (canStillCount(other) && losesSome(other, fresh))
        waiting.set(other.candidate.index, score(other.candidate, explained, prints, pool, other.units))
  }
  dropCopiers(present)
  const mentioned: Candidate[] = []
  for (const rest of waiting.values()) {
    const { templates } = rest.candidate
    if (templates.some(ofOwnCode) && !losesToSibling(rest, present)) present.push(rest)
    else if (templates.some((hit) => hit.template.selfNaming)) mentioned.push(rest.candidate)
  }
  return { present, mentioned }
}

/**
 * Drops components that are there by code and data alone, all of it of files that another one has here with their text: the
 * one that explains most is not the owner where the owner was never seen built.
 */
function dropCopiers(present: Presence[]): void {
  const withText = present.map(({ candidate, live }) =>
    stemsOf(
      candidate,
      live.filter((unit) => unit.hasText),
    ),
  )
  const isCopier = (one: Presence, at: number): boolean =>
    withText[at]!.size === 0 &&
    one.live.length > 0 &&
    [...stemsOf(one.candidate, one.live)].every((stem) => withText.some((stems) => stems.has(stem)))
  const kept = present.filter((one, at) => !isCopier(one, at))
  present.splice(0, present.length, ...kept)
}

function stemsOf({ record }: Candidate, units: readonly UnitEvidence[]): Set<string> {
  return new Set(units.map(({ unit }) => stemOfUnit(record, unit)))
}

/** What a component takes away from all others. */
function explainedBy(presence: Presence, prints: PrintSet): Explained {
  const explained = noneExplained(prints.count)
  explain(presence, explained)
  return explained
}

function explain({ candidate, live }: Presence, { prints, stems }: Explained): void {
  for (const { unit, hits } of live) {
    for (const row of hits) prints.add(candidate.hits.prints[row]!)
    stems.add(stemOfUnit(candidate.record, unit))
  }
}

/** Whether nothing of the component is there but tables of constants: no text, no name, no code. */
export function isTablesAlone({ candidate, live }: Presence): boolean {
  const { hits, templates } = candidate
  if (live.length === 0 || templates.some(ofOwnCode)) return false
  return live.every(({ hits: rows }) =>
    rows.every((row) => hits.kinds[row] === Kind.Table || hits.kinds[row] === Kind.BigEndianTable),
  )
}

/** A text that names its component and stands in its code, not in a header that anyone may include. */
function ofOwnCode(hit: TemplateHit): boolean {
  return hit.template.selfNaming && !hit.template.headerOnly && !hit.template.head
}

function isEnough({ candidate, live, evidence, release }: Presence): boolean {
  if (isIncluded(candidate, live, release)) return false
  // Units that only another release has are the same files under other names.
  const here = live.filter((unit) => unit.worth[release]! > 0)
  const hasWitness = here.length > 1 || live.some((unit) => liveByFunctions(unit, release))
  return evidence >= (hasWitness ? MIN_EVIDENCE : MIN_EVIDENCE_OF_ONE_UNIT)
}

/** Headers, which are compiled into whatever includes them. */
const HEADER = /\.(?:h|hh|hpp|hxx)(?:\.in)?$/

/**
 * Whether everything that is there stands in headers, of a component that has more than headers: a program that uses a library
 * holds what the library's headers spell (`fterrdef.h`), and not the library.
 */
function isIncluded({ record }: Candidate, live: readonly UnitEvidence[], release: number): boolean {
  const isHeader = ({ path }: CompiledUnit): boolean => HEADER.test(path)
  if (live.length === 0 || !live.every(({ unit }) => isHeader(record.units[unit]!))) return false
  const telling = record.units.filter((unit) => canBeLive(unit, release))
  return telling.filter(isHeader).length * 2 < telling.length
}

/**
 * The one with most evidence; of siblings about as strong, the one whose own name and version stand in the file (`mozjpeg
 * version 4.1.5`), else the one with clearly more that the others do not have, and of equals the one of which less is
 * missing: the fork has nearly all strings of its origin.
 */
function strongest(all: readonly Presence[], prints: PrintSet): Presence | undefined {
  let best: Presence | undefined
  for (const one of all) if (best === undefined || one.evidence > best.evidence) best = one
  if (best === undefined || best.candidate.record.family === null) return best
  const { evidence, candidate } = best
  const family = all.filter((one) => one.candidate.record.family === candidate.record.family)
  const siblings = family.filter((one) => one.evidence >= CLOSE_SIBLING_SHARE * evidence)
  const named = family.filter(
    (one) => one.evidence >= SIBLING_SHARE * evidence && one.candidate.templates.some(namesItself),
  )
  if (named.length === 0 && family.length > 1) {
    const own = ownEvidence(family, prints).map((evidence, i) => ({ one: family[i]!, evidence }))
    own.sort((a, b) => b.evidence - a.evidence)
    if (own[0]!.evidence >= own[1]!.evidence + MIN_EVIDENCE) return own[0]!.one
  }
  const rivals = named.length > 0 ? named : siblings.filter((one) => one.evidence >= EQUAL_SHARE * evidence)
  return rivals.reduce((a, b) => (coverage(b) > coverage(a) ? b : a), rivals.includes(best) ? best : rivals[0]!)
}

/**
 * The siblings that explain as much, miss as little and have as little of their own as the one that is accepted: between them
 * nothing decides. A text that names one of them does.
 */
function equalsOf(one: Presence, others: readonly Presence[], prints: PrintSet): string[] {
  const { family } = one.candidate.record
  if (family === null || one.candidate.templates.some(namesItself)) return []
  const equals = others.filter(
    (other) =>
      other.candidate.record.family === family &&
      other.evidence >= EQUAL_SHARE * one.evidence &&
      coverage(other) >= EQUAL_SHARE * coverage(one),
  )
  if (equals.length === 0) return []
  const [own, ...theirs] = ownEvidence([one, ...equals], prints)
  return equals
    .filter((_, at) => Math.abs(theirs[at]! - own!) < MIN_EVIDENCE)
    .map(({ candidate }) => candidate.record.name)
    .sort()
}

/** What the live units of each sibling weigh by what no other one has as well. */
function ownEvidence(family: readonly Presence[], prints: PrintSet): number[] {
  // By print how many siblings hold it.
  const holders = new Uint8Array(prints.count)
  for (const { candidate, units } of family) {
    const seen = new PrintMarks(prints.count)
    for (const { hits } of units)
      for (const row of hits) {
        const print = candidate.hits.prints[row]!
        if (seen.add(print)) holders[print]!++
      }
  }
  return family.map(({ candidate, live }) => {
    const { weights, prints: printOf } = candidate.hits
    let evidence = 0
    for (const { hits } of live) {
      let weight = 0
      for (const row of hits) if (holders[printOf[row]!] === 1) weight += weights[row]!
      evidence += Math.min(weight, UNIT_WEIGHT_CAP)
    }
    return evidence
  })
}

function namesItself(hit: TemplateHit): boolean {
  return hit.template.selfNaming && !hit.template.headerOnly
}

/** Share of the strings of the live units that are there. */
function coverage(presence: Presence): number {
  let found = 0
  let expected = 0
  for (const unit of presence.live) {
    found += stringsFound(unit, presence.release)
    expected += unit.expected[presence.release]!
  }
  return expected === 0 ? 0 : found / expected
}

/** The evidence for a component by itself, with nothing explained by others. */
export function presenceOf(candidate: Candidate, prints: PrintSet): Presence {
  return score(candidate, noneExplained(prints.count), prints, new ArrayPool())
}

function score(
  candidate: Candidate,
  explained: Explained,
  prints: PrintSet,
  pool: ArrayPool,
  before?: readonly UnitEvidence[],
): Presence {
  const units = weighUnits(candidate, explained, prints, before, pool)
  const count = candidate.record.releases.length
  const sums = new Float64Array(count)
  for (const { isLive, worth } of units)
    if (isLive) for (let release = 0; release < count; release++) sums[release]! += worth[release]!
  // Of equally good releases the newest: its units are the ones a reader can look up today.
  let release = 0
  for (let i = 0; i < count; i++) if (sums[i]! >= sums[release]!) release = i
  // A unit that another release keeps under this name is live all the same; the version is decided later.
  const live = units.filter(({ isLive }) => isLive)
  return newPresence(candidate, sums[release] ?? 0, release, units, live, [])
}

/** The same but for the siblings that may be it as well. */
export function withUndecided(presence: Presence, undecided: readonly string[]): Presence {
  const { candidate, evidence, release, units, live } = presence
  return newPresence(candidate, evidence, release, units, live, undecided)
}

/** All come from here, so that they have one shape: what reads them is compiled again for each other. */
function newPresence(
  candidate: Candidate,
  evidence: number,
  release: number,
  units: readonly UnitEvidence[],
  live: readonly UnitEvidence[],
  undecided: readonly string[],
): Presence {
  return { candidate, evidence, release, units, live, undecided }
}

/** Evidence never rises again: without a text that names it, a component with too little is out. */
function canStillCount({ evidence, candidate }: Presence): boolean {
  return evidence >= MIN_EVIDENCE || candidate.templates.length > 0
}

function losesSome({ candidate, units }: Presence, { prints, stems }: Explained): boolean {
  return units.some(
    ({ unit, hits }) =>
      stems.has(stemOfUnit(candidate.record, unit)) || hits.some((row) => prints.has(candidate.hits.prints[row]!)),
  )
}

/**
 * Forks share most of their text: what is left of a sibling behind the winner is not a second library. Nor is what one of
 * them happens to have as data, without any text or code of its own.
 */
function losesToSibling(one: Presence, present: readonly Presence[]): boolean {
  const { family } = one.candidate.record
  if (family === null || one.candidate.templates.some(ofOwnCode)) return false
  const speaks = one.live.some((unit) => unit.hasText || liveByFunctions(unit, one.release))
  return present.some(
    (winner) =>
      winner.candidate.record.family === family && (!speaks || one.evidence < SIBLING_SHARE * winner.evidence),
  )
}
