import { lowerBound } from '../bytes/search.ts'
import { holdsRelease } from '../database/release-sets.ts'
import { Kind, type PrintSet } from '../fingerprint/print-set.ts'
import { type HitTable, withPrints } from './hit-table.ts'
import { type Candidate, mostTogether } from './hits.ts'
import { areTables } from './live.ts'
import { clustersOf, distinctRows, endOfRepeats, GAP_BYTES, type Places, placesOf } from './places.ts'
import { MIN_EVIDENCE, type Presence, presenceOf, withUndecided } from './presence.ts'
import { estimateVersions, type VersionClaim } from './version.ts'

/** One copy of a component in the file. */
export interface Copy {
  /** The component as this copy shows it: its own hits alone, each with its place in this copy. */
  readonly presence: Presence
  readonly claim: VersionClaim
  /**
   * By row of the hits, 1 where the place is this copy's for certain; undefined where all are. Text that the linker merged
   * stands at one place for all copies.
   */
  readonly placed: Uint8Array | undefined
}

const DATA: ReadonlySet<Kind> = new Set([Kind.Table, Kind.BigEndianTable])
const DATA_AND_TEXT: ReadonlySet<Kind> = new Set([...DATA, Kind.String])
const CODE: ReadonlySet<Kind> = new Set([Kind.Function, Kind.Mnemonics, Kind.Immediate])
/**
 * Without a version of its own, data is a copy's only where that of several units is there once more: projects compile one
 * file twice, for another processor (zlib's `contrib/optimizations/inflate.c`, OpenSSL's ciphers).
 */
const UNITS_OF_A_COPY = 2
/** Nobody links a library more often; of forged files, and of lists of versions, so many are told. */
const MOST_COPIES = 16
/** One function, or one constant, is no place where a library lies. */
const CODE_OF_A_COPY = 2

/**
 * Tells the copies of one component apart by place. `claims` are what `estimateVersions` says of all of it together.
 *
 * Linkers put the data of an object side by side and keep the order of objects, in data as in code. So the data around a
 * version's own text is that copy's; data of several units that is there once more is a copy whose own text was not found; and
 * code is told apart where it lies in as many places as the data does, in the same order.
 */
export function separateCopies(presence: Presence, claims: readonly VersionClaim[], prints: PrintSet): Copy[] {
  const together = claims.slice(0, MOST_COPIES).map((claim) => ({ presence, claim, placed: undefined }))
  if (claims.length > MOST_COPIES) return together
  const data = rowsOf(presence, DATA)
  // Each named copy may hold it as often as a release does, and not all of that lies by its name.
  const named = claims.filter(({ method }) => method === 'template').length
  const repeated = repeatedData(presence, data, Math.max(1, named), prints)
  if (claims.length === 1 && !repeated.includes(1)) return together
  const drafts = draftCopies(presence, claims, repeated, prints)
  if (drafts.length < 2) return together
  const copyOf = new Int32Array(prints.count).fill(NOBODY)
  drafts.forEach((draft, copy) => {
    for (const print of draft.data) copyOf[print] = copy
  })
  assignCode(presence, drafts, prints, copyOf)
  const copies = drafts.map((_, copy) => narrowed(presence, drafts, copy, copyOf, prints))
  // What has no version of its own must stand by itself.
  const standing = copies.filter(
    ({ claim, presence: own }) => claim.method === 'template' || own.evidence >= MIN_EVIDENCE,
  )
  return standing.length < 2 ? together : standing
}

const NOBODY = -1

/** A copy while only its data is known. */
interface Draft {
  readonly claim: VersionClaim
  /** The file's text speaks for it: a version of its own, or all that there is. */
  readonly hasText: boolean
  /** Prints of its data, and of the text around it. */
  readonly data: number[]
}

/** One row for each fingerprint of some kinds that the live units hold. */
function rowsOf({ live, candidate: { hits } }: Presence, kinds: ReadonlySet<Kind>): Uint32Array {
  return Uint32Array.from(distinctRows(live, hits).filter((row) => kinds.has(hits.kinds[row] as Kind)))
}

