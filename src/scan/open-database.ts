import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compileDatabase } from '../build/compile.ts'
import { isPublicTable } from '../build/public-tables.ts'
import { hash64, hashText } from '../bytes/hash.ts'
import { openCompiled } from '../database/cache.ts'
import { type CatalogEntry, defaultEntry, readCatalog } from '../database/catalog.ts'
import { decodePrints } from '../database/prints-file.ts'
import type { DatabaseReader } from '../database/reader.ts'
import { SCHEMA } from '../database/schema.ts'
import { DetectorError, throwIfAborted } from '../errors.ts'
import { EXTRACTION_VERSION } from '../fingerprint/extract.ts'
import type { DatabaseSummary } from '../model.ts'
import type { Watch } from './progress.ts'

/** The database that ships with binprint: catalog, prints and background. */
export const DEFAULT_DATABASE: string = fileURLToPath(new URL('../../fingerprint-db', import.meta.url))

/** How a database is opened. */
export interface OpenOptions extends Watch {
  /** Where compiled databases are kept. Default: `binprint` in the user's cache directory. */
  readonly cacheDirectory?: string
}

/** An open database. Close it, or bind it with `await using`. */
export interface FingerprintDatabase extends AsyncDisposable {
  readonly summary: DatabaseSummary & { readonly schema: number; readonly names: readonly string[] }
  /** For the verbs of this package. */
  readonly reader: DatabaseReader
  close(): Promise<void>
}

/**
 * Opens a database: the default one, or a directory of prints (`*.bpf`), or a directory laid out like
 * `fingerprint-db/` with `prints/` and perhaps `components/` and `background.bpf`.
 *
 * The first time, and whenever the prints changed, it is compiled into the user's cache directory; that takes seconds.
 *
 * @throws DetectorError `STORE_NOT_FOUND` when there are no prints, `STORE_CORRUPT`, `STORE_SCHEMA_MISMATCH`,
 * `CATALOG_CORRUPT`, `ABORTED`
 */
export async function openDatabase(location?: string, options: OpenOptions = {}): Promise<FingerprintDatabase> {
  const { signal, cacheDirectory } = options
  throwIfAborted(signal)
  const files = findPrints(location === undefined ? DEFAULT_DATABASE : resolve(location))
  const digest = digestOf(files)
  const reader = await openCompiled(
    `${digest}-s${SCHEMA}`,
    async (directory) => {
      options.onProgress?.({ phase: 'compile', done: 0, total: 0, label: 'database' })
      await compileDatabase(directory, { ...loadPrints(files, signal), isPublicTable, digest })
    },
    { ...(cacheDirectory === undefined ? {} : { cacheDirectory }), ...(signal === undefined ? {} : { signal }) },
  )
  const { manifest } = reader
  const close = (): Promise<void> => reader.close()
  return {
    summary: {
      components: manifest.components.length,
      releases: manifest.releases,
      digest: manifest.digest,
      schema: manifest.schema,
      names: manifest.components,
    },
    reader,
    close,
    [Symbol.asyncDispose]: close,
  }
}

interface PrintFiles {
  /** Absolute, in name order. */
  readonly prints: readonly string[]
  readonly background: string | undefined
  /** The directory that holds `components/`. */
  readonly catalog: string
  readonly catalogFiles: readonly string[]
}

function findPrints(directory: string): PrintFiles {
  const folder = existsSync(join(directory, 'prints')) ? join(directory, 'prints') : directory
  const names = isDirectory(folder) ? readdirSync(folder).filter((name) => name.endsWith('.bpf')) : []
  if (names.length === 0)
    throw new DetectorError(
      'STORE_NOT_FOUND',
      `need prints (*.bpf) in ${folder}, found none: binprint index makes them`,
      {
        locus: { path: folder },
      },
    )
  const catalog = existsSync(join(directory, 'components')) ? directory : DEFAULT_DATABASE
  // Prints of one's own are compared against the same background as the default ones.
  const background = [directory, DEFAULT_DATABASE].map((place) => join(place, 'background.bpf')).find(existsSync)
  const components = join(catalog, 'components')
  return {
    prints: names.sort().map((name) => join(folder, name)),
    background,
    catalog,
    catalogFiles: readdirSync(components)
      .sort()
      .map((name) => join(components, name)),
  }
}

/** Hash over everything that decides what the compiled database holds. File names count, places do not. */
function digestOf(files: PrintFiles): string {
  const parts = [`extraction ${EXTRACTION_VERSION}`]
  for (const path of [...files.prints, ...files.catalogFiles, ...(files.background ? [files.background] : [])]) {
    const name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
    parts.push(`${name} ${hash64(readFileSync(path)).toString(16)}`)
  }
  return hashText(parts.join('\n')).toString(16).padStart(16, '0')
}

function loadPrints(
  files: PrintFiles,
  signal: AbortSignal | undefined,
): {
  components: { prints: ReturnType<typeof decodePrints>; entry: CatalogEntry }[]
  background: ReturnType<typeof decodePrints> | undefined
} {
  const entries = new Map(readCatalog(files.catalog).map((entry) => [entry.name, entry]))
  const read = (path: string): ReturnType<typeof decodePrints> => {
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
function readPrints(path: string): ReturnType<typeof decodePrints> {
  try {
    return decodePrints(readFileSync(path), { path })
  } catch (cause) {
    if (!(cause instanceof DetectorError)) throw cause
    throw new DetectorError(cause.code, `${path}: ${cause.message}`, { locus: { path }, cause })
  }
}

function isDirectory(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory()
}
