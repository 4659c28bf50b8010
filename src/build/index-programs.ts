import { readAr } from '../archive/ar.ts'
import { isCoffObject } from '../binary/coff.ts'
import { detectFormat } from '../binary/detect.ts'
import { readProgram } from '../binary/read.ts'
import { latin1 } from '../bytes/cursor.ts'
import { DEFAULT_LIMITS, type Limits } from '../bytes/limits.ts'
import { type ByteSource, sliceSource } from '../bytes/source.ts'
import type { CatalogEntry } from '../database/catalog.ts'
import type { PrintsBuilder } from '../database/prints-builder.ts'
import type { ComponentPrints, UnitRecord } from '../database/schema.ts'
import { DetectorError, throwIfAborted } from '../errors.ts'
import { extractLiteral, extractProgram } from '../fingerprint/extract.ts'
import { Kind, PrintSet } from '../fingerprint/print-set.ts'
import type { Template } from '../fingerprint/templates.ts'
import { BuiltUnits, unitOfFile } from './built-units.ts'
import { HeaderTexts } from './header-texts.ts'
import { type IndexedReleases, type IndexOptions, openBuilder } from './index-releases.ts'
import { withoutState } from './index-sources.ts'
import { type BuiltFile, openBuilt } from './sources/built-input.ts'

/** One version of a component as it was built: what all of its inputs hold counts as one release. */
export interface BuiltRelease {
  readonly version: string
  /** Paths of libraries, programs and packages: other architectures, other builds. */
  readonly inputs: readonly string[]
  /** What was read, for the report. Default: the inputs' names and sha256. */
  readonly provenance?: string
}

export interface BuiltOptions extends IndexOptions {
  /** False leaves a file out, by its sha256. */
  readonly accept?: (sha256: string) => boolean
  /** Called for each file that was indexed. */
  readonly onFile?: (input: string, file: BuiltFile) => void
}

/**
 * Indexes built releases: the strings, templates and defined symbols of static libraries, shared libraries and programs,
 * extracted as a scan extracts them.
 *
 * Members of static libraries go to the unit of the source that they were compiled from; what a shared library or program
 * holds beyond that goes to one unit of the file. An input that cannot be read is left out and named in `skipped`.
 *
 * @throws DetectorError `SOURCE_FAILED` when a release has no readable library, `INPUT_NOT_FOUND`, `ABORTED`
 */
export async function indexBuilt(
  entry: CatalogEntry,
  releases: readonly BuiltRelease[],
  options: BuiltOptions = {},
): Promise<IndexedReleases> {
  const { limits = DEFAULT_LIMITS, previous, signal, onProgress } = options
  const total = releases.reduce((sum, { inputs }) => sum + inputs.length, 0)
  let done = 0
  const skipped: { path: string; reason: string }[] = []
  const read: { release: BuiltRelease; features: ReleaseFeatures; provenance: string }[] = []
  for (const release of releases) {
    const features = new ReleaseFeatures(limits)
    const digests: string[] = []
    for (const input of release.inputs) {
      throwIfAborted(signal)
      const sha256 = await readInput(input, features, options, skipped)
      if (sha256 !== undefined) digests.push(`file ${baseName(input)} (sha256 ${sha256})`)
      onProgress?.(++done, total)
    }
    if (features.isEmpty)
      throw new DetectorError(
        'SOURCE_FAILED',
        `need a library of ${entry.name} ${release.version}, found none that can be read${reasonOf(skipped)}`,
      )
    read.push({ release, features, provenance: release.provenance ?? digests.sort().join(', ') })
  }
  const records = read.map(({ release, provenance }) => {
    return { version: release.version, origin: 'built' as const, provenance }
  })
  const { builder, placeOf } = openBuilder(entry, records, previous)
  const telling = new Set(previous?.templates.map(({ high, low }) => (BigInt(high) << 32n) | BigInt(low)))
  for (const { release, features } of read) for (const hash of features.agreeing(release.version)) telling.add(hash)
  for (const { release, features } of read)
    features.addTo(builder, placeOf('built', release.version), release.version, previous, telling)
  return { prints: builder.finish(), added: releases.map(({ version }) => version), skipped }
}

