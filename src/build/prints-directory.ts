import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isAlive } from '../database/cache-directory.ts'
import { PrintsBuilder } from '../database/prints-builder.ts'
import { decodePrints, encodePrints } from '../database/prints-file.ts'
import type { ComponentPrints, ReleaseRecord } from '../database/schema.ts'
import { DetectorError } from '../errors.ts'

/** The path of a component's prints in a directory of prints. */
export function printsPath(directory: string, name: string): string {
  return join(directory, `${name}.bpf`)
}

/** The prints of a component in a directory, or undefined where it has none yet. */
export function readPrints(directory: string, name: string): ComponentPrints | undefined {
  const path = printsPath(directory, name)
  return existsSync(path) ? decodePrints(readFileSync(path), { path }) : undefined
}

/** The prints of a component that must be there: {@link readPrints}, or `STORE_NOT_FOUND`. */
export function requirePrints(directory: string, name: string): ComponentPrints {
  const prints = readPrints(directory, name)
  if (prints !== undefined) return prints
  throw new DetectorError('STORE_NOT_FOUND', `need prints of ${name} in ${directory}, have none`, {
    locus: { path: directory },
  })
}

/** The releases of one origin and what they hold, or undefined where there are none. */
export function releasesOf(
  prints: ComponentPrints | undefined,
  origin: ReleaseRecord['origin'],
): ComponentPrints | undefined {
  const kept = prints?.releases.filter((release) => release.origin === origin) ?? []
  return prints === undefined || kept.length === 0 ? undefined : PrintsBuilder.from(prints, kept).finish()
}

/** Writes `<name>.bpf` and returns its path and its sha256 in hexadecimal digits. */
export async function writePrints(
  directory: string,
  prints: ComponentPrints,
): Promise<{ readonly path: string; readonly sha256: string }> {
  const path = printsPath(directory, prints.name)
  const bytes = encodePrints(prints)
  await writeWhole(path, bytes)
  return { path, sha256: sha256Of(bytes) }
}

/** The sha256 of a component's prints in hexadecimal digits; undefined where it has none. */
export function printsDigest(directory: string, name: string): string | undefined {
  const path = printsPath(directory, name)
  return existsSync(path) ? sha256Of(readFileSync(path)) : undefined
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

export function countFeatures(prints: ComponentPrints): number {
  return Object.values(prints.features).reduce((sum, { high }) => sum + high.length, 0)
}

/** Name of a file that is not yet whole: `zlib.bpf.4711.partial`, with the process that writes it. */
const PARTIAL = /\.(?<pid>\d+)\.partial$/

/** Writes a file beside its final place first, so that neither a reader nor a kill ever leaves half of it. */
export async function writeWhole(path: string, content: Uint8Array | string): Promise<void> {
  const partial = `${path}.${process.pid}.partial`
  await writeFile(partial, content)
  await rename(partial, path)
}

/** Makes the directory where it is missing, and takes away what killed writers left in it. */
export async function prepareDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  for (const name of readdirSync(directory)) {
    const pid = PARTIAL.exec(name)?.groups?.['pid']
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(directory, name), { force: true })
  }
}
