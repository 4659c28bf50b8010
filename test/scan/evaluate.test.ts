import { describe, expect, test } from 'vitest'
import type { Report, VersionEstimate } from '../../src/model.ts'
import { type EvaluateOptions, type Evaluation, evaluate } from '../../src/scan/evaluate.ts'
import { type Label, readLabels } from '../../src/scan/labels.ts'
import type { ComponentPrediction } from '../../src/scan/predictions.ts'
import { report } from '../fixtures/report.ts'

const CATALOG = [
  { name: 'zlib', aliases: ['libz', 'zlib1g'] },
  { name: 'openssl', aliases: [] },
  { name: 'libjpeg-turbo', aliases: [] },
  { name: 'mozjpeg', aliases: [] },
]

interface Case {
  readonly labels?: readonly (string | object)[]
  readonly said?: readonly ComponentPrediction[]
  /** Further fields of the file. */
  readonly file?: object
}

/** `zlib 1.2.13` is a labelled component. */
function label(index: number, { labels = [], file = {} }: Case): Label {
  const components = labels.map((each) => {
    if (typeof each !== 'string') return each
    const [name, version = ''] = each.split(' ')
    return { name, version }
  })
  const sha256 = String(index).padStart(64, '0')
  return readLabels([{ id: `file${index}`, sha256, complete: true, components, ...dropDuplicate(file) }])[0] as Label
}

/** `duplicate_of` is checked against the whole list, which this has not. */
function dropDuplicate(file: object): object {
  return Object.fromEntries(Object.entries(file).filter(([key]) => key !== 'duplicate_of'))
}

function score(cases: readonly Case[], options: EvaluateOptions = {}): Evaluation {
  const labels = cases.map((each, index): Label => {
    const duplicateOf = (each.file as { duplicate_of?: string } | undefined)?.duplicate_of
    return { ...label(index, each), ...(duplicateOf === undefined ? {} : { duplicateOf }) }
  })
  const files = cases.flatMap(({ said }, index) =>
    said === undefined ? [] : [{ sha256: String(index).padStart(64, '0'), components: said }],
  )
  return evaluate({ files }, labels, { catalog: CATALOG, rounds: 20, ...options })
}

const exact = (version: string): VersionEstimate => ({ kind: 'exact', version, indexed: true })
const set = (versions: readonly string[], orNewer = false): VersionEstimate => ({
  kind: 'set',
  versions,
  likeliest: versions[0] ?? '',
  ...(orNewer ? { orNewer } : {}),
})
const unknown: VersionEstimate = { kind: 'unknown', reason: 'no release' }

describe('presence', () => {
  test.each<[string, readonly Case[], number | null, number | null]>([
    ['a labelled component that is claimed is right', [{ labels: ['zlib 1'], said: [{ name: 'zlib' }] }], 1, 1],
    ['an alias is the component', [{ labels: ['zlib 1'], said: [{ name: 'ZLIB1g' }] }], 1, 1],
    ['what is not claimed is missed', [{ labels: ['zlib 1', 'openssl 3.0.1'], said: [{ name: 'zlib' }] }], 1, 0.5],
    ['what is not labelled is false', [{ labels: ['zlib 1'], said: [{ name: 'zlib' }, { name: 'lz4' }] }], 0.5, 1],
    [
      'a file whose list is not complete says nothing about precision',
      [{ labels: ['zlib 1'], said: [{ name: 'zlib' }, { name: 'lz4' }], file: { complete: false } }],
      null,
      1,
    ],
    ['what a label allows is neither', [{ said: [{ name: 'libz' }], file: { allow: ['zlib'] } }], null, null],
    ['linked is no claim', [{ labels: ['zlib 1'], said: [{ name: 'zlib', role: 'linked' }] }], null, 0],
    ['mentioned is no claim', [{ labels: [], said: [{ name: 'zlib', role: 'mentioned' }] }], null, null],
    [
      'two copies count as one',
      [
        {
          labels: ['zlib 1', 'openssl 3'],
          said: [
            { name: 'zlib', version: '1' },
            { name: 'zlib', version: '2' },
          ],
        },
      ],
      1,
      0.5,
    ],
    ['a file that the tool did not read is missed', [{ labels: ['zlib 1'] }], null, 0],
    [
      'a duplicate does not count',
      [
        { labels: ['zlib 1'], said: [{ name: 'zlib' }] },
        { labels: ['zlib 1'], said: [], file: { duplicate_of: 'file0' } },
      ],
      1,
      1,
    ],
    [
      'the name of the origin is as right as that of the fork',
      [{ labels: [{ name: 'mozjpeg', version: '4.1', also: ['libjpeg-turbo'] }], said: [{ name: 'libjpeg-turbo' }] }],
      1,
      1,
    ],
    [
      'both names are one right claim',
      [
        {
          labels: [{ name: 'mozjpeg', version: '4.1', also: ['libjpeg-turbo'] }],
          said: [{ name: 'libjpeg-turbo' }, { name: 'mozjpeg' }],
        },
      ],
      1,
      1,
    ],
  ])('%s', (_name, cases, precision, recall) => {
    const { all } = score(cases)
    expect([all.precision.value, all.recall.value]).toEqual([precision, recall])
  })

  test('the catalog figures leave out what the tool could not know', () => {
    const evaluation = score([{ labels: ['zlib 1', 'foo 2'], said: [{ name: 'zlib' }, { name: 'bar' }] }])
    expect([evaluation.all.precision.value, evaluation.all.recall.value]).toEqual([0.5, 0.5])
    expect([evaluation.catalog.precision.value, evaluation.catalog.recall.value]).toEqual([1, 1])
  })

  test('F1 is the harmonic mean of both', () => {
    const { all } = score([{ labels: ['zlib 1', 'openssl 3'], said: [{ name: 'zlib' }] }])
    expect(all.f1.value).toBe(0.6667)
  })

  test('macro figures count each component, and each source package, the same', () => {
    const source = (name: string): object => ({ source: { package: name } })
    const { all } = score([
      { labels: ['zlib 1'], said: [{ name: 'zlib' }], file: source('a') },
      { labels: ['zlib 1'], said: [{ name: 'zlib' }], file: source('a') },
      { labels: ['openssl 3'], said: [], file: source('b') },
    ])
    expect(all.recall.value).toBe(0.6667)
    expect([all.macroComponent.recall.value, all.macroComponent.recall.n]).toEqual([0.5, 2])
    expect([all.macroPackage.recall.value, all.macroPackage.recall.n]).toEqual([0.5, 2])
  })

  test('false positives are counted per 1,000 negative files', () => {
    const negative = { kind: 'negative' }
    const { falsePositivesPer1000Negatives, files } = score([
      { said: [{ name: 'zlib' }], file: negative },
      { said: [], file: negative },
      { said: [{ name: 'zlib' }], file: { kind: 'static' } },
    ])
    expect([falsePositivesPer1000Negatives.value, falsePositivesPer1000Negatives.n]).toEqual([500, 2])
    expect(files.negative).toBe(2)
  })

  test('files that could not be had are counted and not scored', () => {
    const cases = [{ labels: ['zlib 1'], said: [{ name: 'zlib' }] }, { labels: ['zlib 1'] }]
    const { all, files } = score(cases, { gone: new Set(['1'.padStart(64, '0')]) })
    expect([all.recall.value, files.gone, files.scored]).toEqual([1, 1, 1])
  })
})

