import { expect, test } from 'vitest'
import { namesWithVersion } from '../../src/build/versioned-names.ts'

/** The libraries of indexed files, each with the version of its release. */
function namesOf(files: readonly (readonly [name: string, release: string])[]): string[] {
  return namesWithVersion({
    releases: files.map(([, version]) => ({ version, origin: 'built' as const, provenance: 'test' })),
    files: files.map(([name], release) => ({ name, release, sha256: '', buildId: null, arch: 'x86_64' })),
  })
}

test('libraries whose names carry the release are told, whatever stands beside them', () => {
  expect(
    namesOf([
      ['libz.so.1.3.1', '1.3.1'],
      ['libheron.so.1.22', '1.22'],
      ['libheron.so.1.23', '1.23'],
      ['libcurl.so.4.8.0', '7.88.1'],
      ['libcurl.a', '7.88.1'],
    ]),
  ).toEqual(['libheron', 'libz'])
})

test('one that disagrees once is not believed: an interface and a release had one number by chance', () => {
  expect(
    namesOf([
      ['librsvg-2.so.2.60.0', '2.60.0'],
      ['librsvg-2.so.2.48.0', '2.54.7'],
    ]),
  ).toEqual([])
})

test('two numbers that agree in one version are chance', () => {
  expect(namesOf([['libheron.so.1.0', '1.0']])).toEqual([])
})
