import type { DatabaseReader } from '../database/reader.ts'
import type { ComponentRecord } from '../database/schema.ts'
import type { Contradiction, Match } from '../model.ts'
import { compareCodeUnits } from '../versions/token.ts'
import { type Claims, findContradictions, ownNames } from './contradictions.ts'
import { separateCopies } from './copies.ts'
import { decideVersions } from './decide.ts'
import { type EvidenceContext, textOfPrint } from './evidence.ts'
import { collectCandidates } from './hits.ts'
import { findKnownFile, type KnownFile, knownMatch } from './known-file.ts'
import { askedComponents, repeatsMessages } from './linked.ts'
import { embeddedMatch, linkedMatch, mentionedMatch } from './match.ts'
import { type CodeSource, findModified } from './modified.ts'
import { coverGreedily, type Presence } from './presence.ts'
import { textContradiction } from './text-contradiction.ts'

/** What identification may ask of the file beyond its fingerprints; of an archive of objects, all of its members. */
export interface IdentifyInput extends CodeSource, Claims {
  /** Bytes of the file as Latin-1, for the text of evidence. */
  readonly textAt: (offset: number, length: number) => string
  /** Of the file, hexadecimal. */
  readonly sha256: string
}

/** What identification says of a file. */
export interface Identification {
  /** By confidence, then name, then version. */
  readonly components: readonly Match[]
  readonly contradictions: readonly Contradiction[]
}

/** The components of one file, and what the file says of itself that they deny. */
export async function identify(input: IdentifyInput, reader: DatabaseReader): Promise<Identification> {
  const candidates = await collectCandidates(input.prints, reader)
  const cover = coverGreedily(candidates, input.prints)
  const asked = await askedComponents(input.programs, reader)
  const present = cover.present.filter((presence) => !repeatsMessages(presence, asked))
  const context: EvidenceContext = {
    prints: input.prints,
    textAt: input.textAt,
    nameOf: await functionNames(present, reader),
    totalUnits: reader.manifest.units,
    ownNames: () => ownNames(input),
  }
  const found: Match[] = []
  const contradictions: Contradiction[] = []
  for (const { presence, claims } of decideVersions(present, input.prints.literals)) {
    const copies = separateCopies(presence, claims, input.prints)
    for (const copy of copies) {
      const modified = await findModified(copy, input, reader)
      found.push(embeddedMatch(copy, Math.max(copies.length, claims.length), modified, context))
      const contradiction = textContradiction(copy, (print) => textOfPrint(print, context))
      if (contradiction !== undefined) contradictions.push(contradiction)
    }
  }
  const matches = await withKnownFile(input, found, reader)
  const embedded = new Set(matches.map((match) => match.name))
  const linked = asked
    .filter(({ record }) => !embedded.has(record.name))
    .map(({ record, needed }) => linkedMatch(record, needed))
  matches.push(...linked)
  const named = new Set([...embedded, ...linked.map((match) => match.name)])
  for (const candidate of cover.mentioned)
    if (!named.has(candidate.record.name)) matches.push(mentionedMatch(candidate, context))
  matches.sort(byConfidence)
  contradictions.unshift(...(await findContradictions(input, matches, reader)))
  return { components: matches, contradictions }
}

/** Where the file itself is known, that is what it is, and what its fingerprints say of the component is evidence. */
async function withKnownFile(
  { sha256, programs }: IdentifyInput,
  found: readonly Match[],
  reader: DatabaseReader,
): Promise<Match[]> {
  // The members of an archive have no build-id.
  const buildId = programs.length === 1 ? programs[0]!.buildId : null
  const known = (await findKnownFile({ sha256, buildId }, reader)).map((one) => ({ one, copy: copyOf(one, found) }))
  const copies = new Set(known.map(({ copy }) => copy))
  return [...known.map(({ one, copy }) => knownMatch(one, copy)), ...found.filter((match) => !copies.has(match))]
}

/** Of several copies that were found of what a file is known to be, the one of that version. */
function copyOf({ record, release }: KnownFile, found: readonly Match[]): Match | undefined {
  const copies = found.filter(({ name }) => name === record.name)
  return copies.find(({ version }) => version.kind === 'exact' && version.version === release.version) ?? copies[0]
}

/** A look-up of function names, read for the components whose functions are evidence. */
async function functionNames(present: readonly Presence[], reader: DatabaseReader): Promise<EvidenceContext['nameOf']> {
  const names = new Map<ComponentRecord, readonly string[]>()
  for (const { candidate, live } of present)
    if (live.some(({ hits }) => hits.some((row) => candidate.hits.names[row]! > 0)))
      names.set(candidate.record, await reader.functionNames(candidate.index))
  return (record, name) => names.get(record)?.[name - 1]
}

function byConfidence(a: Match, b: Match): number {
  return (
    b.confidence - a.confidence || compareCodeUnits(a.name, b.name) || compareCodeUnits(versionText(a), versionText(b))
  )
}

function versionText(match: Match): string {
  return match.version.kind === 'exact' ? match.version.version : ''
}
