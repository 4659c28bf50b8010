import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { mayBeContainer, openContainer } from '../../src/archive/container.ts'
import { HEAD_BYTES, UnpackBudget } from '../../src/archive/container-member.ts'
import { DEFAULT_LIMITS } from '../../src/bytes/limits.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { buildAsar } from '../fixtures/asar.ts'
import { hasProgram, run, workDirectory } from '../fixtures/compile.ts'
import { contents, ELF, open } from '../fixtures/containers.ts'
import { buildCpio } from '../fixtures/cpio.ts'
import { buildDeb } from '../fixtures/deb.ts'
import { buildRpm } from '../fixtures/rpm.ts'
import { buildTar, paxMember, tarOf } from '../fixtures/tar.ts'
import { buildZip } from '../fixtures/zip.ts'

const FILES = { 'bin/tool': ELF.toString('latin1'), 'share/text': 'words' }
const MEMBERS = Object.entries(FILES).map(([path, text]) => ({ path, bytes: Buffer.from(text, 'latin1') }))
const CPIO = buildCpio(MEMBERS)
const APK = Buffer.concat([
  gzipSync(tarOf({ '.SIGN.RSA.key.pub': 'sig' }).subarray(0, -1024)),
  gzipSync(tarOf({ '.PKGINFO': 'pkgname = tool' }).subarray(0, -1024)),
  gzipSync(tarOf(FILES)),
])

const KINDS: readonly (readonly [name: string, kind: string, bytes: Uint8Array])[] = [
  ['a Debian package', 'deb', buildDeb({ files: Object.fromEntries(MEMBERS.map(({ path, bytes }) => [path, bytes])) })],
  ['an RPM package', 'rpm', buildRpm({}, gzipSync(CPIO))],
  ['a zip file', 'zip', buildZip(MEMBERS)],
  ['a tar archive', 'tar', tarOf(FILES)],
  ['a packed tar archive', 'tar', gzipSync(tarOf(FILES))],
  ['an initramfs', 'cpio', CPIO],
  ['a packed initramfs', 'cpio', gzipSync(CPIO)],
  [
    'an archive of Electron',
    'asar',
    buildAsar(
      {
        files: {
          bin: { files: { tool: { size: ELF.length, offset: '5', executable: true } } },
          share: { files: { text: { size: 5, offset: '0' } } },
        },
      },
      Buffer.concat([Buffer.from('words'), ELF]),
    ),
  ],
]

describe.each(KINDS)('%s', (_name, kind, bytes) => {
  test('is told by its bytes, whatever its name, and gives its files', async () => {
    expect(mayBeContainer(bytes.subarray(0, HEAD_BYTES), 'noname')).toBe(true)
    expect(await contents(await open(bytes))).toEqual({ kind, members: FILES, problems: [] })
  })

  test('unpacks no more in all than the limit', async () => {
    const limits = { unpackedBytes: 100 }
    const opened = open(bytes, 'file', limits)
    const result = await opened.then(async (container) => contents(container)).catch((error) => error.code)
    // Archives that are not packed unpack to nothing.
    expect(result === 'LIMIT_EXCEEDED' || kind === 'tar' || kind === 'cpio').toBe(true)
  })

  test('with an end missing ends in an error or a problem', async () => {
    const cut = bytes.subarray(0, bytes.length - Math.floor(bytes.length / 2))
    const result = await open(cut)
      .then(contents)
      .catch((error) => ({ problems: [error.code] }))
    expect(result?.problems.length).toBeGreaterThan(0)
  })
})

test('a package of Alpine is three tar archives, the first two without an end', async () => {
  const { kind, members } = (await contents(await open(APK)))!
  expect(kind).toBe('apk')
  expect(Object.keys(members)).toEqual(['.SIGN.RSA.key.pub', '.PKGINFO', 'bin/tool', 'share/text'])
})

test('a package of Alpine whose parts all have an end is read to the last one', async () => {
  const parts = [{ '.PKGINFO': 'x' }, FILES].map((files) => gzipSync(tarOf(files)))
  expect(Object.keys((await contents(await open(Buffer.concat(parts))))!.members)).toEqual([
    '.PKGINFO',
    ...Object.keys(FILES),
  ])
})

describe('a packed file', () => {
  test('is a container of one where it is a program, by the name it has unpacked', async () => {
    expect(await contents(await open(gzipSync(ELF), 'lib/tool.gz'))).toEqual({
      kind: 'compressed',
      members: { tool: ELF.toString('latin1') },
      problems: [],
    })
  })

  test.each([
    ['a static library', Buffer.from('!<arch>\nlib')],
    ['a PE file', Buffer.from('MZ program')],
    ['a zip file', buildZip(MEMBERS)],
    ['what is packed once more', gzipSync(ELF)],
  ])('is one where it is %s', async (_name, bytes) => {
    expect((await open(gzipSync(bytes)))?.kind).toBe('compressed')
  })

  test('is none where it is a text, as of manuals', async () => {
    expect(await open(gzipSync('NAME\n'.repeat(1000)), 'ls.1.gz')).toBeUndefined()
  })

  test('is none where it has the magic of gzip by chance', async () => {
    expect(await open(Buffer.from('\x1f\x8b text', 'latin1'))).toBeUndefined()
  })

  test('is told through a long field in front of its bytes', async () => {
    const plain = gzipSync(ELF)
    const extra = Buffer.alloc(60_000, 'x')
    const head = Buffer.from(plain.subarray(0, 10))
    head[3] = 4
    const length = Buffer.from([extra.length & 0xff, extra.length >> 8])
    expect((await open(Buffer.concat([head, length, extra, plain.subarray(10)])))?.kind).toBe('compressed')
  })

  test('that cannot be unpacked to its end fails when it is opened', async () => {
    const [member] = (await open(gzipSync(ELF).subarray(0, -9)))!.members()
    await expect(Promise.resolve(member!.open())).rejects.toMatchObject({ code: 'FORMAT_TRUNCATED' })
  })
})

