import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { RpmHeader } from '../../src/archive/rpm-header.ts'
import { hasProgram, run, workDirectory } from '../fixtures/compile.ts'
import { contents, ELF, open } from '../fixtures/containers.ts'
import { buildCpio, buildStrippedCpio } from '../fixtures/cpio.ts'
import { buildRpm, headerOf } from '../fixtures/rpm.ts'

const CPIO = buildCpio([
  { path: './usr', mode: 0o040755 },
  { path: './usr/bin/tool', bytes: ELF },
])
const MEMBERS = { 'usr/bin/tool': ELF.toString('latin1') }

test.each([
  ['not packed', CPIO],
  ['packed with gzip', gzipSync(CPIO)],
])('files of a package %s have their paths', async (_name, payload) => {
  expect(await contents(await open(buildRpm({}, payload)))).toEqual({ kind: 'rpm', members: MEMBERS, problems: [] })
})

test('a package without files has no members', async () => {
  expect((await contents(await open(buildRpm({}, new Uint8Array(0)))))?.members).toEqual({})
})

test("an archive of RPM's own kind takes paths and sizes from the header", async () => {
  const files = [
    { path: '/usr/bin/', mode: 0o040755, size: 4096 },
    { path: '/usr/bin/a', size: 3, inode: 7 },
    { path: '/usr/bin/link', mode: 0o120777, size: 1 },
    { path: '/usr/bin/b', size: 3, inode: 7 },
  ]
  const payload = buildStrippedCpio([
    { index: 0, bytes: Buffer.alloc(0) },
    { index: 1, bytes: Buffer.alloc(0) },
    { index: 3, bytes: Buffer.from('abc') },
    { index: 2, bytes: Buffer.from('a') },
  ])
  const { members } = (await contents(await open(buildRpm({ files }, payload))))!
  expect(members).toEqual({ 'usr/bin/a': '', 'usr/bin/b': 'abc' })
})

test('a number that the header does not have ends in FORMAT_CORRUPT', async () => {
  const rpm = buildRpm({ files: [{ path: '/a' }] }, buildStrippedCpio([{ index: 9, bytes: Buffer.alloc(0) }]))
  await expect(open(rpm).then(contents)).rejects.toMatchObject({ code: 'FORMAT_CORRUPT' })
})

test.each([
  ['packed with lzma', { texts: { 1125: 'lzma' } }, CPIO, 'FORMAT_UNSUPPORTED'],
  ['of changes only', { texts: { 1124: 'drpm' } }, CPIO, 'FORMAT_UNSUPPORTED'],
  ['of anything else', {}, Buffer.from('words'), 'FORMAT_CORRUPT'],
])('a package %s says so', async (_name, fixture, payload, code) => {
  await expect(open(buildRpm(fixture, payload))).rejects.toMatchObject({ code })
})

test('a header larger than the limit ends in LIMIT_EXCEEDED', async () => {
  await expect(open(buildRpm({}, CPIO), 'x', { rpmHeaderBytes: 50 })).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
})

describe('a header', () => {
  test('gives texts and numbers by tag, and nothing for tags that it does not have', () => {
    const header = new RpmHeader(
      headerOf([
        [1, 8, ['a', 'b']],
        [2, 4, [7, 0xffffffff]],
        [3, 3, [1]],
      ]),
    )
    expect([header.texts(1), header.text(1), [...header.numbers(2)], [...header.numbers(3)]]).toEqual([
      ['a', 'b'],
      'a',
      [7, 0xffffffff],
      [1],
    ])
    expect([header.texts(9), header.text(9), [...header.numbers(9)], [...header.numbers(1)]]).toEqual([
      [],
      undefined,
      [],
      [],
    ])
  })

  test('with a field that leaves it ends in FORMAT_CORRUPT', () => {
    const bytes = Buffer.from(
      headerOf([
        [1, 8, ['a']],
        [2, 4, [7]],
      ]),
    )
    bytes.writeUInt32BE(1000, 8 + 12)
    bytes.writeUInt32BE(1000, 24 + 12)
    const header = new RpmHeader(bytes)
    expect(() => header.texts(1)).toThrow(expect.objectContaining({ code: 'FORMAT_CORRUPT' }))
    expect(() => header.numbers(2)).toThrow(expect.objectContaining({ code: 'FORMAT_CORRUPT' }))
  })

  test.each([new Uint8Array(0), new Uint8Array(7), Buffer.from('00000001ffffffff', 'hex')])(
    'cut off ends in FORMAT_TRUNCATED',
    (bytes) => {
      expect(() => new RpmHeader(bytes)).toThrow(expect.objectContaining({ code: 'FORMAT_TRUNCATED' }))
    },
  )
})

const SPEC = `Name: tiny
Version: 1.2
Release: 3
Summary: s
License: l
BuildArch: noarch
%description
d
%install
mkdir -p %{buildroot}/usr/share/tiny
echo one > %{buildroot}/usr/share/tiny/one
ln %{buildroot}/usr/share/tiny/one %{buildroot}/usr/share/tiny/two
%files
/usr/share/tiny
`

test.skipIf(!hasProgram('rpmbuild')).each(['w.ufdio', 'w9.gzdio', 'w6.xzdio', 'w3.zstdio', 'w9.bzdio'])(
  'what rpmbuild packs with %s is read back',
  async (payload) => {
    const work = workDirectory()
    writeFileSync(`${work.path}/tiny.spec`, SPEC)
    run(
      'rpmbuild',
      '-bb',
      '--quiet',
      '-D',
      `_topdir ${work.path}`,
      '-D',
      `_binary_payload ${payload}`,
      `${work.path}/tiny.spec`,
    )
    const folder = `${work.path}/RPMS/noarch`
    const { members } = (await contents(await open(readFileSync(`${folder}/${readdirSync(folder)[0]}`))))!
    expect(Object.keys(members).sort()).toEqual(['usr/share/tiny/one', 'usr/share/tiny/two'])
    expect(Object.values(members).sort()).toEqual(['', 'one\n'])
    work.remove()
  },
)