describe('versions', () => {
  type Figures = readonly [exact: number | null, inSet: number | null, orNewer: number | null, size: number | null]
  test.each<[string, readonly string[], readonly (VersionEstimate | string | readonly string[])[], Figures]>([
    ['the right one', ['zlib 1.2.13'], [exact('1.2.13')], [1, 1, 1, 1]],
    ['plain text is one version', ['zlib 1.2.13'], ['1.2.13'], [1, 1, 1, 1]],
    ['a wrong one', ['zlib 1.2.13'], [exact('1.2.12')], [0, 0, 0, 1]],
    ['a set with the truth', ['zlib 1.2.13'], [set(['1.2.12', '1.2.13'])], [0, 1, 1, 2]],
    ['a list is a set', ['zlib 1.2.13'], [['1.2.12', '1.2.13', '1.3']], [0, 1, 1, 3]],
    ['a set without it', ['zlib 1.2.13'], [set(['1.2.11', '1.2.12'])], [0, 0, 0, 2]],
    ['a set of one is as exact as an exact version', ['zlib 1.2.13'], [set(['1.2.13'])], [1, 1, 1, 1]],
    ['unless it says "or newer"', ['zlib 1.2.13'], [set(['1.2.13'], true)], [0, 1, 1, 1]],
    ['newer than the set counts apart', ['zlib 1.3'], [set(['1.2.12', '1.2.13'], true)], [0, 0, 1, 2]],
    ['older than a set is wrong', ['zlib 1.2.3'], [set(['1.2.12', '1.2.13'], true)], [0, 0, 0, 2]],
    ['unknown is a miss', ['zlib 1.2.13'], [unknown], [0, 0, 0, null]],
    ['an empty label has no version to be held against', ['zlib'], [exact('1')], [null, null, null, null]],
    ['nor has a commit id', ['zlib 072ca92'], [exact('1')], [null, null, null, null]],
    ['a build suffix does not count', ['zlib 1.3.1-e00f703'], [exact('1.3.1')], [1, 1, 1, 1]],
    ['a distribution version is its upstream one', ['zlib 1:1.2.13.dfsg-1'], [exact('1.2.13')], [1, 1, 1, 1]],
    ['of several copies any right one counts', ['zlib 1.2.11'], [exact('1.3.0.1'), exact('1.2.11')], [1, 1, 1, 1]],
    ['of several labels too', ['zlib 1.2.11', 'zlib 1.3'], [exact('1.3')], [1, 1, 1, 1]],
  ])('%s', (_name, labels, versions, [exactRate, inSet, orNewer, size]) => {
    const said = versions.map((version) => ({ name: 'zlib', version }))
    const figures = score([{ labels, said }]).versions
    expect([
      figures.exact.value,
      figures.truthInSet.value,
      figures.truthInSetOrNewer.value,
      figures.medianSetSize.value,
    ]).toEqual([exactRate, inSet, orNewer, size])
  })

  test.each<[string, Case, number | null]>([
    ['a false component', { said: [{ name: 'zlib', confidence: 0.9 }] }, 1],
    ['a false component below 0.9', { said: [{ name: 'zlib', confidence: 0.89 }] }, 0],
    ['a false component without confidence', { said: [{ name: 'zlib' }] }, 0],
    ['a wrong version', { labels: ['zlib 1'], said: [{ name: 'zlib', version: '2', confidence: 1 }] }, 1],
    ['an unknown version', { labels: ['zlib 1'], said: [{ name: 'zlib', confidence: 1 }] }, 0],
    ['a right version', { labels: ['zlib 1'], said: [{ name: 'zlib', version: '1', confidence: 1 }] }, 0],
    ['a claim nobody can judge', { said: [{ name: 'zlib', confidence: 1 }], file: { complete: false } }, null],
  ])('confidently wrong: %s', (_name, one, expected) => {
    expect(score([one]).confidentlyWrong.value).toBe(expected)
  })

  test('"or newer" of what is newer is confidently wrong, and counted apart', () => {
    const said = [{ name: 'zlib', version: set(['1.2'], true), confidence: 0.95 }]
    const evaluation = score([{ labels: ['zlib 1.3'], said }])
    expect([evaluation.confidentlyWrong.value, evaluation.confidentlyWrongBesideNewer.value]).toEqual([1, 0])
  })
})

