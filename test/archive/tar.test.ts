import { pack } from 'tar-stream'
import { describe, expect, test } from 'vitest'
import { readTar, type TarMember } from '../../src/archive/tar.ts'
import { DEFAULT_LIMITS } from '../../src/bytes/limits.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { hasProgram, run, workDirectory } from '../fixtures/compile.ts'
import { buildTar, paxMember, type TarFixtureMember, tarMember } from '../fixtures/tar.ts'

function list(members: readonly TarFixtureMember[]): TarMember[] {
  return [...readTar(bytesSource(buildTar(members)))]
}

const LONG = `${'directory/'.repeat(30)}file.c`

test('members come in archive order with the place of their bytes, duplicates included', () => {
  const tar = buildTar([
    { path: './', type: '5' },
    { path: './src/', type: '5', mode: 0o755 },
    { path: './src/inflate.c', bytes: Buffer.from('first') },
    { path: 'src//inflate.c', bytes: Buffer.from('second') },
    { path: 'link', type: '2', link: '../outside' },
    { path: 'hard', type: '1', link: './src/inflate.c' },
    { path: 'null', type: '3' },
  ])
  const members = [...readTar(bytesSource(tar))]
  expect(members.map(({ path, type, linkTarget }) => [path, type, linkTarget])).toEqual([
    ['src', 'directory', undefined],
    ['src/inflate.c', 'file', undefined],
    ['src/inflate.c', 'file', undefined],
    ['link', 'symlink', '../outside'],
    ['hard', 'hardlink', 'src/inflate.c'],
    ['null', 'other', undefined],
  ])
  expect(members[0]?.mode).toBe(0o755)
  const bytes = members
    .slice(1, 3)
    .map(({ offset, size }) => Buffer.from(tar.subarray(offset, offset + size)).toString())
  expect(bytes).toEqual(['first', 'second'])
})

test.each([
  ['the ustar prefix', [{ path: 'file.c', prefix: 'a/long/prefix' }], 'a/long/prefix/file.c'],
  ['a PAX path', [paxMember({ path: LONG }), { path: 'short' }], LONG],
  ['a GNU long name', [{ path: '././@LongLink', type: 'L', bytes: Buffer.from(`${LONG}\0`) }, { path: 'x' }], LONG],
  ['a v7 header', [{ path: 'old.c', magic: 'v7' }], 'old.c'],
  ['GNU magic, where the prefix is none', [{ path: 'gnu.c', magic: 'gnu', prefix: '\x01\x02' }], 'gnu.c'],
  ['UTF-8', [{ path: 'grün.c' }], 'grün.c'],
] as const)('a path comes from %s', (_name, members, path) => {
  expect(list(members).map((member) => member.path)).toEqual([path])
})

test('a name in Latin-1 stays readable', () => {
  const header = tarMember({ path: 'gr_n.c' })
  header[2] = 0xfc
  header.write('        ', 148, 'latin1')
  const sum = header.subarray(0, 512).reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  expect([...readTar(bytesSource(header))][0]?.path).toBe('grün.c')
})

test('a global PAX header holds for all members, a local one for the next', () => {
  const paths = list([
    paxMember({ comment: 'commit 1234', path: 'global' }, 'g'),
    { path: 'a' },
    paxMember({ path: 'local' }),
    { path: 'b' },
    { path: 'c' },
  ]).map(({ path }) => path)
  expect(paths).toEqual(['global', 'local', 'global'])
})

test.each([
  ['octal', { path: 'a', bytes: Buffer.from('12345') }, []],
  ['big-endian (GNU)', { path: 'a', bytes: Buffer.from('12345'), binarySize: true }, []],
  ['PAX', { path: 'a', bytes: Buffer.from('12345'), size: 0 }, [paxMember({ size: '5' })]],
] as const)('a size is read as %s', (_name, member, before) => {
  const members = list([...before, member, { path: 'next' }])
  expect(members.map(({ path, size }) => [path, size])).toEqual([
    ['a', 5],
    ['next', 0],
  ])
})

test('the size of a link or directory does not count, as old tars write that of the target', () => {
  const members = list([
    { path: 'hard', type: '1', link: 'a', size: 512 },
    { path: 'soft', type: '2', link: 'a', size: 512 },
    { path: 'd', type: '5', size: 512 },
    { path: 'z' },
  ])
  expect(members.map(({ path }) => path)).toEqual(['hard', 'soft', 'd', 'z'])
})

test('a v7 directory is told by its slash', () => {
  expect(list([{ path: 'dir/', type: '\0', magic: 'v7' }])[0]?.type).toBe('directory')
})

describe('a path that leaves the archive', () => {
  test.each([
    ['absolute', '/etc/passwd'],
    ['upwards', 'a/../../b'],
    ['with a drive', 'C:\\windows'],
  ])('is refused when it is %s', (_name, path) => {
    expect(() => list([{ path }])).toThrow(expect.objectContaining({ code: 'SOURCE_UNSAFE' }))
  })

  test('is refused as the target of a hard link', () => {
    expect(() => list([{ path: 'a', type: '1', link: '/etc/passwd' }])).toThrow(
      expect.objectContaining({ code: 'SOURCE_UNSAFE' }),
    )
  })
})

