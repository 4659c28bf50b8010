import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Kind } from '../../src/fingerprint/print-set.ts'
import { type CodeFeature, namesOf, type Setting, sentences, settingOf } from './setting.ts'

/** So many functions of one unit. */
function code(subject: string, count: number, variety = 40, from = 0): CodeFeature[] {
  return Array.from({ length: count }, (_, i) => ({
    kind: Kind.Function,
    name: `${subject} function ${from + i}`,
    called: `${subject}_${from + i}`,
    at: 4096 + 64 * (from + i),
    variety,
  }))
}

function features(kind: CodeFeature['kind'], subject: string, count: number, from = 0): CodeFeature[] {
  return Array.from({ length: count }, (_, i) => ({
    kind,
    name: `${subject} ${kind} ${from + i}`,
    at: 8192 + 32 * (from + i),
  }))
}

const TABLES = features(Kind.Table, 'heron', 40)
const CONSTANTS = features(Kind.Immediate, 'heron', 9)
const COMMON = features(Kind.Immediate, 'bird', 9)

let setting: Setting

beforeAll(async () => {
  setting = await settingOf({
    heron: {
      releases: {
        '1.0': { 'heron.c': sentences('heron', 3), 'data.c': { code: TABLES }, 'mix.c': { code: CONSTANTS } },
        '1.1': { 'heron.c': sentences('heron', 3), 'data.c': { code: TABLES }, 'mix.c': { code: CONSTANTS } },
        '1.2': { 'heron.c': sentences('heron', 3), 'data.c': { code: TABLES }, 'common.c': { code: COMMON } },
      },
      built: {
        '1.0': { 'run.c': { code: code('heron', 12) } },
        '1.1': { 'run.c': { code: [...code('heron', 8), ...code('heron', 4, 40, 20)] } },
      },
    },
    stork: { releases: { '1.0': { 'stork.c': { code: COMMON } } } },
  })
})
afterAll(() => setting.close())

async function present(content: readonly CodeFeature[]): Promise<string[]> {
  return namesOf(await setting.cover({ code: content }))
}

describe('without any text a component is present', () => {
  test.each([
    ['by one function of a variety of 21', code('heron', 1, 21), true],
    ['not by one of 20', code('heron', 1, 20), false],
    ['by two functions of 15', code('heron', 2, 15), true],
    ['by three functions of 10 beside each other', code('heron', 3, 10), true],
    ['by ten windows of 40 windows of its data and more', TABLES.slice(0, 12), true],
    ['not by four of 40', TABLES.slice(0, 4), false],
    ['by rare constants side by side', CONSTANTS.slice(0, 6), true],
    ['not by two of them', CONSTANTS.slice(0, 2), false],
    ['not by constants that another family has as well', COMMON, false],
  ])('%s', async (_, content, expected) => {
    expect(await present(content)).toEqual(expected ? ['heron'] : [])
  })

  test('not by small functions that lie far from each other', async () => {
    expect(await present(code('heron', 12, 10).map((one, i) => ({ ...one, at: 100_000 * i })))).toEqual([])
    expect(await present(code('heron', 2, 15).map((one, i) => ({ ...one, at: 100_000 * i })))).toEqual(['heron'])
  })

  test('not by rare constants that lie far from each other', async () => {
    expect(await present(CONSTANTS.map((one, i) => ({ ...one, at: 100_000 * i })))).toEqual([])
  })
})

describe('functions', () => {
  const text = sentences('heron', 3)

  test('take releases from the set that were built and lack what was found', async () => {
    const [claim] = await setting.versions('heron', { strings: text, code: code('heron', 12) })
    expect(claim).toMatchObject({ method: 'functions', estimate: { versions: ['1.2', '1.0'] } })
  })

  test('do not judge where no build holds nearly all of them', async () => {
    const content = [...code('heron', 10), ...code('heron', 4, 40, 20)]
    const [claim] = await setting.versions('heron', { strings: text, code: content })
    expect(claim).toMatchObject({ method: 'features', estimate: { versions: ['1.2', '1.1', '1.0'] } })
  })

  test('are shown by the names that the archive had, with their place and size', async () => {
    const [match] = await setting.identify({ code: code('heron', 1) })
    expect(match?.evidence[0]).toMatchObject({
      kind: 'function',
      offset: 4096,
      unit: 'run.c',
      text: 'heron_0(), 32 bytes of code',
    })
    expect(match?.units).toMatchObject([{ path: 'run.c', matched: 1, expected: 1 }])
  })
})

describe('code and data of copied files', () => {
  let carriers: Setting
  const text = sentences('date', 8)
  const functions = code('date', 6)
  const windows = features(Kind.Table, 'colour', 12)

  beforeAll(async () => {
    carriers = await settingOf({
      // The owner was never seen built.
      owner: { releases: { '1.0': { 'date.c': text } } },
      copier: {
        releases: { '2.0': { 'main.c': sentences('main', 8) } },
        built: { '2.0': { 'src/date.c': { code: functions } } },
      },
      texts: { releases: { '3.0': { 'style.c': { strings: sentences('style', 20), code: windows } } } },
      bare: { releases: { '4.0': { 'bare.c': { code: features(Kind.Table, 'bare', 12) } } } },
    })
  })
  afterAll(() => carriers.close())

  test('belong to the component that is there with a file of that name', async () => {
    const found = await carriers.cover({ strings: text, code: functions })
    expect(namesOf(found)).toEqual(['owner'])
    expect(namesOf(await carriers.cover({ code: functions }))).toEqual(['copier'])
  })

  test('are no file where all of its text is missing', async () => {
    expect(namesOf(await carriers.cover({ code: windows }))).toEqual([])
    expect(namesOf(await carriers.cover({ code: windows, strings: sentences('style', 1) }))).toEqual(['texts'])
    expect(namesOf(await carriers.cover({ code: features(Kind.Table, 'bare', 12) }))).toEqual(['bare'])
  })
})

describe('of two siblings', () => {
  let siblings: Setting
  const shared = features(Kind.Table, 'shared', 60)

  beforeAll(async () => {
    siblings = await settingOf({
      origin: {
        family: 'birds',
        releases: { '1.0': { 'crc.c': { code: shared }, 'origin.c': sentences('origin', 6) } },
      },
      fork: { family: 'birds', releases: { '2.0': { 'a.c': { code: shared }, 'fork.c': sentences('fork', 6) } } },
    })
  })
  afterAll(() => siblings.close())

  test.each(['origin', 'fork'])('the one is there that has evidence of its own: %s', async (name) => {
    const found = await siblings.cover({ code: shared, strings: sentences(name, 6) })
    expect(namesOf(found)).toEqual([name])
  })
})