/** By feature 1 where the file has data at more places than so many copies of a release have units with it. */
function repeatedData(
  { candidate: { hits, record } }: Presence,
  data: Uint32Array,
  copies: number,
  prints: PrintSet,
): Uint8Array {
  const repeated = new Uint8Array(hits.features)
  if (data.every((row) => endOfRepeats(prints, hits.prints[row]!) === hits.prints[row]! + 1)) return repeated
  const ends = endsOfFeatures(hits)
  const changes = new Int32Array(record.releases.length + 1)
  for (const row of data) {
    const feature = hits.featureOf[row]!
    const held = hits.sets.subarray(feature === 0 ? 0 : ends[feature - 1]!, ends[feature]!)
    const together = mostTogether(held, record.sets, changes)
    if (placesOfCopies(hits.prints[row]!, together, prints) > copies * together) repeated[feature] = 1
  }
  return repeated
}

/**
 * At how many places a fingerprint is, whose first print this is, of those without a gap between them so many at most: tables
 * repeat themselves, and that is no second library.
 */
function placesOfCopies(first: number, most: number, prints: PrintSet): number {
  const end = endOfRepeats(prints, first)
  let places = 0
  let inCluster = 0
  for (let print = first; print < end; print++) {
    if (print > first && prints.offsets[print]! - prints.offsets[print - 1]! > GAP_BYTES) inCluster = 0
    if (inCluster++ < most) places++
  }
  return places
}

/** Rows of a feature stand together: by feature the row behind its last. */
function endsOfFeatures({ count, features, featureOf }: HitTable): Uint32Array {
  const ends = new Uint32Array(features)
  for (let row = 0; row < count; row++) ends[featureOf[row]!] = row + 1
  return ends
}

/** A copy for each version text, and one for each cluster besides that holds the data of units once more. */
function draftCopies(
  presence: Presence,
  claims: readonly VersionClaim[],
  repeated: Uint8Array,
  prints: PrintSet,
): Draft[] {
  const { hits } = presence.candidate
  const isNamed = claims[0]!.method === 'template'
  const drafts: Draft[] = isNamed ? claims.map((claim) => ({ claim, hasText: true, data: [] })) : []
  const anchors = anchorsOf(drafts, prints)
  const data = new RepeatedUnits(presence, repeated)
  const rows = rowsOf(presence, DATA_AND_TEXT)
  for (const cluster of clustersOf(placesOf(rows, hits, prints))) {
    const first = lowerBound(anchors.offsets, cluster.offsets[0]! - GAP_BYTES)
    const end = lowerBound(anchors.offsets, cluster.offsets.at(-1)! + GAP_BYTES)
    if (first < end)
      cluster.prints.forEach((print, at) => {
        drafts[nearest(anchors, first, end, cluster.offsets[at]!)]!.data.push(print)
      })
    else if (data.areIn(cluster, rows, claims[0]!.release))
      drafts.push({ claim: claims[0]!, hasText: !isNamed, data: [...cluster.prints] })
  }
  return drafts
}

/** Version texts of copies, ascending by offset. */
interface Anchors {
  readonly offsets: Float64Array
  /** Whose each is. */
  readonly copies: readonly number[]
}

function anchorsOf(drafts: readonly Draft[], prints: PrintSet): Anchors {
  const anchors = drafts.flatMap(({ claim }, copy) =>
    claim.templates.map(({ print }) => ({ copy, offset: prints.offsets[print]! })),
  )
  anchors.sort((a, b) => a.offset - b.offset)
  return { offsets: Float64Array.from(anchors, ({ offset }) => offset), copies: anchors.map(({ copy }) => copy) }
}

/** Whose anchor is nearest, of those from `first` to `end` (exclusive). */
function nearest({ offsets, copies }: Anchors, first: number, end: number, offset: number): number {
  const behind = Math.min(Math.max(lowerBound(offsets, offset), first), end - 1)
  const before = Math.max(behind - 1, first)
  const isBefore = Math.abs(offset - offsets[before]!) <= Math.abs(offsets[behind]! - offset)
  return copies[isBefore ? before : behind]!
}

/** The units whose data is in the file once more. */
class RepeatedUnits {
  readonly #presence: Presence
  /** By feature that is repeated: index of the live unit and weight in it. */
  readonly #holders = new Map<number, { unit: number; weight: number }[]>()

  constructor(presence: Presence, repeated: Uint8Array) {
    this.#presence = presence
    const { hits } = presence.candidate
    presence.live.forEach(({ hits: rows }, unit) => {
      for (const row of rows) {
        const feature = hits.featureOf[row]!
        if (repeated[feature] === 0) continue
        const holder = { unit, weight: hits.weights[row]! }
        const others = this.#holders.get(feature)
        if (others === undefined) this.#holders.set(feature, [holder])
        else others.push(holder)
      }
    })
  }