test.each([
  ['no tar', Buffer.alloc(1024, 'x'), 'FORMAT_BAD_MAGIC'],
  ['half a header', buildTar([{ path: 'a' }]).subarray(0, 100), 'FORMAT_TRUNCATED'],
  ['half a file', tarMember({ path: 'a', bytes: Buffer.alloc(600) }).subarray(0, 1024), 'FORMAT_TRUNCATED'],
  [
    'a lone block of zeros',
    Buffer.concat([tarMember({ path: 'a' }), Buffer.alloc(512), tarMember({ path: 'b' })]),
    'FORMAT_CORRUPT',
  ],
  ['a wrong checksum', Buffer.concat([tarMember({ path: 'a' }), Buffer.alloc(512, 'b')]), 'FORMAT_CORRUPT'],
])('%s ends in %s', (_name, bytes, code) => {
  expect(() => [...readTar(bytesSource(bytes))]).toThrow(expect.objectContaining({ code }))
})

test('an empty file has no members, and the zeros at the end may be missing', () => {
  expect([...readTar(bytesSource(new Uint8Array(0)))]).toEqual([])
  expect([...readTar(bytesSource(tarMember({ path: 'a' })))]).toHaveLength(1)
})

test('more members than the limit end in LIMIT_EXCEEDED', () => {
  const source = bytesSource(buildTar([{ path: 'a' }, { path: 'b' }, { path: 'c' }]))
  expect(() => [...readTar(source, { ...DEFAULT_LIMITS, archiveMembers: 2 })]).toThrow(
    expect.objectContaining({ code: 'LIMIT_EXCEEDED' }),
  )
})

test('what tar-stream packs is read back', async () => {
  const packed = pack()
  packed.entry({ name: LONG }, 'long')
  packed.entry({ name: 'ünïcode.txt', mode: 0o600 }, 'x')
  packed.entry({ name: 'd', type: 'directory' })
  packed.entry({ name: 's', type: 'symlink', linkname: LONG })
  packed.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of packed) chunks.push(chunk as Buffer)
  const members = [...readTar(bytesSource(Buffer.concat(chunks)))]
  expect(members.map(({ path, type, size, linkTarget }) => [path, type, size, linkTarget])).toEqual([
    [LONG, 'file', 4, undefined],
    ['ünïcode.txt', 'file', 1, undefined],
    ['d', 'directory', 0, undefined],
    ['s', 'symlink', 0, LONG],
  ])
})

test.skipIf(!hasProgram('tar')).each(['v7', 'oldgnu', 'gnu', 'ustar', 'posix'])(
  'tar --format=%s and we list the same members',
  async (format) => {
    const { mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } = await import('node:fs')
    const work = workDirectory()
    mkdirSync(`${work.path}/in/sub`, { recursive: true })
    writeFileSync(`${work.path}/in/sub/file.c`, 'int x;')
    if (format !== 'v7') writeFileSync(`${work.path}/in/sub/${'n'.repeat(90)}.c`, 'long')
    symlinkSync('sub/file.c', `${work.path}/in/link`)
    writeFileSync(`${work.path}/in/sparse`, '')
    truncateSync(`${work.path}/in/sparse`, 100_000)
    const archive = `${work.path}/out.tar`
    run('tar', `--format=${format}`, '-C', `${work.path}/in`, '-cf', archive, '.')
    const truth = run('tar', '-tf', archive).split('\n').slice(0, -1)
    const own = [...readTar(bytesSource(readFileSync(archive)))].map(({ path }) => path)
    expect(own).toEqual(truth.map((path) => path.replace(/^\.\/|\/$/g, '')).filter((path) => path !== ''))
    work.remove()
  },
)

test('with a callback, members with unsafe paths or targets are told to it and the walk goes on', () => {
  const told: string[] = []
  const tar = buildTar([
    { path: '/etc/passwd' },
    { path: 'a' },
    { path: 'hard', type: '1', link: '../up' },
    { path: 'b', bytes: Buffer.from('x') },
  ])
  const members = [
    ...readTar(bytesSource(tar), DEFAULT_LIMITS, { onUnsafe: (path, error) => told.push(`${error.code} ${path}`) }),
  ]
  expect(members.map(({ path }) => path)).toEqual(['a', 'b'])
  expect(told).toEqual(['SOURCE_UNSAFE /etc/passwd', 'SOURCE_UNSAFE hard'])
})

test('the walk returns where the archive ends', () => {
  const walk = readTar(bytesSource(buildTar([{ path: 'a', bytes: Buffer.from('x') }])))
  expect(walk.next().done).toBe(false)
  expect(walk.next()).toEqual({ done: true, value: 1024 })
})
