import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fields, parseJson } from '../bytes/json-fields.ts'
import { DetectorError } from '../errors.ts'
import { isVersionScheme, VERSION_SCHEMES, versionOrder } from '../versions/order.ts'

/** What a component is called and where its releases come from: one file of `fingerprint-db/components/`. */
export interface CatalogEntry {
  /** Canonical name; also the file's name. */
  readonly name: string
  /** Other names in use. No two components share one. */
  readonly aliases: readonly string[]
  readonly summary: string
  /** Package URL without a version. */
  readonly purl: string
  /** `vendor:product` pairs as NVD writes them, the usual one first. */
  readonly cpes: readonly string[]
  /** The git repository that is indexed, an https URL; null where there is none to name. */
  readonly repository: string | null
  /** Where upstream publishes, when that is not `repository` (a fork or mirror is indexed). */
  readonly upstream: string | null
  /** Regular expression with a group `version`; tags that it does not match are no releases. */
  readonly tagPattern: string
  /** A scheme of {@link VERSION_SCHEMES}. */
  readonly versionScheme: string
  /** Of the newest release: SPDX expression, or a plain name where SPDX has none. */
  readonly licence: string
  /** Licences of releases before others, oldest first: `{ before: '3.0.0', licence: 'OpenSSL' }`. */
  readonly licences: readonly { readonly before: string; readonly licence: string }[]
  /** Family of `families.json`, or null. */
  readonly family: string | null
  readonly language: string
  /** Library base names without version and extension, lower case (`libz`, `zlib1`). */
  readonly sonames: readonly string[]
  readonly debian: {
    /** Source packages of Debian. */
    readonly source: readonly string[]
    /** Binary packages of these that hold the component's shared or static libraries; those of all suites. */
    readonly libraries: readonly string[]
  }
  /** npm packages whose prebuilt binaries hold the component. */
  readonly npm: readonly string[]
  /** npm packages that carry the component's source as upstream released it. */
  readonly npmSources: readonly NpmSource[]
  /** Patterns of {@link pathFilter}: files of the repository that never end up in the library. */
  readonly exclude: readonly string[]
  /** Other projects' code in the repository that the patterns of `vendored-paths.json` do not find. */
  readonly vendored: readonly VendoredPath[]
}

/** An npm package with a copy of the component's source, in the versions that are read. */
export interface NpmSource {
  readonly package: string
  /** Versions of the package, not of the component. */
  readonly versions: readonly string[]
  /** The directory of the package that holds the source; empty for the whole package. */
  readonly path: string
  /**
   * What states the component's version: a file of the package, and a regular expression with a group `version`, or with
   * numbered groups for the parts of the version.
   */
  readonly versionFrom: { readonly file: string; readonly pattern: string }
  /** Why the package is a source: what of upstream it holds, and what git and Debian lack. */
  readonly reason: string
}

/** A path of the repository that holds another project's code. */
export interface VendoredPath {
  /** A pattern of {@link pathFilter}. */
  readonly path: string
  /** The project whose code it is, by its catalog name if it has one; null where it has no name. */
  readonly owner: string | null
}

/** The members of each family, by the family's name: forks and successors that share code. */
export type Families = ReadonlyMap<string, readonly string[]>

/** A path layout by which any repository keeps other projects' code. */
export interface VendoredPathPattern {
  /** Regular expression over a path with `/` separators; its match ends behind the directory of the other project. */
  readonly pattern: string
  /** `strong`: always foreign code. `weak`: only where the matched directory bears the name of another component. */
  readonly strength: 'strong' | 'weak'
}

export type VendoredPaths = readonly VendoredPathPattern[]

/** What a component without a catalog file is taken to tag: plain numbers, with or without a `v`. */
const DEFAULT_TAG_PATTERN = '^v?(?<version>\\d+(?:\\.\\d+)*)$'

/**
 * Reads all entries of `components/` below the directory, sorted by name.
 *
 * @throws DetectorError `CATALOG_CORRUPT` for a file that is no entry, or two entries that share a name or alias;
 * `INPUT_NOT_FOUND` if there is no `components/`
 */
