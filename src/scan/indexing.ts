import type { BuildOptions, BuildResult } from './build-database.ts'
import type { IndexReleaseOptions, IndexResult } from './index-release.ts'

/**
 * The verbs that make prints, without their modules: those read sources, packages and repositories, are a third of all, and
 * would cost a scan of a small file a tenth of its time.
 */

/**
 * Adds releases of a component to `<component>.bpf` in a directory of prints, which `openDatabase` then reads.
 *
 * An input is the source directory or archive of the release, or a git repository (a path or an address) whose tags are
 * the releases; with `release`, the repository's tag of that version alone. Static libraries (`.a`, `.lib`), shared
 * libraries, programs and Debian packages are the release as it was built; any number of them describe it together, beside
 * one source at most. Of packages only the libraries are read. A call replaces what was indexed of the same version and
 * kind before.
 *
 * @throws DetectorError `USAGE` without a release, `SOURCE_UNSAFE`, `SOURCE_FAILED`, `INPUT_NOT_FOUND`, `ABORTED`
 */
export async function indexRelease(
  printsDirectory: string,
  inputs: readonly string[],
  options: IndexReleaseOptions,
): Promise<IndexResult> {
  const verbs = await import('./index-release.ts')
  return verbs.indexRelease(printsDirectory, inputs, options)
}

/**
 * Builds the prints of catalog components from what {@link BuildOptions.from} names: the release tags of their
 * repositories, Debian's source and library packages, npm; and writes to `locks/` beside the prints what was read.
 *
 * @throws DetectorError `USAGE` for a name that the catalog lacks; what {@link indexRelease} throws
 */
export async function buildDatabase(options: BuildOptions = {}): Promise<BuildResult> {
  const verbs = await import('./build-database.ts')
  return verbs.buildDatabase(options)
}
