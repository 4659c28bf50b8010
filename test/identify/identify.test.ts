import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ReleaseText, type Setting, sentences, settingOf } from './setting.ts'

const heronText = (version: string): ReleaseText => ({
  'heron.c': [...sentences('heron', 10), `heron library ${version} by the pond`],
  'heron.h': { strings: [`stilts header ${version} of herons`], headerOnly: true },
})
const VERSIONS = ['1.6.47', '1.6.48', '1.6.49']

let setting: Setting

beforeAll(async () => {
  const crane = { 'crane.c': sentences('crane', 10) }
  setting = await settingOf({
    heron: {
      releases: Object.fromEntries(VERSIONS.map((version) => [version, heronText(version)])),
      sonames: ['libheron'],
    },
    crane: { releases: { '1.6.0': crane, '1.6.47': crane, '1.6.48': crane }, sonames: ['libcrane', 'crane'] },
    stork: { releases: { '1.0': { 'stork.c': sentences('stork', 10) } }, sonames: ['libstork'] },
  })
})
afterAll(() => setting.close())

describe('roles', () => {
  test('a component whose code is there is embedded', async () => {
    expect(await setting.identify({ strings: sentences('stork', 10) })).toMatchObject([
      { name: 'stork', role: 'embedded' },
    ])
  })

  test('a library that the loader brings in is linked, and its version is not told', async () => {
    const [match, ...others] = await setting.identify({
      strings: ['nothing of it'],
      needed: ['libstork.so.3', 'libc.so.6'],
    })
    expect(others).toEqual([])
    expect(match).toMatchObject({
      name: 'stork',
      role: 'linked',
      version: { kind: 'unknown', reason: expect.stringContaining('libstork.so.3') },
      ranges: [],
      units: [],
      evidence: [{ kind: 'soname', offset: null, text: 'libstork.so.3' }],
    })
  })

  test('a component whose code is there is not linked as well', async () => {
    const matches = await setting.identify({ strings: sentences('stork', 10), needed: ['libstork.so.3'] })
    expect(matches.map(({ role }) => role)).toEqual(['embedded'])
  })

  test('a program that loads a library and repeats the messages of one of its files is a binding, and no copy', async () => {
    const release = {
      'errors.c': sentences('error', 6),
      'coder.c': sentences('coder', 12),
      'io.c': sentences('io', 12),
    }
    const bound = await settingOf({ gull: { releases: { '1.0': release }, sonames: ['libgull'] } })
    const rolesOf = async (strings: readonly string[], needed: readonly string[]): Promise<string[]> =>
      (await bound.identify({ strings, needed })).map(({ role }) => role)
    try {
      expect(await rolesOf(sentences('error', 6), ['libgull.so.1'])).toEqual(['linked'])
      expect(await rolesOf(sentences('error', 6), ['libother.so.1'])).toEqual(['embedded'])
      expect(await rolesOf([...sentences('error', 6), ...sentences('io', 12)], ['libgull.so.1'])).toEqual(['embedded'])
    } finally {
      await bound.close()
    }
  })

  test('a text of a header alone is a mention', async () => {
    expect(await setting.identify({ strings: ['stilts header 1.6.48 of herons'] })).toMatchObject([
      {
        name: 'heron',
        role: 'mentioned',
        origin: 'snippet',
        version: { kind: 'unknown', reason: expect.stringContaining('1.6.48') },
        units: [],
        against: ['no unit of it is live'],
      },
    ])
  })

  test('a mention of a linked library is not a second match', async () => {
    const matches = await setting.identify({ strings: ['stilts header 1.6.48 of herons'], needed: ['libheron.so.16'] })
    expect(matches.map(({ name, role }) => [name, role])).toEqual([['heron', 'linked']])
  })
})

describe('version literals', () => {
  test('that a template of another component carries are that one’s, not this one’s', async () => {
    const strings = [...sentences('heron', 10), 'heron library 1.6.47 by the pond', ...sentences('crane', 10), '1.6.47']
    const matches = await setting.identify({ strings })
    expect(matches.find(({ name }) => name === 'heron')?.version).toMatchObject({ kind: 'exact', version: '1.6.47' })
    expect(matches.find(({ name }) => name === 'crane')?.version).toMatchObject({ kind: 'set' })
  })

  test('count where no other component carries them', async () => {
    const strings = [...sentences('heron', 10), 'heron library 1.6.48 by the pond', ...sentences('crane', 10), '1.6.47']
    const matches = await setting.identify({ strings })
    expect(matches.find(({ name }) => name === 'crane')?.version).toMatchObject({ kind: 'exact', version: '1.6.47' })
  })
})

describe('one literal in the file', () => {
  let rivals: Setting

  beforeAll(async () => {
    const [drake, goose] = [sentences('drake', 10), sentences('goose', 10)]
    rivals = await settingOf({
      // The code of drake points at 1.4.0 itself; that of goose is one string away from it.
      drake: { releases: { '1.3.0': { 'drake.c': drake.slice(4) }, '1.4.0': { 'drake.c': drake } } },
      goose: { releases: { '1.4.0': { 'goose.c': goose.slice(1) }, '1.5.0': { 'goose.c': goose } } },
    })
  })
  afterAll(() => rivals.close())

  async function versions(literals: readonly string[]): Promise<unknown> {
    const matches = await rivals.identify({
      strings: [...sentences('drake', 10), ...literals, ...sentences('goose', 10)],
    })
    return Object.fromEntries(matches.map(({ name, version }) => [name, version]))
  }

  test('is the version of one component: the one whose units point at it most clearly', async () => {
    expect(await versions(['1.4.0'])).toMatchObject({
      drake: { kind: 'exact', version: '1.4.0' },
      goose: { kind: 'set', likeliest: '1.5.0' },
    })
  })

  test('may be the version of two when it stands there twice', async () => {
    expect(await versions(['1.4.0', 'something between the two', '1.4.0'])).toMatchObject({
      drake: { kind: 'exact', version: '1.4.0' },
      goose: { kind: 'exact', version: '1.4.0' },
    })
  })
})

describe('order', () => {
  test('is by confidence, then name, then version', async () => {
    const strings = [
      ...sentences('stork', 10),
      ...sentences('crane', 10),
      ...sentences('heron', 10),
      'heron library 1.6.49 by the pond',
      'heron library 1.6.47 by the pond',
    ]
    const matches = await setting.identify({ strings })
    const confidences = matches.map(({ confidence }) => confidence)
    expect(confidences).toEqual([...confidences].sort((a, b) => b - a))
    expect(matches.map(({ name, version }) => [name, version.kind === 'exact' ? version.version : ''])).toEqual([
      ['heron', '1.6.47'],
      ['heron', '1.6.49'],
      ['crane', ''],
      ['stork', ''],
    ])
  })

  test('of the strings in the file does not change who is found, nor which version', async () => {
    const strings = [
      ...sentences('stork', 6),
      ...sentences('crane', 8),
      ...sentences('heron', 7),
      'heron library 1.6.48 by the pond',
      '1.6.47',
    ]
    const claims = async (held: readonly string[]): Promise<unknown> =>
      (await setting.identify({ strings: held })).map(({ name, version, confidence, units }) => [
        name,
        version,
        confidence,
        units,
      ])
    const expected = await claims(strings)
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(strings, { minLength: strings.length }), async (shuffled) => {
        expect(await claims(shuffled)).toEqual(expected)
      }),
      { numRuns: 30 },
    )
  })
})

test('a file without anything known has no matches', async () => {
  expect(await setting.identify({ strings: sentences('nobody', 50), symbols: ['main', 'nobody_runs'] })).toEqual([])
})
