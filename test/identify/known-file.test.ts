import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Setting, sentences, settingOf } from './setting.ts'

const SHA256 = 'ab'.repeat(32)
const BUILD_ID = '0123456789abcdef'

let setting: Setting

beforeAll(async () => {
  const built = { '1.1': { 'libheron.so': sentences('heron', 12) } }
  setting = await settingOf({
    heron: {
      releases: { '1.0': { 'heron.c': sentences('heron', 12) }, '1.1': { 'heron.c': sentences('heron', 12) } },
      built,
      files: { '1.1': { sha256: SHA256, buildId: BUILD_ID } },
    },
    stork: { releases: { '2.0': { 'stork.c': sentences('stork', 12) } } },
  })
})
afterAll(() => setting.close())

describe('a file that was indexed itself', () => {
  test.each([
    ['file-hash', { sha256: SHA256 }],
    ['build-id', { buildId: BUILD_ID }],
  ])('is known by %s, in the version of its release', async (method, content) => {
    expect(await setting.identify(content)).toMatchObject([
      { name: 'heron', version: { kind: 'exact', version: '1.1', indexed: true }, method, confidence: 0.999 },
    ])
  })

  test('has what its fingerprints say as further evidence, and no second claim of the component', async () => {
    const [match, ...others] = await setting.identify({ sha256: SHA256, strings: sentences('heron', 12) })
    expect(others).toEqual([])
    expect(match?.evidence.map(({ kind }) => kind)).toEqual(['file', ...Array<string>(12).fill('string')])
    expect(match?.evidence[0]?.text).toBe('the sha256 is that of libheron.so (x86_64): test')
  })

  test('holds what else is embedded in it', async () => {
    const matches = await setting.identify({ sha256: SHA256, strings: sentences('stork', 12) })
    expect(matches.map(({ name, method }) => [name, method])).toEqual([
      ['heron', 'file-hash'],
      ['stork', 'fingerprints'],
    ])
  })

  test('is not known by a build-id that differs', async () => {
    expect(await setting.identify({ buildId: BUILD_ID.replace('0', 'f') })).toEqual([])
  })
})
