import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { VarintWriter } from '../../src/bytes/varint.ts'
import { FeatureKind, forEachKind } from '../../src/database/feature-kinds.ts'
import { PrintsBuilder } from '../../src/database/prints-builder.ts'
import { decodePrints, encodePrints, verifyPrints } from '../../src/database/prints-file.ts'
import type { ComponentPrints, FeatureTable } from '../../src/database/schema.ts'
import { readSections, Section, writeSections } from '../../src/database/sections.ts'
import { DetectorError } from '../../src/errors.ts'
import { addAll, additions, below, buildPrints, random, releaseList, shuffled } from './synthetic.ts'

const SIZE = { features: 300, units: 25, releases: 12 }
const sample = buildPrints(additions(1, SIZE), releaseList(SIZE.releases))
const sampleBytes = encodePrints(sample)

function code(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof DetectorError) return error.code
    throw error
  }
  return 'read'
}

/** The same prints with units, sets, names, files and features in another order. */
function scrambled(prints: ComponentPrints, seed: number): ComponentPrints {
  const next = random(seed)
  const unitOrder = shuffled([...prints.units.keys()], next)
  const setOrder = shuffled([...prints.sets.keys()], next)
  const nameOrder = shuffled([...prints.functionNames.keys()], next)
  return {
    ...prints,
    units: [...unitOrder.map((unit) => prints.units[unit]!), { path: 'unused.c', vendored: false }],
    sets: [...setOrder.map((set) => prints.sets[set]!), [0, 1]],
    features: forEachKind((kind) => scrambledTable(prints.features[kind])),
    templates: shuffled(prints.templates, next).map((template) => ({
      ...template,
      unit: unitOrder.indexOf(template.unit),
      agreeing: setOrder.indexOf(template.agreeing),
      seen: setOrder.indexOf(template.seen),
    })),
    functionNames: [...nameOrder.map((name) => prints.functionNames[name]!), 'unused'],
    files: shuffled(prints.files, next),
  }

  function scrambledTable(table: FeatureTable): FeatureTable {
    const order = shuffled([...table.high.keys()], next)
    const postings = order.map((i) =>
      shuffled(
        Array.from({ length: table.starts[i + 1]! - table.starts[i]! }, (_, p) => table.starts[i]! + p),
        next,
      ),
    )
    const starts = [0]
    for (const list of postings) starts.push(starts.at(-1)! + list.length)
    const { names } = table
    return {
      high: Uint32Array.from(order, (i) => table.high[i]!),
      low: Uint32Array.from(order, (i) => table.low[i]!),
      starts: Uint32Array.from(starts),
      units: Uint32Array.from(postings.flat(), (p) => unitOrder.indexOf(table.units[p]!)),
      sets: Uint32Array.from(postings.flat(), (p) => setOrder.indexOf(table.sets[p]!)),
      ...(names === undefined
        ? {}
        : { names: Uint32Array.from(postings.flat(), (p) => nameOrder.indexOf(names[p]! - 1) + 1) }),
    }
  }
}

