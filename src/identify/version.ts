import type { ComponentRecord, ReleaseRecord } from '../database/schema.ts'
import type { VersionLiteral } from '../fingerprint/print-set.ts'
import type { VersionEstimate } from '../model.ts'
import { leadingNumbers, sameBranch } from '../versions/branch.ts'
import { versionOrder } from '../versions/order.ts'
import type { TemplateHit } from './hits.ts'
import { refutedByFunctions } from './narrow.ts'
import type { Presence } from './presence.ts'
import { scoreReleases } from './release-scores.ts'

/** How a version was found; the confidence of the claim depends on it. */
export type VersionMethod = 'template' | 'literal' | 'literal-unindexed' | 'functions' | 'features' | 'none'

/** One copy of a component with its version. */
export interface VersionClaim {
  readonly estimate: VersionEstimate
  readonly method: VersionMethod
  /** Template prints that carry the version; empty for other methods. */
  readonly templates: readonly TemplateHit[]
  /** The literal that carries it. */
  readonly literal: VersionLiteral | undefined
  /** Index of the release that the units are compared with. */
  readonly release: number
  /** How far the units are from pointing at this version themselves: 0 when they do. */
  readonly distance: number
  /** The units point at so few releases that a literal need not do more than choose among them. */
  readonly isNarrow: boolean
}

/** Releases this close to the best cannot be told from it. */
const SET_MARGIN = 0.3
/** A version literal is believed for releases this close to the best. */
const LITERAL_MARGIN = 2
/** A literal of a release never indexed is believed this many minor versions ahead of the newest indexed. */
const MINORS_AHEAD = 3

/**
 * The versions of a present component, one claim for each copy: two values of one template are two copies.
 *
 * Of `literals` the first of each version is enough.
 * `taken` are versions that templates of other components in this file carry: a literal that is theirs is not ours.
 */
export function estimateVersions(
  presence: Presence,
  literals: readonly VersionLiteral[],
  taken: ReadonlySet<string>,
): VersionClaim[] {
  const { record } = presence.candidate
  const scores = scoreReleases(presence)
  const best = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  const copies = templateClaims(presence, scores, best)
  if (copies.length > 0) return copies
  if (best === Number.NEGATIVE_INFINITY) return [nothing('no release of it is indexed from source', presence.release)]
  const own = literals.filter((literal) => !taken.has(literal.version))
  const literal = pointsAnywhere(scores, best) ? literalClaim(record, scores, best, own) : undefined
  return [literal ?? setClaim(presence, scores, best)]
}

/** A literal confirms what the code says: of code that fits most releases alike any number near theirs would be believed. */
const FITTING_SHARE = 0.5
/** So few releases are told apart by a literal whatever share of all they are. */
const FEW_RELEASES = 5

function pointsAnywhere(scores: Float64Array, best: number): boolean {
  const sources = scores.filter((score) => score > Number.NEGATIVE_INFINITY)
  return (
    sources.filter((score) => score >= best - LITERAL_MARGIN).length <=
    Math.max(FEW_RELEASES, FITTING_SHARE * sources.length)
  )
}

function nothing(reason: string, release: number): VersionClaim {
  return {
    estimate: { kind: 'unknown', reason },
    method: 'none',
    templates: [],
    literal: undefined,
    release,
    distance: 0,
    isNarrow: true,
  }
}

/** One claim for each version that whole templates carry; heads are asked only where no whole template speaks. */
function templateClaims(presence: Presence, scores: Float64Array, best: number): VersionClaim[] {
  const { record, templates } = presence.candidate
  const believed = templates.filter((hit) => !hit.template.headerOnly || presence.live.length > 0)
  for (const heads of [false, true]) {
    const byVersion = new Map<string, TemplateHit[]>()
    for (const hit of believed) {
      if (hit.template.head !== heads) continue
      const version = plainVersion(record, hit.version)
      const same = byVersion.get(version)
      if (same === undefined) byVersion.set(version, [hit])
      else same.push(hit)
    }
    dropBranches(record, byVersion)
    const versions = [...byVersion.keys()].filter((version) => !heads || isPlausible(record, scores, best, version))
    if (versions.length === 0 || (heads && versions.length > 1)) continue
    return versions.sort(versionOrder(record.order)).map((version) => ({
      estimate: exact(record, version),
      method: 'template',
      templates: byVersion.get(version)!,
      literal: undefined,
      release: nearestRelease(record, version),
      distance: 0,
      isNarrow: true,
    }))
  }
  return []
}

