import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type GitOptions, type GitRepository, gitTree, openGitRepository } from '../../../src/build/sources/git.ts'
import { DEFAULT_LIMITS } from '../../../src/bytes/limits.ts'
import { DetectorError } from '../../../src/errors.ts'
import { git, hasGit, repositoryOf, temporaryDirectory } from './repositories.ts'

const all = (): boolean => true

async function using<T>(location: string, use: (repository: GitRepository) => Promise<T>, options?: GitOptions) {
  const repository = await openGitRepository(location, options)
  try {
    return await use(repository)
  } finally {
    await repository.close()
  }
}

async function texts(repository: GitRepository, ids: ReadonlySet<string>): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for await (const { id, bytes } of repository.blobs(ids)) {
    expect(found.has(id)).toBe(false)
    found.set(id, Buffer.from(bytes).toString())
  }
  return found
}

function code(error: unknown): unknown {
  return error instanceof DetectorError ? error.code : error
}

describe.skipIf(!hasGit)('tags', () => {
  test('lightweight, annotated and nested tags lead to their commit, by name', async () => {
    const directory = repositoryOf({ 'a.c': 'int a;\n' })
    const first = git(directory, 'rev-parse', 'HEAD')
    git(directory, 'tag', 'v1.0')
    git(directory, 'tag', '--annotate', '--message=x', 'v0.9')
    git(directory, 'tag', '--annotate', '--message=y', 'nested', 'v0.9')
    const tags = await using(directory, (repository) => repository.tags())
    expect(tags).toEqual([
      { name: 'nested', commit: first },
      { name: 'v0.9', commit: first },
      { name: 'v1.0', commit: first },
    ])
  })

  test('tags of trees and blobs are left out', async () => {
    const directory = repositoryOf({ 'a.c': 'int a;\n' })
    git(directory, 'tag', 'tree', 'HEAD^{tree}')
    git(directory, 'tag', 'blob', 'HEAD:a.c')
    git(directory, 'tag', 'commit')
    const tags = await using(directory, (repository) => repository.tags())
    expect(tags.map((tag) => tag.name)).toEqual(['commit'])
  })

  test.each([`it's`, 'say-"hi"', '$(id)', 'a;b', 'ü-1', '%00', '--help', '-'])(
    'a tag may be named %s',
    async (name) => {
      const directory = repositoryOf({ 'a.c': 'int a;\n' })
      const commit = git(directory, 'rev-parse', 'HEAD')
      // git tag refuses a leading dash; the file of the ref does not.
      writeFileSync(join(directory, '.git/refs/tags', name), `${commit}\n`)
      expect(await using(directory, (repository) => repository.tags())).toEqual([{ name, commit }])
    },
  )

  test('a ref with a newline in its name neither breaks the list nor invents a tag', async () => {
    const directory = repositoryOf({ 'a.c': 'int a;\n' })
    const commit = git(directory, 'rev-parse', 'HEAD')
    git(directory, 'tag', 'good')
    writeFileSync(join(directory, `.git/refs/tags/x\n${commit}`), `${commit}\n`)
    expect(await using(directory, (repository) => repository.tags())).toEqual([{ name: 'good', commit }])
  })

  test('a tag whose commit is missing is left out', async () => {
    const directory = repositoryOf({ 'a.c': 'int a;\n' })
    git(directory, 'tag', 'good')
    writeFileSync(join(directory, '.git/refs/tags/broken'), `${'1'.repeat(40)}\n`)
    expect((await using(directory, (repository) => repository.tags())).map((tag) => tag.name)).toEqual(['good'])
  })

  test('a repository without tags has none', async () => {
    const directory = repositoryOf({ 'a.c': 'int a;\n' })
    expect(await using(directory, (repository) => repository.tags())).toEqual([])
  })
})

