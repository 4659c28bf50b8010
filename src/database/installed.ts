import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { Fields, parseJson } from '../bytes/json-fields.ts'
import { type DatabaseDescriptor, descriptorOf, readDescriptor } from './descriptor.ts'
import { PACKAGED_DATABASE } from './packaged.ts'

/** A database that was downloaded and verified. */
export interface InstalledDatabase extends DatabaseDescriptor {
  /** Folder of the data directory that holds it. */
  readonly folder: string
  /** sha256 of its manifest, hexadecimal. */
  readonly manifest: string
  /** The Ed25519 key that signed it, as SPKI in PEM. Later ones must be signed with it as well. */
  readonly key: string
}

/** Holds the {@link InstalledDatabase}. Replacing this one file is what switches from a database to the next. */
export const INSTALLED = 'installed.json'

/** Where downloaded databases are kept unless told otherwise. */
export function defaultDataDirectory(
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  const { BINPRINT_DATA: own, XDG_DATA_HOME: xdg, LOCALAPPDATA: local } = environment
  if (own) return own
  if (platform === 'win32') return join(local || join(home, 'AppData', 'Local'), 'binprint', 'Data')
  // Relative paths are to be ignored: XDG Base Directory Specification, "Basics".
  if (xdg && isAbsolute(xdg)) return join(xdg, 'binprint')
  return platform === 'darwin'
    ? join(home, 'Library', 'Application Support', 'binprint')
    : join(home, '.local', 'share', 'binprint')
}

/**
 * What is installed in the data directory; undefined where nothing is.
 *
 * @throws DetectorError `CATALOG_CORRUPT`, `STORE_SCHEMA_MISMATCH`
 */
export function readInstalled(data: string): InstalledDatabase | undefined {
  const path = join(data, INSTALLED)
  if (!existsSync(path)) return undefined
  const fields = new Fields(path, parseJson(readFileSync(path, 'utf8'), path))
  return {
    ...descriptorOf(fields, path),
    folder: fields.match('folder', /^[a-z0-9][a-z0-9._+-]*$/, 'the name of a folder'),
    manifest: fields.match('manifest', /^[0-9a-f]{64}$/, 'a sha256'),
    key: fields.text('key'),
  }
}

/**
 * The directory of the database that is used where none is named: that of `BINPRINT_DB`, else the installed one where it is
 * newer than the one that came with npm, else that.
 *
 * @throws DetectorError `CATALOG_CORRUPT`, `STORE_SCHEMA_MISMATCH`
 */
export function defaultDatabase(environment: NodeJS.ProcessEnv = process.env): string {
  const named = environment['BINPRINT_DB']
  if (named) return named
  const data = defaultDataDirectory(environment)
  const installed = readInstalled(data)
  if (installed === undefined) return PACKAGED_DATABASE
  const packaged = readDescriptor(PACKAGED_DATABASE)
  const isNewer = packaged === undefined || packaged.name !== installed.name || packaged.sequence < installed.sequence
  return isNewer ? join(data, installed.folder) : PACKAGED_DATABASE
}
