import { readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readTar, type TarMember, tarMemberSource } from '../../src/archive/tar.ts'
import { DEFAULT_LIMITS } from '../../src/bytes/limits.ts'
import { bytesSource, fileSource } from '../../src/bytes/source.ts'
import { hasProgram, run, workDirectory } from '../fixtures/compile.ts'
import { buildTar, paxMember, type TarFixtureMember } from '../fixtures/tar.ts'

const FORMATS: readonly (readonly string[])[] = [['gnu'], ['posix', '0.0'], ['posix', '0.1'], ['posix', '1.0']]

function packSparse(directory: string, name: string, format: readonly string[]): string {
  const archive = `${directory}/out.tar`
  const version = format[1] === undefined ? [] : [`--sparse-version=${format[1]}`]
  run('tar', '-C', directory, '--sparse', `--format=${format[0]}`, ...version, '-cf', archive, name)
  return archive
}

describe.skipIf(!hasProgram('tar')).each(FORMATS)('GNU tar --sparse --format=%s %s', (...format) => {
  test.each([
    [
      'data, a hole and data',
      [
        [0, 5000],
        [1_000_000, 300],
        [2_000_000, 70_000],
      ],
      2_500_000,
    ],
    ['nothing but a hole', [], 3_000_000],
    ['more parts than a header holds', Array.from({ length: 60 }, (_, i) => [i * 16_384, 4096]), 60 * 16_384],
    ['data at its end', [[1_048_576, 77]], 1_048_653],
  ] as const)('a file with %s comes back whole', async (_name, parts, size) => {
    const work = workDirectory()
    const name = `${'n'.repeat(50)}.sparse`
    writeFileSync(`${work.path}/${name}`, '')
    const file = await open(`${work.path}/${name}`, 'r+')
    for (const [at = 0, length = 0] of parts) writeSync(file.fd, Buffer.alloc(length, `part at ${at} `), 0, length, at)
    await file.close()
    truncateSync(`${work.path}/${name}`, size)
    const source = fileSource(packSparse(work.path, name, format))
    const members = [...readTar(source)]
    expect(members.map(({ path, type, size }) => [path, type, size])).toEqual([[name, 'file', size]])
    const bytes = tarMemberSource(source, members[0]!).read(0, size)
    expect(Buffer.compare(bytes, readFileSync(`${work.path}/${name}`))).toBe(0)
    source.close()
    work.remove()
  })
})

/** One sparse file of version 0.1, its parts being `parts` and its data `bytes`. */
function listed(parts: string, size: number, bytes: string): TarFixtureMember[] {
  const records = { 'GNU.sparse.name': 'real/name', 'GNU.sparse.size': String(size), 'GNU.sparse.map': parts }
  return [paxMember(records), { path: 'GNUSparseFile.1/name', bytes: Buffer.from(bytes) }]
}

function only(members: readonly TarFixtureMember[]) {
  const source = bytesSource(buildTar(members))
  return { source, member: [...readTar(source)][0] as TarMember }
}

test('a sparse file has the name and size of the file that was packed', () => {
  const { source, member } = only(listed('2,3,8,2,12,0', 12, 'abcde'))
  expect(member).toMatchObject({ path: 'real/name', type: 'file', size: 12 })
  expect(Buffer.from(tarMemberSource(source, member).read(0, 12)).toString('latin1')).toBe('\0\0abc\0\0\0de\0\0')
})

test('the member behind a sparse one is found where its stored bytes end', () => {
  const tar = buildTar([...listed('900000,3', 1_000_000, 'abc'), { path: 'next' }])
  expect([...readTar(bytesSource(tar))].map(({ path }) => path)).toEqual(['real/name', 'next'])
})

test('every range of a sparse file is what the whole file has there', () => {
  const { source, member } = only(listed('2,3,8,2,12,0', 12, 'abcde'))
  const sparse = tarMemberSource(source, member)
  const whole = sparse.read(0, 12)
  fc.assert(
    fc.property(fc.nat(12), fc.nat(12), (a, b) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)]
      const target = new Uint8Array(to - from).fill(7)
      sparse.readInto(target, from)
      expect([...sparse.read(from, to - from)]).toEqual([...whole.subarray(from, to)])
      expect([...target]).toEqual([...whole.subarray(from, to)])
    }),
  )
  expect(() => sparse.read(11, 2)).toThrow(expect.objectContaining({ code: 'FORMAT_TRUNCATED' }))
})

test('holes cost no memory before they are read', () => {
  const { source, member } = only(listed('3999999990,3', 4_000_000_000, 'abc'))
  const sparse = tarMemberSource(source, member)
  expect(sparse.size).toBe(4_000_000_000)
  expect(Buffer.from(sparse.read(3_999_999_989, 5)).toString('latin1')).toBe('\0abc\0')
})

test.each([
  ['parts that overlap', '2,3,4,2', 12, 'FORMAT_CORRUPT'],
  ['parts that descend', '8,2,2,3', 12, 'FORMAT_CORRUPT'],
  ['a part beyond the end', '8,5', 12, 'FORMAT_CORRUPT'],
  ['a part of no number', '8,x', 12, 'FORMAT_CORRUPT'],
  ['half a part', '8', 12, 'FORMAT_CORRUPT'],
  ['more data than are stored', '0,6', 12, 'FORMAT_TRUNCATED'],
  ['a size beyond all limits', '0,5', 2 ** 40, 'LIMIT_EXCEEDED'],
])('%s ends in an error', (_name, parts, size, code) => {
  const { source, member } = only(listed(parts, size, 'abcde'))
  expect(() => tarMemberSource(source, member)).toThrow(expect.objectContaining({ code }))
})

test('more parts than the limit end in LIMIT_EXCEEDED', () => {
  const { source, member } = only(listed('0,1,2,1,4,1', 12, 'abc'))
  expect(() => tarMemberSource(source, member, { ...DEFAULT_LIMITS, sparseParts: 2 })).toThrow(
    expect.objectContaining({ code: 'LIMIT_EXCEEDED' }),
  )
})

test.each(['1\n0\n5', '9999999999999999\n', '1\n-1\n5\n', '\n', 'x'])(
  'the list %j of version 1.0 does not parse',
  (list) => {
    const records = { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '12' }
    const { source, member } = only([paxMember(records), { path: 'a', bytes: Buffer.from(list.padEnd(512, '\0')) }])
    expect(() => tarMemberSource(source, member)).toThrow(expect.objectContaining({ code: 'FORMAT_CORRUPT' }))
  },
)

test('a file that is sparse in a way not known is no file', () => {
  const { member } = only([paxMember({ 'GNU.sparse.size': '12' }), { path: 'a', bytes: Buffer.from('abc') }])
  expect(member).toMatchObject({ type: 'other', size: 3 })
})