describe.skipIf(!hasGit)('trees', () => {
  test('regular files come in path order; links and submodules are left out', async () => {
    const directory = repositoryOf({ 'b.c': 'b', 'a/z.c': 'z', 'a.c': 'a', 'run.sh': 'x' })
    git(directory, 'update-index', '--chmod=+x', 'run.sh')
    symlinkSync('/etc/passwd', join(directory, 'link.c'))
    git(directory, 'add', 'link.c')
    git(directory, 'update-index', '--add', '--cacheinfo', `160000,${'2'.repeat(40)},module`)
    git(directory, 'commit', '--quiet', '--message=second')
    const commit = git(directory, 'rev-parse', 'HEAD')
    const files = await using(directory, (repository) => repository.tree(commit, all))
    expect(files.map((file) => file.path)).toEqual(['a.c', 'a/z.c', 'b.c', 'run.sh'])
    expect(files[0]!.id).toBe(git(directory, 'rev-parse', 'HEAD:a.c'))
  })

  test('paths keep quotes, newlines, tabs and other scripts', async () => {
    const names = ['a\nb.c', 'a\tb.c', 'q"u\'o.c', 'ü.c', '-x.c']
    const directory = repositoryOf(Object.fromEntries(names.map((name) => [name, name])))
    const commit = git(directory, 'rev-parse', 'HEAD')
    const files = await using(directory, (repository) => repository.tree(commit, all))
    expect(files.map((file) => file.path)).toEqual(names.sort())
  })

  test('only accepted paths are listed, each asked for once', async () => {
    const directory = repositoryOf({ 'a.c': 'a', 'a.txt': 'a' })
    const commit = git(directory, 'rev-parse', 'HEAD')
    const asked: string[] = []
    const files = await using(directory, (repository) =>
      repository.tree(commit, (path) => {
        asked.push(path)
        return path.endsWith('.c')
      }),
    )
    expect([files.map((file) => file.path), asked]).toEqual([['a.c'], ['a.c', 'a.txt']])
  })

  test('more files than the limit end in LIMIT_EXCEEDED', async () => {
    const directory = repositoryOf({ 'a.c': 'a', 'b.c': 'b' })
    const commit = git(directory, 'rev-parse', 'HEAD')
    const limits = { ...DEFAULT_LIMITS, treeFiles: 1 }
    const error = await using(directory, (r) => r.tree(commit, all), { limits }).catch(code)
    expect(error).toBe('LIMIT_EXCEEDED')
  })

  test('an unknown commit ends in SOURCE_FAILED, a name that is no id in a TypeError', async () => {
    const directory = repositoryOf({ 'a.c': 'a' })
    await using(directory, async (repository) => {
      expect(await repository.tree('3'.repeat(40), all).catch(code)).toBe('SOURCE_FAILED')
      await expect(repository.tree('--output=x', all)).rejects.toBeInstanceOf(TypeError)
    })
  })

  test('replacement objects are not followed', async () => {
    const directory = repositoryOf({ 'a.c': 'genuine' })
    writeFileSync(join(directory, 'a.c'), 'replaced')
    const forged = git(directory, 'hash-object', '-w', 'a.c')
    const genuine = git(directory, 'rev-parse', 'HEAD:a.c')
    git(directory, 'replace', genuine, forged)
    expect(await using(directory, (repository) => texts(repository, new Set([genuine])))).toEqual(
      new Map([[genuine, 'genuine']]),
    )
  })
})

