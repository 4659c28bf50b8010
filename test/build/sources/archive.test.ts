import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { deflateRawSync, gzipSync } from 'node:zlib'
import { type Header, pack } from 'tar-stream'
import { describe, expect, test } from 'vitest'
import { archiveTree } from '../../../src/build/sources/archive.ts'
import { openSource } from '../../../src/build/sources/open.ts'
import type { SourceTree } from '../../../src/build/sources/tree.ts'
import { DEFAULT_LIMITS } from '../../../src/bytes/limits.ts'
import { git, hasGit, repositoryOf, temporaryDirectory, writeFiles } from './repositories.ts'

const all = (): boolean => true

type Entry = readonly [header: string | (Partial<Header> & { name: string }), content?: string]

async function tarOf(...entries: readonly Entry[]): Promise<Buffer> {
  const archive = pack()
  for (const [header, content = ''] of entries) {
    const fields = typeof header === 'string' ? { name: header } : header
    archive.entry({ mtime: new Date(0), ...fields }, content)
  }
  archive.finalize()
  return buffer(archive)
}

/** A zip of deflated entries; checksums are left at 0, as no reader here looks at them. */
function zipOf(...entries: readonly (readonly [name: string, content: string])[]): Buffer {
  const locals: Buffer[] = []
  const centrals: Buffer[] = []
  let offset = 0
  for (const [name, content] of entries) {
    const packed = deflateRawSync(content)
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50, 0)
    local.writeUInt16LE(8, 8)
    local.writeUInt32LE(packed.length, 18)
    local.writeUInt32LE(content.length, 22)
    local.writeUInt16LE(name.length, 26)
    const central = Buffer.alloc(46)
    central.writeUInt32LE(0x02014b50, 0)
    local.copy(central, 10, 8, 28)
    central.writeUInt16LE(name.length, 28)
    central.writeUInt32LE(offset, 42)
    locals.push(local, Buffer.from(name), packed)
    centrals.push(central, Buffer.from(name))
    offset += local.length + name.length + packed.length
  }
  const directory = Buffer.concat(centrals)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, directory, end])
}

function saved(name: string, bytes: Uint8Array): string {
  const path = join(temporaryDirectory(), name)
  writeFileSync(path, bytes)
  return path
}

/** Paths and contents of a tree, which is closed. */
async function contents(tree: SourceTree): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for await (const { id, bytes } of tree.blobs(new Set(tree.files.map((file) => file.id))))
    found[id] = Buffer.from(bytes).toString()
  await tree.close?.()
  return found
}

const RELEASE: readonly Entry[] = [
  [{ name: 'zlib-1.3.1/', type: 'directory' }],
  ['zlib-1.3.1/inflate.c', 'int inflate;'],
  ['zlib-1.3.1/contrib/a.c', 'int a;'],
]
const UNPACKED = { 'contrib/a.c': 'int a;', 'inflate.c': 'int inflate;' }

