/**
 * The report and what it is made of: plain data without methods, so that it survives `JSON.parse`.
 *
 * What `binprint scan --format json` prints is a {@link Report}; `docs/report.schema.json` describes it. Fields are
 * added over time, never renamed or removed within one `schemaVersion`.
 */

/** What one scan found out about the files it was given. */
export interface Report {
  readonly schemaVersion: 1
  readonly tool: { readonly name: 'binprint'; readonly version: string }
  readonly database: DatabaseSummary
  /** Where the image came from; null for files. The only part of a report that differs between two copies of one image. */
  readonly source: ImageSource | null
  /** The scanned image; null for files. */
  readonly image: ImageReport | null
  /** The programs that were read, in path order; those of one path by layer, the visible one last. */
  readonly files: readonly FileReport[]
  readonly findings: readonly Finding[]
  /** What could not be read, wholly or in part. Never silently empty: an unread file stands here. */
  readonly unknowns: readonly Unknown[]
  /** Files of a scanned directory, image or container that are no programs: counted, not read. */
  readonly skipped: number
}

/** Where an image came from, and how it was stored there. */
export interface ImageSource {
  /** As the user named it: `docker-archive:app.tar`. */
  readonly reference: string
  readonly transport: string
  /** Digest of the manifest, or null where the transport has none. */
  readonly manifestDigest: string | null
  /** Digest of the configuration, or null where there is none. */
  readonly configDigest: string | null
  /** Digest of each layer as it is stored there, which differs by compression; lowest first, null where it was not stored as one. */
  readonly blobs: readonly (string | null)[]
}

/** An image: what its layers are, whatever stored it. */
export interface ImageReport {
  /** `linux/amd64`; null for plain file systems, which do not say. */
  readonly platform: string | null
  /** Lowest first. */
  readonly layers: readonly LayerReport[]
}

/** A layer of an image. */
export interface LayerReport {
  /** Digest of the unpacked layer; null for a directory, which has none. */
  readonly diffId: string | null
  /** The history line that made it, or null where none says. */
  readonly createdBy: string | null
}

/** The database that a report was made with: two reports of one digest can be compared. */
export interface DatabaseSummary {
  readonly components: number
  readonly releases: number
  /** Hash of the prints that the database was compiled from, hexadecimal. */
  readonly digest: string
}

/** What kind of file was read; `ar` is an archive of objects, a static library. */
export type FileFormat = 'elf' | 'pe' | 'ar'

/** Instruction set, by the names that Linux distributions and Go use least ambiguously. `unknown-<machine>` otherwise. */
export type Arch = string

/** One program, library or archive that was read, and what is in it. */
export interface FileReport {
  readonly path: string
  readonly sha256: string
  /** Bytes. */
  readonly size: number
  readonly format: FileFormat
  readonly arch: Arch
  /** No symbol table beyond the dynamic one. */
  readonly stripped: boolean
  /** diffID of the layer that put the file there, or null outside images. */
  readonly layer: string | null
  /** Which of the image's layers that is, or null outside images. */
  readonly layerIndex: number | null
  /** Whether the file system of a container has the file, or a later layer took it away. */
  readonly visibility: 'visible' | 'shadowed'
  /** What took it away; null for what is visible. */
  readonly shadowedBy: Shadow | null
  /** Name of the distribution package that owns the file, or null. */
  readonly ownedBy: string | null
  /** That package, or null. */
  readonly owner: PackageOwner | null
  /** By confidence, highest first; equal ones by name. */
  readonly components: readonly Match[]
  /** What the file says of itself and its code denies. */
  readonly contradictions: readonly Contradiction[]
}

/** How a file of a lower layer went away. */
export interface Shadow {
  /** diffID of the layer that took it away. */
  readonly layer: string | null
  readonly layerIndex: number
  /** `replaced` by something else at its path, deleted by a `whiteout`, or hidden with all of an `opaque` directory. */
  readonly cause: 'replaced' | 'whiteout' | 'opaque'
}

/** An installed distribution package. */
export interface PackageOwner {
  readonly kind: 'deb' | 'rpm' | 'apk'
  readonly name: string
  /** As the distribution writes it, with epoch and revision. */
  readonly version: string
  readonly architecture: string | null
  /** Name of the source package, where the database says it. */
  readonly source: string | null
  /** Its version; null where the source is. */
  readonly sourceVersion: string | null
}

/**
 * Where a file says what it is: in its name, its SONAME or the name of its exports, the version resource of a PE file, or a
 * text that carries its component's version.
 */
export type ContradictedClaim = 'file-name' | 'soname' | 'version-resource' | 'text'

/** A claim of the file about itself that does not fit its code. */
export interface Contradiction {
  /** The component that the claim is about, by its canonical name. */
  readonly component: string
  readonly source: ContradictedClaim
  /** The claim as it stands there. */
  readonly text: string
  /** What the code says, as a sentence. */
  readonly because: string
}

/** The version of a component, as a sum type: a guess cannot be printed as a fact. */
export type VersionEstimate =
  | {
      readonly kind: 'exact'
      readonly version: string
      /** False when the release itself was never indexed and its name was read from the file. */
      readonly indexed: boolean
      /** The closest indexed release, when `indexed` is false. */
      readonly nearest?: string
    }
  | {
      readonly kind: 'set'
      /** Best first. */
      readonly versions: readonly string[]
      readonly likeliest: string
      /** True when the set holds the newest indexed release, so that a newer one would look the same. */
      readonly orNewer?: boolean
    }
  | { readonly kind: 'unknown'; readonly reason: string }

/**
 * `embedded`: the component's code is in this file, as a copy or because the file is the library.
 * `linked`: only imported. `mentioned`: only a name or a version text.
 */
