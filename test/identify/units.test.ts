import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Explained, noneExplained } from '../../src/identify/explained.ts'
import { stringsFound } from '../../src/identify/live.ts'
import { type UnitEvidence, weighUnits } from '../../src/identify/units.ts'
import { type FileContent, functions, inputOf, labels, rowsOf, type Setting, sentences, settingOf } from './setting.ts'

const OWN = sentences('heron', 10)
const LABELS = labels('heron', 60)
const LONG = sentences('crane', 80)
const FUNCTIONS = functions('heron', 8)

let setting: Setting

beforeAll(async () => {
  const shared = sentences('bird', 12)
  setting = await settingOf({
    heron: {
      releases: {
        '1.0': { 'heron.c': OWN.slice(0, 8), 'names.c': LABELS, 'crane.c': LONG, 'birds.c': shared },
        '1.1': { 'heron.c': OWN, 'names.c': [...LABELS, ...sentences('name', 2)], 'calls.c': { symbols: FUNCTIONS } },
      },
    },
    stork: { releases: { '1.0': { 'stork.c': shared } } },
  })
})
afterAll(() => setting.close())

/** Nothing is explained of a file with this content but the given prints. */
function explaining(content: FileContent, prints: readonly number[]): Explained {
  const explained = noneExplained(inputOf(content).prints.count)
  for (const print of prints) explained.prints.add(print)
  return explained
}

/** The evidence for one unit of heron in a file with these constants and functions. */
async function evidence(
  path: string,
  strings: readonly string[],
  symbols: readonly string[] = [],
): Promise<UnitEvidence | undefined> {
  const content = { strings, symbols }
  const candidates = await setting.candidates(content)
  const heron = candidates.find(({ record }) => record.name === 'heron')
  if (heron === undefined) return undefined
  return weighUnits(heron, explaining(content, []), inputOf(content).prints).find(
    ({ unit }) => heron.record.units[unit]?.path === path,
  )
}

async function live(path: string, strings: readonly string[], symbols: readonly string[] = []): Promise<boolean[]> {
  const found = await evidence(path, strings, symbols)
  return [0, 1].map((release) => found !== undefined && found.worth[release]! > 0)
}

describe('a unit is live', () => {
  test.each([
    [2, false, 'two are chance'],
    [3, true, '3 of 10'],
    [10, true, 'all'],
  ])('with %i of its 10 sentences: %s (%s)', async (count, expected) => {
    expect((await live('heron.c', OWN.slice(0, count)))[1]).toBe(expected)
  })

  test.each([
    [23, false],
    [24, true],
  ])('only with 30 %% of them: %i of 80 gives %s', async (count, expected) => {
    expect((await live('crane.c', LONG.slice(0, count)))[0]).toBe(expected)
  })

  test('only with weight: three strings that another family has too are not enough', async () => {
    expect((await live('birds.c', sentences('bird', 7)))[0]).toBe(false)
    expect((await live('birds.c', sentences('bird', 8)))[0]).toBe(true)
  })

  test('never by labels alone, however many', async () => {
    expect(await live('names.c', LABELS)).toEqual([false, false])
  })

  test('by labels and a sentence together', async () => {
    expect((await live('names.c', [...LABELS, ...sentences('name', 1)]))[1]).toBe(true)
  })

  test.each([
    [4, false],
    [5, true],
  ])('without strings, with %i of its functions: %s', async (count, expected) => {
    expect((await live('calls.c', [], FUNCTIONS.slice(0, count)))[1]).toBe(expected)
  })

  test('release by release: one that has little of what was found is not', async () => {
    expect(await live('heron.c', [...OWN.slice(8), OWN[0]!])).toEqual([false, true])
  })
})

describe('what a live unit weighs', () => {
  test('is nothing while it is not live', async () => {
    const found = await evidence('crane.c', LONG.slice(0, 10))
    expect(found!.worth[0]).toBe(0)
  })

  test('is at most 40, so that one file cannot outvote a library', async () => {
    const found = await evidence('crane.c', LONG)
    expect(found!.worth[0]).toBe(40)
  })

  test('counts a table of labels as one piece', async () => {
    const few = await evidence('names.c', [...LABELS.slice(0, 20), ...sentences('name', 2)])
    const all = await evidence('names.c', [...LABELS, ...sentences('name', 2)])
    expect(all!.worth[1]).toBe(few!.worth[1])
  })

  test('never rises when hits are removed', async () => {
    const strings = [
      ...OWN,
      ...LABELS.slice(0, 20),
      ...sentences('name', 2),
      ...LONG.slice(0, 40),
      ...sentences('bird', 9),
    ]
    const content = { strings, symbols: FUNCTIONS }
    const [heron] = await setting.candidates(content)
    const found = inputOf(content).prints
    const prints = [...new Set(rowsOf(heron!).map((row) => heron!.hits.prints[row]!))]
    const whole = new Map(weighUnits(heron!, explaining(content, []), found).map((unit) => [unit.unit, unit]))
    fc.assert(
      fc.property(fc.subarray(prints), (removed) => {
        for (const unit of weighUnits(heron!, explaining(content, removed), found))
          for (const release of [0, 1])
            expect(unit.worth[release]).toBeLessThanOrEqual(whole.get(unit.unit)!.worth[release]!)
      }),
    )
  })

  test('hits that are explained already are left out', async () => {
    const content = { strings: OWN }
    const [heron] = await setting.candidates(content)
    const prints = rowsOf(heron!).map((row) => heron!.hits.prints[row]!)
    expect(weighUnits(heron!, explaining(content, prints), inputOf(content).prints)).toEqual([])
  })
})

test('the strings expected of a unit are those of each release', async () => {
  const found = await evidence('heron.c', OWN)
  expect([...found!.expected]).toEqual([8, 10])
  expect([0, 1].map((release) => stringsFound(found!, release))).toEqual([8, 10])
})