describe('a prints file', () => {
  test('gives back the prints it was made from', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.nat(40),
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 30 }),
        (seed, features, units, releases) => {
          const prints = buildPrints(additions(seed, { features, units, releases }), releaseList(releases), 'libß')
          expect(decodePrints(encodePrints(prints))).toEqual(prints)
        },
      ),
      { numRuns: 100 },
    )
  })

  test.each([
    ['nothing', []],
    ['the least hash', [0n]],
    ['the greatest hash', [2n ** 64n - 1n]],
    ['both ends', [0n, 2n ** 64n - 1n]],
    ['neighbours', [2n ** 32n - 1n, 2n ** 32n, 2n ** 32n + 1n]],
  ])('holds %s', (_, hashes) => {
    const builder = new PrintsBuilder('x', releaseList(1))
    const unit = builder.internUnit('a.c', false)
    for (const hash of hashes) {
      builder.addFeature(FeatureKind.String, builder.internHash(hash), unit, 0)
      builder.addTemplate(builder.internHash(hash), unit, 0, {
        agrees: false,
        selfNaming: true,
        head: true,
        headerOnly: false,
      })
    }
    const prints = builder.finish()
    expect(decodePrints(encodePrints(prints))).toEqual(prints)
    expect(prints.features[FeatureKind.String].high.length).toBe(hashes.length)
  })

  test('has the same bytes however units, sets and features are numbered', () => {
    for (let seed = 0; seed < 10; seed++) expect(encodePrints(scrambled(sample, seed))).toEqual(sampleBytes)
  })

  test('has the same bytes in whatever order the features were added', () => {
    const list = additions(1, SIZE)
    const builder = new PrintsBuilder('synthetic', releaseList(SIZE.releases))
    addAll(builder, shuffled(list, random(99)))
    expect(encodePrints(builder.finish())).toEqual(sampleBytes)
  })

  test('numbers the most used interval set first', () => {
    const uses = sample.sets.map(() => 0)
    for (const { sets } of Object.values(sample.features)) for (const set of sets) uses[set]!++
    for (const { agreeing, seen } of sample.templates) for (const set of [agreeing, seen]) uses[set]!++
    expect(uses).toEqual([...uses].sort((a, b) => b - a))
  })

  test('takes below nine bytes for a feature of a large component', () => {
    const next = random(5)
    const releases = releaseList(100)
    const builder = new PrintsBuilder('large', releases)
    for (let i = 0; i < 40_000; i++) {
      const unit = builder.internUnit(`src/file${Math.floor((next() / 2 ** 32) ** 2 * 200)}.c`, false)
      const hash = builder.internHalves(next(), next())
      const from = below(next, 3) === 0 ? below(next, 20) * 5 : 0
      for (let release = from; release < 100; release += 1) builder.addFeature(FeatureKind.String, hash, unit, release)
    }
    const bytes = encodePrints(builder.finish())
    expect(bytes.length).toBeLessThan(9 * 40_000)
  })

  test('keeps the order of releases and what was read for each', () => {
    expect(decodePrints(sampleBytes).releases).toEqual(releaseList(SIZE.releases))
  })
})

describe('sections', () => {
  const strange = { kind: 4711, bytes: Uint8Array.of(1, 2, 3) }

  test('of an unknown kind are skipped', () => {
    const bytes = writeSections([...readSections(sampleBytes), strange])
    expect(decodePrints(bytes)).toEqual(sample)
  })

  test('of an unknown kind are carried over, and the known ones keep their bytes', () => {
    const old = writeSections([...readSections(sampleBytes), strange])
    expect(encodePrints(decodePrints(old), readSections(old))).toEqual(old)
  })

  test('are listed with the outcome of their checksums', () => {
    const bytes = sampleBytes.slice()
    const strings = readSections(bytes).find(({ kind }) => kind === Section.Strings)!
    bytes[strings.offset + 5]! ^= 1
    expect(verifyPrints(bytes).map(({ name, intact }) => `${name} ${intact}`)).toEqual([
      'name true',
      'releases true',
      'units true',
      'sets true',
      'strings false',
      'symbols true',
      'templates true',
      'functions true',
      'mnemonics true',
      'tables true',
      'bigEndianTables true',
      'immediates true',
      'functionNames true',
      'files true',
    ])
    expect(verifyPrints(bytes).reduce((end, { offset, length }) => Math.max(end, offset + length), 0)).toBe(
      bytes.length,
    )
  })

  test('of a kind that is there twice are a mistake of the caller', () => {
    expect(() => writeSections([strange, strange])).toThrow(TypeError)
  })
})

describe('prints of before functions, tables and files', () => {
  const later = [Section.Functions, Section.Mnemonics, Section.Tables, Section.BigEndianTables, Section.Immediates]
  const old: readonly number[] = Object.values(Section).filter(
    (kind) => ![...later, Section.FunctionNames, Section.Files].includes(kind as never),
  )

  test('are read, with nothing of what came later', () => {
    const bytes = writeSections(readSections(sampleBytes).filter(({ kind }) => old.includes(kind)))
    const prints = decodePrints(bytes)
    expect(prints.features[FeatureKind.String]).toEqual(sample.features[FeatureKind.String])
    expect([prints.functionNames, prints.files]).toEqual([[], []])
    for (const kind of [FeatureKind.Function, FeatureKind.Mnemonics, FeatureKind.Table, FeatureKind.Immediate] as const)
      expect(prints.features[kind].starts).toEqual(Uint32Array.of(0))
  })

  test('are written with the sections that they had', () => {
    const list = additions(1, SIZE).filter(({ kind }) => kind === 'string' || kind === 'symbol' || kind === 'template')
    const bytes = encodePrints(buildPrints(list, releaseList(SIZE.releases)))
    expect(readSections(bytes).map(({ kind }) => kind)).toEqual(old)
  })

  test('that ship come out byte for byte', () => {
    for (const name of ['zlib', 'lz4', 'expat']) {
      const bytes = readFileSync(new URL(`../../fingerprint-db/prints/${name}.bpf`, import.meta.url))
      expect(Buffer.from(encodePrints(decodePrints(bytes))).equals(bytes), name).toBe(true)
    }
  })
})

