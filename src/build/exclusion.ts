import { readFileSync } from 'node:fs'
import { DetectorError } from '../errors.ts'

/** What a database must not be built from, because it is to be measured on it. */
export interface Exclusion {
  /** Hexadecimal sha256 of files and packages. */
  readonly sha256: ReadonlySet<string>
  /** {@link packageKey} of Debian source packages. */
  readonly packages: ReadonlySet<string>
  /** Packages of npm, `name@version`. */
  readonly npm: ReadonlySet<string>
}

export const NOTHING_EXCLUDED: Exclusion = { sha256: new Set(), packages: new Set(), npm: new Set() }

/** One name for a source package in one version. */
export function packageKey(source: string, version: string): string {
  return `${source} ${version}`
}

/**
 * Reads what a corpus of the accuracy bench is made of: the sha256 of every file, the source package and version of
 * every file from Debian, as other architectures and other files of one package hold the same text, and the package and
 * version of every file from npm.
 *
 * @throws DetectorError `INPUT_NOT_FOUND`, or `USAGE` for a file that is no corpus
 */
export function readExclusion(path: string): Exclusion {
  const [sha256, packages, npm] = [new Set<string>(), new Set<string>(), new Set<string>()]
  for (const file of corpusFiles(path)) {
    if (!isObject(file) || typeof file['sha256'] !== 'string' || !isObject(file['source']))
      throw noCorpus(path, 'a file without sha256 and source')
    sha256.add(file['sha256'].toLowerCase())
    const { registry, package: name, version, source_package: source } = file['source']
    if (registry === 'npm' && typeof name === 'string' && typeof version === 'string') npm.add(`${name}@${version}`)
    if (registry !== 'debian') continue
    if (typeof name !== 'string' || typeof version !== 'string') throw noCorpus(path, 'a Debian file without a package')
    const [, sourceName = name, sourceVersion = version] =
      typeof source === 'string' ? (/^(\S+)(?: \((\S+)\))?$/.exec(source) ?? []) : []
    packages.add(packageKey(sourceName, sourceVersion))
    packages.add(packageKey(sourceName, withoutRebuild(sourceVersion)))
  }
  return { sha256, packages, npm }
}

/** The version without the mark of a rebuild of the same source, `+b1`. */
export function withoutRebuild(version: string): string {
  return version.replace(/\+b\d+$/, '')
}

/** The list of files: the document itself, or its field `files` or `entries`. */
function corpusFiles(path: string): readonly unknown[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new DetectorError('INPUT_NOT_FOUND', `need a corpus to exclude, cannot read ${path}`, {
      locus: { path },
      cause,
    })
  }
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (cause) {
    throw noCorpus(path, (cause as Error).message, cause)
  }
  const list = isObject(document) ? (document['files'] ?? document['entries']) : document
  if (!Array.isArray(list)) throw noCorpus(path, 'no list of files')
  return list
}

function noCorpus(path: string, have: string, cause?: unknown): DetectorError {
  return new DetectorError('USAGE', `need a corpus of files with sha256 and source in ${path}, have ${have}`, {
    locus: { path },
    cause,
  })
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
