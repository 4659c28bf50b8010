import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { readCpio } from '../../src/archive/cpio.ts'
import { DEFAULT_LIMITS } from '../../src/bytes/limits.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { hasProgram, run, workDirectory } from '../fixtures/compile.ts'
import { contents, open } from '../fixtures/containers.ts'
import { buildCpio } from '../fixtures/cpio.ts'

const MEMBERS = [
  { path: '.', mode: 0o040755 },
  { path: './bin/tool', bytes: Buffer.from('first') },
  { path: 'link', mode: 0o120777, bytes: Buffer.from('bin/tool') },
  { path: 'null', mode: 0o020666 },
  { path: 'bin/tool', bytes: Buffer.from('second') },
]

test.each(['070701', '070702', '070707'])('regular files of %s come in archive order', (magic) => {
  const bytes = buildCpio(MEMBERS, magic)
  const walk = readCpio(bytesSource(bytes), { limits: DEFAULT_LIMITS })
  const found = [...walk].map(({ path, offset, size }) => [path, bytes.subarray(offset, offset + size).toString()])
  expect(found).toEqual([
    ['bin/tool', 'first'],
    ['bin/tool', 'second'],
  ])
})

test.each([
  ['a file that is none', Buffer.alloc(200, 'x'), 'FORMAT_BAD_MAGIC'],
  ['an empty file', Buffer.alloc(0), 'FORMAT_BAD_MAGIC'],
  ['no trailer', buildCpio([{ path: 'a' }]).subarray(0, 112), 'FORMAT_TRUNCATED'],
  ['half a header', buildCpio([{ path: 'a' }]).subarray(0, 50), 'FORMAT_TRUNCATED'],
  ['a file larger than the archive', buildCpio([{ path: 'a', size: 5000 }]), 'FORMAT_TRUNCATED'],
  [
    'no header behind a file',
    Buffer.concat([buildCpio([{ path: 'a' }]).subarray(0, 112), Buffer.alloc(200)]),
    'FORMAT_CORRUPT',
  ],
  [
    'a number that is none',
    Buffer.from(
      buildCpio([{ path: 'a' }])
        .toString()
        .replace('000081a4', 'x00081a4'),
    ),
    'FORMAT_CORRUPT',
  ],
  ['an unsafe path', buildCpio([{ path: '/a' }]), 'SOURCE_UNSAFE'],
  [
    'a name beyond all limits',
    Buffer.from(
      buildCpio([{ path: 'a' }])
        .toString()
        .replace('00000002', '00ffffff'),
    ),
    'LIMIT_EXCEEDED',
  ],
])('%s ends in an error', (_name, bytes, code) => {
  expect(() => [...readCpio(bytesSource(bytes), { limits: DEFAULT_LIMITS })]).toThrow(expect.objectContaining({ code }))
})

describe('an initramfs', () => {
  const early = buildCpio([{ path: 'kernel/microcode.bin', bytes: Buffer.from('code') }])
  const main = buildCpio([{ path: 'bin/tool', bytes: Buffer.from('tool') }])

  test.each([
    ['one behind the other', Buffer.concat([early, main])],
    ['with zeros between them', Buffer.concat([early, Buffer.alloc(1000), main, Buffer.alloc(512)])],
    ['the last one packed', Buffer.concat([early, Buffer.alloc(512), gzipSync(main)])],
    ['packed together', gzipSync(Buffer.concat([early, Buffer.alloc(512), main]))],
    ['one packed within another', gzipSync(Buffer.concat([early, gzipSync(main)]))],
  ])('may be archives %s', async (_name, bytes) => {
    expect(await contents(await open(bytes))).toEqual({
      kind: 'cpio',
      members: { 'kernel/microcode.bin': 'code', 'bin/tool': 'tool' },
      problems: [],
    })
  })

  test.each([
    ['is packed with lz4', Buffer.from('\x02\x21\x4c\x18 packed', 'latin1'), 'FORMAT_UNSUPPORTED'],
    ['is packed with lzma', Buffer.from('\x5d\0\0\x80 packed', 'latin1'), 'FORMAT_UNSUPPORTED'],
    ['is nothing known', Buffer.from('words'), 'FORMAT_CORRUPT'],
    ['does not unpack', gzipSync(main).subarray(0, 40), 'FORMAT_TRUNCATED'],
  ])('whose last part %s keeps the others', async (_name, tail, code) => {
    const { members, problems } = (await contents(await open(Buffer.concat([early, tail]))))!
    expect(Object.keys(members)).toEqual(['kernel/microcode.bin'])
    expect(problems).toEqual([`${code} (part 2)`])
  })

  test('that is broken gives the members before the break, and then the error', async () => {
    const container = await open(Buffer.concat([early, main.subarray(0, 50)]))
    const found: string[] = []
    const walk = (): void => {
      for (const { path } of container!.members()) found.push(path)
    }
    expect(walk).toThrow(expect.objectContaining({ code: 'FORMAT_TRUNCATED' }))
    expect(found).toEqual(['kernel/microcode.bin'])
  })

  test('packed over and over ends in LIMIT_EXCEEDED', async () => {
    let bytes: Buffer = main
    for (let i = 0; i < 12; i++) bytes = Buffer.concat([early, gzipSync(bytes)])
    await expect(open(bytes)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
  })

  test('of nothing but trailers ends in LIMIT_EXCEEDED', async () => {
    const bytes = Buffer.concat(Array.from({ length: 50 }, () => buildCpio([])))
    await expect(open(bytes, 'x', { archiveMembers: 20 }).then(contents)).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
    })
  })
})

test.skipIf(!hasProgram('cpio')).each(['newc', 'crc', 'odc'])('what cpio -H %s packs is read back', async (format) => {
  const work = workDirectory()
  mkdirSync(`${work.path}/in/sub`, { recursive: true })
  writeFileSync(`${work.path}/in/sub/file.c`, 'int x;')
  writeFileSync(`${work.path}/in/odd name`, 'odd')
  run('sh', '-c', `cd "${work.path}/in" && find . | cpio -o -H ${format} --quiet > ../out.cpio`)
  expect((await contents(await open(readFileSync(`${work.path}/out.cpio`))))?.members).toEqual({
    'sub/file.c': 'int x;',
    'odd name': 'odd',
  })
  work.remove()
})
