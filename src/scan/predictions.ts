import { DetectorError } from '../errors.ts'
import type { Role, VersionEstimate } from '../model.ts'

/** What a tool says about some files. A `Report` is one. */
export interface Predictions {
  readonly files: readonly FilePrediction[]
}

/** What a tool says of one file. */
export interface FilePrediction {
  /** Names the file; one of `sha256` and `id` must be there. */
  readonly sha256?: string
  /** Its id in the corpus. */
  readonly id?: string
  readonly components: readonly ComponentPrediction[]
}

/** The claim that a component is in a file. Several of one name are several copies. */
export interface ComponentPrediction {
  /** Canonical, or an alias of the catalog. */
  readonly name: string
  /** One version, several of which one is meant, or an estimate as in a report. Absent, empty or null: not known. */
  readonly version?: string | readonly string[] | VersionEstimate | null
  /** From 0 to 1. Without it the claim is never counted as confidently wrong. */
  readonly confidence?: number
  /** `linked` and `mentioned` claim nothing. */
  readonly role?: Role
}

/** The versions that a claim names, best first; undefined when it names none. */
export interface NamedVersions {
  readonly versions: readonly string[]
  /** A release newer than all of them would look the same. */
  readonly orNewer: boolean
}

/** What the claim says of the version, in one shape. */
export function namedVersions({ version }: ComponentPrediction): NamedVersions | undefined {
  if (version === undefined || version === null || version === '') return undefined
  if (typeof version === 'string') return { versions: [version], orNewer: false }
  if (isList(version)) return version.length === 0 ? undefined : { versions: version, orNewer: false }
  if (version.kind === 'unknown') return undefined
  if (version.kind === 'exact') return { versions: [version.version], orNewer: false }
  return { versions: version.versions, orNewer: version.orNewer === true }
}

/**
 * Reads predictions from parsed JSON: `{"files": [{"sha256" or "id", "components": [{"name", "version", …}]}]}`, or a
 * report.
 *
 * @throws DetectorError `USAGE` naming what is not there
 */
export function readPredictions(value: unknown): Predictions {
  const files = isRecord(value) ? value['files'] : undefined
  if (!Array.isArray(files)) throw fault('need an object with a list as "files"')
  return {
    files: files.map((file: unknown, index) => {
      if (!isRecord(file)) throw fault(`need an object as file ${index}`)
      const { sha256, id } = file
      if (typeof sha256 !== 'string' && typeof id !== 'string') throw fault(`need sha256 or id in file ${index}`)
      return {
        ...(typeof sha256 === 'string' ? { sha256: sha256.toLowerCase() } : {}),
        ...(typeof id === 'string' ? { id } : {}),
        components: readComponents(file['components'], `file ${index}`),
      }
    }),
  }
}

/**
 * Reads what a tool says about one file: a list of components, an object with one as `components`, or a report, of which
 * the components of all files are taken.
 *
 * @throws DetectorError `USAGE`
 */
export function readFileComponents(value: unknown, place: string): ComponentPrediction[] {
  if (isRecord(value) && Array.isArray(value['files']))
    return value['files'].flatMap((file: unknown) => readComponents(isRecord(file) ? file['components'] : file, place))
  return readComponents(isRecord(value) ? value['components'] : value, place)
}

function readComponents(value: unknown, place: string): ComponentPrediction[] {
  if (!Array.isArray(value)) throw fault(`need a list of components in ${place}`)
  return value.map((component: unknown) => {
    if (!isRecord(component) || typeof component['name'] !== 'string')
      throw fault(`need a name in every component of ${place}`)
    const { name, version, confidence, role } = component
    if (confidence !== undefined && !(typeof confidence === 'number' && confidence >= 0 && confidence <= 1))
      throw fault(`need a confidence from 0 to 1 of ${name} in ${place}`)
    if (role !== undefined && role !== 'embedded' && role !== 'linked' && role !== 'mentioned')
      throw fault(`need embedded, linked or mentioned as the role of ${name} in ${place}`)
    return {
      name,
      ...(version === undefined ? {} : { version: readVersion(version, `${name} in ${place}`) }),
      ...(confidence === undefined ? {} : { confidence }),
      ...(role === undefined ? {} : { role }),
    }
  })
}

function readVersion(version: unknown, place: string): string | readonly string[] | VersionEstimate | null {
  if (version === null || typeof version === 'string' || isTexts(version)) return version
  if (isRecord(version)) {
    const { kind } = version
    const known =
      kind === 'unknown' ||
      (kind === 'exact' && typeof version['version'] === 'string') ||
      (kind === 'set' && isTexts(version['versions']))
    if (known) return version as unknown as VersionEstimate
  }
  throw fault(`need text, a list of texts or an estimate as the version of ${place}`)
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function isList(value: readonly string[] | VersionEstimate): value is readonly string[] {
  return Array.isArray(value)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function fault(message: string): DetectorError {
  return new DetectorError('USAGE', `predictions: ${message}`)
}
