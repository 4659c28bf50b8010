import { describe, expect, test } from 'vitest'
import { readAr } from '../../src/archive/ar.ts'
import { DEFAULT_LIMITS } from '../../src/bytes/limits.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { arMember, buildAr } from '../fixtures/ar.ts'

const MEMBERS = [
  { name: 'inflate.o', bytes: Buffer.from('one') },
  { name: 'a_member_with_a_long_name.o', bytes: Buffer.from('four') },
  { name: 'inflate.o', bytes: Buffer.from('') },
  { name: 'another name of some length.o', bytes: Buffer.from('five!') },
]

describe.each(['gnu', 'bsd', 'microsoft'] as const)('a library of the %s kind', (kind) => {
  const library = buildAr(MEMBERS, kind)

  test('lists its members in file order, without indexes and name tables', () => {
    expect(readAr(bytesSource(library)).map(({ name }) => name)).toEqual(MEMBERS.map(({ name }) => name))
  })

  test('gives the place of each member', () => {
    const contents = readAr(bytesSource(library)).map(({ offset, size }) => library.subarray(offset, offset + size))
    expect(contents.map((bytes) => Buffer.from(bytes).toString())).toEqual(['one', 'four', '', 'five!'])
  })

  test('cut amid a member is truncated', () => {
    expect(() => readAr(bytesSource(library.subarray(0, library.length - 6)))).toThrow(
      expect.objectContaining({ code: 'FORMAT_TRUNCATED' }),
    )
  })
})

test('a library without members is empty', () => {
  expect(readAr(bytesSource(Buffer.from('!<arch>\n')))).toEqual([])
})

test('64-bit and Apple symbol indexes are no members', () => {
  const library = Buffer.concat([
    Buffer.from('!<arch>\n'),
    arMember('/SYM64/', Buffer.alloc(8)),
    arMember('__.SYMDEF', Buffer.alloc(8)),
    arMember('/<ECSYMBOLS>/', Buffer.alloc(8)),
    arMember('plain.o', Buffer.from('x')),
  ])
  expect(readAr(bytesSource(library)).map(({ name }) => name)).toEqual(['plain.o'])
})

test.each([
  ['a thin archive', Buffer.from('!<thin>\n'), 'FORMAT_UNSUPPORTED'],
  ['something else', Buffer.from('!<arsh>\nxxx'), 'FORMAT_BAD_MAGIC'],
  ['a member header without its mark', Buffer.concat([Buffer.from('!<arch>\n'), Buffer.alloc(60)]), 'FORMAT_CORRUPT'],
  ['half a member header', Buffer.from('!<arch>\nname'), 'FORMAT_TRUNCATED'],
  [
    'a name in a missing table',
    Buffer.concat([Buffer.from('!<arch>\n'), arMember('/12', Buffer.from('xy'))]),
    'FORMAT_CORRUPT',
  ],
  [
    'a member larger than the file',
    Buffer.concat([Buffer.from('!<arch>\n'), arMember('a/', Buffer.from('xy'), 9_999_999_999)]),
    'FORMAT_TRUNCATED',
  ],
])('%s ends in %s', (_name, bytes, code) => {
  expect(() => readAr(bytesSource(bytes))).toThrow(expect.objectContaining({ code }))
})

test('more members than the limit end in LIMIT_EXCEEDED', () => {
  expect(() => readAr(bytesSource(buildAr(MEMBERS)), { ...DEFAULT_LIMITS, archiveMembers: 3 })).toThrow(
    expect.objectContaining({ code: 'LIMIT_EXCEEDED' }),
  )
})
