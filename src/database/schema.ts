/**
 * Number of the compiled LevelDB layout and of the rules that compile it. Raise it with every change of either: a
 * cached database with another number is compiled again.
 */
export const SCHEMA = 2

/** Inclusive ranges of release indices, flattened: `[from, to, from, to …]`, ascending, disjoint, not adjacent. */
export type Intervals = readonly number[]

/** One published version of a component, as indexed. */
export interface ReleaseRecord {
  readonly version: string
  /** Where its features come from: upstream's source text, or a built library. Built ones never compete as versions. */
  readonly origin: 'source' | 'built'
  /** What was read: `tag v1.3.1 (commit 51b7f2ab…)`, a package name and version, or a file name with its sha256. */
  readonly provenance: string
}

/** An upstream source file or archive member. */
export interface UnitRecord {
  /** Shortest suffix of the upstream path that is unique within the release: `inflate.c`, `rsa/rsa_lib.c`. */
  readonly path: string
  /** The path says that this is another project's code (`third_party/zlib/inflate.c`). */
  readonly vendored: boolean
}

/** Where one feature of a component occurs: an entry of {@link ComponentPrints.sets} in a unit. */
export interface Posting {
  /** Index into {@link ComponentPrints.units}. */
  readonly unit: number
  /** Index into {@link ComponentPrints.sets}. */
  readonly set: number
}

/**
 * Features of one kind with their postings, as a struct of arrays. Hashes ascend (high, then low) and are distinct.
 * The postings of feature `i` are `postings[starts[i] … starts[i + 1])`, ordered by unit.
 */
export interface FeatureTable {
  readonly high: Uint32Array
  readonly low: Uint32Array
  /** One longer than `high`. */
  readonly starts: Uint32Array
  /** Unit index of each posting. */
  readonly units: Uint32Array
  /** Interval-set index of each posting. */
  readonly sets: Uint32Array
}

/**
 * A string with its version token taken out, as the indexer met it. All candidates are kept, so that a later release can
 * be added; which of them are trusted is decided when the database is compiled.
 */
export interface TemplateRecord {
  readonly high: number
  readonly low: number
  readonly unit: number
  /** Set of the releases whose own version is the captured token. */
  readonly agreeing: number
  /** Set of all releases that have the template, agreeing ones included. */
  readonly seen: number
  /** At least four letters are left without the version, so that the text names its component. */
  readonly selfNaming: boolean
  /** Only the text before the version, which may go on differently (`BusyBox v{V}…`). */
  readonly head: boolean
  /**
   * The whole text comes from a macro of a header, in the newest release that has it: any program that includes the header
   * may hold it.
   */
  readonly headerOnly: boolean
}

/** The prints of one component in memory: what one `.bpf` file holds. */
export interface ComponentPrints {
  /** Canonical name. */
  readonly name: string
  /** In the component's own order, oldest first; indices into this list are what intervals speak of. */
  readonly releases: readonly ReleaseRecord[]
  /** In path order. */
  readonly units: readonly UnitRecord[]
  /** The distinct interval sets that postings refer to, most used first, equally used ones by content. */
  readonly sets: readonly Intervals[]
  readonly strings: FeatureTable
  readonly symbols: FeatureTable
  /** By hash, then unit. */
  readonly templates: readonly TemplateRecord[]
}

/** A component in the compiled database: its catalog entry joined with what identification needs of its prints. */
export interface ComponentRecord {
  readonly name: string
  readonly aliases: readonly string[]
  readonly purl: string
  /** `vendor:product` pairs. */
  readonly cpes: readonly string[]
  readonly family: string | null
  /** Library base names without version and extension (`libz`, `zlib1`). */
  readonly sonames: readonly string[]
  readonly order: string
  readonly releases: readonly ReleaseRecord[]
  readonly units: readonly CompiledUnit[]
  readonly sets: readonly Intervals[]
  readonly templates: readonly CompiledTemplate[]
}

export interface CompiledUnit {
  readonly path: string
  /** By its path, or because another component owns its content. */
  readonly vendored: boolean
  /** Usable strings per release, run-length coded: `[from, count, from, count …]` over release indices. */
  readonly totals: readonly number[]
}

/** A template that learned its component's version reliably enough to be believed. */
export interface CompiledTemplate {
  readonly unit: number
  /** Set of the releases that agree. */
  readonly set: number
  readonly selfNaming: boolean
  readonly head: boolean
  readonly headerOnly: boolean
}

/** One place where a looked-up fingerprint is known. */
export interface LookupHit {
  /** Index of the query, as passed in. */
  readonly query: number
  /** Index into the manifest's components. */
  readonly component: number
  readonly unit: number
  /** Interval set; for templates the index into {@link ComponentRecord.templates}. */
  readonly set: number
  /** Families that hold the feature in a unit that is not vendored, capped at 255; 0 when only vendored copies do. */
  readonly families: number
  /** Components that hold the feature at all, capped at 255. */
  readonly components: number
}

/** What a compiled database says of itself; stored under the key `manifest`. */
export interface Manifest {
  readonly schema: number
  /** Hash of everything it was compiled from, hexadecimal. */
  readonly digest: string
  /** Names, in index order (alphabetical). */
  readonly components: readonly string[]
  readonly releases: number
  /** Units of all components that are not vendored: the N of log2(N/df). */
  readonly units: number
  /** Features by kind number. */
  readonly features: Readonly<Record<string, number>>
}