/** A captured branch is no copy beside a release of it: Lua's `_VERSION` says 5.3, its banner 5.3.6. */
function dropBranches(record: ComponentRecord, byVersion: Map<string, TemplateHit[]>): void {
  const branches = new Set<string>()
  for (const version of byVersion.keys())
    for (let dot = version.indexOf('.'); dot >= 0; dot = version.indexOf('.', dot + 1))
      branches.add(version.slice(0, dot))
  const releases = releasesByVersion(record)
  for (const version of byVersion.keys()) if (branches.has(version) && !releases.has(version)) byVersion.delete(version)
}

/** A head may quote any version (`needs libfoo 1.2`): it counts when the code agrees, or knows no such release. */
function isPlausible(record: ComponentRecord, scores: Float64Array, best: number, version: string): boolean {
  const index = sourceRelease(record, version)
  return index < 0 || best === Number.NEGATIVE_INFINITY || scores[index]! >= best - LITERAL_MARGIN
}

/** The captured version as the component writes it: a build suffix (`-e00f703`, `+quic`) that no release has is dropped. */
function plainVersion(record: ComponentRecord, captured: string): string {
  if (releasesByVersion(record).has(captured)) return captured
  return captured.replace(/[-+~].*$/, '')
}

function exact(record: ComponentRecord, version: string): VersionEstimate {
  const indexed = releasesByVersion(record).has(version)
  if (indexed) return { kind: 'exact', version, indexed }
  const nearest = record.releases[nearestRelease(record, version)]?.version
  return nearest === undefined ? { kind: 'exact', version, indexed } : { kind: 'exact', version, indexed, nearest }
}

/** Index of the release as indexed from source, -1 where there is none: a built one of that version does not compete. */
function sourceRelease(record: ComponentRecord, version: string): number {
  return releasesByVersion(record).get(version) ?? -1
}

/** Releases never change while a database is open, and a file may hold a million literals to be looked up. */
const releasesOf = new WeakMap<ComponentRecord, ReadonlyMap<string, number>>()

/** By version the release as indexed from source, -1 where only a built one is. */
function releasesByVersion(record: ComponentRecord): ReadonlyMap<string, number> {
  const known = releasesOf.get(record)
  if (known !== undefined) return known
  const byVersion = new Map<string, number>()
  record.releases.forEach(({ version, origin }, release) => {
    if ((byVersion.get(version) ?? -1) < 0) byVersion.set(version, origin === 'source' ? release : -1)
  })
  releasesOf.set(record, byVersion)
  return byVersion
}

function sourceReleases(record: ComponentRecord): readonly ReleaseRecord[] {
  return record.releases.filter((release) => release.origin === 'source')
}

/** Index of the release itself, else of the newest one before it, else of the oldest. */
function nearestRelease(record: ComponentRecord, version: string): number {
  const order = versionOrder(record.order)
  let nearest = 0
  record.releases.forEach((release, i) => {
    if (order(release.version, version) <= 0) nearest = i
  })
  return nearest
}

