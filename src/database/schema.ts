import type { FeatureKind } from './feature-kinds.ts'

/**
 * Number of the compiled LevelDB layout and of the rules that compile it. Raise it with every change of either: a
 * cached database with another number is compiled again.
 */
export const SCHEMA = 12

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
  /** For functions only: of each posting one more than an index into {@link ComponentPrints.functionNames}; 0 has none. */
  readonly names?: Uint32Array | undefined
}

/** A library or program that was indexed as part of a built release: the very file names component and version. */
export interface FileRecord {
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string
  /** GNU build-id in lower-case hexadecimal digits; null where there is none. */
  readonly buildId: string | null
  /** As `Program.arch`: `x86_64`. */
  readonly arch: string
  /** Index into {@link ComponentPrints.releases}. */
  readonly release: number
  /** Without directories: `libz.so.1.3.1`. */
  readonly name: string
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
  /** A table for each kind, empty ones included. */
  readonly features: Readonly<Record<FeatureKind, FeatureTable>>
  /** By hash, then unit. */
  readonly templates: readonly TemplateRecord[]
  /** What postings of functions point to: distinct, ascending, all in use. */
  readonly functionNames: readonly string[]
  /** By release, then name, then sha256. */
  readonly files: readonly FileRecord[]
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
  /** Libraries, by such names, whose file names carry the version of the release: `libz.so.1.3.1`. Ascending. */
  readonly versionedNames: readonly string[]
  readonly order: string
  readonly releases: readonly ReleaseRecord[]
  readonly units: readonly CompiledUnit[]
  readonly sets: readonly Intervals[]
  readonly templates: readonly CompiledTemplate[]
}

/**
 * The named functions of a component's built releases, as a struct of arrays by unit, then name, then set. One that differs
 * between builds, or is in several units, is there several times.
 */
export interface BuiltFunctions {
  readonly units: readonly number[]
  /** Indices into the component's function names. */
  readonly names: readonly number[]
  /** Indices into {@link ComponentRecord.sets}. */
  readonly sets: readonly number[]
}

export interface CompiledUnit {
  readonly path: string
  /** By its path, or because another component owns its content. */
  readonly vendored: boolean
  readonly totals: UnitTotals
}

/**
 * Usable features of a unit in each release, run-length coded: `[from, count, from, count …]` over release indices.
 *
 * Strings are counted in all releases, the others only in those from source: at a built release stands the count of the
 * source release before it, as built releases gather several architectures.
 */
export interface UnitTotals {
  readonly strings: readonly number[]
  readonly tables: readonly number[]
  readonly bigEndianTables: readonly number[]
  readonly immediates: readonly number[]
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

/** A library or program that the database knows as it is. */
export interface FileIdentity {
  /** Index into the manifest's components. */
  readonly component: number
  /** Index into {@link ComponentRecord.releases}. */
  readonly release: number
  readonly name: string
  readonly arch: string
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
