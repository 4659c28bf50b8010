import { VarintReader, VarintWriter } from '../bytes/varint.ts'
import { DetectorError, type Locus } from '../errors.ts'
import { canonicalPrints } from './canonical.ts'
import { decodeFeatures, decodeTemplates, encodeFeatures, encodeTemplates } from './feature-coding.ts'
import type { ComponentPrints, Intervals, ReleaseRecord, UnitRecord } from './schema.ts'
import { damaged, type RawSection, readSections, Section, sectionName, writeSections } from './sections.ts'

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
  const unknown = carried.filter(({ kind }) => !KNOWN.includes(kind))
  for (const section of unknown) checkIntact(section, {})
  return writeSections([
    { kind: Section.Name, bytes: Buffer.from(canonical.name, 'utf8') },
    { kind: Section.Releases, bytes: encodeReleases(canonical.releases) },
    { kind: Section.Units, bytes: encodeUnits(canonical.units) },
    { kind: Section.Sets, bytes: encodeSets(canonical.sets) },
    { kind: Section.Strings, bytes: encodeFeatures(canonical.strings, bounds) },
    { kind: Section.Symbols, bytes: encodeFeatures(canonical.symbols, bounds) },
    { kind: Section.Templates, bytes: encodeTemplates(canonical.templates, bounds) },
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

  function decode<T>(kind: number, read: (content: Uint8Array) => T): T {
    const section = sections.find((candidate) => candidate.kind === kind)
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
  const bounds = { units: units.length, sets: sets.length }
  return {
    name,
    releases,
    units,
    sets,
    strings: decode(Section.Strings, (content) => decodeFeatures(content, bounds)),
    symbols: decode(Section.Symbols, (content) => decodeFeatures(content, bounds)),
    templates: decode(Section.Templates, (content) => decodeTemplates(content, bounds)),
  }
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

/**
 * Longest text stored: the longest path that Linux opens (`PATH_MAX`). Each text may repeat the one before it, so a
 * small damaged file could otherwise unfold without end.
 */
const MAX_TEXT_BYTES = 4096

/** Writes text as the number of bytes it shares with the start of the text before it, and the rest. */
function writeAfter(writer: VarintWriter, before: string, text: string): void {
  const a = Buffer.from(before, 'utf8')
  const b = Buffer.from(text, 'utf8')
  if (b.length > MAX_TEXT_BYTES)
    throw new TypeError(
      `prints: text of ${b.length} bytes, at most ${MAX_TEXT_BYTES} are stored: ${text.slice(0, 80)}…`,
    )
  let shared = 0
  while (shared < a.length && shared < b.length && a[shared] === b[shared]) shared++
  writer.number(shared)
  writer.number(b.length - shared)
  writer.raw(b.subarray(shared))
}

function readAfter(reader: VarintReader, before: string): string {
  const a = Buffer.from(before, 'utf8')
  const shared = reader.number()
  const rest = reader.raw(reader.number())
  if (shared > a.length) throw corrupt(`text shares ${shared} bytes with one of ${a.length}`)
  if (shared + rest.length > MAX_TEXT_BYTES) throw corrupt(`text of ${shared + rest.length} bytes`)
  return Buffer.concat([a.subarray(0, shared), rest]).toString('utf8')
}

function finished<T>(reader: VarintReader, value: T): T {
  if (reader.done) return value
  throw corrupt(`${reader.bytes.length - reader.position} bytes are left over`)
}

function corrupt(message: string): DetectorError {
  return new DetectorError('STORE_CORRUPT', message)
}