/** A string that is nothing but a version, where the code points at that version or just before it. */
function literalClaim(
  record: ComponentRecord,
  scores: Float64Array,
  best: number,
  literals: readonly VersionLiteral[],
): VersionClaim | undefined {
  const known = literals
    .map((literal) => ({
      literal,
      release: sourceRelease(record, plainVersion(record, literal.version)),
    }))
    .filter(({ release }) => release >= 0 && scores[release]! >= best - LITERAL_MARGIN)
    .sort((a, b) => scores[b.release]! - scores[a.release]!)
  const [first, second] = distinct(known, ({ release }) => release)
  if (first !== undefined && (second === undefined || scores[second.release]! < scores[first.release]! - SET_MARGIN)) {
    const version = record.releases[first.release]!.version
    return {
      estimate: exact(record, version),
      method: 'literal',
      templates: [],
      literal: first.literal,
      release: first.release,
      distance: best - scores[first.release]!,
      isNarrow: leadersOf(scores, best).length <= FEW_RELEASES,
    }
  }
  return first === undefined ? unindexedClaim(record, scores, best, literals) : undefined
}

/** The newest indexed release of a branch explains the file best, and one literal names a release shortly after it. */
function unindexedClaim(
  record: ComponentRecord,
  scores: Float64Array,
  best: number,
  literals: readonly VersionLiteral[],
): VersionClaim | undefined {
  const order = versionOrder(record.order)
  const leaders = leadersOf(scores, best)
  const leader = record.releases[leaders.at(-1) ?? -1]?.version
  if (leader === undefined) return undefined
  const ahead = distinct(
    literals.filter(({ version }) => isShortlyAfter(record, leader, plainVersion(record, version))),
    ({ version }) => plainVersion(record, version),
  )
  const [literal] = ahead
  if (literal === undefined || ahead.length > 1) return undefined
  const version = plainVersion(record, literal.version)
  const sources = sourceReleases(record)
  if (sources.some((release) => order(release.version, version) > 0 && sameBranch(release.version, version)))
    return undefined
  return {
    estimate: exact(record, version),
    method: 'literal-unindexed',
    templates: [],
    literal,
    release: nearestRelease(record, version),
    distance: Number.POSITIVE_INFINITY,
    isNarrow: leaders.length <= FEW_RELEASES,
  }
}

function isShortlyAfter(record: ComponentRecord, leader: string, version: string): boolean {
  const order = versionOrder(record.order)
  const [major, minor] = leadingNumbers(leader)
  const [ownMajor, ownMinor, patch] = leadingNumbers(version)
  if (patch === undefined || ownMajor !== major || order(version, leader) <= 0) return false
  const sources = sourceReleases(record)
  if (sources.some((release) => release.version === version)) return false
  // The leader must end what is indexed of its branch, or of everything: else the literal contradicts the code.
  const newest = sources.every((r) => order(r.version, leader) <= 0 || !sameBranch(r.version, leader))
  return newest && Number(ownMinor) - Number(minor ?? 0) <= MINORS_AHEAD
}

function setClaim(presence: Presence, scores: Float64Array, best: number): VersionClaim {
  const { record } = presence.candidate
  const fitting = leadersOf(scores, best)
  const refuted = refutedByFunctions(presence, fitting)
  const members = fitting.filter((i) => !refuted.has(i))
  // Best first, and of equal ones the newest: that is what a user who upgrades in time has.
  members.sort((a, b) => scores[b]! - scores[a]! || b - a)
  const versions = members.map((i) => record.releases[i]!.version)
  const newest = record.releases.findLastIndex((release) => release.origin === 'source')
  const estimate = { kind: 'set' as const, versions, likeliest: versions[0]! }
  return {
    estimate: members.includes(newest) ? { ...estimate, orNewer: true } : estimate,
    method: refuted.size > 0 ? 'functions' : 'features',
    templates: [],
    literal: undefined,
    release: members[0]!,
    distance: 0,
    isNarrow: fitting.length <= FEW_RELEASES,
  }
}

/** The releases that cannot be told from the best, in release order. */
function leadersOf(scores: Float64Array, best: number): number[] {
  return [...scores.keys()].filter((release) => scores[release]! >= best - SET_MARGIN)
}

function distinct<T>(items: readonly T[], key: (item: T) => unknown): T[] {
  const seen = new Set<unknown>()
  return items.filter((item) => !seen.has(key(item)) && seen.add(key(item)))
}
