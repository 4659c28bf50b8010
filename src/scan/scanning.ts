import type { Report } from '../model.ts'
import type { ScanOptions } from './files-report.ts'
import type { FindOptions, FoundComponent } from './find-component.ts'
import type { ScanImageOptions } from './scan-image.ts'
import type { ScanPathsOptions } from './scan-paths.ts'
import type { SweepOptions } from './sweep-images.ts'

/**
 * The verbs that scan, without their modules: readers, extractors and identification are two thirds of all, and whoever
 * only opens a database, or builds one, has no use for them.
 */

/**
 * Scans one program, archive of objects or container of programs (`.deb`, `.rpm`, `.apk`, `.jar`, `.zip`, `.tar`, …), or the bytes of
 * one. A broken file, or one that is none of these, becomes an unknown of the report. What lies in a container has a path such as
 * `app.jar!/native/libz.so`.
 *
 * @throws DetectorError `STORE_CORRUPT`, `ABORTED`; TypeError for options out of range
 */
export async function scanFile(input: string | Uint8Array, options: ScanOptions): Promise<Report> {
  const verbs = await import('./scan-file.ts')
  return verbs.scanFile(input, options)
}

/**
 * Scans files and, recursively, directories. Links inside directories are not followed; what is no program and no container there is
 * counted in `skipped`, while a named file that is none becomes an unknown. Of several files, what was found of each content is kept
 * in the database's cache directory, so that none is analysed twice.
 *
 * @throws as {@link scanFile}
 */
export async function scanPaths(paths: readonly string[], options: ScanPathsOptions): Promise<Report> {
  const verbs = await import('./scan-paths.ts')
  return verbs.scanPaths(paths, options)
}

/**
 * Scans a container image: `docker-archive:FILE[:NAME]`, `oci-archive:FILE[:NAME]`, `oci-dir:DIR[:NAME]`, `registry:NAME` or a bare name
 * with a tag, and plain file systems, `dir:DIR` and `tar:FILE`. The report has what a container of the image sees, and with `allLayers`
 * what later layers took away as well.
 *
 * What was found of files and layers is kept in the database's cache directory, so that no content is analysed twice.
 *
 * @throws DetectorError `USAGE` for what is no reference, `INPUT_NOT_FOUND`, `IMAGE_NOT_FOUND`, `IMAGE_DIGEST_MISMATCH`,
 * `IMAGE_UNAUTHORIZED`, `IMAGE_PLATFORM`, `REGISTRY_FAILED`, `FORMAT_*` and `LIMIT_EXCEEDED` for the image as a whole, `STORE_*`, `ABORTED`
 */
export async function scanImage(reference: string, options: ScanImageOptions): Promise<Report> {
  const verbs = await import('./scan-image.ts')
  return verbs.scanImage(reference, options)
}

/**
 * The reference of the image that a text means: of a reference itself, or of a path where an image in an archive or a layout lies.
 * Undefined for every other path.
 *
 * @throws DetectorError `USAGE` for a reference without a place; what reading an archive throws
 */
export async function imageOf(text: string): Promise<string | undefined> {
  const verbs = await import('./image-of.ts')
  return verbs.imageOf(text)
}

/**
 * Scans the images of a repository whose tags match, one after the other, in the order of their tags; layers that they share are
 * fetched and read once.
 *
 * @throws DetectorError as {@link scanImage}; `IMAGE_NOT_FOUND` where no tag matches
 */
export async function* sweepImages(repository: string, options: SweepOptions): AsyncGenerator<Report> {
  const verbs = await import('./sweep-images.ts')
  yield* verbs.sweepImages(repository, options)
}

/**
 * Finds a component in every image that was ever scanned, from what was kept of it, without scanning again: `libwebp@<1.3.2`.
 *
 * @throws DetectorError `USAGE` for what is no query or no known component
 */
export async function findComponent(query: string, options: FindOptions = {}): Promise<FoundComponent> {
  const verbs = await import('./find-component.ts')
  return verbs.findComponent(query, options)
}