function reasonOf(skipped: readonly { path: string; reason: string }[]): string {
  const last = skipped.at(-1)
  return last === undefined ? '' : `: ${last.path}: ${last.reason}`
}

/** Reads one input into the features and returns its sha256, or undefined when it is damaged or of another kind. */
async function readInput(
  path: string,
  features: ReleaseFeatures,
  options: BuiltOptions,
  skipped: { path: string; reason: string }[],
): Promise<string | undefined> {
  const { limits = DEFAULT_LIMITS, signal, accept, onFile } = options
  const leaveOut = (name: string, error: unknown): void => {
    if (!(error instanceof DetectorError) || error.code === 'ABORTED' || error.code === 'INPUT_NOT_FOUND') throw error
    skipped.push({ path: name, reason: error.message })
  }
  try {
    const input = await openBuilt(path, limits, signal)
    try {
      for (const header of input.headers) features.addHeader(header)
      for (const file of input.files) {
        if (accept?.(file.sha256) === false) {
          skipped.push({ path: `${baseName(path)}!/${file.path}`, reason: 'it is excluded by its sha256' })
          continue
        }
        try {
          features.addFile(file)
          onFile?.(path, file)
        } catch (error) {
          leaveOut(`${baseName(path)}!/${file.path}`, error)
        }
      }
      return input.sha256
    } finally {
      input.close()
    }
  } catch (error) {
    leaveOut(path, error)
    return undefined
  }
}

/** Distinct features of one archive member or file, over all inputs that have one of its name. */
interface Features {
  readonly strings: Set<bigint>
  readonly symbols: Set<bigint>
  readonly templates: Map<bigint, Template>
}

/** In no name of C: only labels and clones of the compiler have one (`.LC7`, `__func__.3`, `inflate.part.0`). */
const DOT = 0x2e

/** What all inputs of one release hold. */
class ReleaseFeatures {
  readonly #limits: Limits
  readonly #headers: HeaderTexts
  readonly #members = new Map<string, Features>()
  readonly #files = new Map<string, Features>()

  constructor(limits: Limits) {
    this.#limits = limits
    this.#headers = new HeaderTexts(limits)
  }

  get isEmpty(): boolean {
    return this.#members.size + this.#files.size === 0
  }

  addHeader(bytes: Uint8Array): void {
    this.#headers.add(bytes)
  }

