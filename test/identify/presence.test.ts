import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { labels, namesOf, type ReleaseText, type Setting, sentences, settingOf } from './setting.ts'

const settings: Setting[] = []
afterAll(() => Promise.all(settings.map((setting) => setting.close())))

async function open(...args: Parameters<typeof settingOf>): Promise<Setting> {
  const setting = await settingOf(...args)
  settings.push(setting)
  return setting
}

describe('a component is present', () => {
  let setting: Setting

  beforeAll(async () => {
    setting = await open({
      heron: { releases: { '1.0': { 'heron.c': sentences('heron', 6), 'reed.c': sentences('reed', 6) } } },
      vocabulary: { releases: { '1.0': { 'a.c': labels('alpha', 12), 'b.c': labels('beta', 12) } } },
    })
  })

  test.each([
    [4, 0, []],
    [5, 0, ['heron']],
    [3, 3, ['heron']],
    [3, 2, []],
  ])('with %i strings of one unit and %i of another: %j; one live unit alone needs more', async (one, two, names) => {
    const strings = [...sentences('heron', one), ...sentences('reed', two)]
    expect(namesOf(await setting.cover({ strings }))).toEqual(names)
  })

  test('not when its strings are spread over units none of which is live', async () => {
    expect(namesOf(await setting.cover({ strings: [...sentences('heron', 2), ...sentences('reed', 2)] }))).toEqual([])
  })

  test('not by labels, in however many units', async () => {
    expect(namesOf(await setting.cover({ strings: [...labels('alpha', 12), ...labels('beta', 12)] }))).toEqual([])
  })

  test('not by texts of its headers, which whoever includes them holds', async () => {
    const both = await open({
      heron: {
        releases: {
          '1.0': {
            'herrors.h': sentences('error', 12),
            'heron.c': sentences('heron', 6),
            'reed.c': sentences('reed', 6),
          },
        },
      },
      onefile: { releases: { '1.0': { 'onefile.h': sentences('onefile', 12) } } },
    })
    expect(namesOf(await both.cover({ strings: sentences('error', 12) }))).toEqual([])
    expect(namesOf(await both.cover({ strings: [...sentences('error', 12), ...sentences('heron', 6)] }))).toEqual([
      'heron',
    ])
    // Of a library that is a header, the header is the library.
    expect(namesOf(await both.cover({ strings: sentences('onefile', 12) }))).toEqual(['onefile'])
  })

  test('not by names of functions of a file of whose many texts none is there', async () => {
    const symbols = ['tls_init', 'tls_free', 'tls_read', 'tls_write', 'tls_close', 'tls_error']
    const tls = await open({
      heron: {
        releases: {
          '1.0': {
            'tls.c': { strings: sentences('tls', 12), symbols },
            'mute.c': { symbols: symbols.map((name) => `mute_${name}`) },
          },
        },
      },
    })
    expect(namesOf(await tls.cover({ symbols }))).toEqual([])
    expect(namesOf(await tls.cover({ symbols, strings: sentences('tls', 4) }))).toEqual(['heron'])
    expect(namesOf(await tls.cover({ symbols: symbols.map((name) => `mute_${name}`) }))).toEqual(['heron'])
  })

  test('not in a file that holds nothing of it', async () => {
    const cover = await setting.cover({ strings: sentences('other', 40) })
    expect(cover).toEqual({ present: [], mentioned: [] })
  })
})

