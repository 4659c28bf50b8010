import type { ComponentRecord } from '../database/schema.ts'
import { Kind } from '../fingerprint/print-set.ts'
import { ArrayPool } from './array-pool.ts'
import { HitFlag } from './hit-table.ts'
import type { Candidate } from './hits.ts'
import { stringsFound } from './live.ts'
import type { Presence } from './presence.ts'
import { expectedOf, type UnitEvidence } from './units.ts'

/** One unit never costs a release more than this: a reconfigured file must not drag a component to another version. */
const UNIT_LOSS_CAP = 3
/** A string that the release should have and the file lacks, against one it has and the release should not. */
const MISSING_PENALTY = 0.05
/** So much one kind of fingerprint of one unit can speak against a release, found and missing ones together. */
export const ONE_WITNESS: number = UNIT_LOSS_CAP * (1 + MISSING_PENALTY)
/** What a unit counts whose coverage is too low to call it live. */
const FAINT_UNIT_WEIGHT = 0.3

/** Distinct fingerprints of one unit, by kind and release, wherever the release keeps them. */
interface Group {
  readonly found: readonly Int32Array[]
  readonly weight: number
  /** Releases of which the unit was not read, for {@link unreadReleases}. */
  readonly unread: ReadonlySet<number>
}

/**
 * How well each release explains the hits: 0 is as good as it gets, lower is worse. Built releases never compete (a union
 * of all builds would beat every real release) and score minus infinity.
 */
export function scoreReleases(presence: Presence): Float64Array {
  const known = scoresOf.get(presence)
  if (known !== undefined) return known
  const { record } = presence.candidate
  const scores = new Float64Array(record.releases.length)
  const candidates = [...record.releases.keys()].filter((i) => record.releases[i]!.origin === 'source')
  for (const { found, weight, unread } of groupHits(presence))
    for (const counts of found) {
      const most = maximumOf(counts, candidates)
      const isReadEverywhere = unread.size === 0
      for (let release = 0; release < scores.length; release++)
        if (isReadEverywhere || !unread.has(release))
          scores[release]! -= weight * Math.min(UNIT_LOSS_CAP, most - counts[release]!)
    }
  for (const unit of presence.live) {
    const fewest = leastMissing(unit, record)
    for (let release = 0; release < scores.length; release++)
      scores[release]! -= MISSING_PENALTY * Math.min(UNIT_LOSS_CAP, missingStrings(unit, release) - fewest)
  }
  record.releases.forEach((release, i) => {
    if (release.origin === 'built') scores[i] = Number.NEGATIVE_INFINITY
  })
  scoresOf.set(presence, scores)
  return scores
}

/** Versions are decided in rounds, and only literals change between them. */
const scoresOf = new WeakMap<Presence, Float64Array>()

/**
 * Groups the hits by unit, each fingerprint in one group only: of the units that hold it, the one with most hits. A
 * release has a fingerprint when any of its units has: files are split, merged and renamed, and their text goes along.
 */
function groupHits(presence: Presence): Group[] {
  const { record, hits } = presence.candidate
  const { homes, firsts, nexts, isLive, order } = holdersOf(presence)
  const byHome = new Map<number, number[]>()
  for (const feature of order) {
    const first = firsts[feature]!
    // A table of names in units that are not there is somebody else's table, and so are its numbers.
    const isCommon = (hits.flags[first]! & HitFlag.Label) !== 0 || hits.kinds[first] === Kind.Immediate
    if (isLive[feature] === 0 && isCommon) continue
    const same = byHome.get(homes[feature]!)
    if (same === undefined) byHome.set(homes[feature]!, [feature])
    else same.push(feature)
  }
  const pool = new ArrayPool()
  const counter = new FeatureCounter(presence.candidate, firsts, nexts)
  const groups: Group[] = []
  for (const [at, features] of byHome) {
    const home = presence.units[at]!
    if (!home.isLive && features.length < 2) continue
    const weight = home.isLive ? 1 : FAINT_UNIT_WEIGHT
    groups.push({ found: counter.byKind(features), weight, unread: unreadReleases(home, record, pool) })
  }
  return groups
}

/** Counts fingerprints by release, those of one unit after those of another. */
class FeatureCounter {
  readonly #candidate: Candidate
  readonly #firsts: Uint32Array
  readonly #nexts: Uint32Array
  readonly #seen: Int32Array
  /** By set the fingerprints that one unit alone holds: counted together, as most are in the same few sets. */
  readonly #alone: Uint32Array

  constructor(candidate: Candidate, firsts: Uint32Array, nexts: Uint32Array) {
    this.#candidate = candidate
    this.#firsts = firsts
    this.#nexts = nexts
    this.#seen = new Int32Array(candidate.record.releases.length).fill(-1)
    this.#alone = new Uint32Array(candidate.record.sets.length)
  }

