import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { controlFields } from '../../src/archive/deb.ts'
import { escapeText } from '../../src/report/escape.ts'

const folder = new URL('../../bench/census/', import.meta.url)
const load = (name: string) => import(new URL(name, folder).href)
const { carrierPackages, drawOrder, mayHoldPrograms, parsePackages, placeOf } = await load('packages.mjs')
const { findingsOf, isOwnPackage, joinChecked, joinKnown, versionWords } = await load('findings.mjs')
const { factsOf } = await load('facts.mjs')
const { toMarkdown } = await load('tables.mjs')

const catalog = new Map(
  [
    { name: 'zlib', family: 'zlib', debian: { source: ['zlib'] } },
    { name: 'zlib-ng', family: 'zlib', debian: { source: ['zlib-ng'] } },
    { name: 'expat', family: null, debian: { source: ['expat'] } },
    { name: 'lua', family: null, debian: { source: ['lua5.4'] } },
  ].map((entry) => [entry.name, entry]),
)

const stanza = (fields: Record<string, string>): string =>
  Object.entries({ Version: '1-1', Architecture: 'amd64', SHA256: 'ab', Size: '9', ...fields })
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('')

const copy = (name: string, more: object = {}) => ({
  name,
  role: 'embedded',
  origin: 'partial',
  method: 'fingerprints',
  version: { kind: 'exact', version: '1.2.11', indexed: true },
  confidence: 0.98765,
  fingerprints: 7,
  unitCount: 1,
  units: ['inflate.c'],
  samples: [{ kind: 'string', offset: 255, unit: 'inflate.c', text: 'invalid | `block` type' }],
  ...more,
})

const scan = (name: string, source: string, components: object[], programs = 1) => ({
  package: name,
  source,
  version: '1-1',
  sha256: name,
  programs,
  bytes: 100,
  cpu: 1,
  files: [{ path: `usr/bin/${name}`, components }],
  unknowns: [],
})

describe('the packages of the census', () => {
  const text = [
    stanza({ Package: 'b', Section: 'non-free/games', Source: 'src (2-1)', 'Installed-Size': '70000' }),
    stanza({ Package: 'a', 'Installed-Size': '12' }),
    stanza({ Package: 'a', Version: '0-1' }),
    stanza({ Package: 'c', Architecture: 'all' }),
    'Package: without-a-file\nVersion: 1\n',
  ].join('\n')
  const packages = parsePackages(text, controlFields)

  test('are read from the list, the first stanza of each name, with source and section', () => {
    expect(
      packages.map(({ name, version, source, section }: Record<string, string>) => [name, version, source, section]),
    ).toEqual([
      ['a', '1-1', 'a', ''],
      ['b', '1-1', 'src', 'games'],
      ['c', '1-1', 'c', ''],
    ])
  })

  test.each(['zlib1g-dev', 'gdb-dbg', 'foo-dbgsym', 'vim-doc', 'fonts-lmodern', 'gimp-l10n-de', 'libghc-zlib-prof'])(
    '%s is none of those that may hold programs',
    (name) => {
      expect(mayHoldPrograms({ name, architecture: 'amd64', section: 'libs' })).toBe(false)
    },
  )

  test('of sections and architectures without programs are left out', () => {
    expect(mayHoldPrograms({ name: 'vim', architecture: 'amd64', section: 'editors' })).toBe(true)
    expect(mayHoldPrograms({ name: 'vim', architecture: 'all', section: 'editors' })).toBe(false)
    expect(mayHoldPrograms({ name: 'vim', architecture: 'amd64', section: 'doc' })).toBe(false)
  })

  test('are drawn by the hash of their names, large ones apart', () => {
    const many = ['d', 'e', 'f', 'g'].map((name) => ({ ...packages[0], name }))
    const order = drawOrder([...packages, ...many]).map(({ name }: { name: string }) => name)
    expect(order).toEqual(['a', 'd', 'e', 'f', 'g'].sort((x, y) => placeOf(x) - placeOf(y)))
  })

  test('of a source that the list names are taken whatever their size', () => {
    expect(carrierPackages(packages, { zlib: ['src', 'gone'] }).map(({ name }: { name: string }) => name)).toEqual([
      'b',
    ])
  })
})

