import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Kind } from '../../src/fingerprint/print-set.ts'
import type { Match } from '../../src/model.ts'
import { type CodeFeature, type Setting, sentences, settingOf } from './setting.ts'

/** Far enough from each other for two clusters. */
const FAR = 1 << 20
const banner = (version: string): string => `heron ${version} - the wading bird library`

/** Fingerprints of a kind, side by side from an offset on. */
function features(kind: CodeFeature['kind'], subject: string, count: number, at: number): CodeFeature[] {
  return Array.from({ length: count }, (_, i) => ({ kind, name: `${subject} ${kind} ${i}`, at: at + 64 * i }))
}
const data = (at: number): CodeFeature[] => features(Kind.Table, 'data', 20, at)
const more = (at: number): CodeFeature[] => features(Kind.Table, 'more', 20, at)
const code = (at: number): CodeFeature[] => features(Kind.Function, 'run', 4, at)

let setting: Setting

beforeAll(async () => {
  const release = (version: string): Record<string, readonly string[] | { code: readonly CodeFeature[] }> => ({
    'heron.c': [...sentences('heron', 8), banner(version), ...sentences(`only ${version.replace('.', '-')}`, 2)],
    'data.c': { code: data(0) },
    'more.c': { code: more(0) },
  })
  setting = await settingOf({
    heron: {
      releases: { '1.0': release('1.0'), '1.1': release('1.1'), '1.2': release('1.2') },
      built: { '1.0': { 'run.c': { code: code(0) } } },
    },
  })
})
afterAll(() => setting.close())

/** By version. */
async function copiesOf(strings: readonly string[], code: readonly CodeFeature[], gap = FAR): Promise<Match[]> {
  const matches = await setting.identify({ strings, code, gap })
  return matches.sort((a, b) => (versionOf(a) < versionOf(b) ? -1 : 1))
}

const versionOf = ({ version }: Match): string => (version.kind === 'exact' ? version.version : version.kind)

/** Whether a match has a range around an offset. */
const covers = (match: Match | undefined, offset: number): boolean =>
  match?.ranges.some(([from, to]) => from <= offset && offset < to) === true

// Constants lie a megabyte apart, the first near the start of the file.
const SHARED = sentences('heron', 1)
const texts = [...SHARED, banner('1.0'), ...sentences('heron', 7, 1), banner('1.2')]
const [FIRST, SECOND] = [FAR, 9 * FAR]

describe('two version texts are two copies', () => {
  test('and the data around each is its own', async () => {
    const [old, late] = await copiesOf(texts, [...data(FIRST), ...data(SECOND)])
    expect([old, late].map((copy) => copy && versionOf(copy))).toEqual(['1.0', '1.2'])
    expect([covers(old, FIRST), covers(old, SECOND)]).toEqual([true, false])
    expect([covers(late, FIRST), covers(late, SECOND)]).toEqual([false, true])
  })

  test('so that units whose data lies by one text are units of that copy alone', async () => {
    const [old, late] = await copiesOf(texts, [...data(FIRST), ...data(SECOND), ...more(SECOND + 8192)])
    expect(old?.units.map(({ path }) => path)).not.toContain('more.c')
    expect(late?.units.map(({ path }) => path)).toContain('more.c')
  })

  test('text that both have stands once and counts for each, without being a place of the other', async () => {
    const [old, late] = await copiesOf(texts, [...data(FIRST), ...data(SECOND)])
    for (const copy of [old, late]) expect(copy?.units.map(({ path }) => path)).toContain('heron.c')
    for (const copy of [old, late]) expect(covers(copy, 0x1000)).toBe(false)
  })

  test('code in as many places lies in the order of the data', async () => {
    const [low, high] = [30 * FAR, 40 * FAR]
    const [old, late] = await copiesOf(texts, [...data(FIRST), ...data(SECOND), ...code(high), ...code(low)])
    expect([covers(old, low), covers(old, high)]).toEqual([true, false])
    expect([covers(late, low), covers(late, high)]).toEqual([false, true])
  })

  test('code in one place is told to be of neither', async () => {
    const matches = await copiesOf(texts, [...data(FIRST), ...data(SECOND), ...code(30 * FAR)])
    expect(matches).toHaveLength(2)
    for (const match of matches) expect(covers(match, 30 * FAR)).toBe(false)
  })

  test('beside each other they share the data by distance', async () => {
    const near = await copiesOf(
      [banner('1.0'), ...sentences('heron', 8), banner('1.2')],
      [...data(0), ...data(9 * 4096)],
      4096,
    )
    expect(near.map(versionOf)).toEqual(['1.0', '1.2'])
    expect(near[0]?.ranges[0]?.[0]).toBeLessThan(near[1]?.ranges[0]?.[0] as number)
    expect(near[0]?.ranges.at(-1)?.[1]).toBeLessThanOrEqual(near[1]?.ranges[0]?.[0] as number)
  })
})

test('a branch is no copy beside a release of it', async () => {
  const matches = await copiesOf([banner('1.2.5'), ...sentences('heron', 8), banner('1')], data(FIRST))
  expect(matches.map(versionOf)).toEqual(['1.2.5'])
})

test('of a thousand version texts sixteen are told', async () => {
  const many = Array.from({ length: 1000 }, (_, i) => banner(`7.${i}`))
  const matches = await copiesOf([...sentences('heron', 8), ...many], [], 0)
  expect(matches).toHaveLength(16)
  expect(matches[0]?.against.join()).toContain('1000 copies of heron')
})

describe('without a second version text', () => {
  const [near, far] = [20 * FAR, 40 * FAR]
  const text = sentences('heron', 8)

  test('data of two units that is there twice is two copies', async () => {
    const twice = [...data(near), ...more(near + 8192), ...data(far), ...more(far + 8192)]
    const matches = await copiesOf(text, twice)
    expect(matches).toHaveLength(2)
    expect(matches.map((match) => covers(match, near)).sort()).toEqual([false, true])
    for (const { against } of matches) expect(against.join()).toContain('2 copies of heron')
  })

  test('of which only the one by the text has its version', async () => {
    const twice = [...data(FIRST), ...more(FIRST + 8192), ...data(far), ...more(far + 8192)]
    const matches = await copiesOf([...SHARED, banner('1.0'), ...sentences('heron', 7, 1)], twice)
    expect(matches.map(versionOf)).toEqual(['1.0', 'set'])
  })

  test('data of one unit that is there twice is one copy: files are compiled twice for two processors', async () => {
    expect(await copiesOf(text, [...data(near), ...more(near + 8192), ...data(far)])).toHaveLength(1)
  })

  test('a table that repeats itself is one copy', async () => {
    const repeated = [...data(near), ...data(near + 2048), ...more(near + 8192), ...more(near + 12_288)]
    expect(await copiesOf(text, repeated)).toHaveLength(1)
  })

  test('data of all units that is there once is one copy, however far apart it lies', async () => {
    expect(await copiesOf(text, [...data(near), ...more(far)])).toHaveLength(1)
  })
})
