import type { Program } from '../binary/program.ts'
import type { DatabaseReader } from '../database/reader.ts'
import type { ComponentRecord } from '../database/schema.ts'
import type { PrintSet } from '../fingerprint/print-set.ts'
import type { Match } from '../model.ts'
import { collectCandidates } from './hits.ts'
import { libraryNames } from './linkage.ts'
import { embeddedMatch, linkedMatch, mentionedMatch } from './match.ts'
import { coverGreedily, type Presence } from './presence.ts'
import { estimateVersions } from './version.ts'

/** What identification may ask of the file beyond its fingerprints. */
export interface IdentifyInput {
  /** Sealed. */
  readonly prints: PrintSet
  /** One program, or the members of an archive. */
  readonly programs: readonly Program[]
  /** Bytes of the file as Latin-1, for the text of evidence. */
  readonly textAt: (offset: number, length: number) => string
}

/** The components of one file, by confidence, then name, then version. */
export async function identify(input: IdentifyInput, reader: DatabaseReader): Promise<Match[]> {
  const candidates = await collectCandidates(input.prints, reader)
  const cover = coverGreedily(candidates)
  const totalUnits = reader.manifest.units
  const matches: Match[] = []
  for (const presence of cover.present) {
    const taken = versionsOfOthers(presence, cover.present)
    const claims = estimateVersions(presence, input.prints.literals, taken)
    for (const claim of claims)
      matches.push(
        embeddedMatch(presence, claim, claims.length, { prints: input.prints, textAt: input.textAt, totalUnits }),
      )
  }
  const embedded = new Set(cover.present.map(({ candidate }) => candidate.record.name))
  const linked = await findLinked(input.programs, reader, embedded)
  matches.push(...linked)
  const named = new Set([...embedded, ...linked.map((match) => match.name)])
  for (const candidate of cover.mentioned)
    if (!named.has(candidate.record.name))
      matches.push(mentionedMatch(candidate, { prints: input.prints, textAt: input.textAt, totalUnits }))
  return matches.sort(byConfidence)
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
  for (const record of await allRecords(reader)) {
    if (embedded.has(record.name)) continue
    const soname = record.sonames.find((name) => asked.has(name))
    if (soname !== undefined) matches.push(linkedMatch(record, asked.get(soname) as string))
  }
  return matches
}

async function allRecords(reader: DatabaseReader): Promise<ComponentRecord[]> {
  return Promise.all(reader.manifest.components.map((_, index) => reader.component(index)))
}

function byConfidence(a: Match, b: Match): number {
  return b.confidence - a.confidence || compareText(a.name, b.name) || compareText(versionText(a), versionText(b))
}

function versionText(match: Match): string {
  return match.version.kind === 'exact' ? match.version.version : ''
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
