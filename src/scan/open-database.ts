import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import { openCompiled } from '../database/cache.ts'
import { defaultCacheDirectory } from '../database/cache-directory.ts'
import { readDescriptor } from '../database/descriptor.ts'
import { defaultDatabase } from '../database/installed.ts'
import { PACKAGED_DATABASE } from '../database/packaged.ts'
import type { DatabaseReader } from '../database/reader.ts'
import { SCHEMA } from '../database/schema.ts'
import { DetectorError, throwIfAborted } from '../errors.ts'
import type { DatabaseSummary } from '../model.ts'
import { printsDigest } from './prints-digest.ts'
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
  const { signal, cacheDirectory = defaultCacheDirectory() } = options
  throwIfAborted(signal)
  const files = findPrints(resolve(location ?? defaultDatabase()))
  const { digest, remember } = printsDigest(files, cacheDirectory)
  const reader = await openCompiled(
    `${digest}-s${SCHEMA}`,
    async (directory) => {
      options.onProgress?.({ phase: 'compile', done: 0, total: 0, label: 'database' })
      // Rarely needed, so that its modules are loaded only then.
      const { compilePrints } = await import('./compile-prints.ts')
      await compilePrints(directory, files, digest, signal)
    },
    { cacheDirectory, ...(signal === undefined ? {} : { signal }) },
  )
  remember()
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

/** @throws DetectorError `STORE_NOT_FOUND` when there are no prints, `STORE_SCHEMA_MISMATCH`, `CATALOG_CORRUPT` */
export function findPrints(directory: string): PrintFiles {
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
    prints: names.sort().map((name) => folder + sep + name),
    background: shared('background.bpf'),
    constants: shared('algorithm-constants.json'),
    catalog,
    catalogFiles: readdirSync(components)
      .sort()
      .map((name) => components + sep + name),
  }
}

/** The directory that holds the catalog (`components/`) of a database. */
export function catalogDirectory(location?: string): string {
  const directory = resolve(location ?? defaultDatabase())
  return existsSync(join(directory, 'components')) ? directory : PACKAGED_DATABASE
}

function isDirectory(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory()
}
