/** Whose database a package is in. */
export type PackageKind = 'deb' | 'rpm' | 'apk'

/** A package of a distribution that is installed in an image. */
export interface InstalledPackage {
  readonly kind: PackageKind
  readonly name: string
  /** In full: `epoch:version-release`, without an epoch where there is none. */
  readonly version: string
  readonly architecture: string | null
  /** Name of the source package, where the database says it. */
  readonly source: string | null
  /** In full, as {@link version}; null where the source is. */
  readonly sourceVersion: string | null
}

/** A package with the paths it put there, without a leading slash; folders may be among them. */
export interface OwnedPaths {
  readonly package: InstalledPackage
  readonly paths: readonly string[]
}

/** A file that a package moved aside: of all other packages `from` is found at `to`. */
export interface Diversion {
  readonly from: string
  readonly to: string
  /** The package that has its own file at `from`; null where the administrator moved it. */
  readonly package: string | null
}

/** What one file of a package database says: plain data. Paths have no leading slash. */
export type PackageFacts =
  | { readonly kind: 'dpkg-status'; readonly packages: readonly InstalledPackage[] }
  | {
      readonly kind: 'dpkg-list'
      /** `name` or `name:arch`, as the file is called. */
      readonly package: string
      readonly paths: readonly string[]
    }
  | { readonly kind: 'dpkg-diversions'; readonly diversions: readonly Diversion[] }
  /** Databases of rpm and apk say both in one file. */
  | { readonly kind: 'owned'; readonly packages: readonly OwnedPaths[] }

/** Where a version of a package came from: shared by the readers of all databases. */
export type PackageSource = Pick<InstalledPackage, 'source' | 'sourceVersion'>