describe.skipIf(!hasGit)('blobs', () => {
  test('every id comes once, whole, also empty and binary ones', async () => {
    const binary = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7) & 0xff)
    const directory = repositoryOf({ 'a.c': 'int a;\n', 'empty.c': '', 'big.c': binary })
    const ids = ['a.c', 'empty.c', 'big.c'].map((name) => git(directory, 'rev-parse', `HEAD:${name}`))
    const found = new Map<string, Uint8Array>()
    await using(directory, async (repository) => {
      for await (const blob of repository.blobs(new Set(ids))) found.set(blob.id, blob.bytes)
      expect(repository.skipped).toEqual([])
    })
    expect(ids.map((id) => Buffer.from(found.get(id)!))).toEqual([
      Buffer.from('int a;\n'),
      Buffer.from(''),
      Buffer.from(binary),
    ])
  })

  test('thousands of ids are answered in pack order without one being lost', async () => {
    const files = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`d${i % 50}/f${i}.c`, `int v${i};\n`]))
    const directory = repositoryOf(files)
    git(directory, 'repack', '-q', '-a', '-d')
    const commit = git(directory, 'rev-parse', 'HEAD')
    await using(directory, async (repository) => {
      const tree = await repository.tree(commit, all)
      const found = await texts(repository, new Set(tree.map((file) => file.id)))
      expect(tree.map((file) => found.get(file.id))).toEqual(tree.map((file) => files[file.path]))
    })
  })

  test('missing, oversized and foreign objects are named with a reason', async () => {
    const directory = repositoryOf({ 'a.c': 'int a;\n', 'large.c': 'x'.repeat(200_000) })
    const [small, large, commit] = ['HEAD:a.c', 'HEAD:large.c', 'HEAD'].map((name) => git(directory, 'rev-parse', name))
    const missing = '4'.repeat(40)
    const limits = { ...DEFAULT_LIMITS, sourceFileBytes: 1000 }
    await using(
      directory,
      async (repository) => {
        const found = await texts(repository, new Set([large!, missing, commit!, small!]))
        expect(found).toEqual(new Map([[small, 'int a;\n']]))
        expect(repository.skipped).toEqual([
          { id: large, reason: 'the file has 200000 bytes, limit 1000; raise with limits.sourceFileBytes' },
          { id: missing, reason: 'the object is missing from the repository' },
          { id: commit, reason: 'the object is a commit, not a file' },
        ])
      },
      { limits },
    )
  })

  test('a reader that is slow or stops early does not block git, and what follows can be read', async () => {
    const files = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${i}.c`, `${i}`.repeat(50_000)]))
    const directory = repositoryOf(files)
    const commit = git(directory, 'rev-parse', 'HEAD')
    await using(directory, async (repository) => {
      const ids = new Set((await repository.tree(commit, all)).map((file) => file.id))
      let count = 0
      for await (const _ of repository.blobs(ids)) {
        await new Promise((resolve) => setTimeout(resolve, 1))
        if (++count === 5) break
      }
      expect((await texts(repository, ids)).size).toBe(40)
    })
  })

  test('a signal ends the reading in ABORTED', async () => {
    const files = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${i}.c`, `${i}`.repeat(50_000)]))
    const directory = repositoryOf(files)
    const commit = git(directory, 'rev-parse', 'HEAD')
    const controller = new AbortController()
    const reading = using(
      directory,
      async (repository) => {
        const ids = new Set((await repository.tree(commit, all)).map((file) => file.id))
        for await (const _ of repository.blobs(ids)) controller.abort()
      },
      { signal: controller.signal },
    )
    expect(await reading.catch(code)).toBe('ABORTED')
  })

  test('a broken object ends in SOURCE_FAILED', async () => {
    const directory = repositoryOf({ 'a.c': 'int a;\n' })
    const id = git(directory, 'rev-parse', 'HEAD:a.c')
    const object = join(directory, '.git/objects', id.slice(0, 2), id.slice(2))
    rmSync(object)
    writeFileSync(object, 'no zlib stream')
    const error = await using(directory, (repository) => texts(repository, new Set([id]))).catch(code)
    // git calls it missing or ends, depending on its version.
    expect([new Map(), 'SOURCE_FAILED']).toContainEqual(error)
  })
})

