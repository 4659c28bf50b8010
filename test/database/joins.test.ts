import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readCatalog } from '../../src/database/catalog.ts'
import { readLabels } from '../../src/scan/labels.ts'

const root = join(import.meta.dirname, '../..')
const entries = readCatalog(join(root, 'fingerprint-db'))
const byName = new Map(entries.flatMap((entry) => [entry.name, ...entry.aliases].map((name) => [name, entry] as const)))

/**
 * Components that files of the public corpus are labelled with and that the catalog leaves out: parts of the system and
 * compilers, which every program holds (their text is in the background), programs and runtimes that nobody embeds, and three whose
 * only releases to be had are those that the corpus measures.
 */
const NOT_CATALOGUED = [
  'binutils',
  'catatonit',
  'cdebconf',
  'cdebootstrap',
  'chkrootkit',
  'ed',
  'glibc',
  'libdebian-installer',
  'libedit',
  'merve',
  'nbytes',
  'ncrypto',
  'netcat-openbsd',
  'node',
  'sash',
  'systemd',
  'traceroute',
  'tree',
  'v8',
  'wcc',
]

test('every component of the public corpus is a name of the catalog, or left out for a reason', () => {
  const labels = readLabels(JSON.parse(readFileSync(join(root, 'bench/accuracy/corpora/public.json'), 'utf8')))
  const names = new Set(labels.flatMap(({ components }) => components.map(({ name }) => name)))
  expect(names.size).toBeGreaterThan(50)
  expect([...names].filter((name) => !byName.has(name)).sort()).toEqual(NOT_CATALOGUED)
})

test('a CPE pair leads to one component, or to members of one family', () => {
  const families = new Map<string, Set<string>>()
  for (const { name, family, cpes } of entries)
    for (const pair of cpes) families.set(pair, (families.get(pair) ?? new Set()).add(family ?? name))
  expect([...families].filter(([, owners]) => owners.size > 1)).toEqual([])
})

test('most components that distributions list vulnerabilities of have a CPE pair', () => {
  const packaged = entries.filter(({ debian }) => debian.source.length > 0)
  expect(packaged.filter(({ cpes }) => cpes.length > 0).length / packaged.length).toBeGreaterThan(0.7)
})

/** Projects as OSV's feed of OSS-Fuzz names them, which no other list of names does. */
const OSS_FUZZ = ['freetype2', 'lcms', 'libjpeg-turbo', 'libtiff', 'openjpeg', 'wolfssl', 'zstd', 'icu', 'leptonica']

test.each(OSS_FUZZ)('%s of OSS-Fuzz is a name of the catalog', (name) => {
  expect(byName.has(name)).toBe(true)
})

test('a Debian source package is one component, or holds a part of another one', () => {
  const owners = new Map<string, string[]>()
  for (const { name, debian } of entries)
    for (const source of debian.source) owners.set(source, [...(owners.get(source) ?? []), name])
  expect([...owners].filter(([, names]) => names.length > 1)).toEqual([['zlib', ['minizip', 'zlib']]])
})

test('a library package of Debian holds the libraries of one component', () => {
  const packages = entries.flatMap(({ debian }) => debian.libraries)
  expect(new Set(packages).size).toBe(packages.length)
})
