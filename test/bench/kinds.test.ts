import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { emptyTable } from '../../src/database/canonical.ts'
import { FeatureKind } from '../../src/database/feature-kinds.ts'
import { PrintsBuilder } from '../../src/database/prints-builder.ts'
import { decodePrints, encodePrints } from '../../src/database/prints-file.ts'
import { readSections, sectionName } from '../../src/database/sections.ts'
import { workDirectory } from '../fixtures/compile.ts'

const load = (name: string) => import(new URL(`../../bench/kinds/${name}`, import.meta.url).href)
const { KINDS, NEEDS, withoutKinds, withoutOrigin, writeVariant, sectionBytes } = await load('variants.mjs')
const { compareGains, gainOf, growCurve } = await load('order.mjs')
const { digestOfClaims } = await load('corpus.mjs')
const { spread, toSvg } = await load('chart.mjs')
const { toMarkdown } = await load('tables.mjs')
const modules = { FeatureKind, emptyTable, PrintsBuilder, decodePrints, encodePrints, readSections, sectionName }

const work = workDirectory()
afterAll(() => work.remove())

/** Prints with something of every kind, all in one unit and one set of releases. */
function everything(): PrintsBuilder {
  const builder = new PrintsBuilder('heron', [
    { version: '1', origin: 'source', provenance: 'test' },
    { version: '1', origin: 'built', provenance: 'test' },
  ])
  const unit = builder.internUnit('heron.c', false)
  const hash = (number: number) => builder.internHash(BigInt(number))
  for (const release of [0, 1]) {
    for (const kind of Object.values(FeatureKind)) builder.addFeature(kind, hash(kind), unit, release, 'heron_wade')
    builder.addTemplate(hash(99), unit, release, { agrees: true, selfNaming: true, head: false, headerOnly: false })
  }
  builder.addFile({ sha256: 'ab'.repeat(32), buildId: null, arch: 'arm', release: 1, name: 'libheron.so.1' })
  return builder
}

/** Bytes of each section, by name. */
function sectionsOf(bytes: Uint8Array): Map<string, string> {
  return new Map(
    readSections(bytes).map(({ kind, bytes: held }) => [sectionName(kind), Buffer.from(held).toString('hex')]),
  )
}

describe('a database without a kind', () => {
  const whole = sectionsOf(encodePrints(everything().finish()))
  /** Sections that are written even when they are empty. */
  const ALWAYS = ['strings', 'symbols', 'templates']

  test('every kind is a section', () => {
    for (const kind of KINDS) expect([...whole.keys()]).toContain(kind)
  })

  test.each<string>(KINDS.filter((kind: string) => !['functions', 'functionNames'].includes(kind)))(
    'lacks %s, and all other sections are the same byte for byte',
    (kind) => {
      const without = sectionsOf(encodePrints(withoutKinds(everything().finish(), [kind], modules)))
      const differing = [...whole].filter(([name, bytes]) => without.get(name) !== bytes).map(([name]) => name)
      expect(differing).toEqual([kind])
      expect(without.has(kind)).toBe(ALWAYS.includes(kind))
    },
  )

  test('lacks the names of functions with the functions, and what points to names with the names', () => {
    const functions = sectionsOf(encodePrints(withoutKinds(everything().finish(), ['functions'], modules)))
    expect([...whole.keys()].filter((name) => !functions.has(name))).toEqual(['functions', 'functionNames'])
    const prints = decodePrints(encodePrints(withoutKinds(everything().finish(), ['functionNames'], modules)))
    expect(prints.functionNames).toEqual([])
    expect([...(prints.features[FeatureKind.Function].names ?? [])]).toEqual([0])
    expect([...prints.features[FeatureKind.Function].low]).toEqual([FeatureKind.Function])
  })

  test('has nothing left when all kinds go, and the prints that it was made of are as before', () => {
    const prints = everything().finish()
    const empty = decodePrints(encodePrints(withoutKinds(prints, KINDS, modules)))
    expect([empty.units, empty.templates, empty.functionNames, empty.files]).toEqual([[], [], [], []])
    expect(sectionsOf(encodePrints(prints))).toEqual(whole)
  })

  test('of an origin has the other releases, and no component without any', () => {
    const prints = withoutOrigin(everything().finish(), 'built', modules)
    expect(prints.releases.map(({ origin }: { origin: string }) => origin)).toEqual(['source'])
    expect(prints.files).toEqual([])
    expect(withoutOrigin(prints, 'source', modules)).toBeUndefined()
  })

  test('is written with a background that keeps its releases, and sizes are those of the files', () => {
    const from = join(work.path, 'from')
    mkdirSync(join(from, 'prints'), { recursive: true })
    const bytes = encodePrints(everything().finish())
    for (const path of ['prints/heron.bpf', 'background.bpf']) writeFileSync(join(from, path), bytes)
    const all = join(work.path, 'all')
    expect(writeVariant(from, all, {}, modules)).toBe(2 * bytes.length)
    expect(readFileSync(join(all, 'prints', 'heron.bpf'))).toEqual(Buffer.from(bytes))
    const less = join(work.path, 'less')
    const size = writeVariant(from, less, { kinds: ['tables'], origin: 'built' }, modules)
    const [heron, background] = ['prints/heron.bpf', 'background.bpf'].map((path) => readFileSync(join(less, path)))
    expect(size).toBe(heron!.length + background!.length)
    expect([heron, background].map((file) => decodePrints(file!).releases.length)).toEqual([1, 2])
    expect(sectionBytes(less, modules)).toMatchObject({ tables: 0, files: expect.any(Number) })
  })
})

