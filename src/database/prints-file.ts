import { VarintReader, VarintWriter } from '../bytes/varint.ts'
import { DetectorError, type Locus } from '../errors.ts'
import { canonicalPrints, emptyTable } from './canonical.ts'
import { decodeFeatures, decodeTemplates, encodeFeatures, encodeTemplates } from './feature-coding.ts'
import { FEATURE_KINDS, FeatureKind, forEachKind } from './feature-kinds.ts'
import { decodeFiles, decodeNames, encodeFiles, encodeNames } from './file-coding.ts'
import type { ComponentPrints, Intervals, ReleaseRecord, UnitRecord } from './schema.ts'
import { damaged, type RawSection, readSections, Section, sectionName, writeSections } from './sections.ts'
import { corrupt, finished, readAfter, writeAfter } from './text-coding.ts'

/** Where each kind is stored. */
const SECTIONS: Readonly<Record<FeatureKind, number>> = {
  [FeatureKind.String]: Section.Strings,
  [FeatureKind.Symbol]: Section.Symbols,
  [FeatureKind.Function]: Section.Functions,
  [FeatureKind.Mnemonics]: Section.Mnemonics,
  [FeatureKind.Table]: Section.Tables,
  [FeatureKind.Immediate]: Section.Immediates,
  [FeatureKind.BigEndianTable]: Section.BigEndianTables,
}

/** Sections that came later: left out where they would be empty, so that the bytes of older files stay as they were. */
const OPTIONAL: ReadonlySet<number> = new Set([
  Section.Functions,
  Section.Mnemonics,
  Section.Tables,
  Section.BigEndianTables,
  Section.Immediates,
  Section.FunctionNames,
  Section.Files,
])

/**
 * The bytes of a `.bpf`: the prints of one component. Equal prints give equal bytes, in whatever order they were
 * collected; what comes out of {@link decodePrints} is in the order of `canonicalPrints`.
 *
 * `carried` are sections of kinds that this version does not know, as `readSections` returned them from the file that
 * is replaced; known kinds among them are left out.
 *
 * @throws DetectorError `STORE_CORRUPT` when a carried section is damaged
 */
export function encodePrints(prints: ComponentPrints, carried: readonly RawSection[] = []): Uint8Array {
  const canonical = canonicalPrints(prints)
  const bounds = { units: canonical.units.length, sets: canonical.sets.length }
  const names = canonical.functionNames.length
  const unknown = carried.filter(({ kind }) => !KNOWN.includes(kind))
  for (const section of unknown) checkIntact(section, {})
  return writeSections([
    { kind: Section.Name, bytes: Buffer.from(canonical.name, 'utf8') },
    { kind: Section.Releases, bytes: encodeReleases(canonical.releases) },
    { kind: Section.Units, bytes: encodeUnits(canonical.units) },
    { kind: Section.Sets, bytes: encodeSets(canonical.sets) },
    ...FEATURE_KINDS.filter((kind) => canonical.features[kind].high.length > 0 || !OPTIONAL.has(SECTIONS[kind])).map(
      (kind) => ({
        kind: SECTIONS[kind],
        bytes: encodeFeatures(canonical.features[kind], kind === FeatureKind.Function ? { ...bounds, names } : bounds),
      }),
    ),
    { kind: Section.Templates, bytes: encodeTemplates(canonical.templates, bounds) },
    ...(names > 0 ? [{ kind: Section.FunctionNames, bytes: encodeNames(canonical.functionNames) }] : []),
    ...(canonical.files.length > 0 ? [{ kind: Section.Files, bytes: encodeFiles(canonical.files) }] : []),
    ...unknown,
  ])
}

/**
 * Reads a `.bpf`. Sections of unknown kinds are skipped; nothing in the result is a view into `bytes`.
 *
 * @throws DetectorError `STORE_CORRUPT` naming section and offset, `STORE_SCHEMA_MISMATCH` for a newer format
 */
export function decodePrints(bytes: Uint8Array, locus: Locus = {}): ComponentPrints {
  const sections = readSections(bytes, locus)

  function decode<T>(kind: number, read: (content: Uint8Array) => T, absent?: T): T {
    const section = sections.find((candidate) => candidate.kind === kind)
    if (section === undefined && absent !== undefined && OPTIONAL.has(kind)) return absent
    if (section === undefined) throw damaged(sectionName(kind), 0, 'is missing', locus)
    checkIntact(section, locus)
    try {
      return read(section.bytes)
    } catch (cause) {
      if (!(cause instanceof DetectorError)) throw cause
      throw damaged(sectionName(kind), section.offset, cause.message, locus, cause)
    }
  }

  const name = decode(Section.Name, (content) => Buffer.from(content).toString('utf8'))
  const releases = decode(Section.Releases, decodeReleases)
  const units = decode(Section.Units, decodeUnits)
  const sets = decode(Section.Sets, (content) => decodeSets(content, releases.length))
  const bounds = { units: units.length, sets: sets.length, names: undefined }
  const functionNames = decode(Section.FunctionNames, decodeNames, [])
  const features = forEachKind((kind) => {
    const own = { ...bounds, names: kind === FeatureKind.Function ? functionNames.length : undefined }
    return decode(SECTIONS[kind], (content) => decodeFeatures(content, own), emptyTable(kind))
  })
  const templates = decode(Section.Templates, (content) => decodeTemplates(content, bounds))
  const files = decode(Section.Files, (content) => decodeFiles(content, releases.length), [])
  return { name, releases, units, sets, features, templates, functionNames, files }
}

