import type { Program } from '../binary/program.ts'
import type { DatabaseReader } from '../database/reader.ts'
import type { ComponentRecord } from '../database/schema.ts'
import type { PrintSet, VersionLiteral } from '../fingerprint/print-set.ts'
import type { Match } from '../model.ts'
import { compareCodeUnits } from '../versions/token.ts'
import { collectCandidates } from './hits.ts'
import { findKnownFile, knownMatch } from './known-file.ts'
import { libraryNames } from './linkage.ts'
import { type EvidenceContext, embeddedMatch, linkedMatch, mentionedMatch } from './match.ts'
import { coverGreedily, type Presence } from './presence.ts'
import { estimateVersions, type VersionClaim } from './version.ts'

/** What identification may ask of the file beyond its fingerprints. */
export interface IdentifyInput {
  /** Sealed. */
  readonly prints: PrintSet
  /** One program, or the members of an archive. */
  readonly programs: readonly Program[]
  /** Bytes of the file as Latin-1, for the text of evidence. */
  readonly textAt: (offset: number, length: number) => string
  /** Of the file, hexadecimal. */
  readonly sha256: string
}

/** The components of one file, by confidence, then name, then version. */
export async function identify(input: IdentifyInput, reader: DatabaseReader): Promise<Match[]> {
  const candidates = await collectCandidates(input.prints, reader)
  const cover = coverGreedily(candidates, input.prints)
  const context: EvidenceContext = {
    prints: input.prints,
    textAt: input.textAt,
    nameOf: await functionNames(cover.present, reader),
    totalUnits: reader.manifest.units,
  }
  const found: Match[] = []
  for (const { presence, claims } of decideVersions(cover.present, input.prints.literals))
    for (const claim of claims) found.push(embeddedMatch(presence, claim, claims.length, context))
  const matches = await withKnownFile(input, found, reader)
  const embedded = new Set(matches.map((match) => match.name))
  const linked = await findLinked(input.programs, reader, embedded)
  matches.push(...linked)
  const named = new Set([...embedded, ...linked.map((match) => match.name)])
  for (const candidate of cover.mentioned)
    if (!named.has(candidate.record.name)) matches.push(mentionedMatch(candidate, context))
  return matches.sort(byConfidence)
}

/** Where the file itself is known, that is what it is, and what its fingerprints say of the component is evidence. */
async function withKnownFile(
  { sha256, programs }: IdentifyInput,
  found: readonly Match[],
  reader: DatabaseReader,
): Promise<Match[]> {
  // The members of an archive have no build-id.
  const buildId = programs.length === 1 ? programs[0]!.buildId : null
  const known = await findKnownFile({ sha256, buildId }, reader)
  const names = new Set(known.map(({ record }) => record.name))
  return [
    ...known.map((one) =>
      knownMatch(
        one,
        found.find((match) => match.name === one.record.name),
      ),
    ),
    ...found.filter((match) => !names.has(match.name)),
  ]
}

/** A look-up of function names, read for the components whose functions are evidence. */
async function functionNames(present: readonly Presence[], reader: DatabaseReader): Promise<EvidenceContext['nameOf']> {
  const names = new Map<ComponentRecord, readonly string[]>()
  for (const { candidate, live } of present)
    if (live.some(({ hits }) => hits.some((row) => candidate.hits.names[row]! > 0)))
      names.set(candidate.record, await reader.functionNames(candidate.index))
  return (record, name) => names.get(record)?.[name - 1]
}

interface Decided {
  readonly presence: Presence
  readonly claims: readonly VersionClaim[]
}

/** Each round settles at least one literal; more rounds than components are never needed. */
const MAX_ROUNDS = 8

/**
 * Decides all versions together: one string in the file is the version of one component. Where several claim a literal,
 * those keep it whose units point at that version most clearly, as many as there are places; the others decide without.
 */
function decideVersions(present: readonly Presence[], literals: readonly VersionLiteral[]): Decided[] {
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

/** The claims on literals that others have better. */
function lostLiterals(
  decided: readonly Decided[],
  literals: readonly VersionLiteral[],
): { presence: Presence; version: string }[] {
  const claimants = new Map<string, { presence: Presence; distance: number }[]>()
  for (const { presence, claims } of decided)
    for (const { literal, distance } of claims) {
      if (literal === undefined) continue
      const list = claimants.get(literal.version)
      if (list === undefined) claimants.set(literal.version, [{ presence, distance }])
      else list.push({ presence, distance })
    }
  return [...claimants].flatMap(([version, list]) => {
    const places = literals.filter((literal) => literal.version === version).length
    const limit = list.map(({ distance }) => distance).sort((a, b) => a - b)[places - 1] ?? Number.POSITIVE_INFINITY
    return list.filter(({ distance }) => distance > limit).map(({ presence }) => ({ presence, version }))
  })
}

/** Versions that templates of the other components carry: their literals are not this one's. */
function versionsOfOthers(one: Presence, all: readonly Presence[]): Set<string> {
  const versions = new Set<string>()
  for (const other of all) if (other !== one) for (const hit of other.candidate.templates) versions.add(hit.version)
  for (const hit of one.candidate.templates) versions.delete(hit.version)
  return versions
}

/** Components that the loader will bring in: asked for by name, and not in the file itself. */
async function findLinked(
  programs: readonly Program[],
  reader: DatabaseReader,
  embedded: ReadonlySet<string>,
): Promise<Match[]> {
  const asked = new Map<string, string>()
  for (const program of programs)
    for (const needed of program.needed)
      for (const name of libraryNames(needed)) if (!asked.has(name)) asked.set(name, needed)
  if (asked.size === 0) return []
  const matches: Match[] = []
  for (const [index, sonames] of reader.sonames.entries()) {
    if (embedded.has(reader.manifest.components[index] as string)) continue
    const soname = sonames.find((name) => asked.has(name))
    if (soname !== undefined) matches.push(linkedMatch(await reader.component(index), asked.get(soname) as string))
  }
  return matches
}

function byConfidence(a: Match, b: Match): number {
  return (
    b.confidence - a.confidence || compareCodeUnits(a.name, b.name) || compareCodeUnits(versionText(a), versionText(b))
  )
}

function versionText(match: Match): string {
  return match.version.kind === 'exact' ? match.version.version : ''
}
