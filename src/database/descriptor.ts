import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fields, parseJson } from '../bytes/json-fields.ts'
import { DetectorError } from '../errors.ts'

/** Number of the layout of a database directory. Raised only when older programs would misread a newer one. */
export const DATABASE_FORMAT = 1

/** The file of a database directory that says what it is. One's own databases may do without. */
export const DESCRIPTOR = 'database.json'

/** What a database says of itself: `database.json`. */
export interface DatabaseDescriptor {
  readonly format: number
  /** Which line of databases it belongs to. */
  readonly name: string
  /** Rises with every database that is published under the name: of two the higher one is the newer. */
  readonly sequence: number
}

/**
 * Reads `database.json`; undefined where there is none. Fields that this version does not know are ignored.
 *
 * @throws DetectorError `STORE_SCHEMA_MISMATCH` for a newer format, `CATALOG_CORRUPT`
 */
export function readDescriptor(directory: string): DatabaseDescriptor | undefined {
  const path = join(directory, DESCRIPTOR)
  if (!existsSync(path)) return undefined
  return descriptorOf(new Fields(path, parseJson(readFileSync(path, 'utf8'), path)), path)
}

/** The three fields of a document that describes a database, among others that it may have. */
export function descriptorOf(fields: Fields, path: string): DatabaseDescriptor {
  const format = fields.count('format')
  if (format > DATABASE_FORMAT)
    throw new DetectorError(
      'STORE_SCHEMA_MISMATCH',
      `database has format ${format}, this version reads ${DATABASE_FORMAT}: install a newer binprint, or an older database`,
      { locus: { path } },
    )
  const name = fields.match('name', /^[a-z0-9][a-z0-9._+-]{0,63}$/, 'a lower-case name')
  return { format, name, sequence: fields.count('sequence') }
}