/** A section of a `.bpf` as a check of the file lists it. */
export interface SectionCheck {
  readonly kind: number
  /** `strings`, or `kind 4711` where this version does not know it. */
  readonly name: string
  /** Bytes from the start of the file. */
  readonly offset: number
  /** Bytes. */
  readonly length: number
  /** The stored checksum is that of the bytes. */
  readonly intact: boolean
}

/**
 * Lists the sections of a `.bpf` with the outcome of their checksums, in file order.
 *
 * @throws DetectorError when header or section table are damaged or of a newer format, as `readSections`
 */
export function verifyPrints(bytes: Uint8Array, locus: Locus = {}): SectionCheck[] {
  return readSections(bytes, locus).map(({ kind, offset, bytes: content, intact }) => ({
    kind,
    name: sectionName(kind),
    offset,
    length: content.length,
    intact,
  }))
}

const KNOWN: readonly number[] = Object.values(Section)

/** The order is stored: an origin is written as its place in this list. */
const ORIGINS = ['source', 'built'] as const

function checkIntact(section: RawSection, locus: Locus): void {
  if (!section.intact) throw damaged(sectionName(section.kind), section.offset, 'checksum differs', locus)
}

function encodeReleases(releases: readonly ReleaseRecord[]): Uint8Array {
  const writer = new VarintWriter()
  writer.number(releases.length)
  let before: ReleaseRecord | undefined
  for (const release of releases) {
    writer.number(ORIGINS.indexOf(release.origin))
    writeAfter(writer, before?.version ?? '', release.version)
    writeAfter(writer, before?.provenance ?? '', release.provenance)
    before = release
  }
  return writer.finish()
}

function decodeReleases(bytes: Uint8Array): ReleaseRecord[] {
  const reader = new VarintReader(bytes)
  const releases: ReleaseRecord[] = []
  const count = reader.number()
  let version = ''
  let provenance = ''
  for (let i = 0; i < count; i++) {
    const origin = ORIGINS[reader.number()]
    if (origin === undefined) throw corrupt(`release ${i} has an unknown origin`)
    version = readAfter(reader, version)
    provenance = readAfter(reader, provenance)
    releases.push({ version, origin, provenance })
  }
  return finished(reader, releases)
}

function encodeUnits(units: readonly UnitRecord[]): Uint8Array {
  const writer = new VarintWriter()
  writer.number(units.length)
  let before = ''
  for (const { path, vendored } of units) {
    writer.number(Number(vendored))
    writeAfter(writer, before, path)
    before = path
  }
  return writer.finish()
}

function decodeUnits(bytes: Uint8Array): UnitRecord[] {
  const reader = new VarintReader(bytes)
  const units: UnitRecord[] = []
  const count = reader.number()
  let path = ''
  for (let i = 0; i < count; i++) {
    const flag = reader.number()
    if (flag > 1) throw corrupt(`unit ${i} has unknown flags ${flag}`)
    path = readAfter(reader, path)
    units.push({ path, vendored: flag === 1 })
  }
  return finished(reader, units)
}

function encodeSets(sets: readonly Intervals[]): Uint8Array {
  const writer = new VarintWriter()
  writer.number(sets.length)
  for (const set of sets) {
    writer.number(set.length / 2)
    writer.deltas(set)
  }
  return writer.finish()
}

function decodeSets(bytes: Uint8Array, releases: number): Intervals[] {
  const reader = new VarintReader(bytes)
  const sets: Intervals[] = []
  const count = reader.number()
  for (let i = 0; i < count; i++) {
    const set = reader.deltas(reader.number() * 2)
    for (let j = 0; j < set.length; j += 2)
      if (j > 0 && set[j]! < set[j - 1]! + 2) throw corrupt(`intervals of set ${i} touch: [${set.join()}]`)
    if ((set.at(-1) ?? -1) >= releases) throw corrupt(`set ${i} names release ${set.at(-1)} of ${releases}`)
    sets.push(set)
  }
  return finished(reader, sets)
}
