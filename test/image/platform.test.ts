import { arch } from 'node:os'
import { describe, expect, test } from 'vitest'
import { choosePlatform, type PlatformCandidate, parsePlatform, platformText } from '../../src/image/platform.ts'

const OWN = platformText(parsePlatform(`linux/${arch()}`))
const FOREIGN = OWN === 'linux/s390x' ? 'linux/riscv64' : 'linux/s390x'

function candidate(platform: string | undefined, name = platform ?? 'none'): PlatformCandidate {
  const descriptor = { mediaType: '', digest: name, size: 0 }
  return { platform: platform === undefined ? undefined : parsePlatform(platform), descriptor }
}

function choose(platforms: readonly (string | undefined)[], wanted?: string): string {
  const candidates = platforms.map((platform) => candidate(platform))
  return choosePlatform(candidates, wanted === undefined ? undefined : parsePlatform(wanted)).digest
}

test.each([
  ['linux/amd64', 'linux/amd64'],
  ['arm64', 'linux/arm64'],
  ['linux/arm64/v8', 'linux/arm64'],
  ['aarch64', 'linux/arm64'],
  ['linux/x86_64', 'linux/amd64'],
  ['amd64', 'linux/amd64'],
  ['linux/amd64/v1', 'linux/amd64'],
  ['linux/amd64/v3', 'linux/amd64/v3'],
  ['linux/arm/7', 'linux/arm/v7'],
  ['armhf', 'linux/arm/v7'],
  ['armel', 'linux/arm/v6'],
  ['i386', 'linux/386'],
  ['Linux/ARM64', 'linux/arm64'],
  ['linux', OWN],
  ['windows(10.0.20348)/amd64', 'windows(10.0.20348)/amd64'],
])('%s is read as %s', (text, expected) => {
  expect(platformText(parsePlatform(text))).toBe(expected)
})

test.each(['', 'linux/', '/amd64', 'toaster', 'linux/arm/v7/x', 'linux arm64', 'a(b)/c'])(
  '%j is no platform',
  (text) => {
    expect(() => parsePlatform(text)).toThrow(expect.objectContaining({ code: 'USAGE' }))
  },
)

describe('of an index', () => {
  test.each([
    ['the platform that is wanted', ['linux/amd64', 'linux/arm64'], 'arm64', 'linux/arm64'],
    ['the exact variant that is wanted', ['linux/arm/v7', 'linux/arm/v6'], 'linux/arm/v6', 'linux/arm/v6'],
    ['the most usual variant', ['linux/arm/v5', 'linux/arm/v7'], 'linux/arm', 'linux/arm/v7'],
    ['the plain one before a variant', ['linux/amd64/v3', 'linux/amd64'], 'amd64', 'linux/amd64'],
    ['an unsaid variant of ARM for v7', ['linux/arm'], 'linux/arm/v7', 'linux/arm'],
    [
      'the version of Windows',
      ['windows(10.0.1.5)/amd64', 'windows(10.0.2.7)/amd64'],
      'windows(10.0.2)/amd64',
      'windows(10.0.2.7)/amd64',
    ],
    ['an only entry that does not say its platform', [undefined], 'arm64', 'none'],
  ] as const)('%s is taken', (_rule, platforms, wanted, expected) => {
    expect(
      choose(
        platforms.map((text) => text),
        wanted,
      ),
    ).toBe(candidate(expected === 'none' ? undefined : expected).descriptor.digest)
  })

  test('Linux on the architecture of this machine is taken where nothing is wanted', () => {
    expect(choose([FOREIGN, 'windows/amd64', OWN])).toBe(OWN)
  })

  test('the only one is taken where nothing is wanted, whatever it is', () => {
    expect(choose([FOREIGN, 'unknown/unknown'])).toBe(FOREIGN)
  })

  test('attestations are no image', () => {
    expect(() => choose(['unknown/unknown'])).toThrow(
      expect.objectContaining({ code: 'IMAGE_PLATFORM', message: `need an image for ${OWN}, the index has no image` }),
    )
  })

  test('what there is is listed where nothing fits', () => {
    expect(() => choose(['linux/amd64', 'linux/arm/v7', undefined, 'unknown/unknown'], 'linux/s390x')).toThrow(
      expect.objectContaining({
        code: 'IMAGE_PLATFORM',
        message:
          'need an image for linux/s390x, the index has linux/amd64, linux/arm/v7, one that does not say: choose one with --platform',
      }),
    )
  })

  test('a wanted platform is not replaced by the only one', () => {
    expect(() => choose(['linux/amd64'], 'linux/s390x')).toThrow(expect.objectContaining({ code: 'IMAGE_PLATFORM' }))
  })
})
