import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fields } from '../database/json-fields.ts'
import type { ComponentPrints } from '../database/schema.ts'
import { DetectorError } from '../errors.ts'

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

/** What the prints of one component were made from: one file of `fingerprint-db/locks/`. */
export interface Lock {
  readonly name: string
  /** The git repository of the source releases; null where none was read. */
  readonly repository: string | null
  /** Commit by tag, oldest release first. */
  readonly tags: ReadonlyMap<string, string>
  /** By package, then version, then architecture. */
  readonly packages: readonly LockedPackage[]
}

/** The tags and commits that a component's source releases were read from, as their provenance says. */
export function lockedTags(prints: ComponentPrints): Map<string, string> {
  const tags = new Map<string, string>()
  for (const { origin, provenance } of prints.releases) {
    const [, tag, commit] = /^tag (.+) \(commit ([0-9a-f]{40,64})\)$/.exec(provenance) ?? []
    if (origin === 'source' && tag !== undefined && commit !== undefined) tags.set(tag, commit)
  }
  return tags
}

/** The lock as JSON, one tag or package on a line. Equal locks give equal bytes. */
export function encodeLock({ name, repository, tags, packages }: Lock): string {
  const tagLines = [...tags].map(([tag, commit]) => `    ${JSON.stringify(tag)}: ${JSON.stringify(commit)}`)
  const packageLines = [...packages].sort(comparePackages).map((locked) => `    ${encodePackage(locked)}`)
  const lines = [
    '{',
    `  "name": ${JSON.stringify(name)},`,
    `  "repository": ${JSON.stringify(repository)},`,
    `  "tags": ${block('{', tagLines, '}')},`,
    `  "packages": ${block('[', packageLines, ']')}`,
    '}',
  ]
  return `${lines.join('\n')}\n`
}

function block(open: string, lines: readonly string[], close: string): string {
  return lines.length === 0 ? open + close : `${open}\n${lines.join(',\n')}\n  ${close}`
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
  const partial = `${path}.${process.pid}.partial`
  await writeFile(partial, encodeLock(lock))
  await rename(partial, path)
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
  const fields = new Fields(path, parse(path))
  if (fields.text('name') !== name) throw fields.error('name', `the file's own name, ${name}`)
  const tags = fields.object('tags')
  return {
    name,
    repository: fields.optionalText('repository'),
    tags: new Map(tags.names().map((tag) => [tag, tags.match(tag, COMMIT, 'a commit')])),
    packages: fields.objects('packages').map(readPackage),
  }
}

/** All locks of a directory, in name order; none where there is no such directory. */
export function readLocks(directory: string): Lock[] {
  if (!existsSync(directory)) return []
  const names = readdirSync(directory).filter((file) => file.endsWith('.json'))
  return names.sort().map((file) => readLock(directory, file.slice(0, -'.json'.length))!)
}

const COMMIT = /^[0-9a-f]{40,64}$/
const SHA256 = /^[0-9a-f]{64}$/

function readPackage(fields: Fields): LockedPackage {
  const word = (field: string): string => fields.match(field, /^[^\s=:-][^\s=]*$/, 'a word')
  return {
    // These two reach the command line of apt.
    package: fields.match('package', /^[a-z0-9][a-z0-9+.-]+$/, 'the name of a package'),
    version: word('version'),
    architecture: fields.match('architecture', /^[a-z0-9]+$/, 'an architecture'),
    source: word('source'),
    sourceVersion: word('sourceVersion'),
    release: fields.text('release'),
    sha256: fields.match('sha256', SHA256, 'a sha256'),
    files: fields.strings('files', SHA256, 'sha256s'),
  }
}

function parse(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new DetectorError('CATALOG_CORRUPT', `need JSON in ${path}: ${(cause as Error).message}`, {
      locus: { path },
      cause,
    })
  }
}