  /** @throws DetectorError what the readers throw, and `FORMAT_BAD_MAGIC` for a file of another kind */
  addFile({ path, source }: BuiltFile): void {
    if (detectFormat(source) !== 'ar') {
      this.#addProgram(source, featuresAt(this.#files, unitOfFile(path)))
      return
    }
    for (const { name, offset, size } of readAr(source, this.#limits)) {
      const member = sliceSource(source, offset, size)
      // Import stubs, resources and bitcode stand among the objects.
      if (detectFormat(member) === undefined && !isCoffObject(member)) continue
      this.#addProgram(member, featuresAt(this.#members, name))
    }
  }

  /** Templates whose token is the release's version. */
  agreeing(version: string): bigint[] {
    const templates = [...this.#members.values(), ...this.#files.values()].flatMap((one) => [...one.templates.values()])
    return templates.filter((template) => agrees(template, version)).map(({ hash }) => hash)
  }

  /**
   * Adds everything to the release at `place` of the builder. `sources` are prints whose units are known; of templates
   * only the `telling` ones are added, as a library holds hundreds that no release ever agrees with.
   */
  addTo(
    builder: PrintsBuilder,
    place: number,
    version: string,
    sources: ComponentPrints | undefined,
    telling: ReadonlySet<bigint>,
  ): void {
    builder.beginRelease(place)
    const units = sources === undefined ? undefined : new BuiltUnits(sources, builder)
    const headers = this.#headers.templates()
    for (const hash of sources === undefined ? [] : headerTemplates(sources)) headers.add(hash)
    // A shared library repeats what the static one has: what a source file owns is not owned by the file as well.
    const owned = new Set<number>()
    const foreign = sources === undefined ? new Set() : vendoredHashes(sources, builder)
    const add = (unit: UnitRecord, features: Features, isWhole: boolean): void => {
      const number = builder.internUnit(unit.path, unit.vendored)
      const intern = (hashes: Iterable<bigint>): number[] => {
        const numbers = [...hashes].map((hash) => builder.internHash(hash))
        return numbers.filter((hash) => !(isWhole && owned.has(hash)) && (unit.vendored || !foreign.has(hash)))
      }
      const [strings, symbols] = [intern(features.strings), intern(features.symbols)]
      for (const string of strings) builder.addFeature(Kind.String, string, number, place)
      for (const symbol of symbols) builder.addFeature(Kind.Symbol, symbol, number, place)
      for (const template of features.templates.values()) {
        const { hash, selfNaming, head } = template
        const known = builder.internHash(hash)
        if (!telling.has(hash) || (isWhole && owned.has(known))) continue
        if (!isWhole) owned.add(known)
        const sighting = { agrees: agrees(template, version), selfNaming, head, headerOnly: headers.has(hash) }
        builder.addTemplate(known, number, place, sighting)
      }
      if (!isWhole) for (const hash of [...strings, ...symbols]) owned.add(hash)
    }
    for (const [name, features] of this.#members) {
      const strings = new Set([...features.strings].map((hash) => builder.internHash(hash)))
      add(units?.ofMember(name, strings) ?? { path: name, vendored: false }, features, false)
    }
    for (const [path, features] of this.#files) add({ path, vendored: false }, features, true)
  }

  #addProgram(source: ByteSource, into: Features): void {
    const prints = new PrintSet()
    extractProgram(readProgram(source, this.#limits), source, prints)
    for (let i = 0; i < prints.count; i++) {
      const hash = (BigInt(prints.high[i]!) << 32n) | BigInt(prints.low[i]!)
      const kind = prints.kinds[i]
      if (kind === Kind.String) into.strings.add(hash)
      else {
        const text = source.read(prints.offsets[i]!, prints.lengths[i]!)
        if (kind === Kind.Template) addTemplates(text, into.templates)
        else if (!text.includes(DOT)) into.symbols.add(hash)
      }
    }
  }
}

function agrees({ version: token }: Template, version: string): boolean {
  return token === version || withoutState(token) === version
}

function featuresAt(all: Map<string, Features>, key: string): Features {
  const known = all.get(key)
  if (known !== undefined) return known
  const fresh: Features = { strings: new Set(), symbols: new Set(), templates: new Map() }
  all.set(key, fresh)
  return fresh
}

/** The templates of a constant's bytes with what a print does not keep of them; UTF-16 is known by its zeros. */
function addTemplates(bytes: Uint8Array, into: Map<bigint, Template>): void {
  const narrow = bytes.includes(0) ? bytes.filter((_, i) => i % 2 === 0) : bytes
  extractLiteral(latin1(narrow), {
    string: () => undefined,
    template: (template) => into.set(template.hash, template),
    literal: () => undefined,
  })
}

/**
 * Numbers of the strings and symbols that the sources hold in copies of other projects only: linked into a library they
 * are still the others'.
 */
function vendoredHashes({ units, features }: ComponentPrints, builder: PrintsBuilder): Set<number> {
  const found = new Set<number>()
  for (const table of [features[Kind.String], features[Kind.Symbol]])
    for (let i = 0; i < table.high.length; i++) {
      let isOwn = false
      for (let p = table.starts[i]!; p < table.starts[i + 1]!; p++) if (!units[table.units[p]!]!.vendored) isOwn = true
      if (!isOwn) found.add(builder.internHalves(table.high[i]!, table.low[i]!))
    }
  return found
}

/** Templates that sources spell in headers only: a library that includes its own header has them as well. */
function headerTemplates(prints: ComponentPrints): Set<bigint> {
  const only = new Set<bigint>()
  const elsewhere = new Set<bigint>()
  for (const { high, low, headerOnly, seen } of prints.templates) {
    const fromSource = prints.sets[seen]!.some(
      (release, i) => i % 2 === 0 && prints.releases[release]?.origin === 'source',
    )
    if (fromSource) (headerOnly ? only : elsewhere).add((BigInt(high) << 32n) | BigInt(low))
  }
  for (const hash of elsewhere) only.delete(hash)
  return only
}

function baseName(path: string): string {
  return path.replace(/^.*[/\\]/, '')
}
