import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { requirePrints } from '../build/prints-directory.ts'
import { type CatalogEntry, readCatalog } from '../database/catalog.ts'
import { printedComponents, requireDatabase } from '../database/database-files.ts'
import { readDescriptor } from '../database/descriptor.ts'
import { defaultDatabase } from '../database/installed.ts'
import { verifyPrints } from '../database/prints-file.ts'
import { DetectorError } from '../errors.ts'

/** What a database holds. */
export interface DatabaseDescription {
  readonly directory: string
  /** From `database.json`; null where there is none. */
  readonly name: string | null
  readonly sequence: number | null
  /** In name order. */
  readonly components: readonly ComponentDescription[]
}

/** What a database holds of one component. */
export interface ComponentDescription {
  readonly name: string
  /** By the catalog entry: from which release on, `null` for the oldest, and the licence; null where there is no entry. */
  readonly licences: readonly { readonly from: string | null; readonly licence: string }[] | null
  /** Versions of source releases, oldest first. */
  readonly sources: readonly string[]
  /** Versions of built releases, oldest first. */
  readonly built: readonly string[]
  readonly units: number
  /** Libraries and programs that are known by their sha256. */
  readonly files: number
  /** Bytes of the prints, and of each section of them. */
  readonly bytes: number
  readonly sections: Readonly<Record<string, number>>
}

/**
 * Describes the prints of a database, all or those named; nothing is compiled for it.
 *
 * @throws DetectorError `STORE_NOT_FOUND`, `USAGE` for a component that is not there, `STORE_CORRUPT`
 */
export function describeDatabase(location?: string, names?: readonly string[]): DatabaseDescription {
  const directory = resolve(location ?? defaultDatabase())
  requireDatabase(directory)
  const all = printedComponents(directory)
  const missing = names?.filter((name) => !all.includes(name)) ?? []
  if (missing.length > 0) throw new DetectorError('USAGE', `${directory} has no prints of ${missing.join(', ')}`)
  const descriptor = readDescriptor(directory)
  const hasCatalog = existsSync(join(directory, 'components'))
  const entries = new Map(hasCatalog ? readCatalog(directory).map((entry) => [entry.name, entry]) : [])
  return {
    directory,
    name: descriptor?.name ?? null,
    sequence: descriptor?.sequence ?? null,
    components: all
      .filter((name) => names?.includes(name) ?? true)
      .map((name) => describe(directory, name, entries.get(name))),
  }
}

function describe(directory: string, name: string, entry: CatalogEntry | undefined): ComponentDescription {
  const folder = join(directory, 'prints')
  const { releases, units, files } = requirePrints(folder, name)
  const bytes = readFileSync(join(folder, `${name}.bpf`))
  const versions = (wanted: string): string[] =>
    releases.filter(({ origin }) => origin === wanted).map(({ version }) => version)
  return {
    name,
    licences: entry === undefined ? null : licenceRanges(entry),
    sources: versions('source'),
    built: versions('built'),
    units: units.length,
    files: files.length,
    bytes: bytes.length,
    sections: Object.fromEntries(verifyPrints(bytes).map(({ name: section, length }) => [section, length])),
  }
}

function licenceRanges({ licence, licences }: CatalogEntry): { from: string | null; licence: string }[] {
  const starts = [null, ...licences.map(({ before }) => before)]
  return [...licences.map((one) => one.licence), licence].map((one, i) => ({ from: starts[i] ?? null, licence: one }))
}