  /**
   * Whether a cluster holds so much of it as makes {@link UNITS_OF_A_COPY} units live by themselves, each fingerprint counted for
   * one of them.
   */
  areIn(cluster: Places, rows: Uint32Array, release: number): boolean {
    const { live, candidate } = this.#presence
    const left = new Set<number>()
    for (const hit of cluster.hitOf) {
      const feature = candidate.hits.featureOf[rows[hit]!]!
      if (this.#holders.has(feature)) left.add(feature)
    }
    for (let units = 0; units < UNITS_OF_A_COPY; units++) {
      const best = this.#largest(left)
      if (best === undefined) return false
      if (!areTables(best.found, best.weight, live[best.unit]!.expectedTables[release]!)) return false
      for (const feature of [...left])
        if (this.#holders.get(feature)!.some(({ unit }) => unit === best.unit)) left.delete(feature)
    }
    return true
  }

  /** The unit that holds most of the features, of equal ones the first. */
  #largest(features: ReadonlySet<number>): { unit: number; found: number; weight: number } | undefined {
    const sums = new Map<number, { unit: number; found: number; weight: number }>()
    for (const feature of features)
      for (const { unit, weight } of this.#holders.get(feature)!) {
        const sum = sums.get(unit) ?? { unit, found: 0, weight: 0 }
        sum.found++
        sum.weight += weight
        sums.set(unit, sum)
      }
    return [...sums.values()].sort((a, b) => b.found - a.found || a.unit - b.unit)[0]
  }
}

/** Gives each copy the code that lies where its data does in the order of all; otherwise it stays nobody's. */
function assignCode(presence: Presence, drafts: readonly Draft[], prints: PrintSet, copyOf: Int32Array): void {
  const clusters = clustersOf(placesOf(rowsOf(presence, CODE), presence.candidate.hits, prints))
  const code = clusters.filter(({ hitOf }) => new Set(hitOf).size >= CODE_OF_A_COPY)
  if (code.length !== drafts.length || drafts.some(({ data }) => data.length === 0)) return
  const starts = drafts.map(({ data }) =>
    data.reduce((least, print) => Math.min(least, prints.offsets[print]!), Number.POSITIVE_INFINITY),
  )
  const inOrder = [...drafts.keys()].sort((a, b) => starts[a]! - starts[b]!)
  code.forEach((cluster, at) => {
    for (const print of cluster.prints) copyOf[print] = inOrder[at]!
  })
}

/** The component as it would be if only one copy of it were there. */
function narrowed(
  { candidate, units, undecided }: Presence,
  drafts: readonly Draft[],
  copy: number,
  copyOf: Int32Array,
  prints: PrintSet,
): Copy {
  const { hits, record } = candidate
  const { claim, hasText } = drafts[copy]!
  const printOf = hits.prints.slice()
  const placed = new Uint8Array(hits.count)
  /** Merged text is every copy's whose release has it, and what no copy's release has is left to all. */
  const mayShare = (row: number): boolean => {
    const kind = hits.kinds[row] as Kind
    if (!hasText || DATA.has(kind) || CODE.has(kind)) return false
    const set = record.sets[hits.sets[row]!]!
    return holdsRelease(set, claim.release) || !drafts.some((draft) => holdsRelease(set, draft.claim.release))
  }
  const kept = new Map<number, Uint32Array>()
  for (const unit of units) {
    const rows = unit.hits.filter((row) => {
      const first = hits.prints[row]!
      for (let print = first, end = endOfRepeats(prints, first); print < end; print++)
        if (copyOf[print] === copy) {
          printOf[row] = print
          placed[row] = 1
          return true
        }
      return mayShare(row)
    })
    if (rows.length > 0) kept.set(unit.unit, rows)
  }
  const { index, sourceOf } = candidate
  const templates = hasText ? claim.templates : []
  const own: Candidate = { index, record, sourceOf, hits: withPrints(hits, printOf), units: kept, templates }
  const presence = withUndecided(presenceOf(own, prints), undecided)
  // Where the text is the others', data and code are all that speaks.
  return { presence, claim: hasText ? claim : estimateVersions(presence, [], new Set())[0]!, placed }
}
