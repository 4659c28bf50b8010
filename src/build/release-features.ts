import { readAr } from '../archive/ar.ts'
import { isCoffObject } from '../binary/coff.ts'
import { detectFormat } from '../binary/detect.ts'
import { readProgram } from '../binary/read.ts'
import { hashText } from '../bytes/hash.ts'
import type { Limits } from '../bytes/limits.ts'
import { sliceSource } from '../bytes/source.ts'
import { FEATURE_KINDS, FeatureKind } from '../database/feature-kinds.ts'
import type { PairTable } from '../database/pair-table.ts'
import type { PrintsBuilder } from '../database/prints-builder.ts'
import { holdsSource } from '../database/release-sets.ts'
import type { ComponentPrints, FileRecord, UnitRecord } from '../database/schema.ts'
import type { Template } from '../fingerprint/templates.ts'
import { BuiltUnits, unitOfFile } from './built-units.ts'
import { HeaderTexts } from './header-texts.ts'
import { withoutState } from './index-sources.ts'
import {
  addProgramFeatures,
  type Features,
  type FunctionFeatures,
  isImportStub,
  noFeatures,
} from './program-features.ts'
import { isPublicImmediate } from './public-features.ts'
import type { BuiltFile } from './sources/built-input.ts'

/** What all inputs of one release hold. */
export class ReleaseFeatures {
  readonly #limits: Limits
  readonly #headers: HeaderTexts
  readonly #pool: PairTable
  readonly #members = new Map<string, Features>()
  readonly #wholes = new Map<string, Features>()
  readonly #files: Omit<FileRecord, 'release'>[] = []

  /** `pool` numbers the hashes; releases may share one. */
  constructor(limits: Limits, pool: PairTable) {
    this.#limits = limits
    this.#headers = new HeaderTexts(limits)
    this.#pool = pool
  }

  get isEmpty(): boolean {
    return this.#members.size + this.#wholes.size === 0
  }

  addHeader(bytes: Uint8Array): void {
    this.#headers.add(bytes)
  }

