import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Fields, parseJson } from '../bytes/json-fields.ts'
import type { ComponentPrints } from '../database/schema.ts'
import { writeWhole } from './prints-directory.ts'

/** A Debian package that a build read. */
export interface LockedPackage {
  readonly package: string
  readonly version: string
  readonly architecture: string
  /** The source package it was built from, and its version. */
  readonly source: string
  readonly sourceVersion: string
  /** The upstream version that its built release has. */
  readonly release: string
  /** Of the package, hexadecimal. */
  readonly sha256: string
  /** Of each library in it that was indexed, hexadecimal, ascending. */
  readonly files: readonly string[]
}

/** A source package of Debian whose upstream tarball a build read. */
export interface LockedSource {
  readonly source: string
  readonly version: string
  /** The release that it is a part of. */
  readonly release: string
  /** Upstream's tarball, and its sha256, hexadecimal. */
  readonly file: string
  readonly sha256: string
}

/** A package of npm whose bundled source a build read. */
export interface LockedNpm {
  readonly package: string
  readonly version: string
  /** The release of the component that it holds. */
  readonly release: string
  /** `sha512-` and the digest of the package in base64. */
  readonly integrity: string
}

/** What the prints of one component were made from: one file of `fingerprint-db/locks/`. */
export interface Lock {
  readonly name: string
  /** The git repository of the source releases; null where none was read. */
  readonly repository: string | null
  /** Commit by tag, oldest release first. */
  readonly tags: ReadonlyMap<string, string>
  /** By source package, then version. */
  readonly sourcePackages: readonly LockedSource[]
  /** By package, then version. */
  readonly npm: readonly LockedNpm[]
  /** By package, then version, then architecture. */
  readonly packages: readonly LockedPackage[]
  /** Digests of all that decides what the releases of each origin hold; a part is missing where it was not built. */
  readonly inputs: { readonly sources?: string; readonly packages?: string }
  /**
   * Names of folders where projects keep the code of others, in lower case: those that no component had when the prints were
   * made, and those that one had. A catalog in which that changed gives other prints.
   */
  readonly folders: { readonly own: readonly string[]; readonly foreign: readonly string[] }
  /** The sha256 of the prints, hexadecimal; null in locks of builds that did not say. */
  readonly prints: string | null
}

/** The tags and commits that a component's source releases were read from, as their provenance says. */
export function lockedTags(prints: ComponentPrints): Map<string, string> {
  const tags = new Map<string, string>()
  for (const { origin, provenance } of prints.releases) {
    const [, tag, commit] = /^tag (.+?) \(commit ([0-9a-f]{40,64})\)(?:; .*)?$/.exec(provenance) ?? []
    if (origin === 'source' && tag !== undefined && commit !== undefined) tags.set(tag, commit)
  }
  return tags
}

/** The lock as JSON, one tag or package on a line. Equal locks give equal bytes. */
export function encodeLock(lock: Lock): string {
  const { name, repository, tags, sourcePackages, npm, packages, inputs, folders, prints } = lock
  const tagLines = [...tags].map(([tag, commit]) => `    ${JSON.stringify(tag)}: ${JSON.stringify(commit)}`)
  const packageLines = [...packages].sort(comparePackages).map((locked) => `    ${encodePackage(locked)}`)
  const sourceLines = sourcePackages.map((locked) => `    ${encodeSource(locked)}`).sort()
  const npmLines = npm.map((locked) => `    ${encodeNpm(locked)}`).sort()
  const lines = [
    '{',
    `  "name": ${JSON.stringify(name)},`,
    `  "repository": ${JSON.stringify(repository)},`,
    `  "prints": ${JSON.stringify(prints)},`,
    `  "inputs": ${JSON.stringify({ sources: inputs.sources, packages: inputs.packages })},`,
    `  "folders": ${JSON.stringify({ own: folders.own, foreign: folders.foreign })},`,
    `  "tags": ${block('{', tagLines, '}')},`,
    `  "sourcePackages": ${block('[', sourceLines, ']')},`,
    `  "npm": ${block('[', npmLines, ']')},`,
    `  "packages": ${block('[', packageLines, ']')}`,
    '}',
  ]
  return `${lines.join('\n')}\n`
}

function block(open: string, lines: readonly string[], close: string): string {
  return lines.length === 0 ? open + close : `${open}\n${lines.join(',\n')}\n  ${close}`
}

function encodeSource({ source, version, release, file, sha256 }: LockedSource): string {
  return JSON.stringify({ source, version, release, file, sha256 })
}

function encodeNpm({ package: name, version, release, integrity }: LockedNpm): string {
  return JSON.stringify({ package: name, version, release, integrity })
}

function encodePackage(locked: LockedPackage): string {
  const { package: name, version, architecture, source, sourceVersion, release, sha256, files } = locked
  return JSON.stringify({
    package: name,
    version,
    architecture,
    source,
    sourceVersion,
    release,
    sha256,
    files: [...files].sort(),
  })
}

function comparePackages(a: LockedPackage, b: LockedPackage): number {
  const [x, y] = [a, b].map((locked) => `${locked.package}\0${locked.version}\0${locked.architecture}`)
  return x! < y! ? -1 : Number(x! > y!)
}

/** Writes `<name>.json` beside its final place first, so that a reader never sees half of it. */
export async function writeLock(directory: string, lock: Lock): Promise<string> {
  await mkdir(directory, { recursive: true })
  const path = join(directory, `${lock.name}.json`)
  await writeWhole(path, encodeLock(lock))
  return path
}