describe.skipIf(!hasGit)('places', () => {
  test('work tree, .git directory, bare repository and .git file are the same repository', async () => {
    const directory = repositoryOf({ 'a.c': 'a' })
    git(directory, 'tag', 'v1')
    const bare = join(temporaryDirectory(), 'bare')
    git(directory, 'clone', '--quiet', '--bare', '.', bare)
    const moved = temporaryDirectory()
    mkdirSync(join(moved, 'work'))
    git(directory, 'clone', '--quiet', '.', join(moved, 'clone'))
    renameSync(join(moved, 'clone/.git'), join(moved, 'gitdir'))
    writeFileSync(join(moved, 'work/.git'), 'gitdir: ../gitdir\n')
    for (const place of [directory, join(directory, '.git'), bare, join(moved, 'work')])
      expect((await using(place, (repository) => repository.tags())).map((tag) => tag.name)).toEqual(['v1'])
  })

  test('a directory below a work tree is no repository', async () => {
    const directory = repositoryOf({ 'sub/a.c': 'a' })
    expect(await openGitRepository(join(directory, 'sub')).catch(code)).toBe('SOURCE_FAILED')
  })

  test('GIT_DIR of the caller does not lead elsewhere', async () => {
    const elsewhere = repositoryOf({ 'a.c': 'a' })
    git(elsewhere, 'tag', 'wrong')
    const directory = repositoryOf({ 'a.c': 'a' })
    process.env['GIT_DIR'] = join(elsewhere, '.git')
    try {
      expect(await using(directory, (repository) => repository.tags())).toEqual([])
    } finally {
      delete process.env['GIT_DIR']
    }
  })

  test('an address is fetched into the mirror directory once and brought up to date later', async () => {
    const directory = repositoryOf({ 'a.c': 'a' })
    git(directory, 'tag', 'v1')
    const mirrorDirectory = join(temporaryDirectory(), 'mirrors')
    const read = () => using(`file://${directory}`, (repository) => repository.tags(), { mirrorDirectory })
    expect((await read()).map((tag) => tag.name)).toEqual(['v1'])
    git(directory, 'tag', 'v2')
    git(directory, 'tag', '--delete', 'v1')
    expect((await read()).map((tag) => tag.name)).toEqual(['v2'])
  })

  test('a failed first fetch leaves no mirror behind', async () => {
    const mirrorDirectory = temporaryDirectory()
    const error = await openGitRepository('file:///nowhere/at/all', { mirrorDirectory }).catch(code)
    expect([error, readdirSync(mirrorDirectory)]).toEqual(['SOURCE_FAILED', []])
  })
})

test.skipIf(!hasGit)('a tree adapter names the paths of what was not read', async () => {
  const directory = repositoryOf({ 'a.c': 'int a;\n', 'large.c': 'x'.repeat(2000), 'same.c': 'x'.repeat(2000) })
  const commit = git(directory, 'rev-parse', 'HEAD')
  const limits = { ...DEFAULT_LIMITS, sourceFileBytes: 1000 }
  await using(
    directory,
    async (repository) => {
      const tree = await gitTree(repository, commit, all)
      const ids = new Set(tree.files.map((file) => file.id))
      for (let i = 0; i < 2; i++) for await (const { bytes } of tree.blobs(ids)) expect(bytes.length).toBe(7)
      expect(tree.skipped.map((item) => item.path)).toEqual(['large.c', 'same.c'])
    },
    { limits },
  )
})

test.skipIf(!hasGit)('reading after close is a mistake of the caller', async () => {
  const repository = await openGitRepository(repositoryOf({ 'a.c': 'a' }))
  await repository.close()
  await expect(repository.tags()).rejects.toBeInstanceOf(TypeError)
})

test('a machine without git is told what to install', async () => {
  const directory = temporaryDirectory()
  mkdirSync(join(directory, '.git'))
  const before = process.env['PATH']
  process.env['PATH'] = directory
  try {
    await expect(openGitRepository(directory)).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      message: 'need the program git, not found in PATH: install git',
    })
  } finally {
    process.env['PATH'] = before
  }
})
