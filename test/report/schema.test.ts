import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import type {
  Evidence,
  EvidenceKind,
  FileFormat,
  FileReport,
  Finding,
  Match,
  Method,
  Neighbour,
  Origin,
  Role,
} from '../../src/model.ts'
import { toJson } from '../../src/report/json.ts'
import {
  contradiction,
  database,
  type Exact,
  evidence,
  exactVersion,
  file,
  finding,
  image,
  layer,
  match,
  modified,
  neighbour,
  owner,
  report,
  shadow,
  source,
  unit,
  unknown,
  unknownVersion,
  type VersionSet,
  versionSet,
} from '../fixtures/report.ts'

interface Definition {
  readonly required: readonly string[]
  readonly properties: Readonly<Record<string, { readonly enum?: readonly string[] }>>
}

const schema = JSON.parse(readFileSync(new URL('../../docs/report.schema.json', import.meta.url), 'utf8')) as {
  readonly $defs: Readonly<Record<string, Definition>>
}
const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true })
const validate: ValidateFunction = ajv.compile(schema)

/** Fields that a type allows to be absent. */
type Optional<T> = { [K in keyof T]-?: object extends Pick<T, K> ? K : never }[keyof T]

const noneOptional: readonly string[] = []
const optionalOfEvidence: Record<Optional<Evidence>, true> = { components: true, releases: true }
const optionalOfNeighbour: Record<Optional<Neighbour>, true> = { example: true }
const optionalOfExact: Record<Optional<Exact>, true> = { nearest: true }
const optionalOfSet: Record<Optional<VersionSet>, true> = { orNewer: true }
const noneOfMatch: Record<Optional<Match>, true> = {}
const noneOfFile: Record<Optional<FileReport>, true> = {}

const definitions: readonly (readonly [name: string, sample: object, optional: readonly string[]])[] = [
  ['Report', report, noneOptional],
  ['Tool', report.tool, noneOptional],
  ['DatabaseSummary', database, noneOptional],
  ['ImageSource', source, noneOptional],
  ['ImageReport', image, noneOptional],
  ['LayerReport', layer, noneOptional],
  ['PackageOwner', owner, noneOptional],
  ['Shadow', shadow, noneOptional],
  ['FileReport', file, Object.keys(noneOfFile)],
  ['Match', match, Object.keys(noneOfMatch)],
  ['ExactVersion', exactVersion, Object.keys(optionalOfExact)],
  ['VersionSet', versionSet, Object.keys(optionalOfSet)],
  ['UnknownVersion', unknownVersion, noneOptional],
  ['UnitMatch', unit, noneOptional],
  ['Evidence', evidence, Object.keys(optionalOfEvidence)],
  ['Neighbour', neighbour, Object.keys(optionalOfNeighbour)],
  ['ModifiedFunction', modified, noneOptional],
  ['Contradiction', contradiction, noneOptional],
  ['Finding', finding, noneOptional],
  ['Unknown', unknown, noneOptional],
]

const formats: Record<FileFormat, true> = { elf: true, pe: true, ar: true }
const visibilities: Record<FileReport['visibility'], true> = { visible: true, shadowed: true }
const roles: Record<Role, true> = { embedded: true, linked: true, mentioned: true }
const origins: Record<Origin, true> = { whole: true, partial: true, snippet: true }
const kinds: Record<EvidenceKind, true> = {
  string: true,
  template: true,
  symbol: true,
  function: true,
  table: true,
  immediate: true,
  literal: true,
  import: true,
  soname: true,
  file: true,
}
const methods: Record<Method, true> = { fingerprints: true, 'file-hash': true, 'build-id': true }
const statuses: Record<Finding['status'], true> = {
  affected: true,
  not_affected: true,
  fixed: true,
  under_investigation: true,
}

const enumerations: readonly (readonly [definition: string, field: string, values: object])[] = [
  ['FileReport', 'format', formats],
  ['FileReport', 'visibility', visibilities],
  ['Match', 'role', roles],
  ['Match', 'origin', origins],
  ['Match', 'method', methods],
  ['Evidence', 'kind', kinds],
  ['Finding', 'status', statuses],
]

