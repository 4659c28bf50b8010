import { DEFAULT_LIMITS } from '../bytes/limits.ts'
import type { CatalogEntry } from '../database/catalog.ts'
import { PairTable } from '../database/pair-table.ts'
import { DetectorError, throwIfAborted } from '../errors.ts'
import { foreignMembers } from './built-units.ts'
import { type IndexedReleases, type IndexOptions, openBuilder } from './index-releases.ts'
import { ReleaseFeatures } from './release-features.ts'
import { type BuiltFile, openBuilt } from './sources/built-input.ts'

/** One version of a component as it was built: what all of its inputs hold counts as one release. */
export interface BuiltRelease {
  readonly version: string
  /** Paths of libraries, programs and packages: other architectures, other builds. */
  readonly inputs: readonly string[]
  /** What was read, for the report. Default: the inputs' names and sha256. */
  readonly provenance?: string
}

export interface BuiltOptions extends IndexOptions {
  /** False leaves a file out, by its sha256. */
  readonly accept?: (sha256: string) => boolean
  /** Called for each file that was indexed. */
  readonly onFile?: (input: string, file: BuiltFile) => void
}

/**
 * Indexes built releases: the strings, templates and defined symbols of static libraries, shared libraries and programs,
 * extracted as a scan extracts them.
 *
 * Members of static libraries go to the unit of the source that they were compiled from; what a shared library or program
 * holds beyond that goes to one unit of the file. An input that cannot be read is left out and named in `skipped`.
 *
 * @throws DetectorError `SOURCE_FAILED` when a release has no readable library, `INPUT_NOT_FOUND`, `ABORTED`
 */
export async function indexBuilt(
  entry: CatalogEntry,
  releases: readonly BuiltRelease[],
  options: BuiltOptions = {},
): Promise<IndexedReleases> {
  const { limits = DEFAULT_LIMITS, previous, signal, onProgress } = options
  const total = releases.reduce((sum, { inputs }) => sum + inputs.length, 0)
  const pool = new PairTable()
  let done = 0
  const skipped: { path: string; reason: string }[] = []
  const read: { release: BuiltRelease; features: ReleaseFeatures; provenance: string }[] = []
  for (const release of releases) {
    const features = new ReleaseFeatures(limits, pool)
    const digests: string[] = []
    for (const input of release.inputs) {
      throwIfAborted(signal)
      const sha256 = await readInput(input, features, options, skipped)
      if (sha256 !== undefined) digests.push(`file ${baseName(input)} (sha256 ${sha256})`)
      onProgress?.(++done, total)
    }
    if (features.isEmpty)
      throw new DetectorError(
        'SOURCE_FAILED',
        `need a library of ${entry.name} ${release.version}, found none that can be read${reasonOf(skipped)}`,
      )
    read.push({ release, features, provenance: release.provenance ?? digests.sort().join(', ') })
  }
  const records = read.map(({ release, provenance }) => {
    return { version: release.version, origin: 'built' as const, provenance }
  })
  const { builder, placeOf } = openBuilder(entry, records, previous)
  const telling = new Set(previous?.templates.map(({ high, low }) => (BigInt(high) << 32n) | BigInt(low)))
  for (const { release, features } of read) for (const hash of features.agreeing(release.version)) telling.add(hash)
  const isForeign = foreignMembers(entry)
  for (const { release, features } of read)
    features.addTo(builder, placeOf('built', release.version), release.version, previous, telling, isForeign)
  return { prints: builder.finish(), added: releases.map(({ version }) => version), skipped }
}

function reasonOf(skipped: readonly { path: string; reason: string }[]): string {
  const last = skipped.at(-1)
  return last === undefined ? '' : `: ${last.path}: ${last.reason}`
}

/** Reads one input into the features and returns its sha256, or undefined when it is damaged or of another kind. */
async function readInput(
  path: string,
  features: ReleaseFeatures,
  options: BuiltOptions,
  skipped: { path: string; reason: string }[],
): Promise<string | undefined> {
  const { limits = DEFAULT_LIMITS, signal, accept, onFile } = options
  const leaveOut = (name: string, error: unknown): void => {
    if (!(error instanceof DetectorError) || error.code === 'ABORTED' || error.code === 'INPUT_NOT_FOUND') throw error
    skipped.push({ path: name, reason: error.message })
  }
  try {
    const input = await openBuilt(path, limits, signal)
    try {
      for (const header of input.headers) features.addHeader(header)
      for (const file of input.files) {
        if (accept?.(file.sha256) === false) {
          skipped.push({ path: `${baseName(path)}!/${file.path}`, reason: 'it is excluded by its sha256' })
          continue
        }
        try {
          features.addFile(file)
          onFile?.(path, file)
        } catch (error) {
          leaveOut(`${baseName(path)}!/${file.path}`, error)
        }
      }
      return input.sha256
    } finally {
      input.close()
    }
  } catch (error) {
    leaveOut(path, error)
    return undefined
  }
}

function baseName(path: string): string {
  return path.replace(/^.*[/\\]/, '')
}
