import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The npm package of the default database. It has versions of its own: new data needs no new program. */
const PACKAGE = 'binprint-db'

/** The default database as npm installed it beside binprint: catalog, prints, background. */
export const PACKAGED_DATABASE: string = packagedDatabase()

function packagedDatabase(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`))
  } catch {
    // A checkout whose workspaces were not linked has it all the same; elsewhere opening it says what is missing.
    return fileURLToPath(new URL('../../fingerprint-db', import.meta.url))
  }
}