export function readCatalog(directory: string): CatalogEntry[] {
  const folder = join(directory, 'components')
  const files = listJson(folder)
  const entries = files.map((file) => readEntry(join(folder, file), file.slice(0, -'.json'.length)))
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  checkNames(entries, folder)
  return entries
}

/**
 * Reads the entry of one component; undefined where there is none.
 *
 * @throws DetectorError `CATALOG_CORRUPT` for a file that is no entry
 */
export function readCatalogEntry(directory: string, name: string): CatalogEntry | undefined {
  const path = join(directory, 'components', `${name}.json`)
  return /^[a-z0-9][a-z0-9.+_-]*$/.test(name) && existsSync(path) ? readEntry(path, name) : undefined
}

/** The entry of a component that has no catalog file: `pkg:generic/<name>`, versions in the usual order. */
export function defaultEntry(name: string): CatalogEntry {
  return {
    name,
    aliases: [],
    summary: '',
    purl: `pkg:generic/${encodeURIComponent(name.toLowerCase())}`,
    cpes: [],
    repository: null,
    upstream: null,
    tagPattern: DEFAULT_TAG_PATTERN,
    versionScheme: 'semver-like',
    licence: '',
    licences: [],
    family: null,
    language: '',
    sonames: [],
    debian: { source: [], libraries: [] },
    npm: [],
    npmSources: [],
    exclude: [],
    vendored: [],
  }
}

/**
 * Reads `families.json`.
 *
 * @throws DetectorError `CATALOG_CORRUPT`, `INPUT_NOT_FOUND`
 */
export function readFamilies(directory: string): Families {
  const path = join(directory, 'families.json')
  const fields = new Fields(path, readJson(path))
  return new Map(fields.names().map((family) => [family, fields.strings(family)]))
}

/**
 * Reads `vendored-paths.json`.
 *
 * @throws DetectorError `CATALOG_CORRUPT`, `INPUT_NOT_FOUND`
 */
export function readVendoredPaths(directory: string): VendoredPaths {
  const path = join(directory, 'vendored-paths.json')
  return new Fields(path, { patterns: readJson(path) }).objects('patterns').map((fields) => {
    const strength = fields.text('strength')
    if (strength !== 'strong' && strength !== 'weak') throw fields.error('strength', 'strong or weak')
    return { pattern: fields.regExp('pattern'), strength }
  })
}

/**
 * A predicate over paths of a repository, with `/` separators, from patterns of an entry's `exclude` or `vendored`.
 *
 * A pattern names a file or, with everything below it, a directory, from the root of the repository; `*` stands for any
 * characters within one segment, `**` for any segments. Letter case matters.
 */
export function pathFilter(patterns: readonly string[]): (path: string) => boolean {
  if (patterns.length === 0) return () => false
  const pattern = new RegExp(`^(?:${patterns.map(pathExpression).join('|')})(?:/|$)`)
  return (path) => pattern.test(path)
}

function pathExpression(pattern: string): string {
  const escaped = pattern.replace(/\/$/, '').replace(/[.+?^${}()|[\]\\]/g, '\\$&')
  return escaped.replace(/\*\*\/|\*+/g, (stars) => {
    if (stars === '**/') return '(?:[^/]+/)*'
    return stars === '**' ? '.*' : '[^/]*'
  })
}

function listJson(folder: string): string[] {
  try {
    return readdirSync(folder).filter((file) => file.endsWith('.json'))
  } catch (cause) {
    throw new DetectorError('INPUT_NOT_FOUND', `need a catalog directory, cannot read ${folder}`, {
      locus: { path: folder },
      cause,
    })
  }
}

function readJson(path: string): unknown {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new DetectorError('INPUT_NOT_FOUND', `need a catalog file, cannot read ${path}`, { locus: { path }, cause })
  }
  return parseJson(text, path)
}