describe('the order of the curve', () => {
  const figures = (f1: number, exact: number) => ({ f1, exactOfAll: exact })

  test('gains count presence and exact versions alike, per million bytes', () => {
    const [before, after] = [
      { bytes: 1e6, figures: figures(0.5, 0.25) },
      { bytes: 3e6, figures: figures(0.75, 0.5) },
    ]
    expect(gainOf(before, after)).toEqual({ gain: 0.5, cost: 2e6, perMegabyte: 0.25 })
  })

  test('more per megabyte comes first, then what brings nothing, then what costs; smaller ones and names decide', () => {
    const row = (kind: string, gain: number, cost: number) => ({ kind, gain, cost, perMegabyte: gain / cost })
    const rows = [
      row('dear', 0.5, 10),
      row('harmful', -0.1, 1),
      row('worse', -0.2, 9),
      row('b', 0, 2),
      row('a', 0, 2),
      row('small', 0, 1),
      row('cheap', 0.4, 1),
    ]
    const order = ['cheap', 'dear', 'small', 'a', 'b', 'harmful', 'worse']
    expect(rows.sort(compareGains).map(({ kind }) => kind)).toEqual(order)
    expect(
      rows
        .reverse()
        .sort(compareGains)
        .map(({ kind }) => kind),
    ).toEqual(order)
  })

  /** A database in which each kind brings and costs what the table says, but symbols bring nothing beside tables. */
  const WORTH: Record<string, readonly [gain: number, cost: number]> = {
    strings: [0.5, 1e6],
    symbols: [0.2, 1e6],
    tables: [0.3, 1e6],
    functions: [0.3, 6e6],
    functionNames: [0, 1e6],
    files: [0, 2e6],
  }
  const measured: string[] = []
  const measure = async (kinds: readonly string[]) => {
    measured.push(kinds.join())
    const counted = kinds.filter((kind) => kind !== 'symbols' || !kinds.includes('tables'))
    const sum = (place: 0 | 1, of: readonly string[]) => of.reduce((total, kind) => total + WORTH[kind]![place], 0)
    const found = sum(0, counted)
    return { bytes: sum(1, kinds), figures: figures(found, 0), claims: [found.toFixed(3)] }
  }

  test('each step takes what brings most per megabyte after those before, and names wait for functions', async () => {
    const steps = await growCurve(measure, { start: ['strings'], kinds: Object.keys(WORTH), needs: NEEDS })
    expect(steps.map(({ kind }: { kind?: string }) => kind)).toEqual([
      undefined,
      'tables',
      'functions',
      'functionNames',
      'symbols',
      'files',
    ])
    expect(steps.at(-1)).toMatchObject({ bytes: 12e6, cost: 2e6 })
  })

  test('what changes nothing waits until the others are in, by size, and is not measured at every step', async () => {
    measured.length = 0
    const idle = ['files', 'functionNames', 'symbols']
    const options = {
      start: ['strings'],
      kinds: Object.keys(WORTH),
      needs: NEEDS,
      idle,
      sizes: { files: 1, functionNames: 2 },
    }
    const steps = await growCurve(measure, options)
    const order = steps.map(({ kind }: { kind?: string }) => kind)
    expect(order.slice(1, 3)).toEqual(['tables', 'functions'])
    expect(order.slice(3).sort()).toEqual(['files', 'functionNames', 'symbols'])
    expect(order.indexOf('files')).toBeLessThan(order.indexOf('functionNames'))
    // At the first step, and when it comes.
    expect(measured.filter((kinds) => kinds.endsWith('files'))).toHaveLength(2)
  })

  test('what the corpus has none of is not measured before it comes', async () => {
    measured.length = 0
    const options = { start: ['strings'], kinds: ['strings', 'tables', 'files'], idle: ['files'], absent: ['files'] }
    await growCurve(measure, options)
    expect(measured).toEqual(['strings', 'strings,tables', 'strings,tables,files'])
  })

  test('a kind that needs what is not there is an error', async () => {
    await expect(growCurve(measure, { start: ['strings'], kinds: ['files'], needs: { files: ['x'] } })).rejects.toThrow(
      'files',
    )
  })
})

