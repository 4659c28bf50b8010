import type { Program } from '../binary/program.ts'
import type { DatabaseReader } from '../database/reader.ts'
import type { ComponentRecord } from '../database/schema.ts'
import { Kind } from '../fingerprint/print-set.ts'
import { componentsOf, libraryNames } from './library-names.ts'
import type { Presence } from './presence.ts'
import { canBeLive } from './units.ts'

/** A component that the loader is asked for. */
export interface AskedComponent {
  readonly record: ComponentRecord
  /** As it stands in the file: `libz.so.1`. */
  readonly needed: string
}

/** The components whose libraries a file asks the loader for, in database order. */
export async function askedComponents(
  programs: readonly Program[],
  reader: DatabaseReader,
): Promise<readonly AskedComponent[]> {
  const asked = new Map<string, string>()
  for (const program of programs)
    for (const needed of program.needed)
      for (const name of libraryNames(needed)) if (!asked.has(name)) asked.set(name, needed)
  if (asked.size === 0) return []
  const found: AskedComponent[] = []
  for (const index of componentsOf([...asked.keys()], reader)) {
    const soname = reader.sonames[index]!.find((name) => asked.has(name))!
    found.push({ record: await reader.component(index), needed: asked.get(soname)! })
  }
  return found
}

/**
 * Whether a file only repeats messages of a library that it asks the loader for: text of one source file, and nothing else of it.
 * Bindings do so, to give errors their names; whoever had copied the file would not load the library as well.
 */
export function repeatsMessages({ candidate, live, release }: Presence, asked: readonly AskedComponent[]): boolean {
  const { record, hits, templates } = candidate
  const [unit, another] = live
  if (unit === undefined || another !== undefined || templates.length > 0) return false
  if (unit.hits.some((row) => hits.kinds[row] !== Kind.String)) return false
  // Where there is no other unit, this one is all of it.
  const others = record.units.filter(
    (other, index) => index !== unit.unit && !other.vendored && canBeLive(other, release),
  )
  if (others.length === 0) return false
  return asked.some(
    ({ record: other }) => other.name === record.name || (record.family !== null && other.family === record.family),
  )
}