function readEntry(path: string, fileName: string): CatalogEntry {
  const fields = new Fields(path, readJson(path))
  const name = fields.match('name', /^[a-z0-9][a-z0-9.+_-]*$/, 'a lower-case name')
  if (name !== fileName) throw fields.error('name', `the file's own name, ${fileName}`)
  const versionScheme = fields.text('versionScheme')
  if (!isVersionScheme(versionScheme)) throw fields.error('versionScheme', `one of ${VERSION_SCHEMES.join(', ')}`)
  const tagPattern = fields.regExp('tagPattern')
  if (!tagPattern.includes('(?<version>')) throw fields.error('tagPattern', 'a pattern with a group named version')
  // A catalog of one's own may leave out what it has nothing to say about; the rest is what decides the releases.
  const nothing = defaultEntry(name)
  const given = new Set(fields.names())
  const read = <Field extends keyof CatalogEntry>(
    field: Field,
    value: () => CatalogEntry[Field],
  ): CatalogEntry[Field] => (given.has(field) ? value() : nothing[field])
  return {
    name,
    aliases: read('aliases', () => fields.strings('aliases')),
    summary: read('summary', () => fields.text('summary')),
    purl: fields.match('purl', /^pkg:[a-z][a-z0-9.+-]*\/[^\s@?#]+$/, 'a package URL without a version'),
    cpes: read('cpes', () => fields.strings('cpes', /^[^\s:]+:[^\s:]+$/, 'vendor:product pairs')),
    repository: fields.optionalUrl('repository'),
    upstream: fields.optionalUrl('upstream'),
    tagPattern,
    versionScheme,
    licence: fields.text('licence'),
    licences: read('licences', () => fields.objects('licences').map(readLicence)),
    family: read('family', () => fields.optionalText('family')),
    language: read('language', () => fields.text('language')),
    sonames: read('sonames', () => fields.strings('sonames', /^[^\sA-Z]+$/, 'lower-case library names')),
    debian: read('debian', () => readDebian(fields.object('debian'))),
    npm: read('npm', () => fields.strings('npm')),
    npmSources: read('npmSources', () => fields.objects('npmSources').map(readNpmSource)),
    exclude: read('exclude', () => fields.strings('exclude', /^[^/]/, 'paths from the root of the repository')),
    vendored: read('vendored', () =>
      fields.objects('vendored').map((item) => ({
        path: item.match('path', /^[^/]/, 'a path from the root of the repository'),
        owner: item.optionalText('owner'),
      })),
    ),
  }
}

function readLicence(fields: Fields): CatalogEntry['licences'][number] {
  return { before: fields.text('before'), licence: fields.text('licence') }
}

/** The licence of a release, by the ranges of its component's entry. */
export function licenceOf({ licence, licences, versionScheme }: CatalogEntry, version: string): string {
  const order = versionOrder(versionScheme)
  return licences.find(({ before }) => order(version, before) < 0)?.licence ?? licence
}

/** @see Debian Policy, 5.6.1 "Source" for the names of packages */
function readDebian(fields: Fields): CatalogEntry['debian'] {
  const read = (field: string): string[] => fields.strings(field, /^[a-z0-9][a-z0-9+.-]+$/, 'names of Debian packages')
  // A catalog of one's own may do without.
  return { source: read('source'), libraries: fields.names().includes('libraries') ? read('libraries') : [] }
}

/** Names and versions reach the command line of npm. */
function readNpmSource(fields: Fields): NpmSource {
  const path = /^(?!\/)(?!.*\.\.)[^\\]*$/
  const versionFrom = fields.object('versionFrom')
  return {
    package: fields.match('package', /^(?:@[a-z0-9-][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/, 'the name of a package'),
    versions: fields.strings('versions', /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/, 'exact versions of the package'),
    path: fields.match('path', path, 'a directory of the package'),
    versionFrom: {
      file: versionFrom.match('file', path, 'a file of the package'),
      pattern: versionFrom.regExp('pattern'),
    },
    reason: fields.text('reason'),
  }
}

/** Throws where a name or alias leads to two components. */
function checkNames(entries: readonly CatalogEntry[], folder: string): void {
  const owners = new Map<string, string>()
  for (const entry of entries) {
    for (const name of [entry.name, ...entry.aliases]) {
      const owner = owners.get(name.toLowerCase())
      if (owner !== undefined) {
        const path = join(folder, `${entry.name}.json`)
        const message = `need names and aliases that lead to one component, have "${name}" in ${owner} and ${entry.name}`
        throw new DetectorError('CATALOG_CORRUPT', message, { locus: { path } })
      }
      owners.set(name.toLowerCase(), entry.name)
    }
  }
}
