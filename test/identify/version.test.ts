import { afterAll, describe, expect, test } from 'vitest'
import type { VersionClaim } from '../../src/identify/version.ts'
import type { VersionEstimate } from '../../src/model.ts'
import { type ComponentText, type ReleaseText, type Setting, sentences, settingOf } from './setting.ts'

const settings: Setting[] = []
afterAll(() => Promise.all(settings.map((setting) => setting.close())))

/** A database of one component, `heron`. */
async function heron(
  text: ComponentText,
): Promise<(strings: readonly string[], taken?: readonly string[]) => Promise<VersionClaim[]>> {
  const setting = await settingOf({ heron: text })
  settings.push(setting)
  return (strings, taken) => setting.versions('heron', { strings }, taken)
}

/** The same with a single claim expected. */
async function heronVersion(
  text: ComponentText,
): Promise<(strings: readonly string[], taken?: readonly string[]) => Promise<VersionEstimate>> {
  const versions = await heron(text)
  return async (strings, taken) => {
    const claims = await versions(strings, taken)
    expect(claims).toHaveLength(1)
    return claims[0]!.estimate
  }
}

const BASE = sentences('heron', 10)
const STEPS = sentences('step', 40)

/** Releases of one unit, each with `step` strings that no other has. */
function changing(versions: readonly string[], step = 4): Record<string, ReleaseText> {
  return Object.fromEntries(versions.map((version, i) => [version, { 'heron.c': built(i, step) }]))
}

/** What a program holds that was built from the release number `index` of {@link changing}. */
function built(index: number, step = 4): string[] {
  return [...BASE, ...STEPS.slice(index * step, (index + 1) * step)]
}

const set = (...versions: string[]): object => ({ kind: 'set', versions, likeliest: versions[0] })

describe('templates', () => {
  const release = (version: string): ReleaseText => ({ 'heron.c': [...BASE, `heron library ${version} by the pond`] })
  const releases = Object.fromEntries(['1.0.0', '1.1.0', '1.2.0'].map((version) => [version, release(version)]))

  test('give the version outright', async () => {
    const version = await heronVersion({ releases })
    expect(await version([...BASE, 'heron library 1.1.0 by the pond'])).toEqual({
      kind: 'exact',
      version: '1.1.0',
      indexed: true,
    })
  })

  test('give a version that was never indexed, with the nearest that was', async () => {
    const version = await heronVersion({ releases })
    const text = (token: string): string[] => [...BASE, `heron library ${token} by the pond`]
    const unindexed = { kind: 'exact', indexed: false }
    expect(await version(text('1.1.7'))).toEqual({ ...unindexed, version: '1.1.7', nearest: '1.1.0' })
    expect(await version(text('4.0.0'))).toEqual({ ...unindexed, version: '4.0.0', nearest: '1.2.0' })
    expect(await version(text('0.1.0'))).toEqual({ ...unindexed, version: '0.1.0', nearest: '1.0.0' })
  })

  test('with a build suffix give the release without it', async () => {
    const version = await heronVersion({ releases })
    expect(await version([...BASE, 'heron library 1.1.0+vendor by the pond'])).toMatchObject({ version: '1.1.0' })
  })

  test('with two values are two copies, in release order, indexed or not', async () => {
    const versions = await heron({ releases })
    const claims = await versions([...BASE, 'heron library 1.2.0 by the pond', 'heron library 1.0.5 by the pond'])
    expect(claims.map(({ estimate }) => estimate)).toMatchObject([
      { kind: 'exact', version: '1.0.5', indexed: false },
      { kind: 'exact', version: '1.2.0', indexed: true },
    ])
  })

  test('are believed against the code, which may be patched', async () => {
    const version = await heronVersion({
      releases: Object.fromEntries(
        ['1.0.0', '1.1.0', '1.2.0'].map((name, i) => [
          name,
          { 'heron.c': [...built(i, 8), `heron library ${name} by the pond`] },
        ]),
      ),
    })
    expect(await version([...built(2, 8), 'heron library 1.0.0 by the pond'])).toMatchObject({ version: '1.0.0' })
  })

  describe('that only fit up to the version', () => {
    const releases = Object.fromEntries(
      ['1.0.0', '1.1.0', '1.2.0', '1.3.0'].map((version, i) => [
        version,
        { 'heron.c': [...built(i), `heron library ${version} of the ${['mud', 'reed', 'pond', 'lake'][i]}`] },
      ]),
    )

    test('count when the code agrees', async () => {
      const version = await heronVersion({ releases })
      expect(await version([...built(1), 'heron library 1.1.0 as packaged'])).toMatchObject({ version: '1.1.0' })
    })

    test('do not count when the code contradicts them: anybody may quote a version', async () => {
      const version = await heronVersion({ releases })
      expect(await version([...built(3), 'heron library 1.0.0 is too old'])).toMatchObject(set('1.3.0'))
    })
  })
})

