import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import {
  type CatalogEntry,
  defaultEntry,
  licenceOf,
  pathFilter,
  readCatalog,
  readFamilies,
  readVendoredPaths,
} from '../../src/database/catalog.ts'
import { DetectorError } from '../../src/errors.ts'
import { versionOrder } from '../../src/versions/order.ts'

const DIRECTORY = join(import.meta.dirname, '../../fingerprint-db')
const entries = readCatalog(DIRECTORY)
const families = readFamilies(DIRECTORY)
const named = entries.map((entry) => [entry.name, entry] as const)

/** One zlib entry, with the given fields in place of its own; undefined takes a field out. */
function zlibWith(fields: Record<string, unknown>): string {
  const text = readFileSync(join(DIRECTORY, 'components/zlib.json'), 'utf8')
  return JSON.stringify({ ...JSON.parse(text), ...fields })
}

const temporary: string[] = []

function catalogOf(files: Record<string, string>): string {
  const directory = mkdtempSync(join(tmpdir(), 'binprint-catalog-'))
  temporary.push(directory)
  mkdirSync(join(directory, 'components'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  return directory
}

afterEach(() => {
  for (const directory of temporary.splice(0)) rmSync(directory, { recursive: true })
})

describe('the catalog', () => {
  test('has one entry per file, in the order of the names', () => {
    const files = readdirSync(join(DIRECTORY, 'components'))
    expect(entries.map((entry) => entry.name)).toEqual(files.map((file) => file.slice(0, -'.json'.length)).sort())
    expect(entries.length).toBeGreaterThanOrEqual(400)
  })

  test.each(named)('%s: names and aliases lead to this component only', (name, entry) => {
    const others = entries.filter((other) => other.name !== name).flatMap((other) => [other.name, ...other.aliases])
    expect(others.filter((other) => other === name || entry.aliases.includes(other))).toEqual([])
    expect(new Set(entry.aliases).size).toBe(entry.aliases.length)
  })

  test.each(named)('%s: the file says something of every field', (name) => {
    const file = readFileSync(join(DIRECTORY, 'components', `${name}.json`), 'utf8')
    const optional = ['repository', 'upstream', 'npmSources', 'licences']
    expect(Object.keys({ ...defaultEntry(name), ...JSON.parse(file) }).sort()).toEqual(
      [...new Set([...Object.keys(JSON.parse(file)), ...optional])].sort(),
    )
  })

  test.each(named)('%s: the family exists and lists the component', (name, entry) => {
    expect(entry.family === null || families.get(entry.family)?.includes(name)).toBe(true)
  })

  test.each(named.filter(([, { licences }]) => licences.length > 0))(
    '%s: licences follow each other in the order of releases, and each differs from the next',
    (_, { licence, licences, versionScheme }) => {
      const before = licences.map((one) => one.before)
      expect([...before].sort(versionOrder(versionScheme))).toEqual(before)
      const all = [...licences.map((one) => one.licence), licence]
      expect(all.filter((one, i) => one === all[i + 1])).toEqual([])
    },
  )

  test('openssl changed its licence with 3.0.0', () => {
    const openssl = entries.find(({ name }) => name === 'openssl')!
    expect(['1.1.1w', '3.0.0', '3.5.1'].map((version) => licenceOf(openssl, version))).toEqual([
      'OpenSSL',
      'Apache-2.0',
      'Apache-2.0',
    ])
  })

  test.each(named)('%s: npm sources say why they are there, and what states the version', (_, { npmSources }) => {
    for (const { reason, versions, path, versionFrom } of npmSources) {
      expect(reason).not.toBe('')
      expect(versions.length).toBeGreaterThan(0)
      expect(versionFrom.file.startsWith(path)).toBe(true)
    }
  })

  test.each(named)('%s: library packages are named together with their source package', (_, { debian }) => {
    expect(new Set(debian.libraries).size).toBe(debian.libraries.length)
    expect(debian.libraries.length === 0 || debian.source.length > 0).toBe(true)
  })

  test.each(named)('%s: the purl has a type, the name in lower case and no version', (_, entry) => {
    const [type, ...path] = entry.purl.slice('pkg:'.length).split('/')
    expect(['github', 'generic', 'cargo']).toContain(type)
    expect(path).toHaveLength(type === 'github' ? 2 : 1)
    expect(entry.purl).toBe(entry.purl.toLowerCase())
  })

  test.each(named)('%s: the tag pattern is anchored at both ends and has one group named version', (_, entry) => {
    expect(entry.tagPattern).toMatch(/^\^.*\$$/)
    expect(entry.tagPattern.split('(?<version>')).toHaveLength(2)
    expect(versionOrder(entry.versionScheme)('1', '2')).toBeLessThan(0)
  })

  test.each(named)('%s: paths are listed once, and no vendored path is excluded as a whole', (_, entry) => {
    const paths = entry.vendored.map((vendored) => vendored.path)
    expect(new Set([...entry.exclude, ...paths]).size).toBe(entry.exclude.length + paths.length)
    expect(paths.filter(pathFilter(entry.exclude))).toEqual([])
  })

  test.each(named)('%s: the summary has at most eight words', (_, entry) => {
    expect(entry.summary.split(' ').length).toBeLessThanOrEqual(8)
  })

  test('a soname is shared only within a family', () => {
    const owners = new Map<string, CatalogEntry>()
    for (const entry of entries) {
      for (const soname of entry.sonames) {
        const owner = owners.get(soname) ?? entry
        expect([soname, owner.name === entry.name || owner.family === entry.family]).toEqual([soname, true])
        owners.set(soname, owner)
      }
    }
  })

  test('families and members are sorted, and no component is in two families', () => {
    const names = [...families.keys()]
    const members = [...families.values()]
    expect(names).toEqual([...names].sort())
    for (const list of members) expect(list).toEqual([...list].sort())
    expect(new Set(members.flat()).size).toBe(members.flat().length)
  })
})

describe('the tag patterns', () => {
  const match = (name: string, tag: string): boolean => {
    const entry = entries.find((item) => item.name === name)
    return new RegExp(entry!.tagPattern).test(tag)
  }

  test.each([
    ['openssl', 'openssl-3.0.15', true],
    ['openssl', 'OpenSSL_0_9_8zh', true],
    ['openssl', 'openssl-3.0.15-quic1', false],
    ['openssl', 'OpenSSL_1_1_1s+quic1', false],
    ['openssl', 'OpenSSL-fips-2_0', false],
    ['libsodium', '1.0.16', true],
    ['libsodium', '1.0.18-RELEASE', true],
    ['libsodium', '1.0.18-FINAL', false],
    ['libsodium', '1.0.22', false],
    ['zlib-ng', '2.2.2', true],
    ['zlib-ng', 'v1.2.11', false],
    ['mozjpeg', 'v4.1.5', true],
    ['mozjpeg', '2.1.4', false],
    ['libarchive', 'v3.0.1b', false],
    ['glib', '2.80.1', true],
    ['glib', '2.79.1', false],
    ['libpng', 'v1.6.43', true],
    ['libpng', 'v1.0.5a', false],
    ['sqlite', 'version-3.53.3', true],
    ['sqlite', 'version-2.8.17', false],
  ])('of %s: %s is a release: %s', (name, tag, expected) => {
    expect(match(name, tag)).toBe(expected)
  })
})

describe('vendored-paths.json', () => {
  const paths = readVendoredPaths(DIRECTORY)

  test.each([
    ['third_party/zlib/inflate.c', 'strong'],
    ['src/3rdparty/libpng/png.c', 'strong'],
    ['deps/llhttp/src/api.c', 'strong'],
    ['contrib/minizip/zip.c', 'weak'],
    ['src/inflate.c', undefined],
  ])('%s: %s', (path, strength) => {
    expect(paths.find((item) => new RegExp(item.pattern).test(path))?.strength).toBe(strength)
  })
})

test("a catalog of one's own may say nothing about library packages", () => {
  const directory = catalogOf({ 'components/zlib.json': zlibWith({ debian: { source: ['zlib'] } }) })
  expect(readCatalog(directory)[0]?.debian).toEqual({ source: ['zlib'], libraries: [] })
})

test("an entry of one's own may leave out what it has nothing to say about", () => {
  const required = {
    name: 'mylib',
    purl: 'pkg:generic/mylib',
    tagPattern: '^v(?<version>.+)$',
    versionScheme: 'date',
    licence: 'MIT',
  }
  const directory = catalogOf({ 'components/mylib.json': JSON.stringify(required) })
  expect(readCatalog(directory)).toEqual([{ ...defaultEntry('mylib'), ...required }])
})

describe('a damaged catalog', () => {
  test.each([
    ['purl', 'pkg:github/madler/zlib@1.2', /purl of .*zlib\.json, have "pkg:github\/madler\/zlib@1\.2"/],
    ['name', 'libz', /need the file's own name, zlib as name of .*, have "libz"/],
    ['name', 12, /need a lower-case name as name of .*, have 12/],
    ['cpes', ['zlib'], /need a list of vendor:product pairs as cpes/],
    ['cpes', 'zlib:zlib', /need a list of vendor:product pairs as cpes/],
    ['tagPattern', '^v(?<version>', /need a regular expression as tagPattern/],
    ['tagPattern', '^v(.*)$', /group named version as tagPattern/],
    ['versionScheme', 'calver', /need one of semver-like, .* as versionScheme .*, have "calver"/],
    ['repository', 'git@github.com:madler/zlib', /need an https URL as repository/],
    ['licence', undefined, /need a text as licence of .*, have nothing/],
    ['family', '', /need a text as family of .*, have ""/],
    ['sonames', ['LibZ'], /lower-case library names as sonames/],
    ['npmSources', [{ package: '--help', versionFrom: {} }], /need the name of a package as npmSources\[0\]\.package/],
    ['debian', { source: 'zlib' }, /need a list of names of Debian packages as debian\.source/],
    ['debian', { source: ['zlib'], libraries: ['-o'] }, /names of Debian packages as debian\.libraries/],
    ['debian', [], /need an object as debian of /],
    ['exclude', ['/test'], /paths from the root of the repository as exclude/],
    ['vendored', [{ path: 'x', owner: 1 }], /need a text as vendored\[0\]\.owner/],
    ['vendored', {}, /need a list as vendored/],
  ])('with %s set to %j names the file, the field and what is there', (field, value, message) => {
    const directory = catalogOf({ 'components/zlib.json': zlibWith({ [field]: value }) })
    expect(() => readCatalog(directory)).toThrow(message)
    expect(() => readCatalog(directory)).toThrow(expect.objectContaining({ code: 'CATALOG_CORRUPT' }))
  })

  test('with a file that is no JSON, or no object, is refused', () => {
    expect(() => readCatalog(catalogOf({ 'components/a.json': '{' }))).toThrow(/need JSON in .*a\.json/)
    expect(() => readCatalog(catalogOf({ 'components/a.json': '[]' }))).toThrow(/need an object in/)
  })

  test('with an alias that is another component’s name is refused', () => {
    const directory = catalogOf({
      'components/zlib.json': zlibWith({ aliases: ['zlib-ng'] }),
      'components/zlib-ng.json': zlibWith({ name: 'zlib-ng', aliases: [] }),
    })
    expect(() => readCatalog(directory)).toThrow(/have "zlib-ng" in zlib and zlib-ng/)
  })

  test('that is not there is an input that was not found', () => {
    const missing = join(catalogOf({}), 'nowhere')
    for (const read of [readCatalog, readFamilies, readVendoredPaths]) {
      expect(() => read(missing)).toThrow(expect.objectContaining({ code: 'INPUT_NOT_FOUND' }))
    }
  })

  test('of families or vendored paths is refused as well', () => {
    const directory = catalogOf({
      'families.json': '{"zlib":"zlib"}',
      'vendored-paths.json': '[{"pattern":"^x/","strength":"maybe"}]',
    })
    expect(() => readFamilies(directory)).toThrow(/need a list of texts as zlib/)
    expect(() => readVendoredPaths(directory)).toThrow(/need strong or weak as patterns\[0\]\.strength .*"maybe"/)
    expect(() => readVendoredPaths(directory)).toThrow(DetectorError)
  })
})

describe('a path filter', () => {
  test.each([
    ['test', 'test/a/b.c', true],
    ['test', 'test', true],
    ['test', 'tests/a.c', false],
    ['test', 'src/test/a.c', false],
    ['test/', 'test/a.c', true],
    ['test*.c', 'testapi.c', true],
    ['test*.c', 'test/a.c', false],
    ['crypto/*/*test.c', 'crypto/bn/bntest.c', true],
    ['crypto/*/*test.c', 'crypto/a/b/ctest.c', false],
    ['absl/**/*_test.cc', 'absl/base/internal/x_test.cc', true],
    ['absl/**/*_test.cc', 'absl/x_test.cc', true],
    ['**/*_test.cc', 'x_test.cc', true],
    ['a+b.c', 'a+b.c', true],
    ['a.c', 'abc', false],
  ])('%s on %s: %s', (pattern, path, expected) => {
    expect(pathFilter([pattern])(path)).toBe(expected)
  })

  test('without patterns accepts no path', () => {
    expect(pathFilter([])('')).toBe(false)
  })
})

test('the default entry is a valid catalog entry but for its empty texts', () => {
  const entry = defaultEntry('mylib')
  expect([entry.purl, entry.versionScheme, entry.family]).toEqual(['pkg:generic/mylib', 'semver-like', null])
  expect('v1.2.3'.match(entry.tagPattern)?.groups?.['version']).toBe('1.2.3')
})
