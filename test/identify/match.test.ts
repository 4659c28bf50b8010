import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { embeddedMatch } from '../../src/identify/match.ts'
import type { Match } from '../../src/model.ts'
import { inputOf, type ReleaseText, type Setting, sentences, settingOf } from './setting.ts'

const UNITS = ['inflate', 'deflate', 'check', 'table', 'stream', 'window']
const banner = (version: string): string => `heron library ${version} by the pond`
const LONG = `the heron ${'stands and stares '.repeat(12)}`.trim()

let setting: Setting

beforeAll(async () => {
  const release = (version: string): ReleaseText => ({
    ...Object.fromEntries(UNITS.map((name) => [`src/${name}.c`, sentences(name, 6)])),
    'src/about.c': [banner(version), LONG, ...sentences('about', 4)],
    'src/inflate-fast.c': [...sentences('inflate', 1), ...sentences('fast', 5)],
    // The first release has more in one file than the others.
    'src/extra.c': version === '1.0.0' ? sentences('extra', 12) : sentences('extra', 4),
  })
  setting = await settingOf({
    heron: {
      releases: { '1.0.0': release('1.0.0'), '1.1.0': release('1.1.0'), '1.2.0': release('1.2.0') },
      purl: 'pkg:github/pond/heron',
      cpes: ['pond:heron', 'pond:libheron'],
      sonames: ['libheron'],
    },
    crowd: { releases: { '1.0.0': { 'crowd.c': sentences('crowd', 80) } } },
  })
})
afterAll(() => setting.close())

async function matchOf(strings: readonly string[], symbols: readonly string[] = []): Promise<Match> {
  const matches = await setting.identify({ strings, symbols })
  const found = matches.find(({ name }) => name === 'heron')
  if (found === undefined) throw new Error('heron is not found')
  return found
}

const everything = (): string[] => [
  ...UNITS.flatMap((name) => sentences(name, 6)),
  ...sentences('about', 4),
  ...sentences('fast', 5),
  ...sentences('extra', 4),
]

describe('names of a match', () => {
  test('carry an exact version', async () => {
    const { purl, cpes } = await matchOf([...everything(), banner('1.1.0')])
    expect(purl).toBe('pkg:github/pond/heron@1.1.0')
    expect(cpes).toEqual(['cpe:2.3:a:pond:heron:1.1.0:*:*:*:*:*:*:*', 'cpe:2.3:a:pond:libheron:1.1.0:*:*:*:*:*:*:*'])
  })

  test('carry no version where there is a set of them', async () => {
    const { purl, cpes, version } = await matchOf(everything())
    expect(version.kind).toBe('set')
    expect(purl).toBe('pkg:github/pond/heron')
    expect(cpes[0]).toBe('cpe:2.3:a:pond:heron:*:*:*:*:*:*:*:*')
  })
})

describe('the origin', () => {
  test.each([
    ['whole', 'most units', UNITS.length],
    ['partial', 'some units', 3],
    ['snippet', 'two files', 2],
    ['snippet', 'one file', 1],
  ])('is %s with %s', async (origin, _what, units) => {
    const strings = UNITS.slice(0, units).flatMap((name) => sentences(name, 6))
    expect(await matchOf(strings)).toMatchObject({ role: 'embedded', origin })
  })
})

describe('evidence', () => {
  test('has the place of the text in the file, as xxd would show it', async () => {
    const content = { strings: [...everything(), banner('1.1.0')] }
    const { evidence } = (await setting.identify(content)).find(({ name }) => name === 'heron')!
    const { textAt } = inputOf(content)
    expect(evidence.length).toBeGreaterThan(20)
    for (const { offset, length, text } of evidence) expect(textAt(offset!, length)).toBe(text)
  })

  test('begins with the text that carries the version, then goes by bits', async () => {
    const { evidence } = await matchOf([...everything(), banner('1.1.0')])
    expect(evidence[0]).toMatchObject({
      kind: 'template',
      unit: expect.stringContaining('about.c'),
      text: banner('1.1.0'),
    })
    const bits = evidence.filter(({ kind }) => kind === 'string').map((one) => one.bits)
    expect(bits).toEqual([...bits].sort((a, b) => b - a))
  })

  test('shows a string of two units once', async () => {
    const { evidence } = await matchOf(everything())
    const texts = evidence.map(({ text }) => text)
    expect(new Set(texts).size).toBe(texts.length)
  })

  test('names the unit and the releases that have it', async () => {
    const { evidence } = await matchOf(everything())
    const one = evidence.find(({ text }) => text === sentences('table', 1)[0])
    expect(one).toMatchObject({ unit: expect.stringContaining('table.c'), releases: ['1.0.0–1.2.0'] })
  })

  test('is cut after 120 characters, its length is not', async () => {
    const { evidence } = await matchOf([...everything(), LONG])
    const one = evidence.find(({ text }) => text.startsWith('the heron stands'))
    expect(one).toMatchObject({ length: LONG.length, text: `${LONG.slice(0, 120)}…` })
  })

  test('is at most fifty pieces, units count all', async () => {
    const [crowd] = await setting.identify({ strings: sentences('crowd', 80) })
    expect(crowd?.evidence).toHaveLength(50)
    expect(crowd?.units).toEqual([{ path: 'crowd.c', matched: 80, expected: 80, missing: 0, leastMissing: 0 }])
  })

  test('of a bare version belongs to no unit and weighs nothing alone', async () => {
    const { evidence } = await matchOf([...everything(), '1.1.0'])
    expect(evidence[0]).toMatchObject({ kind: 'literal', text: '1.1.0', length: 5, unit: null, bits: 0 })
  })
})

