import { readdirSync, readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { catalogNames } from '../../src/scan/catalog-names.ts'
import { readLabels } from '../../src/scan/labels.ts'

const corpora = new URL('../../bench/accuracy/corpora/', import.meta.url)
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, corpora), 'utf8'))
const names = readdirSync(corpora).filter((name) => name.endsWith('.json') && name !== 'corpus.schema.json')
const validate = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false, allErrors: true }).compile(
  read('corpus.schema.json') as object,
)

describe.each(names)('%s', (name) => {
  test('fits the schema of corpora', () => {
    validate(read(name))
    expect(validate.errors).toBeNull()
  })

  test('can be read as labels, with ids that differ and duplicates that are there', () => {
    expect(readLabels(read(name)).length).toBeGreaterThan(0)
  })

  test('files of one content name the first of them', () => {
    const labels = readLabels(read(name))
    const own = labels.filter(({ duplicateOf }) => duplicateOf === undefined).map(({ sha256 }) => sha256)
    expect(own.length).toBe(new Set(own).size)
  })

  test('components have the canonical names of the catalog', () => {
    const aliases = new Set(catalogNames().flatMap((entry) => entry.aliases))
    const labelled = readLabels(read(name)).flatMap(({ components }) => components.map((component) => component.name))
    expect(labelled.filter((component) => aliases.has(component))).toEqual([])
  })
})

test('the public corpus has the files that it was published with', () => {
  const labels = readLabels(read('public.json'))
  expect(labels.length).toBe(199)
  expect(labels.filter(({ kind }) => kind === 'negative').length).toBe(78)
})

test('no package of the background list holds a file of the public corpus', () => {
  const list = JSON.parse(readFileSync(new URL('../../fingerprint-db/background.json', import.meta.url), 'utf8')) as {
    packages: { package: string; version: string }[]
  }
  const background = new Set(list.packages.map((one) => `${one.package} ${one.version}`))
  const files = (read('public.json') as { files: { source: { package: string; version: string } }[] }).files
  expect(background.size).toBeGreaterThan(300)
  expect(files.map(({ source }) => `${source.package} ${source.version}`).filter((one) => background.has(one))).toEqual(
    [],
  )
})
