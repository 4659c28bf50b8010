import type { Report } from '../model.ts'
import type { ScanOptions } from './scan-file.ts'

/**
 * The verbs that scan, without their modules: readers, extractors and identification are two thirds of all, and whoever
 * only opens a database, or builds one, has no use for them.
 */

/**
 * Scans one program, archive of objects, or the bytes of one. A broken file, or one that is no program, becomes an
 * unknown of the report.
 *
 * @throws DetectorError `STORE_CORRUPT`, `ABORTED`; TypeError for options out of range
 */
export async function scanFile(input: string | Uint8Array, options: ScanOptions): Promise<Report> {
  const verbs = await import('./scan-file.ts')
  return verbs.scanFile(input, options)
}

/**
 * Scans files and, recursively, directories. Links inside directories are not followed; what is no program there is
 * counted in `skipped`, while a named file that is none becomes an unknown.
 *
 * @throws as {@link scanFile}
 */
export async function scanPaths(paths: readonly string[], options: ScanOptions): Promise<Report> {
  const verbs = await import('./scan-file.ts')
  return verbs.scanPaths(paths, options)
}