describe('the releases next to the claimed one', () => {
  test('are told by what they lack and what they would miss', async () => {
    const { neighbours } = await matchOf([...everything(), banner('1.1.0')])
    expect(neighbours.map(({ version }) => version)).toEqual(['1.0.0', '1.2.0'])
    for (const { lacks, misses, example } of neighbours) {
      expect(lacks + misses).toBeGreaterThan(0)
      expect(example === undefined).toBe(lacks === 0)
    }
  })

  test('are those outside of a set', async () => {
    const match = await matchOf(everything())
    const members = match.version.kind === 'set' ? match.version.versions : []
    expect(members.length).toBeGreaterThan(0)
    for (const { version } of match.neighbours) expect(members).not.toContain(version)
  })
})

describe('units', () => {
  test('come most matched first, with what the likeliest release has in them', async () => {
    const { units } = await matchOf([...everything().slice(0, -4), ...sentences('extra', 3), banner('1.1.0')])
    const matched = units.map((unit) => unit.matched)
    expect(matched).toEqual([...matched].sort((a, b) => b - a))
    expect(units.find(({ path }) => path.endsWith('extra.c'))).toMatchObject({ matched: 3, expected: 4 })
    for (const unit of units) expect(unit.matched).toBeLessThanOrEqual(unit.expected)
  })
})

describe('what speaks against a claim is told', () => {
  test('nothing, where nothing does', async () => {
    expect((await matchOf([...everything(), LONG, banner('1.1.0')])).against).toEqual([])
  })

  test('a version that was never indexed', async () => {
    const { against } = await matchOf([...everything(), banner('1.1.9')])
    expect(against).toContain('1.1.9 was never indexed: the units are compared with 1.1.0')
  })

  test('a set that a newer release would fit as well', async () => {
    const { against } = await matchOf(everything())
    expect(against.join()).toContain('a newer one would look the same')
  })

  test('a template alone, without any live unit', async () => {
    const match = await matchOf([banner('1.1.0')])
    expect(match).toMatchObject({ role: 'embedded', version: { version: '1.1.0' }, units: [] })
    expect(match.against.join()).toContain('no unit is live')
  })

  test('a unit most of whose strings are not there', async () => {
    const { against } = await matchOf([...everything(), banner('1.0.0')])
    expect(against.join()).toMatch(/8 of 12 strings that .*extra\.c has in the likeliest release are not in the file/)
  })

  test('several copies, of which each is a match with the place of its own text', async () => {
    const strings = [banner('1.0.0'), ...everything(), banner('1.2.0')]
    const matches = await setting.identify({ strings })
    expect(matches.map(({ version }) => version)).toMatchObject([{ version: '1.0.0' }, { version: '1.2.0' }])
    expect(matches[0]?.ranges).not.toEqual(matches[1]?.ranges)
    for (const { against } of matches) expect(against.join()).toContain('2 copies of heron')
  })
})

test('embeddedMatch is deterministic: the same presence gives the same match', async () => {
  const content = { strings: everything() }
  const { prints, textAt } = inputOf(content)
  const presence = await setting.presence('heron', content)
  const [claim] = await setting.versions('heron', content)
  const once = (): Match =>
    embeddedMatch({ presence, claim: claim!, placed: undefined }, 1, [], {
      prints,
      textAt,
      nameOf: () => undefined,
      totalUnits: 10,
      ownNames: () => new Set(),
    })
  expect(once()).toEqual(once())
})
