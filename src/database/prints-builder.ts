import { high32, low32 } from '../bytes/hash.ts'
import { canonicalPrints } from './canonical.ts'
import { FEATURE_KINDS, FeatureKind, forEachKind } from './feature-kinds.ts'
import { MAX_BUILD_ID_BYTES } from './file-coding.ts'
import { IntervalLists } from './interval-lists.ts'
import { enlarged, PairTable } from './pair-table.ts'
import type {
  ComponentPrints,
  FeatureTable,
  FileRecord,
  Intervals,
  ReleaseRecord,
  TemplateRecord,
  UnitRecord,
} from './schema.ts'
import { SeenReleases, SetNumbers, StoredSets } from './seen-releases.ts'

/** What the indexer saw of a template in one unit of one release. */
export interface TemplateSighting {
  /** The captured token is the release's own version. */
  readonly agrees: boolean
  readonly selfNaming: boolean
  /** As in {@link TemplateRecord}; the same in every sighting of one hash. */
  readonly head: boolean
  readonly headerOnly: boolean
}

/** `agreeing` and `seen` are parallel to the postings; flags are bits. */
interface TemplateColumns {
  readonly postings: PairTable
  readonly seen: IntervalLists
  readonly agreeing: IntervalLists
  readonly flags: number[]
  /** The release that the flags are of: the newest that has the template. */
  readonly newest: number[]
}

/** Postings of one kind: a number for each pair of feature and unit, and the releases of each. */
interface FeatureColumns {
  readonly postings: PairTable
  readonly seen: SeenReleases
}

/** Longer names are cut: mangled ones of C++ can have any length, and their start tells what they are. */
const MAX_NAME_LENGTH = 512

const SELF_NAMING = 1
/** Some occurrence is not from a header: the opposite of `headerOnly`, so that sightings join with `or`. */
const IN_SOURCE = 2
const HEAD = 4

/**
 * Collects the features of one component's releases. Hashes and units are interned to small numbers once per file, and
 * added by number for each release that holds the file; releases are best added in ascending order. Memory is about
 * 60 bytes per pair of feature and unit, whatever the number of releases.
 */