describe('greedy cover', () => {
  const parser = sentences('parser', 10)

  test('takes evidence away from whoever explains less with it', async () => {
    const setting = await open({
      upstream: { releases: { '1.0': { 'parse.c': parser, 'print.c': sentences('printer', 14) } } },
      // Another name of the file, so that it does not look like a copy by its path or name.
      carrier: { releases: { '1.0': { 'input.c': parser, 'carrier.c': sentences('carrier', 10) } } },
    })
    expect(namesOf(await setting.cover({ strings: [...parser, ...sentences('printer', 14)] }))).toEqual(['upstream'])
  })

  test('leaves what is a component of its own', async () => {
    const setting = await open({
      upstream: { releases: { '1.0': { 'parse.c': parser, 'print.c': sentences('printer', 14) } } },
      carrier: { releases: { '1.0': { 'input.c': parser, 'carrier.c': sentences('carrier', 10) } } },
    })
    const strings = [...parser, ...sentences('printer', 14), ...sentences('carrier', 10)]
    expect(namesOf(await setting.cover({ strings }))).toEqual(['upstream', 'carrier'])
  })

  test('accepts components in the order of their evidence', async () => {
    const setting = await open({
      small: { releases: { '1.0': { 'small.c': sentences('small', 5) } } },
      large: { releases: { '1.0': { 'large.c': sentences('large', 30) } } },
      middle: { releases: { '1.0': { 'middle.c': sentences('middle', 12) } } },
    })
    const strings = [...sentences('small', 5), ...sentences('large', 30), ...sentences('middle', 12)]
    expect(namesOf(await setting.cover({ strings }))).toEqual(['large', 'middle', 'small'])
  })
})

describe('of a family', () => {
  const common = sentences('jpeg', 34)
  const fork = sentences('fork', 12)
  const banner = (version: string): string => `Forked imaging kit ${version} of the family`
  let setting: Setting

  beforeAll(async () => {
    const release = (version: string): ReleaseText => ({
      'common.c': [...common.slice(0, 10), ...fork.slice(0, 2)],
      'fork.c': fork,
      'about.c': [banner(version)],
    })
    setting = await open({
      original: { family: 'jpegs', releases: { '1.0.0': { 'common.c': common } } },
      fork: {
        family: 'jpegs',
        releases: { '2.0.0': release('2.0.0'), '2.1.0': release('2.1.0'), '2.2.0': release('2.2.0') },
      },
    })
  })

  test('one member wins: what is left of a sibling is not a second library', async () => {
    expect(namesOf(await setting.cover({ strings: [...common, ...fork.slice(0, 4)] }))).toEqual(['original'])
  })

  test('both are there when both have evidence of their own', async () => {
    expect(namesOf(await setting.cover({ strings: [...common, ...fork] }))).toEqual(['original', 'fork'])
  })

  test('a sibling with a template of its own code stays, however little else there is', async () => {
    expect(namesOf(await setting.cover({ strings: [...common, banner('2.1.0')] }))).toEqual(['original', 'fork'])
  })
})

describe('of siblings about as strong', () => {
  const common = sentences('image', 20)
  const banner = (version: string): string => `newer imaging kit ${version} of the family`
  let setting: Setting

  beforeAll(async () => {
    const release = (version: string): ReleaseText => ({
      'common.c': [...common, ...sentences('more', 12)],
      'about.c': [banner(version)],
    })
    setting = await open({
      newer: {
        family: 'images',
        releases: { '4.0.0': release('4.0.0'), '4.1.0': release('4.1.0'), '4.2.0': release('4.2.0') },
      },
      older: { family: 'images', releases: { '6.0': { 'common.c': common } } },
    })
  })

  test('the one of which less is missing wins: a fork has nearly all strings of its origin', async () => {
    expect(namesOf(await setting.cover({ strings: common }))).toEqual(['older'])
    expect(namesOf(await setting.cover({ strings: [...common, ...sentences('more', 12)] }))).toEqual(['newer'])
  })

  test('both are named as long as nothing tells them apart, and neither is sure', async () => {
    const twins = await open({
      left: { family: 'twins', releases: { '1.0': { 'twin.c': common, 'left.c': sentences('left', 9) } } },
      right: { family: 'twins', releases: { '1.0': { 'twin.c': common, 'right.c': sentences('right', 9) } } },
    })
    const [match, another] = await twins.identify({ strings: common })
    expect(another).toBeUndefined()
    expect(match).toMatchObject({ name: 'left', undecided: ['right'], role: 'embedded' })
    expect(match!.confidence).toBeLessThan(0.5)
    expect(match!.against).toContain('right of the same family fits as well: which of them it is was not decided')
    const [decided] = await twins.identify({ strings: [...common, ...sentences('right', 9)] })
    expect(decided).toMatchObject({ name: 'right', undecided: [] })
  })

  test('the one whose own name and version stand in the file wins', async () => {
    expect(namesOf(await setting.cover({ strings: [...common, banner('4.1.0')] }))).toEqual(['newer'])
  })
})

