import { readFileSync } from 'node:fs'
import { type CompileInput, compileDatabase } from '../build/compile.ts'
import { publicFeaturesOf } from '../build/public-features.ts'
import { defaultEntry, readCatalog } from '../database/catalog.ts'
import { decodePrints } from '../database/prints-file.ts'
import type { ComponentPrints } from '../database/schema.ts'
import { DetectorError, throwIfAborted } from '../errors.ts'
import type { PrintFiles } from './open-database.ts'

/**
 * Compiles the files of a database into `directory`. `digest` stands for all of them.
 *
 * @throws DetectorError `STORE_CORRUPT`, `STORE_SCHEMA_MISMATCH`, `CATALOG_CORRUPT`, `ABORTED`
 */
export async function compilePrints(
  directory: string,
  files: PrintFiles,
  digest: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await compileDatabase(directory, { ...loadPrints(files, signal), publicFeatures: publicFeaturesOf, digest })
}

function loadPrints(
  files: PrintFiles,
  signal: AbortSignal | undefined,
): Pick<CompileInput, 'components' | 'background'> {
  const entries = new Map(readCatalog(files.catalog).map((entry) => [entry.name, entry]))
  const read = (path: string): ComponentPrints => {
    throwIfAborted(signal)
    return readPrints(path)
  }
  const components = files.prints.map((path) => {
    const prints = read(path)
    return { prints, entry: entries.get(prints.name) ?? defaultEntry(prints.name) }
  })
  components.sort((a, b) => (a.prints.name < b.prints.name ? -1 : 1))
  return { components, background: files.background === undefined ? undefined : read(files.background) }
}

/** Decodes one prints file. Which of dozens is damaged must stand in the message: it is all that a user sees. */
function readPrints(path: string): ComponentPrints {
  try {
    return decodePrints(readFileSync(path), { path })
  } catch (cause) {
    if (!(cause instanceof DetectorError)) throw cause
    throw new DetectorError(cause.code, `${path}: ${cause.message}`, { locus: { path }, cause })
  }
}