describe('a text of a header', () => {
  const releases = Object.fromEntries(
    ['1.0.0', '1.1.0', '1.2.0'].map((version, i) => [
      version,
      {
        'heron.c': built(i),
        'heron.h': { strings: [`heron header ${version} for everyone`], headerOnly: true },
      },
    ]),
  )

  test('gives the version where a unit is live', async () => {
    const version = await heronVersion({ releases })
    expect(await version([...BASE, 'heron header 1.1.0 for everyone'])).toMatchObject({ version: '1.1.0' })
  })
})

describe('without templates, the code decides', () => {
  const VERSIONS = ['1.0.0', '1.1.0', '1.2.0', '1.3.0']

  test.each([0, 1, 2])('release %i alone has the strings found', async (index) => {
    const version = await heronVersion({ releases: changing(VERSIONS) })
    expect(await version(built(index))).toEqual(set(VERSIONS[index]!))
  })

  test('releases that look the same are a set, the best first and of equal ones the newest', async () => {
    const same = { 'heron.c': built(1) }
    const version = await heronVersion({
      releases: {
        '1.0.0': { 'heron.c': built(0) },
        '1.1.0': same,
        '1.1.1': same,
        '1.1.2': same,
        '1.2.0': { 'heron.c': built(3) },
      },
    })
    expect(await version(built(1))).toEqual(set('1.1.2', '1.1.1', '1.1.0'))
  })

  test('a set with the newest indexed release says that a newer one would look the same', async () => {
    const version = await heronVersion({ releases: changing(VERSIONS) })
    expect(await version(built(3))).toEqual({ ...set('1.3.0'), orNewer: true })
    expect(await version(built(2))).not.toHaveProperty('orNewer')
  })

  test('strings that a release has and the file lacks weigh little: they may have been configured away', async () => {
    const version = await heronVersion({
      releases: {
        '1.0.0': { 'heron.c': built(0) },
        '1.1.0': { 'heron.c': built(1) },
        '1.2.0': { 'heron.c': [...built(1), ...sentences('option', 6)] },
      },
    })
    expect(await version(built(1))).toEqual({ ...set('1.1.0', '1.2.0'), orNewer: true })
    expect(await version([...built(1), ...sentences('option', 6)])).toMatchObject(set('1.2.0'))
  })

  test('a unit that was split, merged or renamed costs no release', async () => {
    const [first, second, third] = [sentences('inflate', 10), sentences('deflate', 10), sentences('check', 6)]
    const version = await heronVersion({
      releases: {
        '1.0.0': { 'all.c': [...first, ...second] },
        '1.1.0': { 'inflate.c': first, 'deflate.c': second },
        '1.2.0': { 'inflate.c': third, 'deflate.c': second },
      },
    })
    expect(await version([...first, ...second])).toEqual(set('1.1.0', '1.0.0'))
  })

  test('one unit never outvotes several: what it can cost a release is limited', async () => {
    const odd = sentences('odd', 20)
    const units = ['one', 'two', 'three'].map((name) => sentences(name, 8))
    const [one, two, three] = units.map((strings) => strings.slice(0, 6))
    const version = await heronVersion({
      releases: {
        // Of odd.c all is found, of the other files two strings are missing from each: twenty against six.
        '1.0.0': { 'odd.c': odd, 'one.c': one!, 'two.c': two!, 'three.c': three! },
        '1.1.0': { 'odd.c': odd.slice(0, 7), 'one.c': units[0]!, 'two.c': units[1]!, 'three.c': units[2]! },
      },
    })
    expect(await version([...odd, ...units.flat()])).toMatchObject({ likeliest: '1.1.0' })
  })

  test('built releases never compete', async () => {
    const version = await heronVersion({
      releases: changing(VERSIONS),
      built: { '1.1.0': { 'heron.o': [...built(3), ...sentences('libc', 20)] } },
    })
    expect(await version([...built(2), ...sentences('libc', 20)])).toEqual(set('1.2.0'))
  })

  test('a built release does not hide the source release of the same version', async () => {
    const both = {
      releases: Object.fromEntries(
        ['1.0.0', '1.1.0', '1.2.0', '1.3.0'].map((name) => [
          name,
          { 'heron.c': [...BASE, `heron library ${name} of the pond number ${name.length}${name}x`] },
        ]),
      ),
      built: { '1.1.0': { 'heron.o': BASE } },
    }
    const version = await heronVersion(both)
    expect(await version([...BASE, '1.1.0'])).toEqual({ kind: 'exact', version: '1.1.0', indexed: true })
    expect(await version([...BASE, 'heron library 1.1.0 as packaged'])).toMatchObject({ version: '1.1.0' })
  })

  test('a literal of a release that was indexed as built alone is believed like one that was not indexed', async () => {
    const text = { releases: changing(VERSIONS), built: { '1.3.2': { 'heron.o': BASE } } }
    const version = await heronVersion(text)
    expect(await version([...built(3), '1.3.2'])).toMatchObject({ kind: 'exact', version: '1.3.2' })
    expect(await version([...built(3), '1.3.1'])).toMatchObject({ kind: 'exact', version: '1.3.1', indexed: false })
  })

  test('a component known from built releases alone has no version, and the reason is told', async () => {
    const version = await heronVersion({ releases: {}, built: { '1.0.0': { 'heron.o': BASE } } })
    expect(await version(BASE)).toEqual({ kind: 'unknown', reason: 'no release of it is indexed from source' })
  })
})