  byKind(features: readonly number[]): Int32Array[] {
    const { kinds } = this.#candidate.hits
    const byKind = new Map<number, number[]>()
    for (const feature of features) {
      const kind = kinds[this.#firsts[feature]!]!
      const same = byKind.get(kind)
      if (same === undefined) byKind.set(kind, [feature])
      else same.push(feature)
    }
    return Array.from(byKind.values(), (same) => this.#count(same))
  }

  #count(features: readonly number[]): Int32Array {
    const { record, hits } = this.#candidate
    const found = new Int32Array(record.releases.length)
    const sets: number[] = []
    for (const feature of features) {
      const first = this.#firsts[feature]!
      const set = hits.sets[first]!
      if (this.#nexts[first] !== NONE) this.#countOnce(feature, found)
      else if (this.#alone[set]!++ === 0) sets.push(set)
    }
    for (const set of sets) {
      const times = this.#alone[set]!
      this.#alone[set] = 0
      const intervals = record.sets[set]!
      for (let i = 0; i < intervals.length; i += 2)
        for (let release = intervals[i]!; release <= intervals[i + 1]!; release++) found[release]! += times
    }
    return found
  }

  /** One that several units hold counts once in each release. */
  #countOnce(feature: number, found: Int32Array): void {
    const { record, hits } = this.#candidate
    for (let row = this.#firsts[feature]!; row !== NONE; row = this.#nexts[row]!) {
      const intervals = record.sets[hits.sets[row]!]!
      for (let i = 0; i < intervals.length; i += 2)
        for (let release = intervals[i]!; release <= intervals[i + 1]!; release++) {
          if (this.#seen[release] === feature) continue
          this.#seen[release] = feature
          found[release]!++
        }
    }
  }
}

const NONE = 0xffffffff

/** Who holds the fingerprints of a component, by feature of its {@link HitTable}. */
interface Holders {
  /** Index of the unit in {@link Presence.units} that has most hits, of equals the first. */
  readonly homes: Uint32Array
  /** Its first row, and by row the next one of the same feature; {@link NONE} behind the last. */
  readonly firsts: Uint32Array
  readonly nexts: Uint32Array
  /** 1 where a live unit holds it. */
  readonly isLive: Uint8Array
  /** Features in the order in which they come in the units. */
  readonly order: readonly number[]
}

function holdersOf({ candidate: { hits }, units }: Presence): Holders {
  const homes = new Uint32Array(hits.features)
  const firsts = new Uint32Array(hits.features).fill(NONE)
  const lasts = new Uint32Array(hits.features)
  const nexts = new Uint32Array(hits.count).fill(NONE)
  const isLive = new Uint8Array(hits.features)
  const order: number[] = []
  for (let at = 0; at < units.length; at++) {
    const unit = units[at]!
    const rows = unit.hits
    const mark = unit.isLive ? 1 : 0
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      // Functions are known of built releases only, and those do not compete.
      const kind = hits.kinds[row]
      if (kind === Kind.Function || kind === Kind.Mnemonics) continue
      const feature = hits.featureOf[row]!
      if (firsts[feature] === NONE) {
        firsts[feature] = row
        homes[feature] = at
        order.push(feature)
      } else {
        nexts[lasts[feature]!] = row
        if (unit.hits.length > units[homes[feature]!]!.hits.length) homes[feature] = at
      }
      lasts[feature] = row
      isLive[feature]! |= mark
    }
  }
  return { homes, firsts, nexts, isLive, order }
}

/**
 * The source releases that lack the unit since it came, if it comes and goes and most lack it: projects add and remove
 * files, but not again and again. What does are generated files, which only some releases were read with, and their text
 * says nothing about the others.
 */
function unreadReleases(evidence: UnitEvidence, record: ComponentRecord, pool: ArrayPool): ReadonlySet<number> {
  let known = unreadOf.get(record)
  if (known === undefined) {
    known = new Map()
    unreadOf.set(record, known)
  }
  const key = 2 * evidence.unit + (evidence.tableKind === 'tables' ? 0 : 1)
  let unread = known.get(key)
  if (unread === undefined) {
    unread = findUnread(evidence, record, pool)
    known.set(key, unread)
  }
  return unread
}

/** By unit and byte order: records live as long as their database, and the next file has the same units. */
const unreadOf = new WeakMap<ComponentRecord, Map<number, ReadonlySet<number>>>()

function findUnread({ unit, tableKind }: UnitEvidence, record: ComponentRecord, pool: ArrayPool): ReadonlySet<number> {
  const strings = expectedOf(record, unit, 'strings', pool)
  const tables = expectedOf(record, unit, tableKind, pool)
  const immediates = expectedOf(record, unit, 'immediates', pool)
  const without: number[] = []
  let spans = 0
  let having = 0
  let wasThere = false
  for (let release = 0; release < strings.length; release++) {
    if (record.releases[release]!.origin === 'built') continue
    const isThere = strings[release]! + tables[release]! + immediates[release]! > 0
    if (!isThere && spans > 0) without.push(release)
    if (isThere) having++
    if (isThere && !wasThere) spans++
    wasThere = isThere
  }
  return spans > 1 && having < without.length ? new Set(without) : NOTHING_UNREAD
}

const NOTHING_UNREAD: ReadonlySet<number> = new Set()

/** The fewest strings that any source release would miss of a unit. */
export function leastMissing(unit: UnitEvidence, { releases }: ComponentRecord): number {
  let fewest = Number.POSITIVE_INFINITY
  releases.forEach(({ origin }, release) => {
    if (origin === 'source') fewest = Math.min(fewest, missingStrings(unit, release))
  })
  return fewest === Number.POSITIVE_INFINITY ? 0 : fewest
}

/** Strings that a release has in a unit and the file has not. */
export function missingStrings(unit: UnitEvidence, release: number): number {
  return Math.max(0, unit.expected[release]! - stringsFound(unit, release))
}

function maximumOf(values: Int32Array, releases: readonly number[]): number {
  let most = 0
  for (const release of releases) if (values[release]! > most) most = values[release]!
  return most
}