describe('errors', () => {
  const many = Array.from({ length: 11 }, (_, index) => `1.${index}`)
  test.each<[string, Case]>([
    ['falsePositive', { said: [{ name: 'lz4' }] }],
    ['missed', { labels: ['zlib 1'], said: [] }],
    ['missedMentioned', { labels: ['zlib 1'], said: [{ name: 'zlib', role: 'mentioned' }] }],
    ['missedUnread', { labels: ['zlib 1'] }],
    ['missedOutsideCatalog', { labels: ['foo 1'], said: [] }],
    ['versionWrong', { labels: ['zlib 1'], said: [{ name: 'zlib', version: '2' }] }],
    ['truthNotInSet', { labels: ['zlib 1'], said: [{ name: 'zlib', version: ['2', '3'] }] }],
    ['newerThanSet', { labels: ['zlib 4'], said: [{ name: 'zlib', version: set(['2', '3'], true) }] }],
    ['versionUnknown', { labels: ['zlib 1'], said: [{ name: 'zlib', version: unknown }] }],
    ['setTooLarge', { labels: ['zlib 1.3'], said: [{ name: 'zlib', version: many }] }],
  ])('%s is named with file and component', (cause, one) => {
    const { errors } = score([one])
    expect(errors).toMatchObject([{ cause, file: 'file0' }])
  })

  test('what is right, allowed or cannot be judged is no error', () => {
    const cases: Case[] = [
      { labels: ['zlib 1'], said: [{ name: 'zlib', version: '1' }, { name: 'openssl' }], file: { allow: ['openssl'] } },
      { said: [{ name: 'zlib' }], file: { complete: false } },
    ]
    expect(score(cases).errors).toEqual([])
  })
})

describe('evaluate', () => {
  test('takes a report as it is', () => {
    const real: Report = report
    const files = real.files.map(({ sha256 }, index) => ({
      id: String(index),
      sha256,
      complete: false,
      components: [],
    }))
    expect(evaluate(real, readLabels(files), { rounds: 1 }).files.unread).toBe(0)
  })

  test('groups by kind, architecture and format', () => {
    const { byKind, byArch, byFormat } = score([
      { labels: ['zlib 1'], said: [{ name: 'zlib' }], file: { kind: 'static', arch: 'arm', format: 'elf' } },
      { labels: ['zlib 1'], said: [], file: { kind: 'negative', arch: 'arm', format: 'pe' } },
    ])
    expect(Object.keys(byKind)).toEqual(['negative', 'static'])
    expect(byArch['arm']).toMatchObject({ files: 2, recall: { value: 0.5, n: 2 } })
    expect(byFormat['pe']?.recall.value).toBe(0)
  })

  test('the same seed gives the same intervals, and they hold the value', () => {
    const cases = Array.from(
      { length: 30 },
      (_, index): Case => ({
        labels: ['zlib 1'],
        said: index % 3 === 0 ? [] : [{ name: 'zlib' }],
      }),
    )
    const [one, two] = [score(cases, { rounds: 500 }), score(cases, { rounds: 500 })]
    expect(one).toEqual(two)
    const { value, low, high } = one.all.recall
    expect([Number(low) < Number(value), Number(value) < Number(high)]).toEqual([true, true])
    expect(score(cases, { rounds: 500, seed: 2 }).all.recall.low).not.toBeNull()
  })

  test('what there is nothing to count of is null and not zero', () => {
    expect(score([]).all.precision).toEqual({ value: null, low: null, high: null, n: 0 })
  })
})