  /** @throws DetectorError what the readers throw, and `FORMAT_BAD_MAGIC` for a file of another kind */
  addFile({ path, source, sha256 }: BuiltFile): void {
    const name = path.replace(/^.*[/\\]/, '')
    if (detectFormat(source) !== 'ar') {
      const program = readProgram(source, this.#limits)
      addProgramFeatures(program, source, this.#pool, featuresAt(this.#wholes, unitOfFile(path)))
      this.#files.push({ sha256, buildId: program.buildId, arch: program.arch, name })
      return
    }
    let arch = 'unknown'
    for (const member of readAr(source, this.#limits)) {
      const object = sliceSource(source, member.offset, member.size)
      // Resources and bitcode stand among the objects.
      if (detectFormat(object) === undefined && !isCoffObject(object)) continue
      const program = readProgram(object, this.#limits)
      arch = program.arch
      if (!isImportStub(program))
        addProgramFeatures(program, object, this.#pool, featuresAt(this.#members, member.name))
    }
    this.#files.push({ sha256, buildId: null, arch, name })
  }

  /** Templates whose token is the release's version. */
  agreeing(version: string): bigint[] {
    const templates = [...this.#members.values(), ...this.#wholes.values()].flatMap((one) => [
      ...one.templates.values(),
    ])
    return templates.filter((template) => agrees(template, version)).map(({ hash }) => hash)
  }

  /**
   * Adds everything to the release at `place` of the builder. `sources` are prints whose units are known; of templates
   * only the `telling` ones are added, as a library holds hundreds that no release ever agrees with. `isForeign` says of an
   * archive member without a known source whether its name is that of other projects' code.
   */
  addTo(
    builder: PrintsBuilder,
    place: number,
    version: string,
    sources: ComponentPrints | undefined,
    telling: ReadonlySet<bigint>,
    isForeign: (member: string) => boolean,
  ): void {
    builder.beginRelease(place)
    for (const file of this.#files) builder.addFile({ ...file, release: place })
    const headers = this.#headers.templates()
    for (const hash of sources === undefined ? [] : headerTemplates(sources)) headers.add(hash)
    const isTelling = ({ hash }: Template): boolean => telling.has(hash)
    const adder = new ReleaseAdder(builder, place, this.#pool, sources, version, isForeign, (template, known, unit) => {
      const { hash, selfNaming, head } = template
      const sighting = { agrees: agrees(template, version), selfNaming, head, headerOnly: headers.has(hash) }
      builder.addTemplate(known, unit, place, sighting)
    })
    for (const [name, features] of this.#members) adder.addMember(name, features, isTelling)
    for (const [path, features] of this.#wholes) adder.addWhole(path, features, isTelling)
  }
}

/**
 * A linked file holds code and data of all that was linked into it: the compiler's runtime, other libraries. Where the
 * sources are known only what they define is taken, so of its tables, which have no names, none.
 */
const OF_WHOEVER_IS_LINKED: ReadonlySet<FeatureKind> = new Set([FeatureKind.Table, FeatureKind.BigEndianTable])

/** An initial state has up to eight; a function with more is the algorithm itself. */
const ALGORITHM_CONSTANTS = 9

/**
 * Whether a function may be anybody's: compilers make it from templates of the standard library, whose names cannot be read
 * as those of a source, or begin with its namespaces.
 */
function isOfCompiler(name: string): boolean {
  return name === '' || /^(?:std|__gnu_cxx)::/.test(name)
}

/** Brings the features of one release to their units. */
class ReleaseAdder {
  readonly #builder: PrintsBuilder
  readonly #place: number
  readonly #pool: PairTable
  readonly #units: BuiltUnits | undefined
  /** What source files have: a shared library repeats it, and the file does not own it as well. */
  readonly #owned = new Set<number>()
  readonly #foreign: ReadonlySet<number>
  readonly #isForeign: (member: string) => boolean
  readonly #addTemplate: (template: Template, known: number, unit: number) => void

  constructor(
    builder: PrintsBuilder,
    place: number,
    pool: PairTable,
    sources: ComponentPrints | undefined,
    version: string,
    isForeign: (member: string) => boolean,
    addTemplate: (template: Template, known: number, unit: number) => void,
  ) {
    this.#builder = builder
    this.#place = place
    this.#pool = pool
    this.#units = sources === undefined ? undefined : new BuiltUnits(sources, builder, sourceRelease(sources, version))
    this.#foreign = sources === undefined ? new Set() : vendoredHashes(sources, builder)
    this.#isForeign = isForeign
    this.#addTemplate = addTemplate
  }

  /** An archive member: all of it belongs to its source file, where that is known. */
  addMember(name: string, features: Features, isTelling: (template: Template) => boolean): void {
    const strings = new Set([...features.data[FeatureKind.String]].map((number) => this.#known(number)))
    const source = this.#units?.ofMember(name, strings)
    const unit = source ?? { path: memberName(name), vendored: this.#isForeign(name) }
    this.#add(unit, features, false, source !== undefined, isTelling)
  }

  /** A shared library or program: a unit of its own, with what no source file owns. */
  addWhole(path: string, features: Features, isTelling: (template: Template) => boolean): void {
    this.#add({ path, vendored: false }, features, true, false, isTelling)
  }

  #add(
    unit: UnitRecord,
    features: Features,
    isWhole: boolean,
    isSource: boolean,
    isTelling: (template: Template) => boolean,
  ): void {
    const added: number[] = []
    const isOfUnknownOrigin = isWhole && this.#units !== undefined
    for (const kind of FEATURE_KINDS)
      if (!isOfUnknownOrigin || !OF_WHOEVER_IS_LINKED.has(kind))
        this.#post(kind, unit, features.data[kind], isWhole, added)
    const number = this.#builder.internUnit(unit.path, unit.vendored)
    for (const template of features.templates.values()) {
      const known = this.#builder.internHash(template.hash)
      if (!isTelling(template) || (isWhole && this.#owned.has(known))) continue
      added.push(known)
      this.#addTemplate(template, known, number)
    }
    for (const [name, code] of features.code) {
      if (this.#isOfAlgorithm(code) || (this.#units !== undefined && isOfCompiler(name))) continue
      // One object of a whole project, or a shared library: each function goes to the file that defines it.
      const owner =
        isSource || name === '' ? undefined : this.#units?.ofFunction(this.#builder.internHash(hashText(name)))
      if (owner === undefined && isOfUnknownOrigin) continue
      const place = owner ?? unit
      this.#post(FeatureKind.Function, place, code.functions, isWhole, added, name)
      this.#post(FeatureKind.Mnemonics, place, code.mnemonics, isWhole, added)
      this.#post(FeatureKind.Immediate, place, code.immediates, isWhole, added)
    }
    if (!isWhole) for (const hash of added) this.#owned.add(hash)
  }

  /** Adds hashes, by their numbers in the pool, and lists those that were added by their numbers in the builder. */
  #post(
    kind: FeatureKind,
    unit: UnitRecord,
    numbers: Iterable<number>,
    isWhole: boolean,
    added: number[],
    name?: string,
  ): void {
    const place = this.#builder.internUnit(unit.path, unit.vendored)
    for (const number of numbers) {
      const known = this.#known(number)
      if ((isWhole && this.#owned.has(known)) || (!unit.vendored && this.#foreign.has(known))) continue
      this.#builder.addFeature(kind, known, place, this.#place, name)
      added.push(known)
    }
  }

  /** Whether the function is mostly the constants of a published algorithm: whoever writes it down writes the same. */
  #isOfAlgorithm({ immediates }: FunctionFeatures): boolean {
    let found = 0
    for (const number of immediates)
      if (isPublicImmediate(this.#pool.firstAt(number), this.#pool.secondAt(number))) found++
    return found >= ALGORITHM_CONSTANTS
  }

  #known(number: number): number {
    return this.#builder.internHalves(this.#pool.firstAt(number), this.#pool.secondAt(number))
  }
}

/** Index of the release with this version among the sources. */
function sourceRelease({ releases }: ComponentPrints, version: string): number | undefined {
  const release = releases.findIndex((one) => one.origin === 'source' && one.version === version)
  return release < 0 ? undefined : release
}

/** Without the directories that some archivers keep. */
function memberName(name: string): string {
  return name.replace(/^.*[/\\]/, '')
}

function agrees({ version: token }: Template, version: string): boolean {
  return token === version || withoutState(token) === version
}

function featuresAt(all: Map<string, Features>, key: string): Features {
  const known = all.get(key)
  if (known !== undefined) return known
  const fresh = noFeatures()
  all.set(key, fresh)
  return fresh
}

/**
 * Numbers of what the sources hold in copies of other projects only: linked into a library it is still the others'.
 */
function vendoredHashes({ units, features }: ComponentPrints, builder: PrintsBuilder): Set<number> {
  const found = new Set<number>()
  for (const kind of FEATURE_KINDS) {
    const table = features[kind]
    for (let i = 0; i < table.high.length; i++) {
      let isOwn = false
      for (let p = table.starts[i]!; p < table.starts[i + 1]!; p++) if (!units[table.units[p]!]!.vendored) isOwn = true
      if (!isOwn) found.add(builder.internHalves(table.high[i]!, table.low[i]!))
    }
  }
  return found
}

/** Templates that sources spell in headers only: a library that includes its own header has them as well. */
function headerTemplates(prints: ComponentPrints): Set<bigint> {
  const only = new Set<bigint>()
  const elsewhere = new Set<bigint>()
  for (const { high, low, headerOnly, seen } of prints.templates) {
    if (holdsSource(prints.sets[seen]!, prints.releases))
      (headerOnly ? only : elsewhere).add((BigInt(high) << 32n) | BigInt(low))
  }
  for (const hash of elsewhere) only.delete(hash)
  return only
}
