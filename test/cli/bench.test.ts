import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { commandWords } from '../../src/cli/tool.ts'
import { runCommand } from './context.ts'

const directory = mkdtempSync(join(tmpdir(), 'bench-'))
afterAll(() => rmSync(directory, { recursive: true }))

function write(name: string, content: string): string {
  const path = join(directory, name)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, content)
  return path
}

const sha256 = createHash('sha256').update('a program').digest('hex')
const components = [{ name: 'zlib', version: '1.2.13' }]
const corpus = write('corpus.json', JSON.stringify([{ id: 'agent', sha256, complete: true, components }]))
write(`files/${sha256}`, 'a program')
const files = join(directory, 'files')
const predictions = write('predictions.json', JSON.stringify({ files: [{ sha256, components }] }))
/** Prints one claim for the file it is given, if that is there; its path has a space, so that words are put to the test. */
const tool = write(
  'a tool.cjs',
  `require('node:fs').readFileSync(process.argv[2]); console.log(JSON.stringify([{ name: 'libz', version: '1.2.12' }]))`,
)
const node = JSON.stringify(process.execPath)

async function figures(...args: string[]): Promise<{ recall: unknown; exact: unknown; gone: unknown; stderr: string }> {
  const { code, stdout, stderr } = await runCommand(['bench', corpus, ...args, '--format', 'json'])
  expect(code, stderr).toBe(0)
  const { all, versions, files } = JSON.parse(stdout)
  return { recall: all.recall.value, exact: versions.exact.value, gone: files.gone, stderr }
}

describe('bench', () => {
  test('scores the predictions of a file', async () => {
    expect(await figures('--predictions', predictions)).toMatchObject({ recall: 1, exact: 1, gone: 0 })
  })

  test('runs a tool on every file and scores what it prints, by aliases of the catalog too', async () => {
    const outcome = await figures('--tool', `${node} '${tool}' {file}`, '--files', files)
    expect(outcome).toMatchObject({ recall: 1, exact: 0, stderr: '' })
  })

  test('scans the files and closes the database', async () => {
    const { code, calls } = await runCommand(['bench', corpus, '--files', files, '--db', 'mine'])
    expect(code).toBe(0)
    expect(calls).toEqual([
      ['catalogNames', 'mine'],
      ['openDatabase', 'mine'],
      ['scanFile', join(files, sha256), {}],
      ['close'],
    ])
  })

  test('a tool that fails on a file has said nothing about it', async () => {
    const broken = write('broken.cjs', 'console.error("no idea"); process.exit(4)')
    const outcome = await figures('--tool', `${node} ${broken} {file}`, '--files', files)
    expect(outcome.recall).toBe(0)
    expect(outcome.stderr).toMatch(/^binprint: agent: .* ended with 4: no idea\n$/)
  })

  test('a file that is not there, or another one, is gone', async () => {
    const list = [
      { id: 'here', sha256, path: `files/${sha256}`, complete: true, components },
      { id: 'other', sha256: 'f'.repeat(64), path: `files/${sha256}`, complete: true, components },
      { id: 'gone', sha256: 'e'.repeat(64), path: 'files/none', complete: true, components },
    ]
    const three = write('three.json', JSON.stringify({ files: list }))
    const { stdout } = await runCommand(['bench', three, '--tool', `${node} '${tool}' {file}`, '--format', 'json'])
    expect(JSON.parse(stdout).files).toMatchObject({ labelled: 3, scored: 1, gone: 2 })
  })

  test('prints markdown with the figures and the errors', async () => {
    const { stdout } = await runCommand(['bench', corpus, '--files', files, '--tool', `${node} '${tool}' {file}`])
    expect(stdout).toContain('| recall, all labels | 1 | 1 to 1 | 1 |')
    expect(stdout).toContain('versionWrong (1)')
    expect(stdout).toContain('| agent | zlib | 1.2.12 | 1.2.13 |  |')
  })

  test.each<[string[], number, string | RegExp]>([
    [['--predictions', 'a', '--tool', 'b {file}'], 2, 'need one of --predictions and --tool, have both'],
    [['--tool', 'b'], 2, '--tool needs a command and {file} where the file\'s path goes, have "b"'],
    [['--predictions', '/nowhere.json'], 3, 'need JSON in /nowhere.json: there is none'],
    [['--files', '/nowhere'], 3, "need the corpus's files in /nowhere, found none: npm run bench:fetch"],
    [['--predictions', corpus], 2, 'predictions: need an object with a list as "files"'],
  ])('%j ends in one line and exit %i', async (args, code, message) => {
    expect(await runCommand(['bench', corpus, ...args])).toMatchObject({ code, stderr: `binprint: ${message}\n` })
  })
})

describe('a command line of --tool', () => {
  test.each([
    ['a {file}', ['a', '{file}']],
    ['  a   "b c" --x={file} ', ['a', 'b c', '--x={file}']],
    [`a 'it is "so"' {file} ''`, ['a', 'it is "so"', '{file}', '']],
    ['a $HOME;ls {file}', ['a', '$HOME;ls', '{file}']],
  ])('%s is split into %j', (line, words) => {
    expect(commandWords(line)).toEqual(words)
  })

  test.each([`a 'b {file}`, '{file}', ''])('%j is refused', (line) => {
    expect(() => commandWords(line)).toThrow(/^--tool needs/)
  })
})
