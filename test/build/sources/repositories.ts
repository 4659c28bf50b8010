import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

/** Whether the tests can make repositories at all. */
export const hasGit: boolean = spawnSync('git', ['--version']).status === 0

/** An empty directory that lives as long as the test. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'binprint-test-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** Writes files by their paths below the directory. */
export function writeFiles(directory: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), content)
  }
}

/** Runs git in the directory, with the same author, committer and date each time, and returns what it prints. */
export function git(directory: string, ...args: string[]): string {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'))
  const person = { NAME: 'A', EMAIL: 'a@example.org', DATE: '2020-01-02T03:04:05Z' }
  const identity = Object.entries(person).flatMap(([key, value]) => [
    [`GIT_AUTHOR_${key}`, value],
    [`GIT_COMMITTER_${key}`, value],
  ])
  const env = { ...Object.fromEntries([...inherited, ...identity]), GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '' }
  const { status, stdout, stderr } = spawnSync('git', ['-C', directory, ...args], { env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`)
  return stdout.trim()
}

/** A work tree with the files in one commit. */
export function repositoryOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const directory = temporaryDirectory()
  git(directory, 'init', '--quiet', '--initial-branch=main', '.')
  writeFiles(directory, files)
  git(directory, 'add', '--all')
  git(directory, 'commit', '--quiet', '--message=first')
  return directory
}

/** A program that leaves the file `marker` behind, and its path. */
export function trap(directory: string, marker: string): string {
  const program = join(directory, `trap-${Math.random().toString(36).slice(2)}.sh`)
  writeFileSync(program, `#!/bin/sh\ntouch '${marker}'\n`)
  chmodSync(program, 0o755)
  return program
}