/**
 * Reads the lock of one component; undefined where there is none.
 *
 * @throws DetectorError `CATALOG_CORRUPT` for a file that is no lock
 */
export function readLock(directory: string, name: string): Lock | undefined {
  const path = join(directory, `${name}.json`)
  if (!existsSync(path)) return undefined
  const fields = new Fields(path, parseJson(readFileSync(path, 'utf8'), path))
  if (fields.text('name') !== name) throw fields.error('name', `the file's own name, ${name}`)
  const tags = fields.object('tags')
  return {
    name,
    repository: fields.optionalText('repository'),
    tags: new Map(tags.names().map((tag) => [tag, tags.match(tag, COMMIT, 'a commit')])),
    // Locks of older builds lack some of these.
    sourcePackages: fields.names().includes('sourcePackages') ? fields.objects('sourcePackages').map(readSource) : [],
    npm: fields.names().includes('npm') ? fields.objects('npm').map(readNpm) : [],
    packages: fields.objects('packages').map(readPackage),
    inputs: fields.names().includes('inputs') ? readInputs(fields.object('inputs')) : {},
    folders: fields.names().includes('folders') ? readFolders(fields.object('folders')) : NO_FOLDERS,
    prints: fields.names().includes('prints') ? readPrintsDigest(fields) : null,
  }
}

function readInputs(fields: Fields): Lock['inputs'] {
  const digest = (field: string): string => fields.match(field, /^[0-9a-f]{32}$/, 'a digest')
  const has = fields.names()
  return {
    ...(has.includes('sources') ? { sources: digest('sources') } : {}),
    ...(has.includes('packages') ? { packages: digest('packages') } : {}),
  }
}

function readFolders(fields: Fields): Lock['folders'] {
  return { own: fields.strings('own'), foreign: fields.strings('foreign') }
}

function readPrintsDigest(fields: Fields): string | null {
  return fields.optionalText('prints') === null ? null : fields.match('prints', SHA256, 'a sha256')
}

/** Changes parts of a component's lock and keeps the others. */
export async function updateLock(
  directory: string,
  changes: Partial<Lock> & Pick<Lock, 'name' | 'repository'>,
): Promise<string> {
  const known = readLock(directory, changes.name)
  const nothing = {
    tags: new Map<string, string>(),
    sourcePackages: [],
    npm: [],
    packages: [],
    inputs: {},
    folders: NO_FOLDERS,
    prints: null,
  }
  return writeLock(directory, { ...nothing, ...known, ...changes })
}

/** All locks of a directory, in name order; none where there is no such directory. */
export function readLocks(directory: string): Lock[] {
  if (!existsSync(directory)) return []
  const names = readdirSync(directory).filter((file) => file.endsWith('.json'))
  return names.sort().map((file) => readLock(directory, file.slice(0, -'.json'.length))!)
}

const NO_FOLDERS: Lock['folders'] = { own: [], foreign: [] }
const COMMIT = /^[0-9a-f]{40,64}$/
const PACKAGE = /^[a-z0-9][a-z0-9+.-]+$/
const WORD = /^[^\s=:-][^\s=]*$/
const SHA256 = /^[0-9a-f]{64}$/

function readSource(fields: Fields): LockedSource {
  return {
    source: fields.match('source', PACKAGE, 'the name of a package'),
    version: fields.match('version', WORD, 'a word'),
    release: fields.text('release'),
    file: fields.match('file', /^[^\s/]+$/, 'the name of a file'),
    sha256: fields.match('sha256', SHA256, 'a sha256'),
  }
}

function readNpm(fields: Fields): LockedNpm {
  return {
    package: fields.text('package'),
    version: fields.match('version', WORD, 'a word'),
    release: fields.text('release'),
    integrity: fields.match('integrity', /^sha512-[A-Za-z0-9+/]{86}==$/, 'a sha512'),
  }
}

function readPackage(fields: Fields): LockedPackage {
  const word = (field: string): string => fields.match(field, WORD, 'a word')
  return {
    // These two reach the command line of apt.
    package: fields.match('package', PACKAGE, 'the name of a package'),
    version: word('version'),
    architecture: fields.match('architecture', /^[a-z0-9]+$/, 'an architecture'),
    source: word('source'),
    sourceVersion: word('sourceVersion'),
    release: fields.text('release'),
    sha256: fields.match('sha256', SHA256, 'a sha256'),
    files: fields.strings('files', SHA256, 'sha256s'),
  }
}

/**
 * What a database was built from, as its locks say: files and packages by sha256, Debian source packages, and packages of
 * npm as `name@version`.
 */
export function builtFrom(locksDirectory: string): {
  sha256: Set<string>
  packages: { source: string; version: string }[]
  npm: string[]
} {
  const locks = readLocks(locksDirectory)
  const packages = locks.flatMap((lock) => lock.packages)
  const sources = locks.flatMap((lock) => lock.sourcePackages)
  return {
    sha256: new Set([
      ...packages.flatMap(({ sha256, files }) => [sha256, ...files]),
      ...sources.map((one) => one.sha256),
    ]),
    packages: [
      ...packages.map(({ source, sourceVersion }) => ({ source, version: sourceVersion })),
      ...sources.map(({ source, version }) => ({ source, version })),
    ],
    npm: locks.flatMap((lock) => lock.npm.map((one) => `${one.package}@${one.version}`)),
  }
}