export class PrintsBuilder {
  readonly name: string
  readonly releases: readonly ReleaseRecord[]
  readonly #hashes = new PairTable()
  readonly #units: UnitRecord[] = []
  readonly #unitNumbers = new Map<string, number>()
  readonly #features = forEachKind((): FeatureColumns => ({ postings: new PairTable(), seen: new SeenReleases() }))
  /** What stored prints had, without the releases begun since. */
  #stored = new StoredSets([])
  readonly #nameNumbers = new Map<string, number>()
  readonly #names: string[] = []
  /** Of each posting of a function one more than the index of its name. */
  #nameOf: Uint32Array<ArrayBuffer> = new Uint32Array(1024)
  #files: FileRecord[] = []
  readonly #templates: TemplateColumns = {
    postings: new PairTable(),
    seen: new IntervalLists(),
    agreeing: new IntervalLists(),
    flags: [],
    newest: [],
  }
  /** Releases whose features come from stored prints and still stand as they were. */
  readonly #inherited: Uint8Array

  /** `releases` are in the component's own order, oldest first; additions name them by index. */
  constructor(name: string, releases: readonly ReleaseRecord[]) {
    const seen = new Set<string>()
    for (const release of releases) {
      const key = releaseKey(release)
      if (seen.has(key)) throw new TypeError(`releases: ${release.version} (${release.origin}) is there twice`)
      seen.add(key)
    }
    this.name = name
    this.releases = releases
    this.#inherited = new Uint8Array(releases.length)
  }

  /**
   * Goes on from stored prints with another list of releases. A release is the same when version and origin are; the
   * stored ones may have moved, those not in the new list are dropped with their features. The first addition to a
   * stored release, or {@link beginRelease}, drops the features that it had, so that adding it again replaces it.
   */
  static from(prints: ComponentPrints, releases: readonly ReleaseRecord[]): PrintsBuilder {
    const builder = new PrintsBuilder(prints.name, releases)
    const places = new Map(releases.map((release, index) => [releaseKey(release), index]))
    const moved = prints.releases.map((release) => places.get(releaseKey(release)))
    for (const place of moved) if (place !== undefined) builder.#inherited[place] = 1
    builder.#load(prints, moveSets(prints.sets, moved), moved)
    return builder
  }

  /** The number of a hash, the same for all kinds. */
  internHash(hash: bigint): number {
    return this.#hashes.intern(high32(hash), low32(hash))
  }

  /** The number of a hash given as two halves. */
  internHalves(high: number, low: number): number {
    return this.#hashes.intern(high, low)
  }

  /** The number of a unit. Vendored and own units of one path are different. */
  internUnit(path: string, vendored: boolean): number {
    const key = `${vendored ? 1 : 0}${path}`
    const known = this.#unitNumbers.get(key)
    if (known !== undefined) return known
    this.#unitNumbers.set(key, this.#units.length)
    return this.#units.push({ path, vendored }) - 1
  }

  /** Says that the features of a release are about to be added: what stored prints had of it is dropped. */
  beginRelease(release: number): void {
    if (release < 0 || release >= this.releases.length)
      throw new TypeError(`release: ${release} of ${this.releases.length}`)
    if (this.#inherited[release] === 0) return
    this.#inherited[release] = 0
    this.#stored.drop(release)
    for (const lists of [this.#templates.seen, this.#templates.agreeing])
      for (let list = 0; list < lists.count; list++) lists.remove(list, release)
    this.#files = this.#files.filter((file) => file.release !== release)
  }

  /**
   * `hash` and `unit` are numbers of {@link internHash} and {@link internUnit}, `release` is an index.
   *
   * `name` is that of a function; of several names that one feature has in one unit, over all releases, the first by
   * text is kept. Empty ones are none, and other kinds have none.
   */
  addFeature(kind: FeatureKind, hash: number, unit: number, release: number, name?: string): void {
    const posting = this.#add(this.#features[kind], hash, unit, release)
    if (name !== undefined && name !== '' && kind === FeatureKind.Function) this.#nameIt(posting, name)
  }

  /**
   * Says that a file is part of a release. Directories do not belong into its name.
   *
   * @throws TypeError when a hash is not one, or the release unknown
   */
  addFile(file: FileRecord): void {
    const { sha256, buildId, release } = file
    const isHex = /^[0-9a-f]{64}$/.test(sha256) && (buildId === null || /^(?:[0-9a-f]{2})+$/.test(buildId))
    if (!isHex) throw new TypeError(`addFile: sha256 ${sha256}, build-id ${buildId} of ${file.name}`)
    if (!(release >= 0 && release < this.releases.length))
      throw new TypeError(`addFile: release ${release} of ${this.releases.length}`)
    if (this.#inherited[release] !== 0) this.beginRelease(release)
    // Anything may stand in the note; what is this long was not made by a linker.
    const isLong = buildId !== null && buildId.length > MAX_BUILD_ID_BYTES * 2
    this.#files.push(isLong ? { ...file, buildId: null } : file)
  }

  /**
   * As {@link addFeature}. Sightings of one template in one unit are joined: a release agrees when any of its sightings
   * does. The template is `headerOnly` when all sightings of the newest release that has it are.
   */
  addTemplate(hash: number, unit: number, release: number, sighting: TemplateSighting): void {
    const posting = this.#add(this.#templates, hash, unit, release)
    this.#templates.agreeing.ensure(posting + 1)
    if (sighting.agrees) this.#templates.agreeing.add(posting, release)
    const { flags, newest } = this.#templates
    const known = newest[posting] ?? -1
    if (release < known) return
    flags[posting] = (release === known ? flags[posting]! : 0) | flagsOf(sighting)
    newest[posting] = release
  }

  /** The prints in canonical order. The builder can go on afterwards. */
  finish(): ComponentPrints {
    const sets = new SetNumbers()
    const features = forEachKind((kind) => this.#table(kind, sets))
    const templates: TemplateRecord[] = []
    const { postings, seen, agreeing, flags } = this.#templates
    for (let posting = 0; posting < postings.count; posting++) {
      if (seen.isEmpty(posting)) continue
      const hash = postings.firstAt(posting)
      templates.push({
        high: this.#hashes.firstAt(hash),
        low: this.#hashes.secondAt(hash),
        unit: postings.secondAt(posting),
        agreeing: sets.number(agreeing.intervals(posting)),
        seen: sets.number(seen.intervals(posting)),
        selfNaming: (flags[posting]! & SELF_NAMING) !== 0,
        head: (flags[posting]! & HEAD) !== 0,
        headerOnly: (flags[posting]! & IN_SOURCE) === 0,
      })
    }
    const stored = { units: this.#units, sets: sets.list, functionNames: this.#names, files: this.#files }
    return canonicalPrints({ name: this.name, releases: this.releases, ...stored, features, templates })
  }

  #nameIt(posting: number, name: string): void {
    if (posting >= this.#nameOf.length) this.#nameOf = enlarged(this.#nameOf, Math.max(posting + 1, posting * 2))
    const known = this.#nameOf[posting]!
    if (known !== 0 && this.#names[known - 1]! <= name) return
    const text = shortened(name)
    let number = this.#nameNumbers.get(text)
    if (number === undefined) {
      number = this.#names.push(text)
      this.#nameNumbers.set(text, number)
    }
    this.#nameOf[posting] = number
  }

  #add(columns: FeatureColumns | TemplateColumns, hash: number, unit: number, release: number): number {
    // A hash or unit that was never interned would surface only in finish(), far from the mistake.
    const known = hash < this.#hashes.count && unit < this.#units.length
    if (!known || !(release >= 0 && release < this.releases.length))
      throw new TypeError(
        `add: hash ${hash} of ${this.#hashes.count}, unit ${unit} of ${this.#units.length}, release ${release} of ${this.releases.length}`,
      )
    if (this.#inherited[release] !== 0) this.beginRelease(release)
    const posting = columns.postings.intern(hash, unit)
    columns.seen.ensure(posting + 1)
    columns.seen.add(posting, release)
    return posting
  }

  #load(prints: ComponentPrints, sets: readonly Intervals[], places: readonly (number | undefined)[]): void {
    const units = prints.units.map(({ path, vendored }) => this.internUnit(path, vendored))
    const post = (columns: FeatureColumns | TemplateColumns, high: number, low: number, unit: number): number => {
      const posting = columns.postings.intern(this.#hashes.intern(high, low), units[unit]!)
      columns.seen.ensure(posting + 1)
      return posting
    }
    this.#stored = new StoredSets(sets)
    for (const kind of FEATURE_KINDS) {
      const table = prints.features[kind]
      for (let i = 0; i < table.high.length; i++)
        for (let p = table.starts[i]!; p < table.starts[i + 1]!; p++) {
          if (sets[table.sets[p]!]!.length === 0) continue
          const posting = post(this.#features[kind], table.high[i]!, table.low[i]!, table.units[p]!)
          this.#features[kind].seen.store(posting, table.sets[p]!)
          const name = table.names?.[p] ?? 0
          if (name > 0) this.#nameIt(posting, prints.functionNames[name - 1]!)
        }
    }
    for (const file of prints.files) {
      const release = places[file.release]
      if (release !== undefined) this.#files.push({ ...file, release })
    }
    for (const template of prints.templates) {
      const posting = post(this.#templates, template.high, template.low, template.unit)
      this.#templates.seen.fill(posting, sets[template.seen]!)
      this.#templates.agreeing.ensure(posting + 1)
      this.#templates.agreeing.fill(posting, sets[template.agreeing]!)
      this.#templates.flags[posting] = flagsOf(template)
      this.#templates.newest[posting] = sets[template.seen]!.at(-1) ?? -1
    }
  }

  /** Postings grouped by feature, in order of first appearance; those that no release holds any more are left out. */
  #table(kind: FeatureKind, sets: SetNumbers): FeatureTable {
    const { postings, seen } = this.#features[kind]
    // By number of the hash: its place in the table, and how many postings it has.
    const places = new Uint32Array(this.#hashes.count)
    const sizes = new Uint32Array(this.#hashes.count)
    const hashes = new Uint32Array(Math.min(this.#hashes.count, postings.count))
    let count = 0
    for (let posting = 0; posting < postings.count; posting++) {
      if (seen.isEmpty(posting, this.#stored)) continue
      const hash = postings.firstAt(posting)
      if (sizes[hash]!++ > 0) continue
      hashes[count] = hash
      places[hash] = count++
    }
    const starts = new Uint32Array(count + 1)
    for (let i = 0; i < count; i++) starts[i + 1] = starts[i]! + sizes[hashes[i]!]!
    const units = new Uint32Array(starts[count]!)
    const setNumbers = new Uint32Array(units.length)
    const names = kind === FeatureKind.Function ? new Uint32Array(units.length) : undefined
    const next = starts.slice()
    const known = new Map<number, number>()
    for (let posting = 0; posting < postings.count; posting++) {
      if (seen.isEmpty(posting, this.#stored)) continue
      const at = next[places[postings.firstAt(posting)]!]!++
      units[at] = postings.secondAt(posting)
      const key = seen.cheapKey(posting)
      let set = key === undefined ? undefined : known.get(key)
      if (set === undefined) {
        set = sets.number(seen.intervals(posting, this.#stored))
        if (key !== undefined) known.set(key, set)
      }
      setNumbers[at] = set
      if (names !== undefined) names[at] = this.#nameOf[posting] ?? 0
    }
    const used = hashes.subarray(0, count)
    return {
      high: used.map((hash) => this.#hashes.firstAt(hash)),
      low: used.map((hash) => this.#hashes.secondAt(hash)),
      starts,
      units,
      sets: setNumbers,
      names,
    }
  }
}

function flagsOf({ selfNaming, head, headerOnly }: Omit<TemplateSighting, 'agrees'>): number {
  return (selfNaming ? SELF_NAMING : 0) | (head ? HEAD : 0) | (headerOnly ? 0 : IN_SOURCE)
}

function shortened(name: string): string {
  if (name.length <= MAX_NAME_LENGTH) return name
  // Half a surrogate pair could not be written as UTF-8.
  return name.slice(0, MAX_NAME_LENGTH).replace(/[\ud800-\udbff]$/, '')
}

function releaseKey({ origin, version }: ReleaseRecord): string {
  return `${origin} ${version}`
}

/** The sets with each release where it is now; those that are gone are left out. */
function moveSets(sets: readonly Intervals[], moved: readonly (number | undefined)[]): Intervals[] {
  const lists = new IntervalLists()
  lists.ensure(sets.length)
  return sets.map((set, list) => {
    for (let i = 0; i < set.length; i += 2)
      for (let release = set[i]!; release <= set[i + 1]!; release++) {
        const place = moved[release]
        if (place !== undefined) lists.add(list, place)
      }
    return lists.intervals(list)
  })
}
