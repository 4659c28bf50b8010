import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { hash64, hashText } from '../bytes/hash.ts'
import { openCompiled } from '../database/cache.ts'
import { readDescriptor } from '../database/descriptor.ts'
import { defaultDatabase } from '../database/installed.ts'
import { PACKAGED_DATABASE } from '../database/packaged.ts'
import { readPrintsHeader } from '../database/prints-header.ts'
import type { DatabaseReader } from '../database/reader.ts'
import { SCHEMA } from '../database/schema.ts'
import { DetectorError, throwIfAborted } from '../errors.ts'
import { EXTRACTION_VERSION } from '../fingerprint/extraction-version.ts'
import type { DatabaseSummary } from '../model.ts'
import type { Watch } from './progress.ts'

/** How a database is opened. */
export interface OpenOptions extends Watch {
  /** Where compiled databases are kept. Default: `binprint` in the user's cache directory. */
  readonly cacheDirectory?: string
}

/** An open database. Close it, or bind it with `await using`. */
export interface FingerprintDatabase extends AsyncDisposable {
  readonly summary: DatabaseSummary & { readonly schema: number; readonly names: readonly string[] }
  /** As it was given to {@link openDatabase}. */
  readonly location: string | undefined
  /** As it was given to {@link openDatabase}. */
  readonly cacheDirectory: string | undefined
  /** The directory that holds `components/`. */
  readonly catalog: string
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
  const files = findPrints(resolve(location ?? defaultDatabase()))
  const digest = digestOf(files)
  const reader = await openCompiled(
    `${digest}-s${SCHEMA}`,
    async (directory) => {
      options.onProgress?.({ phase: 'compile', done: 0, total: 0, label: 'database' })
      // Rarely needed, so that its modules are loaded only then.
      const { compilePrints } = await import('./compile-prints.ts')
      await compilePrints(directory, files, digest, signal)
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
    location,
    cacheDirectory,
    catalog: files.catalog,
    reader,
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** The files of a database. */
export interface PrintFiles {
  /** Absolute, in name order. */
  readonly prints: readonly string[]
  readonly background: string | undefined
  /** Constants of published algorithms, which belong to nobody. */
  readonly constants: string | undefined
  /** The directory that holds `components/`. */
  readonly catalog: string
  readonly catalogFiles: readonly string[]
}

function findPrints(directory: string): PrintFiles {
  // Of a newer layout nothing below may be believed.
  readDescriptor(directory)
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
  const catalog = catalogDirectory(directory)
  // Prints of one's own are compared against the same background as the default ones.
  const shared = (name: string): string | undefined =>
    [directory, PACKAGED_DATABASE].map((place) => join(place, name)).find((path) => existsSync(path))
  const components = join(catalog, 'components')
  return {
    prints: names.sort().map((name) => join(folder, name)),
    background: shared('background.bpf'),
    constants: shared('algorithm-constants.json'),
    catalog,
    catalogFiles: readdirSync(components)
      .sort()
      .map((name) => join(components, name)),
  }
}

/**
 * Hash over everything that decides what the compiled database holds. File names count, places do not. Of prints only
 * the header is read, which holds the checksums of all the rest: tens of megabytes are hashed when they are compiled.
 */
function digestOf(files: PrintFiles): string {
  const parts = [`extraction ${EXTRACTION_VERSION}`]
  const add = (path: string, bytes: Uint8Array): void => {
    const name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
    parts.push(`${name} ${hash64(bytes).toString(16)}`)
  }
  for (const path of files.prints) add(path, readPrintsHeader(path))
  for (const path of files.catalogFiles) add(path, readFileSync(path))
  if (files.background !== undefined) add(files.background, readPrintsHeader(files.background))
  if (files.constants !== undefined) add(files.constants, readFileSync(files.constants))
  return hashText(parts.join('\n')).toString(16).padStart(16, '0')
}

/** The directory that holds the catalog (`components/`) of a database. */
export function catalogDirectory(location?: string): string {
  const directory = resolve(location ?? defaultDatabase())
  return existsSync(join(directory, 'components')) ? directory : PACKAGED_DATABASE
}

function isDirectory(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory()
}