test('names of functions that would unfold without end are not read', () => {
  const sections = readSections(sampleBytes).filter(({ kind }) => kind !== Section.FunctionNames)
  // Each name repeats the one before and adds a byte, up to the longest, and from there on is the same again.
  const writer = new VarintWriter()
  const count = 200_000
  writer.number(count)
  for (let i = 0; i < count; i++) {
    const shared = Math.min(i, 3000)
    writer.number(shared)
    writer.number(1)
    writer.raw(Uint8Array.of(0x61))
  }
  const bytes = writeSections([...sections, { kind: Section.FunctionNames, bytes: writer.finish() }])
  expect(code(() => decodePrints(bytes))).toBe('STORE_CORRUPT')
})

describe('a damaged prints file', () => {
  test('names file, section and offset', () => {
    const bytes = sampleBytes.slice()
    const { offset } = readSections(bytes).find(({ kind }) => kind === Section.Symbols)!
    bytes[offset + 3]! ^= 0x40
    expect(() => decodePrints(bytes, { path: 'prints/x.bpf' })).toThrow(
      expect.objectContaining({
        code: 'STORE_CORRUPT',
        locus: { path: 'prints/x.bpf', section: 'symbols', offset },
        message: `prints section symbols at 0x${offset.toString(16)} is damaged: checksum differs; restore the file or build it again`,
      }),
    )
  })

  test('with any byte changed is never read', () => {
    const next = random(11)
    for (let i = 0; i < 600; i++) {
      const bytes = sampleBytes.slice()
      const at = i < 200 ? i : below(next, bytes.length)
      bytes[at]! ^= 1 << below(next, 8)
      expect(
        code(() => decodePrints(bytes)),
        `bit of byte ${at}`,
      ).toMatch(/^STORE_/)
    }
  })

  test('cut short anywhere is never read', () => {
    const next = random(12)
    for (let i = 0; i < 300; i++) {
      const length = i < 200 ? i : below(next, sampleBytes.length)
      expect(
        code(() => decodePrints(sampleBytes.subarray(0, length))),
        `${length} bytes`,
      ).toBe('STORE_CORRUPT')
    }
    expect(code(() => decodePrints(Buffer.concat([sampleBytes, Uint8Array.of(0)])))).toBe('STORE_CORRUPT')
  })

  test('with checksums that fit the damage ends in STORE_CORRUPT or in prints within their bounds', () => {
    const next = random(13)
    const outcomes = new Map<string, number>()
    for (let i = 0; i < 3000; i++) {
      const sections = readSections(sampleBytes).map(({ kind, bytes }) => ({ kind, bytes: bytes.slice() }))
      const { bytes } = sections[below(next, sections.length)]!
      if (bytes.length === 0) continue
      for (let flips = 1 + below(next, 3); flips > 0; flips--) {
        const at = below(next, below(next, 2) === 0 ? bytes.length : Math.min(16, bytes.length))
        bytes[at] = next()
      }
      const target = sections[below(next, sections.length)]!
      if (below(next, 4) === 0) target.bytes = target.bytes.slice(0, below(next, target.bytes.length + 1))
      let prints: ComponentPrints | undefined
      const outcome = code(() => {
        prints = decodePrints(writeSections(sections))
      })
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      if (prints === undefined) continue
      for (const table of Object.values(prints.features)) {
        expect(table.starts.at(-1)).toBe(table.units.length)
        expect(table.names?.every((name) => name <= prints!.functionNames.length)).not.toBe(false)
        expect(table.units.every((unit) => unit < prints!.units.length)).toBe(true)
        expect(table.sets.every((set) => set < prints!.sets.length)).toBe(true)
      }
      expect(prints.sets.flat().every((release) => release < prints!.releases.length)).toBe(true)
    }
    expect([...outcomes.keys()].sort()).toEqual(['STORE_CORRUPT', 'read'])
  })

  test('of a newer format says what to do', () => {
    const bytes = sampleBytes.slice()
    bytes[8] = 2
    expect(() => decodePrints(bytes)).toThrow(
      expect.objectContaining({
        code: 'STORE_SCHEMA_MISMATCH',
        message: 'prints have format 2, this version reads 1: install a newer binprint or build them again',
      }),
    )
  })

  test('without a section is not read', () => {
    const rest = readSections(sampleBytes).filter(({ kind }) => kind !== Section.Units)
    expect(() => decodePrints(writeSections(rest))).toThrow(/section units at 0x0 is damaged: is missing/)
  })
})