export type Role = 'embedded' | 'linked' | 'mentioned'

/**
 * How much of the component is there: half of its units or more (`whole`), one or two of many, or part of one, such as a
 * single function (`snippet`), or something between (`partial`).
 */
export type Origin = 'whole' | 'partial' | 'snippet'

/**
 * How a claim was reached: `fingerprints` found in the file, or the file itself is known, by its sha256 (`file-hash`) or by
 * the build-id that its linker gave it (`build-id`, which stripping keeps), as a build that was indexed: an official one,
 * or one of the user's own.
 */
export type Method = 'fingerprints' | 'file-hash' | 'build-id'

/** The claim that a component is in a file, with the hits behind it. */
export interface Match {
  /** Canonical name of the catalog. */
  readonly name: string
  readonly version: VersionEstimate
  /** Calibrated probability in [0,1] that component and version are right. */
  readonly confidence: number
  /**
   * Siblings of the component's family that fit as well: the family is there, and which member is not decided. The confidence is
   * then that of one of so many. By name; nearly always empty.
   */
  readonly undecided: readonly string[]
  readonly role: Role
  readonly origin: Origin
  readonly method: Method
  /** The package that owns the file is one of this component, so that this is no copy of somebody else's. */
  readonly own: boolean
  /** The catalog's purl, with the version where it is exact. */
  readonly purl: string
  /** CPE 2.3 names, one per vendor:product pair of the catalog. */
  readonly cpes: readonly string[]
  /** File offset ranges `[start, end)` that hold the evidence, ascending. */
  readonly ranges: readonly (readonly [number, number])[]
  /** The live units, most matched first. */
  readonly units: readonly UnitMatch[]
  /** The strongest hits, most bits first. */
  readonly evidence: readonly Evidence[]
  /** The releases before and after the claimed ones, in release order; empty where no release is claimed. */
  readonly neighbours: readonly Neighbour[]
  /** Functions that were changed since the release; empty where none are known to be. */
  readonly modified: readonly ModifiedFunction[]
  /** What speaks against the claim or limits it, as sentences; empty when nothing does. */
  readonly against: readonly string[]
}

/**
 * A function that no indexed release has, in the midst of code that is all that of one: a fix that a distribution brought
 * back, a change of the vendor's, or of somebody who should not have made one.
 */
export interface ModifiedFunction {
  /** Upstream source file or archive member. */
  readonly unit: string
  /** What the function is called in the release; null where several of the unit are missing, and it may be any of them. */
  readonly name: string | null
  /** File offset in bytes. */
  readonly offset: number
  /** Bytes. */
  readonly length: number
  /** Version of the release that the code around it is of. */
  readonly release: string
}

/** A unit whose code is in the file. */
export interface UnitMatch {
  /** Shortest suffix of the upstream path that is unique within the release: `inflate.c`. */
  readonly path: string
  /** Distinct fingerprints of the unit found. */
  readonly matched: number
  /**
   * Distinct fingerprints that the likeliest release is known to have in the unit. Sources tell how many texts, constant
   * tables and rare constants there are, but not how many functions: where only functions or symbols were found, those
   * found and what else is known.
   */
  readonly expected: number
  /** Strings that the likeliest release has in the unit and the file has not. */
  readonly missing: number
  /**
   * The fewest strings that would be missing in any release. Options and compilers leave text out, so that only what is missing
   * beyond that speaks against the likeliest one.
   */
  readonly leastMissing: number
}

/** A release next to those that are claimed, and what tells it from the likeliest. */
export interface Neighbour {
  readonly version: string
  /** Fingerprints found that the likeliest release has and this one has not, machine code apart. */
  readonly lacks: number
  /** Fingerprints found that this one has and the likeliest has not. */
  readonly explains: number
  /** Strings that would be missing if it were this one, beyond those that are missing of the likeliest; negative for fewer. */
  readonly misses: number
  /** The strongest of what it lacks. */
  readonly example?: Evidence
}

/**
 * What was seen: constants, version texts, defined names, machine code, constant data, rare numbers in instructions, bare
 * versions, names that the loader is asked for, and the file as a whole.
 */
export type EvidenceKind =
  | 'string'
  | 'template'
  | 'symbol'
  | 'function'
  | 'table'
  | 'immediate'
  | 'literal'
  | 'import'
  | 'soname'
  | 'file'

/** One hit, as shown to a person. */
export interface Evidence {
  readonly kind: EvidenceKind
  /** File offset in bytes; null where the evidence has no place in the file (an import name). */
  readonly offset: number | null
  /** Bytes at `offset`, for `xxd -s OFFSET -l LENGTH`. */
  readonly length: number
  /** Null for evidence that belongs to no unit (a bare version literal). */
  readonly unit: string | null
  /** log2(N/df): how much the hit says. */
  readonly bits: number
  /** Components of the database that have it, this one included (255 for more); absent for what is not looked up. */
  readonly components?: number
  /** What is there, cut after 120 characters; for code and data a description of it. */
  readonly text: string
  /** Releases of the component that have it, as `first–last` in release order; absent where it has none. */
  readonly releases?: readonly string[]
}

/** A vulnerability that concerns a match. None yet: advisories arrive with a later release. */
export interface Finding {
  readonly id: string
  readonly status: 'affected' | 'not_affected' | 'fixed' | 'under_investigation'
  readonly because: string
}

/** A file that could not be read fully; reported, never thrown away. */
export interface Unknown {
  /** Of a file, or of an image or a layer as a whole. */
  readonly path: string
  /** diffID of the layer, or null outside images. */
  readonly layer: string | null
  readonly layerIndex: number | null
  readonly code: string
  readonly message: string
}