describe('a string that is nothing but a version', () => {
  const VERSIONS = ['1.0.0', '1.0.1', '1.1.0', '1.2.0']
  const [early, late] = [{ 'heron.c': built(0) }, { 'heron.c': built(4) }]
  const releases = { '1.0.0': early, '1.0.1': early, '1.1.0': late, '1.2.0': late }

  test('picks among the releases that fit', async () => {
    const version = await heronVersion({ releases })
    expect(await version(built(0))).toEqual(set('1.0.1', '1.0.0'))
    expect(await version([...built(0), '1.0.0'])).toEqual({ kind: 'exact', version: '1.0.0', indexed: true })
  })

  test('is believed for a release that fits nearly as well', async () => {
    const version = await heronVersion({ releases: changing(VERSIONS, 1) })
    expect(await version([...built(2, 1), '1.0.1'])).toMatchObject({ kind: 'exact', version: '1.0.1' })
  })

  test('is not believed against the code', async () => {
    const version = await heronVersion({ releases })
    expect(await version([...built(4), '1.0.0'])).toMatchObject(set('1.2.0', '1.1.0'))
  })

  test('does not decide when there are two that fit equally well', async () => {
    const version = await heronVersion({ releases })
    expect(await version([...built(0), '1.0.0', '1.0.1'])).toMatchObject(set('1.0.1', '1.0.0'))
  })

  test('belongs to the component whose template carries it', async () => {
    const version = await heronVersion({ releases })
    expect(await version([...built(0), '1.0.0'], ['1.0.0'])).toMatchObject(set('1.0.1', '1.0.0'))
  })

  describe('of a release that was never indexed', () => {
    const unindexed = { kind: 'exact', version: '1.2.3', indexed: false, nearest: '1.2.0' }

    test('is believed shortly after the newest of its branch', async () => {
      const version = await heronVersion({ releases })
      expect(await version([...built(4), '1.2.3'])).toEqual(unindexed)
    })

    test('is believed up to three minors ahead', async () => {
      const version = await heronVersion({ releases })
      expect(await version([...built(4), '1.5.0'])).toMatchObject({ kind: 'exact', version: '1.5.0', indexed: false })
      expect(await version([...built(4), '1.6.0'])).toMatchObject({ kind: 'set' })
    })

    test.each([
      ['2.0.0', 'another major'],
      ['1.3', 'two numbers are anybody’s'],
      ['1.1.9', 'older than what the code shows'],
    ])('is not believed when it is %s (%s)', async (literal) => {
      const version = await heronVersion({ releases })
      expect(await version([...built(4), literal])).toMatchObject(set('1.2.0', '1.1.0'))
    })

    test('is not believed when the code points at a release before the end of its branch', async () => {
      const version = await heronVersion({ releases: changing(VERSIONS) })
      expect(await version([...built(0), '1.2.3'])).toMatchObject(set('1.0.0'))
    })

    test('is not believed when there are two of them', async () => {
      const version = await heronVersion({ releases })
      expect(await version([...built(4), '1.2.3', '1.2.4'])).toMatchObject({ kind: 'set' })
    })

    test('is not believed when another component carries it', async () => {
      const version = await heronVersion({ releases })
      expect(await version([...built(4), '1.2.3'], ['1.2.3'])).toMatchObject({ kind: 'set' })
    })
  })
})

describe('every claim', () => {
  test('names the release that the units are compared with, and the text that carries the version', async () => {
    const versions = await heron({ releases: changing(['1.0.0', '1.1.0']) })
    const [claim] = await versions([...built(1), '1.1.0'])
    expect(claim).toMatchObject({ method: 'literal', literal: { version: '1.1.0' }, templates: [], release: 1 })
  })
})

describe('a file that only some releases were read with', () => {
  const generated = sentences('generated', 6)
  const releaseWith = (has: boolean): ReleaseText => ({ 'heron.c': BASE, ...(has ? { 'table.c': generated } : {}) })

  test('says nothing about the others, if it comes and goes and most lack it', async () => {
    const version = await heronVersion({
      releases: Object.fromEntries(
        [false, true, false, false, true, false].map((has, i) => [`1.${i}`, releaseWith(has)]),
      ),
    })
    // It came with 1.1: the release before has never had it.
    expect(await version([...BASE, ...generated])).toMatchObject({
      kind: 'set',
      versions: ['1.5', '1.4', '1.3', '1.2', '1.1'],
    })
  })

  test('speaks for them where it came once and stayed', async () => {
    const version = await heronVersion({
      releases: { '1.0': releaseWith(false), '1.1': releaseWith(true), '1.2': releaseWith(true) },
    })
    expect(await version([...BASE, ...generated])).toMatchObject(set('1.2', '1.1'))
  })
})
