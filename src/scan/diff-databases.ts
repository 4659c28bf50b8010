import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { countFeatures, printsPath, requirePrints } from '../build/prints-directory.ts'
import { printedComponents, requireDatabase } from '../database/database-files.ts'
import type { ComponentPrints } from '../database/schema.ts'
import { throwIfAborted } from '../errors.ts'

/** What tells two databases apart. Components that are the same in both are left out. */
export interface DatabaseDifference {
  /** Only in the second. */
  readonly added: readonly string[]
  /** Only in the first. */
  readonly removed: readonly string[]
  readonly changed: readonly ComponentDifference[]
}

/** A component that two databases hold differently. */
export interface ComponentDifference {
  readonly name: string
  /** Releases, `1.3.1` or `1.3.1 (built)`, oldest first. */
  readonly added: readonly string[]
  readonly removed: readonly string[]
  /** Distinct fingerprints of all kinds, before and after. */
  readonly features: readonly [before: number, after: number]
}

/**
 * Compares the prints of two databases.
 *
 * @throws DetectorError `STORE_NOT_FOUND`, `STORE_CORRUPT`, `ABORTED`
 */
export async function diffDatabases(
  before: string,
  after: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<DatabaseDifference> {
  const directories = [before, after].map((location) => resolve(location))
  for (const directory of directories) requireDatabase(directory)
  const [old, fresh] = directories.map((directory) => printedComponents(directory)) as [string[], string[]]
  const changed: ComponentDifference[] = []
  for (const name of old.filter((one) => fresh.includes(one))) {
    throwIfAborted(signal)
    const [first, second] = directories.map((directory) => join(directory, 'prints')) as [string, string]
    if (readFileSync(printsPath(first, name)).equals(readFileSync(printsPath(second, name)))) continue
    changed.push(compare(name, requirePrints(first, name), requirePrints(second, name)))
  }
  return {
    added: fresh.filter((name) => !old.includes(name)),
    removed: old.filter((name) => !fresh.includes(name)),
    changed,
  }
}

function compare(name: string, a: ComponentPrints, b: ComponentPrints): ComponentDifference {
  const [before, after] = [releaseNames(a), releaseNames(b)]
  return {
    name,
    added: after.filter((one) => !before.includes(one)),
    removed: before.filter((one) => !after.includes(one)),
    features: [countFeatures(a), countFeatures(b)],
  }
}

function releaseNames({ releases }: ComponentPrints): string[] {
  return releases.map(({ version, origin }) => (origin === 'built' ? `${version} (built)` : version))
}
