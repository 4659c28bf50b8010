import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Candidate } from '../../src/identify/hits.ts'
import { rowsOf, type Setting, sentences, settingOf } from './setting.ts'

const shared = sentences('mule', 8)
const alone = sentences('donkey', 6)
const copied = sentences('zebra', 8)
const common = sentences('everyone', 5)

describe('fingerprints of a file become hits of units', () => {
  let setting: Setting

  beforeAll(async () => {
    setting = await settingOf(
      {
        donkey: {
          releases: {
            '1.0': {
              'own.c': [...alone, ...common],
              'mule.c': shared,
              'twin-a.c': sentences('twin', 3),
              'twin-b.c': sentences('twin', 3),
            },
          },
        },
        // Its name comes first, so that its index does.
        burro: {
          family: 'asses',
          releases: { '1.0': { 'burro.c': [...sentences('ass', 3)], 'mule-paths.c': shared } },
        },
        onager: { family: 'asses', releases: { '1.0': { 'onager.c': [...sentences('ass', 3)] } } },
        stable: {
          releases: {
            '1.0': {
              'stable.c': sentences('stable', 20),
              'third_party/foal.c': { strings: sentences('foal', 6), vendored: true },
              'zebra.c': copied,
            },
          },
        },
        zebra: { releases: { '1.0': { 'zebra.c': copied } } },
      },
      common,
    )
  })
  afterAll(() => setting.close())

  async function candidate(name: string, strings: readonly string[]): Promise<Candidate | undefined> {
    return (await setting.candidates({ strings })).find(({ record }) => record.name === name)
  }

  async function weights(name: string, strings: readonly string[]): Promise<number[]> {
    const found = await candidate(name, strings)
    return found === undefined ? [] : rowsOf(found).map((row) => found.hits.weights[row]!)
  }

  test('a string that one family holds in one unit weighs 1', async () => {
    expect(await weights('donkey', alone)).toEqual(alone.map(() => 1))
  })

  test('a string of two families weighs a quarter for each', async () => {
    expect(await weights('donkey', shared)).toEqual(shared.map(() => 0.25))
    expect(await weights('burro', shared)).toEqual(shared.map(() => 0.25))
  })

  test('members of one family are one holder', async () => {
    expect(await weights('burro', sentences('ass', 3))).toEqual([1, 1, 1])
    expect(await weights('onager', sentences('ass', 3))).toEqual([1, 1, 1])
  })

  test('a string in several units of a component counts once: its weight is shared among them', async () => {
    const found = await weights('donkey', sentences('twin', 3))
    expect(found).toEqual(Array.from({ length: 6 }, () => 0.5))
  })

  test('a string that the file repeats is one hit, at its first place', async () => {
    const [first] = alone
    const found = await candidate('donkey', [...alone, first!, first!])
    const rows = rowsOf(found!)
    expect(new Set(rows.map((row) => found!.hits.prints[row])).size).toBe(alone.length)
    expect(rows).toHaveLength(alone.length)
  })

  test('units whose path says that they are copies have no hits', async () => {
    expect(await candidate('stable', [...sentences('stable', 3), ...sentences('foal', 6)])).toMatchObject({
      units: new Map([[expect.any(Number), expect.objectContaining({ length: 3 })]]),
    })
  })

  test('units whose content is mostly that of another component belong to it', async () => {
    expect(await candidate('stable', copied)).toBeUndefined()
    expect(await weights('zebra', copied)).toEqual(copied.map(() => 1))
  })

  test('strings that unrelated programs hold have no hits', async () => {
    expect(await candidate('donkey', common)).toBeUndefined()
    expect(await weights('donkey', [...common, ...alone])).toHaveLength(alone.length)
  })

  test('a component is a candidate when its hits could make one of its units live', async () => {
    // Three strings of a unit, and the weight of two sentences; what both components hold weighs a quarter.
    expect(await candidate('donkey', [...alone.slice(0, 2), ...shared.slice(0, 7)])).toBeUndefined()
    expect(await candidate('donkey', alone.slice(0, 3))).toBeDefined()
    expect(await candidate('donkey', shared)).toBeDefined()
  })

  test('df counts every unit of the database that holds the string', async () => {
    const found = await candidate('donkey', [...shared, ...sentences('twin', 3)])
    expect(new Set(rowsOf(found!).map((row) => found!.hits.df[row]))).toEqual(new Set([2]))
  })

  test('candidates come in the order of the database', async () => {
    const found = await setting.candidates({ strings: [...copied, ...alone, ...sentences('ass', 3)] })
    expect(found.map(({ record }) => record.name)).toEqual(['burro', 'donkey', 'onager', 'zebra'])
  })
})

describe('templates', () => {
  let setting: Setting

  beforeAll(async () => {
    const release = (version: string) => ({
      'banner.c': [`heron library ${version} by the pond`],
      'version.c': [version],
      'lib/copied.c': { strings: [`stork engine ${version} of the chimney`], vendored: true },
    })
    const releases = { '1.10.0': release('1.10.0'), '1.11.0': release('1.11.0'), '1.12.0': release('1.12.0') }
    setting = await settingOf({ heron: { releases } }, ['3.14.15'])
  })
  afterAll(() => setting.close())

  test('a trusted template found carries the version that stands in the file, known or not', async () => {
    const [found] = await setting.candidates({ strings: ['heron library 7.8.9 by the pond'] })
    const whole = found?.templates.filter(({ template }) => !template.head)
    expect(whole?.map(({ version }) => version)).toEqual(['7.8.9'])
  })

  test('a head is found where the end of the text differs', async () => {
    const [found] = await setting.candidates({ strings: ['heron library 1.11.0 as somebody packaged it'] })
    expect(found?.templates.map(({ template, version }) => [template.head, version])).toEqual([[true, '1.11.0']])
  })

  test('templates of copied units are not asked', async () => {
    expect(await setting.candidates({ strings: ['stork engine 1.11.0 of the chimney'] })).toEqual([])
  })

  test('a bare version tells nothing about whoever writes one, as soon as an unrelated program does', async () => {
    expect(await setting.candidates({ strings: ['1.11.0'] })).toEqual([])
  })
})
