/** A library's file name taken apart. */
export interface VersionedFileName {
  /** Without version and extension, lower case: `libz`. */
  readonly library: string
  readonly version: string
}

/** `libz.so.1.3.1`, and `libfoo-1.2.3.so` or `foo-1.2.3.dll`, where nothing follows the extension. */
const VERSION_BEHIND = /^(?<library>.+)\.so\.(?<version>\d+(?:\.\d+)+)$/
const VERSION_BEFORE = /^(?<library>.+)-(?<version>\d+(?:\.\d+)+)\.(?:so|dll)$/

/**
 * The library and the version that a file name spells; undefined where it spells none. The version may be that of the interface
 * rather than of the release: `libcurl.so.4.8.0` is of curl 7.88.1.
 */
export function versionOfFileName(name: string): VersionedFileName | undefined {
  const { library, version } = (VERSION_BEHIND.exec(name) ?? VERSION_BEFORE.exec(name))?.groups ?? {}
  return library === undefined || version === undefined ? undefined : { library: library.toLowerCase(), version }
}
