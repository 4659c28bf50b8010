import type { DatabaseDescription } from './describe-database.ts'
import type { DatabaseDifference } from './diff-databases.ts'
import type { AddOptions, RemovedRelease } from './edit-database.ts'
import type { IndexResult } from './index-release.ts'
import type { MergedDatabase } from './merge-databases.ts'
import type { ExportOptions, ImportOptions, MovedDatabase } from './move-database.ts'
import type { Watch } from './progress.ts'
import type { UpdatedDatabase, UpdateOptions } from './update-database.ts'
import type { Verification } from './verify-database.ts'

/**
 * The verbs that look after databases, without their modules, which no scan needs. A location is as for `openDatabase`: a
 * directory, or nothing for the default database.
 */

/**
 * Adds releases of a component to a database of one's own, as `indexRelease` reads them: prints, a catalog entry where there
 * is none yet, and a lock with the checksum of the prints. The directory is made where it is missing.
 *
 * @throws DetectorError as `indexRelease`
 */
export async function addToDatabase(
  directory: string,
  inputs: readonly string[],
  options: AddOptions,
): Promise<IndexResult> {
  const verbs = await import('./edit-database.ts')
  return verbs.addToDatabase(directory, inputs, options)
}

/**
 * Takes components (`zlib`) or releases (`zlib@1.2.3`) out of a database; with its last release a component goes.
 *
 * @throws DetectorError `USAGE` for what is not there, before anything is taken out
 */
export async function removeFromDatabase(directory: string, names: readonly string[]): Promise<RemovedRelease[]> {
  const verbs = await import('./edit-database.ts')
  return verbs.removeFromDatabase(directory, names)
}

/**
 * Reads everything that a database holds and compares it with its checksums. What is wrong is returned, and not thrown.
 *
 * @throws DetectorError `STORE_NOT_FOUND` where there is no database, `ABORTED`
 */
export async function verifyDatabase(location?: string, watch: Watch = {}): Promise<Verification> {
  const verbs = await import('./verify-database.ts')
  return verbs.verifyDatabase(location, watch)
}

/**
 * Describes the prints of a database, all or those named; nothing is compiled for it.
 *
 * @throws DetectorError `STORE_NOT_FOUND`, `USAGE` for a component that is not there, `STORE_CORRUPT`
 */
export async function describeDatabase(location?: string, names?: readonly string[]): Promise<DatabaseDescription> {
  const verbs = await import('./describe-database.ts')
  return verbs.describeDatabase(location, names)
}

/**
 * Compares the prints of two databases.
 *
 * @throws DetectorError `STORE_NOT_FOUND`, `STORE_CORRUPT`, `ABORTED`
 */
export async function diffDatabases(before: string, after: string, watch: Watch = {}): Promise<DatabaseDifference> {
  const verbs = await import('./diff-databases.ts')
  return verbs.diffDatabases(before, after, watch)
}

/**
 * Writes a database that holds what all of the given ones hold. Of a component in several of them all releases are there; of a
 * release, a catalog entry, a background or a list in several of them that of the last one.
 *
 * @throws DetectorError `USAGE` where there is something at the target already, `STORE_NOT_FOUND`, `STORE_CORRUPT`, `ABORTED`
 */
export async function mergeDatabases(
  target: string,
  locations: readonly (string | undefined)[],
  watch: Watch = {},
): Promise<MergedDatabase> {
  const verbs = await import('./merge-databases.ts')
  return verbs.mergeDatabases(target, locations, watch)
}

/**
 * Writes a database into one file, signed where there is a key. Equal databases give equal bytes.
 *
 * @throws DetectorError `STORE_NOT_FOUND`, `USAGE` for a file that holds no private key, `ABORTED`
 */
export async function exportDatabase(path: string, options: ExportOptions = {}): Promise<MovedDatabase> {
  const verbs = await import('./move-database.ts')
  return verbs.exportDatabase(path, options)
}

/**
 * Writes the database in a file of {@link exportDatabase} into a new directory, after its checksums and, where a key is named,
 * its signature were found right.
 *
 * @throws DetectorError `STORE_CORRUPT`, `STORE_UNTRUSTED`, `STORE_SCHEMA_MISMATCH`, `USAGE` for a directory with content
 */
export async function importDatabase(
  path: string,
  directory: string,
  options: ImportOptions = {},
): Promise<MovedDatabase> {
  const verbs = await import('./move-database.ts')
  return verbs.importDatabase(path, directory, options)
}

/**
 * Installs a database from an address or a file, as {@link exportDatabase} made it, for all later calls of `openDatabase`
 * without a location. Scans that run go on with the one they opened.
 *
 * @throws DetectorError `STORE_UNTRUSTED` where it is not signed with the key, or older than one that was known;
 * `STORE_CORRUPT`, `STORE_SCHEMA_MISMATCH`, `USAGE` without a key, `SOURCE_FAILED`, `SOURCE_UNSAFE`, `ABORTED`
 */
export async function updateDatabase(source: string, options: UpdateOptions = {}): Promise<UpdatedDatabase> {
  const verbs = await import('./update-database.ts')
  return verbs.updateDatabase(source, options)
}
