import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readProgram } from '../../src/binary/read.ts'
import { indexBackground } from '../../src/build/background.ts'
import { compileDatabase } from '../../src/build/compile.ts'
import { latin1 } from '../../src/bytes/cursor.ts'
import { hash64 } from '../../src/bytes/hash.ts'
import { DEFAULT_LIMITS } from '../../src/bytes/limits.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { type CatalogEntry, defaultEntry } from '../../src/database/catalog.ts'
import { FeatureKind } from '../../src/database/feature-kinds.ts'
import { PrintsBuilder } from '../../src/database/prints-builder.ts'
import { type DatabaseReader, openReader } from '../../src/database/reader.ts'
import type { ComponentPrints, ReleaseRecord } from '../../src/database/schema.ts'
import { extractCode, extractLiteral, extractProgram } from '../../src/fingerprint/extract.ts'
import { Kind, PrintSet } from '../../src/fingerprint/print-set.ts'
import { type Candidate, collectCandidates } from '../../src/identify/hits.ts'
import { type IdentifyInput, identify } from '../../src/identify/identify.ts'
import { type Cover, coverGreedily, type Presence } from '../../src/identify/presence.ts'
import { estimateVersions, type VersionClaim } from '../../src/identify/version.ts'
import type { Contradiction, Match } from '../../src/model.ts'
import { versionOrder } from '../../src/versions/order.ts'
import { elfProgram, type ProgramContent } from '../fixtures/programs.ts'

/** The text of one source file: its constants, or more than that. */
export type UnitText =
  | readonly string[]
  | {
      readonly strings?: readonly string[]
      readonly symbols?: readonly string[]
      /** Machine code, constant data and rare constants, by invented names. */
      readonly code?: readonly CodeFeature[]
      /** Its path says that it is another project's. */
      readonly vendored?: boolean
      /** Its constants come from macros of a header. */
      readonly headerOnly?: boolean
    }

/** A fingerprint that no text gives: its hash is that of the name. */
export interface CodeFeature {
  readonly kind: FeatureKind
  readonly name: string
  /** File offset in a program; default 0. */
  readonly at?: number
  /** Variety of a function; default 40. */
  readonly variety?: number
  /** The function's name as an archive has it. */
  readonly called?: string
}

/** What a program holds, text and code. */
export interface FileContent extends ProgramContent {
  readonly code?: readonly CodeFeature[]
  /** Default: that of no file. */
  readonly sha256?: string
  readonly buildId?: string
  /** Default: none. */
  readonly fileName?: string
  /** Strings of the version resource; default: none. */
  readonly versionInfo?: Readonly<Record<string, string>>
}

/** Units by path. */
export type ReleaseText = Readonly<Record<string, UnitText>>

export interface ComponentText {
  /** By version, in any order. */
  readonly releases: Readonly<Record<string, ReleaseText>>
  /** Releases indexed from built libraries. */
  readonly built?: Readonly<Record<string, ReleaseText>>
  /** The files that the built releases were read from, by version. */
  readonly files?: Readonly<
    Record<string, { readonly sha256: string; readonly buildId: string | null; readonly name?: string }>
  >
  readonly family?: string
  readonly sonames?: readonly string[]
  readonly purl?: string
  readonly cpes?: readonly string[]
}

/** A compiled database of invented components, and what identification makes of a file with it. */
export interface Setting {
  readonly reader: DatabaseReader
  candidates(content: FileContent): Promise<Candidate[]>
  cover(content: FileContent): Promise<Cover>
  /** The presence of one component. */
  presence(name: string, content: FileContent): Promise<Presence>
  /** The versions of one component; `taken` are versions that other components' templates carry. */
  versions(name: string, content: FileContent, taken?: readonly string[]): Promise<VersionClaim[]>
  identify(content: FileContent): Promise<Match[]>
  contradictions(content: FileContent): Promise<readonly Contradiction[]>
  close(): Promise<void>
}