describe('a finding', () => {
  test('is an embedded component outside the packages of its own source', () => {
    expect(isOwnPackage('lua', 'lua5.4', catalog)).toBe(true)
    expect(isOwnPackage('lua', 'vlc', catalog)).toBe(false)
    expect(isOwnPackage('unknown', 'vlc', catalog)).toBe(false)
    const scanned = scan('lua5.4', 'lua5.4', [copy('lua'), copy('expat', { role: 'linked' }), copy('zlib')])
    const findings = findingsOf(scanned, { catalog, known: { zlib: ['lua5.4'] } })
    expect(findings).toMatchObject([{ component: 'zlib', named: true, confidence: 0.988 }])
  })

  test('names the file with the most fingerprints first and counts the others', () => {
    const scanned = {
      ...scan('p', 's', [copy('zlib')]),
      files: ['a', 'b', 'c'].map((path, i) => ({ path, components: [copy('zlib', { fingerprints: 5 + (i % 2) })] })),
    }
    expect(findingsOf(scanned, { catalog, known: {} })).toMatchObject([
      { files: ['b', 'a', 'c'], fileCount: 3, fingerprints: 6, named: false },
    ])
  })

  test('quotes at most sixty characters, texts before code', () => {
    const evidence = [
      { kind: 'function', offset: 1, unit: 'a.c', text: 'f(), 90 bytes of code' },
      { kind: 'string', offset: 2, unit: 'a.c', text: 'x'.repeat(100) },
    ]
    const match = { ...copy('zlib'), undecided: [], units: [{ path: 'a.c', matched: 3 }], evidence }
    const { samples, fingerprints } = factsOf(match)
    expect(samples.map(({ text }: { text: string }) => text.length)).toEqual([60, 21])
    expect(fingerprints).toBe(3)
  })

  test('keeps the verdict of whoever looked at it, for each component and source once', () => {
    const findings = ['s', 's', 't'].map((source) => ({ component: 'zlib', source }))
    expect(joinChecked({ zlib: { s: ['right', ''] } }, findings)).toEqual([
      { component: 'zlib', source: 's', verdict: 'right', why: '' },
      { component: 'zlib', source: 't', verdict: 'unchecked', why: '' },
    ])
    expect(() => joinChecked({ zlib: { s: ['maybe', ''] } }, findings)).toThrow('no verdict maybe')
  })

  test.each([
    [{ kind: 'exact', version: '1', indexed: true }, '1'],
    [{ kind: 'exact', version: '1', indexed: false }, '1 (not indexed)'],
    [{ kind: 'set', versions: ['1', '2'], likeliest: '1', orNewer: true }, 'one of 1, 2 or newer'],
    [{ kind: 'set', versions: ['1', '2'], likeliest: '1', count: 9 }, 'likeliest 1, one of 9'],
    [{ kind: 'unknown', reason: 'nothing tells' }, 'unknown'],
  ])('of version %j reads %s', (version, words) => {
    expect(versionWords(version)).toBe(words)
  })
})

describe("Debian's list", () => {
  const known = { expat: ['e', 'm'], lua: ['gone'], skia: ['s'], zlib: ['f', 'k', 'l', 'n', 'p'] }
  const scanned = [
    scan('f', 'f', [copy('zlib')]),
    scan('k', 'k', [copy('zlib-ng')]),
    scan('l', 'l', [{ name: 'zlib', role: 'linked' }]),
    scan('m', 'm', []),
    scan('n', 'n', [{ name: 'zlib', role: 'mentioned' }]),
    scan('p', 'p', [], 0),
    scan('s', 's', []),
    scan('e', 'e', []),
  ]
  const findings = scanned.flatMap((one) => findingsOf(one, { catalog, known }))
  const joined = joinKnown(known, { scanned, findings, catalog, indexed: new Set(['zlib', 'zlib-ng', 'lua']) })
  const outcomes = joined.map(({ source, outcome, because }: Record<string, string>) => [source, because ?? outcome])

  test('is joined by component and source package, with what the scan tells of those not found', () => {
    expect(outcomes).toEqual([
      ['e', 'not in this database'],
      ['m', 'not in this database'],
      ['gone', 'not in suite'],
      ['s', 'not in the catalog'],
      ['f', 'found'],
      ['k', 'of its family zlib-ng was found'],
      ['l', 'linked: the loader is asked for Debian’s library'],
      ['n', 'only mentioned'],
      ['p', 'no program'],
    ])
  })

  test('is sorted, and names no component beside itself', () => {
    const committed: Record<string, string[]> = JSON.parse(readFileSync(new URL('known-copies.json', folder), 'utf8'))
    expect(Object.keys(committed)).toEqual(Object.keys(committed).sort())
    for (const sources of Object.values(committed)) expect(sources).toEqual([...new Set(sources)].sort())
  })

  test('and the findings become tables that texts of foreign programs do not break', () => {
    const checked = joinChecked({ zlib: { f: ['wrong', 'a table of the format'] } }, findings)
    const result = {
      command: 'npm run census',
      tool: '0.1.0',
      database: { components: 4, releases: 9, digest: 'd' },
      suite: 'bookworm',
      unknowns: [{ package: 'p', file: 'usr/lib/x', code: 'FORMAT_CORRUPT' }],
      missing: [],
      findings,
      known: joined,
      checked,
      ...{
        drawn: 9,
        threshold: 0.25,
        packages: 9,
        withPrograms: 8,
        drawnWithPrograms: 8,
        programs: 8,
        bytes: 1,
        cpuSeconds: 1,
      },
    }
    const markdown: string = toMarkdown(result, escapeText)
    expect(markdown).toContain(
      '| f | usr/bin/f | zlib | 1.2.11 | partial | 7 in inflate.c | ``invalid \\| `block` type`` at 0xff | yes |',
    )
    expect(markdown).toContain('| zlib | 1 | 1 | 1 | 0 | 1 | 0 |')
    expect(markdown).toContain('| zlib | l | linked: the loader is asked for Debian’s library |')
    expect(markdown).toContain('| zlib | f | a table of the format |')
    expect(markdown).toContain('* p: usr/lib/x: FORMAT_CORRUPT')
  })
})
