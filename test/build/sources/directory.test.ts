import { rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { directoryTree } from '../../../src/build/sources/directory.ts'
import { DEFAULT_LIMITS } from '../../../src/bytes/limits.ts'
import { temporaryDirectory, writeFiles } from './repositories.ts'

const all = (): boolean => true

test('files come in path order with their path as id', async () => {
  const directory = temporaryDirectory()
  writeFiles(directory, { 'b.c': 'b', 'a/z.c': 'z', 'a.c': 'a', 'a/b/c.c': 'c' })
  const tree = await directoryTree(directory, all)
  expect(tree.files.map((file) => file.path)).toEqual(['a.c', 'a/b/c.c', 'a/z.c', 'b.c'])
  expect(tree.files.every((file) => file.id === file.path)).toBe(true)
})

test('.git and links are left out', async () => {
  const directory = temporaryDirectory()
  writeFiles(directory, { 'a.c': 'a', '.git/config.c': 'x', 'sub/.git': 'gitdir: x', 'sub/b.c': 'b' })
  symlinkSync('a.c', join(directory, 'link.c'))
  symlinkSync('..', join(directory, 'loop'))
  const tree = await directoryTree(directory, all)
  expect(tree.files.map((file) => file.path)).toEqual(['a.c', 'sub/b.c'])
})

test('contents that were asked for are read, each once', async () => {
  const directory = temporaryDirectory()
  writeFiles(directory, { 'a.c': 'int a;', 'b.c': 'int b;', 'c.txt': 'c' })
  const tree = await directoryTree(directory, (path) => path.endsWith('.c'))
  const found: [string, string][] = []
  for await (const { id, bytes } of tree.blobs(new Set(['b.c', 'c.txt'])))
    found.push([id, Buffer.from(bytes).toString()])
  expect(found).toEqual([['b.c', 'int b;']])
})

test('large and vanished files, and those that turned into links, are named with a reason', async () => {
  const directory = temporaryDirectory()
  writeFiles(directory, { 'gone.c': 'x', 'large.c': 'x'.repeat(11), 'turned.c': 'x' })
  const tree = await directoryTree(directory, all, { ...DEFAULT_LIMITS, sourceFileBytes: 10 })
  rmSync(join(directory, 'gone.c'))
  rmSync(join(directory, 'turned.c'))
  writeFileSync(join(directory, 'elsewhere'), 'secret')
  symlinkSync('elsewhere', join(directory, 'turned.c'))
  for await (const blob of tree.blobs(new Set(tree.files.map((file) => file.id)))) expect(blob).toBeUndefined()
  expect(tree.skipped).toEqual([
    { path: 'gone.c', reason: 'it cannot be read: ENOENT' },
    { path: 'large.c', reason: 'the file has 11 bytes, limit 10; raise with limits.sourceFileBytes' },
    { path: 'turned.c', reason: 'it is no longer a regular file' },
  ])
})

test('more files than the limit end in LIMIT_EXCEEDED', async () => {
  const directory = temporaryDirectory()
  writeFiles(directory, { 'a.c': 'a', 'b.c': 'b' })
  const limits = { ...DEFAULT_LIMITS, treeFiles: 1 }
  await expect(directoryTree(directory, all, limits)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
})

test('a directory that is not there is named', async () => {
  await expect(directoryTree('/nowhere/at/all', all)).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' })
})