describe('templates without live code', () => {
  let setting: Setting

  beforeAll(async () => {
    const release = (version: string): ReleaseText => ({
      'heron.c': [`heron library ${version} by the pond`],
      'heron.h': { strings: [`stilts header ${version} of the heron`], headerOnly: true },
    })
    setting = await open({
      heron: { releases: { '1.0.0': release('1.0.0'), '1.1.0': release('1.1.0'), '1.2.0': release('1.2.0') } },
    })
  })

  test('make a component present when the text stands in its own code', async () => {
    const cover = await setting.cover({ strings: ['heron library 1.1.0 by the pond'] })
    expect(namesOf(cover)).toEqual(['heron'])
    expect(cover.present[0]?.evidence).toBe(0)
  })

  test('are a mention when any program that includes a header may hold the text', async () => {
    const cover = await setting.cover({ strings: ['stilts header 1.1.0 of the heron'] })
    expect(namesOf(cover)).toEqual([])
    expect(cover.mentioned.map(({ record }) => record.name)).toEqual(['heron'])
  })

  test('are a mention when only the head fits: others may quote it', async () => {
    const cover = await setting.cover({ strings: ['heron library 1.1.0 is needed by this program'] })
    expect(namesOf(cover)).toEqual([])
    expect(cover.mentioned.map(({ record }) => record.name)).toEqual(['heron'])
  })
})

describe('properties', () => {
  test('removing strings of a file never raises the evidence of the component that it holds', async () => {
    const strings = [
      ...sentences('heron', 12),
      ...sentences('reed', 9),
      ...labels('wader', 9),
      ...sentences('beak', 30),
    ]
    const setting = await open({
      heron: {
        releases: {
          '1.0': { 'heron.c': strings.slice(0, 12), 'reed.c': strings.slice(12, 21), 'beak.c': strings.slice(30) },
          '1.1': { 'heron.c': strings.slice(2, 14), 'reed.c': strings.slice(14, 30), 'beak.c': strings.slice(30, 44) },
        },
      },
    })
    const evidenceOf = async (held: readonly string[]): Promise<number> =>
      (await setting.cover({ strings: held })).present[0]?.evidence ?? 0
    await fc.assert(
      fc.asyncProperty(fc.subarray(strings), fc.infiniteStream(fc.boolean()), async (held, coins) => {
        const fewer = held.filter(() => coins.next().value)
        expect(await evidenceOf(fewer)).toBeLessThanOrEqual(await evidenceOf(held))
      }),
      { numRuns: 60 },
    )
  })

  test('adding a release that the file holds nothing of never changes who is present', async () => {
    const own = { heron: sentences('heron', 14), crane: sentences('crane', 14), stork: sentences('stork', 14) }
    const names = Object.keys(own) as (keyof typeof own)[]
    const releases = (name: keyof typeof own): Record<string, ReleaseText> => ({
      '1.0': { 'a.c': own[name].slice(0, 8), 'b.c': own[name].slice(8) },
      '1.1': { 'a.c': own[name].slice(0, 10), 'b.c': own[name].slice(6) },
    })
    const before = await open(Object.fromEntries(names.map((name) => [name, { releases: releases(name) }])))
    const later = fc.constantFrom('0.9', '1.0.5', '1.2', '2.0')
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        later,
        fc.nat(30),
        fc.subarray(Object.values(own).flat(), { minLength: 12 }),
        async (grown, version, size, strings) => {
          const extra = { [version]: { 'a.c': sentences('unseen', size), 'new.c': sentences('strange', size) } }
          const after = await settingOf(
            Object.fromEntries(
              names.map((name) => [name, { releases: { ...releases(name), ...(name === grown ? extra : {}) } }]),
            ),
          )
          try {
            expect(namesOf(await after.cover({ strings })).sort()).toEqual(
              namesOf(await before.cover({ strings })).sort(),
            )
          } finally {
            await after.close()
          }
        },
      ),
      { numRuns: 15 },
    )
  })
})
