import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { controlFields, isDeb, readDeb } from '../../src/archive/deb.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { buildAr } from '../fixtures/ar.ts'
import { hasProgram, workDirectory } from '../fixtures/compile.ts'
import { buildDeb } from '../fixtures/deb.ts'

const FILES = { 'usr/lib/libfixture.so.1': Buffer.from('library'), 'usr/share/doc/copyright': Buffer.from('text') }

describe.each(['.gz', ''] as const)('a package with parts packed as "%s"', (packing) => {
  const source = bytesSource(buildDeb({ files: FILES, packing }))

  test('lists what it installs with the bytes of each file', async () => {
    const deb = await readDeb(source)
    const contents = deb.members.map(({ path, offset, size }) => [
      path,
      Buffer.from(deb.data.read(offset, size)).toString(),
    ])
    deb.close()
    expect(Object.fromEntries(contents)).toEqual({
      'usr/lib/libfixture.so.1': 'library',
      'usr/share/doc/copyright': 'text',
    })
  })

  test('gives the fields of its control file', async () => {
    const deb = await readDeb(source)
    deb.close()
    expect(deb.control.get('Version')).toBe('1.2.3-4')
  })
})

test('a package is told from other archives by its first member', () => {
  expect([isDeb(bytesSource(buildDeb())), isDeb(bytesSource(buildAr([])))]).toEqual([true, false])
})

test('a later minor version of the format is read', async () => {
  const deb = await readDeb(bytesSource(buildDeb({ mark: '2.1\nmore\n' })))
  deb.close()
  expect(deb.members).toEqual([])
})

test.each([
  ['a static library', buildAr([{ name: 'a.o', bytes: Buffer.from('x') }]), 'FORMAT_BAD_MAGIC'],
  ['a package of another format', buildDeb({ mark: '3.0\n' }), 'FORMAT_UNSUPPORTED'],
  ['a package without data.tar', buildDeb({ without: ['data.tar'] }), 'FORMAT_CORRUPT'],
  ['a package without control.tar', buildDeb({ without: ['control.tar'] }), 'FORMAT_CORRUPT'],
  ['a cut package', buildDeb({ files: FILES }).subarray(0, 400), 'FORMAT_TRUNCATED'],
])('%s is refused', async (_, bytes, code) => {
  await expect(readDeb(bytesSource(bytes))).rejects.toMatchObject({ code })
})

test('a field over several lines keeps its line breaks', () => {
  expect([...controlFields('Package: a\nDescription: short\n long\n .\n')]).toEqual([
    ['Package', 'a'],
    ['Description', 'short\nlong\n.'],
  ])
})

describe.skipIf(!hasProgram('dpkg-deb'))('what dpkg-deb writes', () => {
  test.each(['gzip', 'xz', 'zstd', 'none'])('is read with %s', async (packing) => {
    const work = workDirectory()
    try {
      await mkdir(join(work.path, 'tree/DEBIAN'), { recursive: true })
      await mkdir(join(work.path, 'tree/usr/lib'), { recursive: true })
      const control = 'Package: fixture\nVersion: 1\nArchitecture: amd64\nMaintainer: nobody <a@b.c>\nDescription: x\n'
      await writeFile(join(work.path, 'tree/DEBIAN/control'), control)
      await writeFile(join(work.path, 'tree/usr/lib/libx.a'), 'content')
      const output = join(work.path, 'fixture.deb')
      execFileSync('dpkg-deb', ['-b', `-Z${packing}`, join(work.path, 'tree'), output], { stdio: 'pipe' })
      const deb = await readDeb(bytesSource(readFileSync(output)))
      deb.close()
      expect(deb.members.filter(({ type }) => type === 'file').map(({ path }) => path)).toEqual(['usr/lib/libx.a'])
    } finally {
      work.remove()
    }
  })
})