describe('tar', () => {
  test('a folder that all files share is no part of their paths', async () => {
    const tree = await archiveTree(saved('a.tar', await tarOf(...RELEASE)), all)
    expect(tree.files.map((file) => file.path)).toEqual(['contrib/a.c', 'inflate.c'])
    expect(await contents(tree)).toEqual(UNPACKED)
  })

  test('without such a folder the paths stay whole', async () => {
    const path = saved('a.tar', await tarOf(['src/a.c', 'a'], ['README', 'r']))
    expect(await contents(await archiveTree(path, all))).toEqual({ 'src/a.c': 'a', README: 'r' })
  })

  test('names that only begin alike are not one folder', async () => {
    const path = saved('a.tar', await tarOf(['a/x.c', 'x'], ['ab/y.c', 'y']))
    expect(Object.keys(await contents(await archiveTree(path, all)))).toEqual(['a/x.c', 'ab/y.c'])
  })

  test('symbolic links and .git are left out, hard links are files', async () => {
    const path = saved(
      'a.tar',
      await tarOf(
        ['top/a.c', 'int a;'],
        [{ name: 'top/link.c', type: 'symlink', linkname: '/etc/passwd' }],
        [{ name: 'top/same.c', type: 'link', linkname: 'top/a.c' }],
        ['top/.git/hook.c', 'x'],
      ),
    )
    expect(await contents(await archiveTree(path, all))).toEqual({ 'a.c': 'int a;', 'same.c': 'int a;' })
  })

  test('of two members with one path the later counts, and the path is asked for once', async () => {
    const path = saved('a.tar', await tarOf(['t/a.c', 'old'], ['t/b.c', 'b'], ['t/a.c', 'new']))
    const asked: string[] = []
    const tree = await archiveTree(path, (inner) => asked.push(inner) > 0)
    expect(await contents(tree)).toEqual({ 'a.c': 'new', 'b.c': 'b' })
    expect(asked.sort()).toEqual(['a.c', 'b.c'])
  })

  test('only accepted paths are listed', async () => {
    const tree = await archiveTree(saved('a.tar', await tarOf(...RELEASE)), (path) => path === 'inflate.c')
    expect(await contents(tree)).toEqual({ 'inflate.c': 'int inflate;' })
  })

  test('a file over the limit is named with a reason', async () => {
    const limits = { ...DEFAULT_LIMITS, sourceFileBytes: 8 }
    const tree = await archiveTree(saved('a.tar', await tarOf(...RELEASE)), all, limits)
    expect(await contents(tree)).toEqual({ 'contrib/a.c': 'int a;' })
    expect(tree.skipped).toEqual([
      { path: 'inflate.c', reason: 'the file has 12 bytes, limit 8; raise with limits.sourceFileBytes' },
    ])
  })

  test('more files than the limit end in LIMIT_EXCEEDED', async () => {
    const limits = { ...DEFAULT_LIMITS, treeFiles: 1 }
    const path = saved('a.tar', await tarOf(...RELEASE))
    await expect(archiveTree(path, all, limits)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
  })

  test('a path that leaves the archive is refused', async () => {
    const path = saved('a.tar', await tarOf(['t/../../a.c', 'x']))
    await expect(archiveTree(path, all)).rejects.toMatchObject({ code: 'SOURCE_UNSAFE', locus: { path } })
  })

  test('what is no archive is named with its path', async () => {
    const path = saved('a.tar', Buffer.from('x'.repeat(2000)))
    await expect(archiveTree(path, all)).rejects.toMatchObject({ code: 'FORMAT_BAD_MAGIC', locus: { path } })
  })

  test('reading after close fails', async () => {
    const tree = await archiveTree(saved('a.tgz', gzipSync(await tarOf(...RELEASE))), all)
    await tree.close?.()
    await tree.close?.()
    await expect(contents(tree)).rejects.toBeInstanceOf(TypeError)
  })
})

describe('packed archives', () => {
  test('gzip is unpacked, whatever the file is called', async () => {
    expect(await contents(await archiveTree(saved('a.bin', gzipSync(await tarOf(...RELEASE))), all))).toEqual(UNPACKED)
  })

  test.each(['xz', 'bzip2', 'zstd'].filter((program) => spawnSync(program, ['--version']).status === 0))(
    '%s is unpacked',
    async (program) => {
      const { stdout } = spawnSync(program, ['-c'], { input: await tarOf(...RELEASE) })
      expect(await contents(await archiveTree(saved('a', stdout), all))).toEqual(UNPACKED)
    },
  )

  test('a stream that is cut off ends in FORMAT_TRUNCATED', async () => {
    const path = saved('a.tar.gz', gzipSync(await tarOf(...RELEASE)).subarray(0, -30))
    await expect(archiveTree(path, all)).rejects.toMatchObject({ code: 'FORMAT_TRUNCATED', locus: { path } })
  })

  test('zip is read', async () => {
    const path = saved(
      'a.zip',
      zipOf(['z-1/inflate.c', 'int inflate;'], ['z-1/contrib/a.c', 'int a;'], ['z-1/doc/', '']),
    )
    const tree = await archiveTree(path, all)
    expect(tree.files.map((file) => file.path)).toEqual(['contrib/a.c', 'inflate.c'])
    expect(await contents(tree)).toEqual(UNPACKED)
  })

  test('a broken entry of a zip is named and the others are read', async () => {
    const bytes = zipOf(['z/bad.c', 'int bad;'], ['z/good.c', 'int good;'])
    bytes.fill(0xff, 37, 45)
    const tree = await archiveTree(saved('a.zip', bytes), all)
    expect(await contents(tree)).toEqual({ 'good.c': 'int good;' })
    expect(tree.skipped.map((item) => item.path)).toEqual(['bad.c'])
  })
})

describe('openSource', () => {
  test('a directory and an archive are trees of one release', async () => {
    const directory = temporaryDirectory()
    writeFiles(directory, UNPACKED)
    for (const location of [directory, saved('a.tar', await tarOf(...RELEASE))]) {
      const opened = await openSource(location, all)
      expect(opened.kind === 'tree' && (await contents(opened.tree))).toEqual(UNPACKED)
    }
  })

  test.skipIf(!hasGit)('a work tree, a bare repository and an address are repositories', async () => {
    const directory = repositoryOf({ 'a.c': 'a' })
    git(directory, 'tag', 'v1')
    const mirrorDirectory = temporaryDirectory()
    for (const location of [directory, join(directory, '.git'), `file://${directory}`]) {
      const opened = await openSource(location, all, { mirrorDirectory })
      if (opened.kind !== 'repository') throw new Error(`${location} is a ${opened.kind}`)
      expect((await opened.repository.tags()).map((tag) => tag.name)).toEqual(['v1'])
      await opened.repository.close()
    }
  })

  test('an unsafe address is refused and a missing path is named', async () => {
    await expect(openSource('ext::sh -c x', all)).rejects.toMatchObject({ code: 'SOURCE_UNSAFE' })
    await expect(openSource('/nowhere/at/all', all)).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' })
  })
})
