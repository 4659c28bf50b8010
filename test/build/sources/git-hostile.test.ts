import { spawnSync } from 'node:child_process'
import { appendFileSync, chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openGitRepository } from '../../../src/build/sources/git.ts'
import { environment } from '../../../src/build/sources/git-process.ts'
import { DetectorError } from '../../../src/errors.ts'
import { git, hasGit, repositoryOf, temporaryDirectory, trap } from './repositories.ts'

/** Everything that the module can be asked to do with a repository. */
async function readEverything(location: string, mirrorDirectory: string): Promise<void> {
  const repository = await openGitRepository(location, { mirrorDirectory })
  try {
    for (const { commit } of await repository.tags()) {
      const ids = new Set((await repository.tree(commit, () => true)).map((file) => file.id))
      // An object that only a lazy fetch could bring.
      ids.add('5'.repeat(40))
      for await (const { bytes } of repository.blobs(ids)) expect(bytes.length).toBeGreaterThan(0)
    }
  } finally {
    await repository.close()
  }
}

/** Sections of a repository's config that name programs; `TRAP` is one that tells on itself. */
const HOSTILE_CONFIG = `
[core]
  fsmonitor = TRAP
  hooksPath = HOOKS
  sshCommand = TRAP
  askPass = TRAP
  pager = TRAP
  editor = TRAP
  gitProxy = TRAP
  alternateRefsCommand = TRAP
[pager]
  for-each-ref = TRAP
  cat-file = TRAP
  ls-tree = TRAP
[alias]
  for-each-ref = !TRAP
  cat-file = !TRAP
  ls-tree = !TRAP
  rev-parse = !TRAP
[credential]
  helper = !TRAP
[uploadpack]
  packObjectsHook = TRAP
[uploadpack]
  allowFilter = true
[filter "x"]
  smudge = TRAP
  clean = TRAP
  process = TRAP
[diff]
  external = TRAP
[diff "x"]
  textconv = TRAP
[gpg]
  program = TRAP
[protocol "ext"]
  allow = always
[extensions]
  partialClone = origin
[remote "origin"]
  url = ext::TRAP
  uploadpack = TRAP
  promisor = true
  partialclonefilter = blob:none
[remote "other"]
  url = ORIGIN
  uploadpack = TRAP
  promisor = true
  vcs = trap
`

function hostileRepository(): { directory: string; marker: string } {
  const directory = repositoryOf({ 'a.c': 'int a;\n', '.gitattributes': '* filter=x diff=x\n' })
  git(directory, 'tag', '--annotate', '--message=x', 'v1')
  const marker = join(temporaryDirectory(), 'ran')
  const program = trap(temporaryDirectory(), marker)
  const hooks = join(directory, '.git/hooks')
  for (const name of ['post-checkout', 'reference-transaction', 'pre-auto-gc', 'post-merge', 'fsmonitor-watchman']) {
    writeFileSync(join(hooks, name), `#!/bin/sh\ntouch '${marker}'\n`)
    chmodSync(join(hooks, name), 0o755)
  }
  const config = HOSTILE_CONFIG.replaceAll('TRAP', program).replace('HOOKS', hooks).replace('ORIGIN', directory)
  appendFileSync(join(directory, '.git/config'), config)
  git(directory, 'config', 'core.repositoryformatversion', '1')
  return { directory, marker }
}

describe.skipIf(!hasGit || process.platform === 'win32')('a hostile repository', () => {
  test('runs no program when it is read in place', async () => {
    const { directory, marker } = hostileRepository()
    await readEverything(directory, temporaryDirectory())
    expect(existsSync(marker)).toBe(false)
  })

  test('runs no program when it is fetched', async () => {
    const { directory, marker } = hostileRepository()
    await readEverything(`file://${directory}`, temporaryDirectory())
    expect(existsSync(marker)).toBe(false)
  })

  test('cannot bring hooks into the mirror', async () => {
    const { directory } = hostileRepository()
    const mirrors = temporaryDirectory()
    await readEverything(`file://${directory}`, mirrors)
    expect(existsSync(join(mirrors, readdirSync(mirrors)[0]!, 'hooks'))).toBe(false)
  })

  test('the trap of these tests works: an unguarded git runs it', () => {
    const { directory, marker } = hostileRepository()
    spawnSync('git', ['-C', directory, 'status'])
    expect(existsSync(marker)).toBe(true)
  })
})

test.each([
  ['ext::sh -c touch% /tmp/x', 'a remote helper that runs a command'],
  ['fd::17', 'a remote helper on an open file'],
  ['ext://x/y', 'an unknown scheme'],
  ['http://example.org/x.git', 'http, which can be tampered with'],
  ['ftp://example.org/x.git', 'ftp'],
  ['HTTPS::https://example.org/x.git', 'a helper with the name of a transport'],
  ['--upload-pack=touch /tmp/x', 'an option'],
  ['-x', 'a short option'],
  ['ssh://-oProxyCommand=x/y', 'an option for ssh as host'],
  ['ssh://-oProxyCommand=x@host/y', 'an option for ssh as user'],
  ['ssh://host/-x', 'an option as path'],
  ['ssh://%2doProxyCommand=x/y', 'an escaped option'],
  ['https://example.org/a%0ab', 'an escaped newline'],
  ['https://example.org/a\nb', 'a newline'],
  ['git@github.com:madler/zlib.git', 'the short form of ssh'],
])('%s is refused before git starts: %s', async (location) => {
  const before = process.env['PATH']
  process.env['PATH'] = '/nowhere'
  try {
    const error = await openGitRepository(location, { mirrorDirectory: '/nowhere' }).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(DetectorError)
    expect((error as DetectorError).code).toBe('SOURCE_UNSAFE')
  } finally {
    process.env['PATH'] = before
  }
})

test('messages do not repeat the password of an address', async () => {
  const error = await openGitRepository('http://user:secret@example.org/x').catch((e: unknown) => e)
  expect((error as Error).message).not.toContain('secret')
})

test('no GIT_ variable of the caller reaches git, in whatever case it is written', () => {
  const env = environment({ PATH: '/bin', GIT_DIR: '/x', git_ssh: 'x', GIT_CONFIG_COUNT: '1' }, false)
  expect(env).toMatchObject({ PATH: '/bin', GIT_ALLOW_PROTOCOL: 'none', GIT_NO_LAZY_FETCH: '1' })
  expect(Object.keys(env)).not.toEqual(expect.arrayContaining(['GIT_DIR']))
  expect([env['GIT_DIR'], env['git_ssh'], env['GIT_CONFIG_COUNT']]).toEqual([undefined, undefined, undefined])
})