/** Compiles components and constants of unrelated programs into a database of their own. */
export async function settingOf(
  components: Readonly<Record<string, ComponentText>>,
  background?: readonly string[],
): Promise<Setting> {
  const directory = mkdtempSync(join(tmpdir(), 'binprint-setting-'))
  const names = Object.keys(components).sort()
  await compileDatabase(directory, {
    components: names.map((name) => ({
      prints: printsOf(name, components[name]!),
      entry: entryOf(name, components[name]!),
    })),
    background: background === undefined ? undefined : backgroundOf(background),
    digest: '00',
  })
  const reader = await openReader(directory)
  const candidates = (content: FileContent): Promise<Candidate[]> => collectCandidates(inputOf(content).prints, reader)
  const cover = async (content: FileContent): Promise<Cover> =>
    coverGreedily(await candidates(content), inputOf(content).prints)
  const presence = async (name: string, content: FileContent): Promise<Presence> => {
    const { present } = await cover(content)
    const found = present.find(({ candidate }) => candidate.record.name === name)
    if (found === undefined) throw new Error(`${name} is not present`)
    return found
  }
  return {
    reader,
    candidates,
    cover,
    presence,
    versions: async (name, content, taken = []) =>
      estimateVersions(await presence(name, content), inputOf(content).prints.literals, new Set(taken)),
    identify: async (content) => [...(await identify(inputOf(content), reader)).components],
    contradictions: async (content) => (await identify(inputOf(content), reader)).contradictions,
    close: async () => {
      await reader.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** The rows of a candidate's hits, unit by unit. */
export function rowsOf({ units }: Candidate): number[] {
  return [...units.values()].flatMap((rows) => [...rows])
}

/** What identification gets of an ELF program with this content: the scanner's own extraction. */
export function inputOf(content: FileContent): IdentifyInput {
  const source = bytesSource(elfProgram(content))
  const program = readProgram(source, DEFAULT_LIMITS)
  const prints = new PrintSet()
  extractProgram(program, source, prints)
  for (const { kind, name, at = 0, variety = 40 } of content.code ?? []) {
    const isFunction = kind === Kind.Function || kind === Kind.Mnemonics
    prints.add(kind, hash64(Buffer.from(name)), at, 32, isFunction ? variety : 0)
  }
  return {
    prints: prints.seal(),
    programs: [{ ...program, buildId: content.buildId ?? program.buildId, versionInfo: content.versionInfo ?? {} }],
    // Invented code lies beyond the file.
    textAt: (offset, length) => (offset + length <= source.size ? latin1(source.read(offset, length)) : ''),
    readCode: (prints, from, to) => extractCode(program, source, prints, { base: 0, from, to }),
    fileName: content.fileName ?? null,
    sha256: content.sha256 ?? '0'.repeat(64),
  }
}

/** The names of a cover's components, in the order in which they were accepted. */
export function namesOf({ present }: Cover): string[] {
  return present.map(({ candidate }) => candidate.record.name)
}

/** So many different sentences about a subject, without anything like a version. */
export function sentences(subject: string, count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, i) => `the ${subject} refuses to carry the ${inWords(from + i)} bucket`)
}

/** So many different names without a space. */
export function labels(subject: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${subject}_${inWords(i).replace('-', '_')}_label`)
}

/** So many different function names. */
export function functions(subject: string, count: number): string[] {
  return labels(subject, count).map((name) => name.replace(/_label$/, '_run'))
}

const DIGITS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine']

/** `four-two` for 42: digits would look like years and versions. */
function inWords(number: number): string {
  return [...String(number)].map((digit) => DIGITS[Number(digit)]).join('-')
}

function entryOf(name: string, { family, sonames, purl, cpes }: ComponentText): CatalogEntry {
  const entry = defaultEntry(name)
  return {
    ...entry,
    family: family ?? null,
    sonames: sonames ?? [],
    purl: purl ?? entry.purl,
    cpes: cpes ?? [],
  }
}

function printsOf(name: string, { releases, built = {}, files = {} }: ComponentText): ComponentPrints {
  const order = versionOrder(defaultEntry(name).versionScheme)
  const texts = new Map<ReleaseRecord, ReleaseText>()
  for (const [origin, group] of Object.entries({ source: releases, built }))
    for (const [version, text] of Object.entries(group))
      texts.set({ version, origin: origin as 'source' | 'built', provenance: 'test' }, text)
  const records = [...texts.keys()].sort((a, b) => order(a.version, b.version) || (a.origin < b.origin ? -1 : 1))
  const builder = new PrintsBuilder(name, records)
  records.forEach((record, release) => {
    for (const [path, text] of Object.entries(texts.get(record)!)) addUnit(builder, path, text, release)
    const file = record.origin === 'built' ? files[record.version] : undefined
    if (file !== undefined) builder.addFile({ name: `lib${name}.so`, ...file, arch: 'x86_64', release })
  })
  return builder.finish()
}

function addUnit(builder: PrintsBuilder, path: string, text: UnitText, release: number): void {
  const {
    strings = [],
    symbols = [],
    code = [],
    vendored = false,
    headerOnly = false,
  } = 'length' in text ? { strings: text } : text
  const unit = builder.internUnit(path, vendored)
  const { version } = builder.releases[release]!
  for (const name of symbols)
    builder.addFeature(FeatureKind.Symbol, builder.internHash(hash64(Buffer.from(name))), unit, release)
  for (const { kind, name, called } of code)
    builder.addFeature(kind, builder.internHash(hash64(Buffer.from(name))), unit, release, called)
  for (const literal of strings)
    extractLiteral(literal, {
      string: (hash) => builder.addFeature(FeatureKind.String, builder.internHash(hash), unit, release),
      template: ({ hash, version: captured, selfNaming, head }) => {
        const agrees = captured === version
        builder.addTemplate(builder.internHash(hash), unit, release, { agrees, selfNaming, head, headerOnly })
      },
      literal: () => undefined,
    })
}

function backgroundOf(strings: readonly string[]): ComponentPrints {
  const directory = mkdtempSync(join(tmpdir(), 'binprint-background-'))
  const file = join(directory, 'program')
  writeFileSync(file, elfProgram({ strings }))
  try {
    return indexBackground([{ label: 'program 1.0', files: [file] }])
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