test('claims are the same whatever their order, confidence and evidence', () => {
  const claim = (name: string, confidence: number) => ({
    name,
    role: 'embedded',
    version: { kind: 'exact' },
    confidence,
  })
  expect(digestOfClaims([claim('a', 0.9), claim('b', 0.8)])).toBe(digestOfClaims([claim('b', 0.7), claim('a', 0.6)]))
  expect(digestOfClaims([claim('a', 0.9)])).not.toBe(digestOfClaims([claim('b', 0.9)]))
})

describe('what is written', () => {
  const figures = {
    precision: 1,
    recall: 0.5,
    f1: 0.667,
    exact: 0.5,
    truthInSet: 1,
    truthInSetOrNewer: 1,
    medianSet: 1,
  }
  const step = { bytes: 2e6, figures: { ...figures, confidentlyWrong: 0, labelled: 2, versions: 1 } }
  const row = { gain: 0, cost: 1e6, perMegabyte: 0, changed: 0, figures: step.figures }
  const result = {
    command: 'npm run bench:kinds',
    tool: '0',
    database: { components: 1, bytes: 2e6, sections: {}, files: [['arm', 3]] },
    corpus: { files: 2, places: { bigEndianTables: 0 } },
    whole: step.figures,
    kinds: [
      { name: 'bigEndianTables', ...row },
      { name: 'symbols', ...row, changed: 1, gain: 0.5, perMegabyte: 0.5 },
    ],
    cuts: [{ name: 'built releases', ...row }],
    silent: ['bigEndianTables'],
    static: null,
    curve: [
      { kinds: ['strings', 'templates'], ...step },
      { kind: 'tables', kinds: ['strings', 'templates', 'tables'], ...row, ...step },
    ],
  }

  test('the numbers of steps stand apart and within the chart', () => {
    expect(spread([10, 12, 50, 95, 99], 100)).toEqual([10, 26, 50, 84, 100])
  })

  test('the chart names every step', () => {
    const svg = toSvg(result)
    expect(svg.startsWith('<svg ')).toBe(true)
    expect(svg).toContain('strings and templates, 2.0 MB')
    expect(svg).toContain('+ tables')
    expect(svg).not.toContain('NaN')
  })

  test('the table says what changes no claim, and that the corpus has none of it', () => {
    const markdown = toMarkdown(result)
    expect(markdown).toContain('**bigEndianTables** (1.00 MB, 0 files, 0.0000)')
    expect(markdown).toContain('the corpus holds none')
    expect(markdown).toContain('Not measured')
    expect(markdown).not.toMatch(/undefined|NaN/)
  })

  test('a run that was ended before the curve has its tables', () => {
    expect(toMarkdown({ ...result, curve: null })).toContain('the run was ended')
  })
})
