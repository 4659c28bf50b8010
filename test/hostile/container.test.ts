import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mayBeContainer, openContainer } from '../../src/archive/container.ts'
import { notAnalysed } from '../../src/archive/not-analysed.ts'
import { DEFAULT_LIMITS } from '../../src/bytes/limits.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { DetectorError } from '../../src/errors.ts'
import { buildAsar } from '../fixtures/asar.ts'
import { ELF } from '../fixtures/containers.ts'
import { buildCpio, buildStrippedCpio } from '../fixtures/cpio.ts'
import { buildRpm } from '../fixtures/rpm.ts'
import { tarOf } from '../fixtures/tar.ts'
import { buildZip } from '../fixtures/zip.ts'
import { survey } from './mutate.ts'

const MEMBERS = [
  { path: 'bin/tool', bytes: ELF },
  { path: 'b', bytes: Buffer.from('words') },
]
const CPIO = buildCpio(MEMBERS)
const LIMITS = { ...DEFAULT_LIMITS, unpackedBytes: 64 * 1024 ** 2 }

/** Reads all that can be read; what is wrong with one member does not end the walk. */
async function readAll(bytes: Uint8Array, name = 'file.jar'): Promise<void> {
  const source = bytesSource(bytes)
  notAnalysed(source, bytes.subarray(0, 512))
  const container = await openContainer(source, name, { limits: LIMITS })
  if (container === undefined) return
  try {
    for (const member of container.members()) {
      if (member.path.startsWith('/') || member.path.split('/').includes('..')) throw new RangeError(member.path)
      const opened = await member.open()
      opened.close()
      if (member.head().length > member.size && container.kind !== 'compressed') throw new RangeError(member.path)
    }
  } finally {
    container.close()
  }
}

const FIXTURES: readonly (readonly [name: string, bytes: Uint8Array])[] = [
  ['rpm', buildRpm({ files: [{ path: '/a', size: 3 }] }, CPIO)],
  [
    'rpm of its own kind',
    buildRpm({ files: [{ path: '/a', size: 3 }] }, buildStrippedCpio([{ index: 0, bytes: Buffer.from('abc') }])),
  ],
  ['cpio', Buffer.concat([CPIO, Buffer.alloc(64), gzipSync(CPIO)])],
  ['odc', buildCpio(MEMBERS, '070707')],
  [
    'asar',
    buildAsar(
      { files: { a: { size: 3, offset: '0' }, b: { files: { c: { size: 1, offset: '2' } } } } },
      Buffer.from('abc'),
    ),
  ],
  ['zip', buildZip(MEMBERS)],
  ['apk', Buffer.concat([gzipSync(tarOf({ '.PKGINFO': 'x' })), gzipSync(tarOf({ a: 'b' }))])],
  ['compressed', gzipSync(ELF)],
]

describe.each(FIXTURES)('%s', (_name, fixture) => {
  test('mutated ends in members or a DetectorError', async () => {
    expect(await survey([fixture], 300, readAll)).toEqual([])
  })
})

test('any bytes behind any magic end in a container, in none or in a DetectorError', async () => {
  const magics = [
    'PK\x03\x04',
    'PK\x05\x06',
    '\xed\xab\xee\xdb',
    '070701',
    '070707',
    '07070X',
    '\x1f\x8b\x08\0',
    '!<arch>\ndebian-binary',
    '\x28\xb5\x2f\xfd',
    '\x04\0\0\0',
    'MZ',
    '#!',
    'hsqs',
    '\x7fELF',
    'BZh91AY&SY',
    '\xfd7zXZ\0',
    '',
  ]
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...magics),
      fc.uint8Array({ maxLength: 2000 }),
      fc.string(),
      async (magic, rest, name) => {
        const bytes = Buffer.concat([Buffer.from(magic, 'latin1'), rest])
        try {
          await readAll(bytes, name)
        } catch (error) {
          if (!(error instanceof DetectorError)) throw error
        }
      },
    ),
    { numRuns: 500 },
  )
})

test('the quick test never says no to what would be opened', async () => {
  for (const [, bytes] of FIXTURES) expect(mayBeContainer(bytes.subarray(0, 512), 'any')).toBe(true)
})

test('a million entries end in an error or the last one, in limited time', async () => {
  const entry = buildCpio([{ path: 'a' }]).subarray(0, 112)
  const many = Buffer.alloc(entry.length * 1_000_000, entry)
  const started = performance.now()
  const container = await openContainer(bytesSource(many), 'x', { limits: DEFAULT_LIMITS })
  let count = 0
  const walk = (): void => {
    for (const _ of container!.members()) count++
  }
  expect(walk).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }))
  expect(count).toBe(DEFAULT_LIMITS.archiveMembers)
  expect(performance.now() - started).toBeLessThan(10_000)
})

test('a bomb stops while it unfolds', async () => {
  const bomb = gzipSync(Buffer.concat([tarOf({ a: 'x' }).subarray(0, 1024), Buffer.alloc(100 * 1024 ** 2)]))
  await expect(openContainer(bytesSource(bomb), 'x', { limits: LIMITS })).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
  })
})

test('very many small bombs stop by the budget of all', async () => {
  const members = Array.from({ length: 400 }, (_, i) => ({ path: `${i}`, bytes: Buffer.alloc(600_000) }))
  const container = await openContainer(bytesSource(buildZip(members)), 'x', { limits: LIMITS })
  const walk = (): void => {
    for (const member of container!.members()) member.head()
  }
  expect(walk).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }))
})
