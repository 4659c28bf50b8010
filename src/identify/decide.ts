import type { VersionLiteral } from '../fingerprint/print-set.ts'
import type { Presence } from './presence.ts'
import { estimateVersions, type VersionClaim } from './version.ts'

/** A present component with its copies. */
export interface Decided {
  readonly presence: Presence
  readonly claims: readonly VersionClaim[]
}

/** Each round settles at least one literal; more rounds than components are never needed. */
const MAX_ROUNDS = 8

/**
 * Decides all versions together: one string in the file is the version of one component. Where several claim a literal,
 * those keep it whose units point at that version most clearly, as many as there are places; the others decide without.
 */
export function decideVersions(present: readonly Presence[], literals: readonly VersionLiteral[]): Decided[] {
  const taken = new Map(present.map((presence) => [presence, versionsOfOthers(presence, present)]))
  // A forged file, or one with tables of versions, holds a million of them.
  const firsts = new Map<string, VersionLiteral>()
  for (const literal of literals) if (!firsts.has(literal.version)) firsts.set(literal.version, literal)
  let decided: Decided[] = []
  for (let round = 0; round < MAX_ROUNDS; round++) {
    decided = present.map((presence) => ({
      presence,
      claims: estimateVersions(presence, [...firsts.values()], taken.get(presence) as Set<string>),
    }))
    let settled = true
    for (const { presence, version } of lostLiterals(decided, literals)) {
      taken.get(presence)?.add(version)
      settled = false
    }
    if (settled) break
  }
  return decided
}

interface Claimant {
  readonly presence: Presence
  readonly claim: VersionClaim
}

/** The claims on literals that others have better. */
function lostLiterals(
  decided: readonly Decided[],
  literals: readonly VersionLiteral[],
): { presence: Presence; version: string }[] {
  const claimants = new Map<string, Claimant[]>()
  for (const { presence, claims } of decided)
    for (const claim of claims) {
      const version = claim.literal?.version
      if (version === undefined) continue
      const list = claimants.get(version)
      if (list === undefined) claimants.set(version, [{ presence, claim }])
      else list.push({ presence, claim })
    }
  return [...claimants].flatMap(([version, list]) => {
    const places = literals.filter((literal) => literal.version === version).length
    const last = list.sort(byClarity)[places - 1]
    return last === undefined
      ? []
      : list.filter((one) => byClarity(one, last) > 0).map(({ presence }) => ({ presence, version }))
  })
}

/**
 * Those first whose units point at their version, and of these the ones that point at few others. Two that do may both be right:
 * the linker merges equal literals.
 */
function byClarity({ claim: a }: Claimant, { claim: b }: Claimant): number {
  return (a.distance === b.distance ? 0 : a.distance - b.distance) || Number(b.isNarrow) - Number(a.isNarrow)
}

/** Versions that templates of the other components carry: their literals are not this one's. */
function versionsOfOthers(one: Presence, all: readonly Presence[]): Set<string> {
  const versions = new Set<string>()
  for (const other of all) if (other !== one) for (const hit of other.candidate.templates) versions.add(hit.version)
  for (const hit of one.candidate.templates) versions.delete(hit.version)
  return versions
}