describe('the schema and the model name the same fields', () => {
  test('every object type of the model is a definition, and the other way round', () => {
    const names = definitions.map(([name]) => name)
    expect(Object.keys(schema.$defs).sort()).toEqual([...names, 'VersionEstimate'].sort())
  })

  test.each(definitions)('%s has the same fields', (name, sample) => {
    expect(Object.keys(schema.$defs[name]?.properties ?? {}).sort()).toEqual(Object.keys(sample).sort())
  })

  test.each(definitions)('%s requires what the type does not leave out', (name, sample, optional) => {
    const required = Object.keys(sample).filter((field) => !optional.includes(field))
    expect([...(schema.$defs[name]?.required ?? [])].sort()).toEqual(required.sort())
  })

  test.each(enumerations)('%s.%s has the same values', (name, field, values) => {
    expect([...(schema.$defs[name]?.properties[field]?.enum ?? [])].sort()).toEqual(Object.keys(values).sort())
  })
})

describe('validation', () => {
  test('a report with every variant is valid', () => {
    const valid = validate(report)
    expect(validate.errors ?? []).toEqual([])
    expect(valid).toBe(true)
  })

  test('what toJson prints is valid', () => {
    expect(validate(JSON.parse(toJson(report)))).toBe(true)
  })

  test('fields that later versions add are allowed everywhere', () => {
    const later = { ...report, signature: 'x', files: [{ ...file, components: [{ ...match, colour: 'x' }] }] }
    expect(validate(later)).toBe(true)
  })

  const withMatch = (change: object): object => ({
    ...report,
    files: [{ ...file, components: [{ ...match, ...change }] }],
  })
  const withEvidence = (change: object): object => withMatch({ evidence: [{ ...evidence, ...change }] })
  const { unknowns: _, ...withoutUnknowns } = report

  test.each<[string, object]>([
    ['another schema version', { ...report, schemaVersion: 2 }],
    ['no list of unknowns', withoutUnknowns],
    ['a negative count', { ...report, skipped: -1 }],
    ['a short sha256', { ...report, files: [{ ...file, sha256: 'abc' }] }],
    ['an unlisted format', { ...report, files: [{ ...file, format: 'macho' }] }],
    ['a layer left undefined', { ...report, files: [{ ...file, layer: undefined }] }],
    ['a confidence above one', withMatch({ confidence: 1.01 })],
    ['a confidence that JSON cannot hold', withMatch({ confidence: null })],
    ['a version as bare text', withMatch({ version: '1.2.13' })],
    ['an exact version without its name', withMatch({ version: { kind: 'exact', indexed: true } })],
    [
      'an exact version that does not say whether it is indexed',
      withMatch({ version: { kind: 'exact', version: '1' } }),
    ],
    ['an empty set of versions', withMatch({ version: { kind: 'set', versions: [], likeliest: '1' } })],
    ['an unknown version without a reason', withMatch({ version: { kind: 'unknown' } })],
    ['a kind of version that does not exist', withMatch({ version: { kind: 'guess', version: '1' } })],
    ['a role that does not exist', withMatch({ role: 'bundled' })],
    ['a purl that is none', withMatch({ purl: 'github/madler/zlib' })],
    ['a CPE of the old form', withMatch({ cpes: ['cpe:/a:zlib:zlib'] })],
    ['a range with one end', withMatch({ ranges: [[4096]] })],
    ['a range with three ends', withMatch({ ranges: [[1, 2, 3]] })],
    ['a fractional offset', withEvidence({ offset: 1.5 })],
    ['a negative offset', withEvidence({ offset: -1 })],
    ['evidence of a kind that does not exist', withEvidence({ kind: 'guess' })],
    ['an unknown without a code', { ...report, unknowns: [{ path: 'x', message: 'y' }] }],
  ])('%s is refused', (_name, candidate) => {
    expect(validate(candidate)).toBe(false)
  })
})