describe.each([
  ['xz', 'xz'],
  ['bzip2', 'bz2'],
])('%s', (program, suffix) => {
  test.skipIf(!hasProgram(program))('is started for names that give reason to, and for no others', async () => {
    const work = workDirectory()
    writeFileSync(`${work.path}/x`, ELF)
    run(program, '-k', `${work.path}/x`)
    const bytes = readFileSync(`${work.path}/x.${suffix}`)
    expect((await open(bytes, `lib/modules/x.ko.${suffix}`))?.kind).toBe('compressed')
    expect((await open(bytes, 'boot/initrd.img'))?.kind).toBe('compressed')
    expect(await open(bytes, `data.${suffix}`)).toBeUndefined()
    work.remove()
  })
})

test.skipIf(!hasProgram('zstd'))('zstd is told by its first block', async () => {
  const work = workDirectory()
  writeFileSync(`${work.path}/program`, Buffer.concat([ELF, randomBytes(300_000)]))
  writeFileSync(`${work.path}/text`, 'words '.repeat(100_000))
  for (const name of ['program', 'text']) run('zstd', '-q', `${work.path}/${name}`)
  const [program, text] = ['program', 'text'].map((name) => readFileSync(`${work.path}/${name}.zst`))
  const container = await open(program!, 'program.zst')
  const [member] = container!.members()
  expect([member!.path, (await member!.open()).size]).toEqual(['program', ELF.length + 300_000])
  expect(await open(text!, 'text.zst')).toBeUndefined()
  work.remove()
})

describe('a zip file behind something else', () => {
  const zip = buildZip(MEMBERS, { prefix: Buffer.concat([Buffer.from('#!/bin/sh\n'), Buffer.alloc(600, 'exit\n')]) })
  test('is told by a name that such files have', async () => {
    expect((await open(zip, 'app.jar'))?.kind).toBe('zip')
    expect(await open(zip, 'app')).toBeUndefined()
  })

  test('is told where it follows a line that starts a script', async () => {
    expect((await open(buildZip(MEMBERS, { prefix: Buffer.from('#!/usr/bin/python3\n') }), 'app'))?.kind).toBe('zip')
  })

  test('is not there in every program that is called .exe', async () => {
    expect(await open(Buffer.alloc(2000, 'MZ'), 'setup.exe')).toBeUndefined()
  })
})

test.each([
  ['an empty file', Buffer.alloc(0)],
  ['a text', Buffer.from('some words\n'.repeat(100))],
  ['a program', ELF],
  ['zeros', Buffer.alloc(2048)],
  ['a static library', Buffer.from('!<arch>\nlib.o/          0           0     0     644     0         `\n')],
])('%s is no container', async (_name, bytes) => {
  expect(await open(bytes)).toBeUndefined()
})

test('a member with an unsafe path is a problem, and those behind it are still there', async () => {
  const unsafe = [{ path: '../../etc/passwd', bytes: Buffer.from('x') }, ...MEMBERS]
  for (const bytes of [buildTar(unsafe), buildZip(unsafe), buildCpio(unsafe), buildRpm({}, buildCpio(unsafe))]) {
    const { members, problems } = (await contents(await open(bytes)))!
    expect(members).toEqual(FILES)
    expect(problems).toEqual(['SOURCE_UNSAFE ../../etc/passwd'])
  }
})

test('a million unsafe members are a thousand problems and one', async () => {
  const many = Array.from({ length: 3000 }, (_, i) => ({ path: `/${i}` }))
  expect((await contents(await open(buildCpio(many))))!.problems).toHaveLength(1001)
})

test('more members than the limit end in LIMIT_EXCEEDED', async () => {
  const many = Array.from({ length: 30 }, (_, i) => ({ path: `${i}` }))
  for (const bytes of [buildTar(many), buildZip(many), buildCpio(many), buildRpm({}, buildCpio(many))])
    await expect(open(bytes, 'file', { archiveMembers: 20 }).then(contents)).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
    })
})

test('one budget holds for containers in containers', async () => {
  const limits = { ...DEFAULT_LIMITS, unpackedBytes: 10_000 }
  const budget = new UnpackBudget(limits)
  const bytes = buildZip([{ path: 'a', bytes: Buffer.alloc(4000) }])
  const unpack = async (): Promise<void> => {
    const container = await openContainer(bytesSource(bytes), 'a', { limits, budget })
    for (const member of container!.members()) (await member.open()).close()
  }
  await unpack()
  await unpack()
  await expect(unpack()).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
})

test('a hole of a sparse member counts as unpacked bytes', async () => {
  const records = { 'GNU.sparse.name': 'hole', 'GNU.sparse.size': '5000', 'GNU.sparse.map': '5000,0' }
  const tar = buildTar([paxMember(records), { path: 'x' }])
  await expect(open(tar, 'x.tar', { unpackedBytes: 4000 }).then(contents)).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
  })
})

test('a signal that has fired ends in ABORTED', async () => {
  const signal = AbortSignal.abort()
  await expect(openContainer(bytesSource(CPIO), 'a', { limits: DEFAULT_LIMITS, signal })).rejects.toMatchObject({
    code: 'ABORTED',
  })
})

test('heads of packed members cost no unpacking of the whole', async () => {
  const bytes = Buffer.concat([ELF, Buffer.alloc(100_000_000)])
  const container = await open(buildZip([{ path: 'large', bytes }]))
  const started = performance.now()
  for (const member of container!.members()) for (let i = 0; i < 50; i++) member.head()
  expect(performance.now() - started).toBeLessThan(5000)
})
