import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Contradiction } from '../../src/model.ts'
import { type FileContent, type Setting, sentences, settingOf } from './setting.ts'

const banner = (version: string): string => `heron ${version} - the wading bird library`
const text = (version: string, own: number): readonly string[] => [
  ...sentences('heron', 24),
  ...sentences(`heron of ${'abc'[own]}`, 4),
  banner(version),
]

let setting: Setting

beforeAll(async () => {
  const file = (version: string, name: string): object => ({
    [version]: { sha256: 'f'.repeat(64), buildId: null, name },
  })
  const releases = {
    '1.0.0': { 'heron.c': text('1.0.0', 0) },
    '1.1.0': { 'heron.c': text('1.1.0', 1) },
    '1.2.0': { 'heron.c': text('1.2.0', 2), 'new.c': sentences('new', 6), 'newer.c': sentences('newer', 6) },
  }
  setting = await settingOf({
    heron: {
      releases,
      built: { '1.0.0': { 'heron.c': text('1.0.0', 0) } },
      files: { ...file('1.0.0', 'libheron.so.1.0.0') },
      sonames: ['libheron'],
      family: 'waders',
    },
    stork: { releases: { '2.0': { 'stork.c': sentences('stork', 30) } }, sonames: ['libstork'], family: 'waders' },
    gull: { releases: { '3.0': { 'gull.c': sentences('gull', 30) } }, sonames: ['libgull'] },
    mute: { releases: { '1.0': { 'mute.c': sentences('mute', 4) } }, sonames: ['libmute'] },
  })
})
afterAll(() => setting.close())

const heron = (version: string, own: number): FileContent => ({ strings: text(version, own) })
const contradictions = (content: FileContent): Promise<readonly Contradiction[]> => setting.contradictions(content)

describe('a version in a name', () => {
  test('that is another than the code’s is a contradiction', async () => {
    expect(await contradictions({ ...heron('1.1.0', 1), fileName: 'libheron.so.1.0.0' })).toEqual([
      {
        component: 'heron',
        source: 'file-name',
        text: 'libheron.so.1.0.0',
        because: 'libheron.so.1.0.0 says heron 1.0.0, its code is that of 1.1.0',
      },
    ])
  })

  test.each([
    ['is the code’s', heron('1.1.0', 1), 'libheron.so.1.1.0'],
    ['is not there', heron('1.1.0', 1), 'libheron.so'],
    [
      'is of a library whose names carry no release, as no indexed file shows',
      { strings: sentences('gull', 30) },
      'libgull.so.9.9.9',
    ],
  ])('that %s is none', async (_, content, fileName) => {
    expect(await contradictions({ ...content, fileName })).toEqual([])
  })
})

describe('a version resource', () => {
  const resource = (FileVersion: string, ProductVersion = FileVersion): Readonly<Record<string, string>> => ({
    ...{ OriginalFilename: 'libheron.dll', FileVersion, ProductVersion },
  })

  test('of another release than the code’s is a contradiction, told once', async () => {
    expect(await contradictions({ ...heron('1.1.0', 1), versionInfo: resource('1, 0, 0, 0') })).toEqual([
      {
        component: 'heron',
        source: 'version-resource',
        text: 'libheron.dll 1.0.0.0',
        because: 'libheron.dll 1.0.0.0 says heron 1.0.0.0, its code is that of 1.1.0',
      },
    ])
  })

  test.each([
    ['the code’s, with a zero behind it', '1.1.0.0', '1.1.0.0'],
    ['the code’s, written shorter', '1.1.0.0', '1.1'],
    ['that of a product, of which there is no release', '10.0.19041.1', '10.0.19041.1'],
  ])('of %s is none', async (_, file, product) => {
    expect(await contradictions({ ...heron('1.1.0', 1), versionInfo: resource(file, product) })).toEqual([])
  })
})

describe('a name', () => {
  test('of a sibling is a contradiction', async () => {
    expect(await contradictions({ strings: sentences('stork', 30), soname: 'libheron.so.1' })).toMatchObject([
      {
        component: 'heron',
        source: 'soname',
        because: expect.stringMatching(/^the name is that of heron, the code is stork /),
      },
    ])
  })

  test('of a component that could not be overlooked, and of which nothing is there, is one', async () => {
    expect(await contradictions({ strings: sentences('gull', 30), soname: 'libheron.so.1' })).toMatchObject([
      { component: 'heron', because: 'the name is that of heron, and nothing of its code was found' },
    ])
  })

  test('of a component with so little text that it may be overlooked is none', async () => {
    expect(await contradictions({ strings: sentences('gull', 30), soname: 'libmute.so.1' })).toEqual([])
  })

  test('of what the file loads is that of a binding', async () => {
    expect(
      await contradictions({ strings: sentences('gull', 30), fileName: 'libheron.so', needed: ['libheron.so.1'] }),
    ).toEqual([])
  })

  test.each(['heron', 'heron.so', 'libheron'])(
    'of a program or plug-in that is called %s is anybody’s',
    async (fileName) => {
      expect(await contradictions({ strings: sentences('gull', 30), fileName })).toEqual([])
    },
  )

  test('of a library that a file has only for its loader is believed', async () => {
    expect(
      await contradictions({ strings: sentences('gull', 30), fileName: 'libheron.so.1', soname: 'libgull.so.3' }),
    ).toEqual([])
  })

  test('that is a megabyte long, or made to be read for ever, is read as far as names go', async () => {
    const soname = `x.so${'.a'.repeat(5000)}!`
    expect(await contradictions({ strings: sentences('gull', 30), soname, fileName: soname })).toEqual([])
  })

  test('that nobody knows is none', async () => {
    expect(
      await contradictions({ strings: sentences('gull', 30), fileName: 'plugin.so', soname: 'plugin.so.1' }),
    ).toEqual([])
  })
})

describe('a version text', () => {
  test('against which more than one witness speaks is a contradiction', async () => {
    const strings = [...text('1.0.0', 2), ...sentences('new', 6), ...sentences('newer', 6)]
    expect(await contradictions({ strings })).toEqual([
      {
        component: 'heron',
        source: 'text',
        text: banner('1.0.0'),
        because:
          '16 fingerprints of the code are of 1.2.0 and not of 1.0.0: fixes brought back, or a text that is not its own',
      },
    ])
  })

  test('that one unit speaks against is none', async () => {
    expect(await contradictions({ strings: text('1.0.0', 2) })).toEqual([])
  })
})
