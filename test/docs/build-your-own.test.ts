import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasProgram, workDirectory } from '../fixtures/compile.ts'
import { compileCommand } from '../fixtures/compiled.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(join(root, 'docs/build-your-own.md'), 'utf8')

/** One example of the page: what is typed, and what then stands on the screen. */
interface Example {
  readonly line: number
  readonly script: string
  readonly output: string | undefined
  /** `sh notest`: shown, and not run. */
  readonly isRun: boolean
}

/**
 * Blocks of `sh notest`, and why they are not run: merging with the default database and compiling the result takes longer
 * than all the rest together. `test/scan/databases.test.ts` merges with a small default database.
 */
const NOT_RUN = 1

const examples = [...page.matchAll(/^```sh( notest)?\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?/gms)].map(
  ({ index, 1: notest, 2: script = '', 3: output }): Example => {
    return { line: page.slice(0, index).split('\n').length, script, output, isRun: notest === undefined }
  },
)
const run = examples.filter(({ isRun }) => isRun)
const TOOLS = ['bash', 'git', 'gcc', 'ar', 'openssl', 'sha256sum'] as const

test('build-your-own.md has examples, and every output follows one', () => {
  expect(run.length).toBeGreaterThan(10)
  expect(examples.length - run.length).toBe(NOT_RUN)
  expect(examples.filter(({ output }) => output !== undefined)).toHaveLength(page.match(/^```text$/gm)?.length ?? 0)
  expect(examples).toHaveLength(page.match(/^```sh\b/gm)?.length ?? 0)
})

test.each([...page.matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target))(
  'build-your-own.md links to %s, which exists',
  (target) => {
    const [path = '', anchor] = target.split('#')
    const file = path === '' ? 'docs/build-your-own.md' : join('docs', path)
    expect(existsSync(join(root, file))).toBe(true)
    const headings = [...readFileSync(join(root, file), 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^a-z0-9 -]/g, '')
        .replaceAll(' ', '-'),
    )
    if (anchor !== undefined) expect(headings).toContain(anchor)
  },
)

describe.skipIf(process.platform !== 'linux' || !TOOLS.every(hasProgram))('the commands of build-your-own.md', () => {
  const work = workDirectory()
  let program = ''
  let outcome = { code: -1 as number | string, outputs: [] as readonly string[] }

  beforeAll(async () => {
    program = await compileCommand()
    outcome = await session()
  }, 360_000)
  afterAll(() => {
    rmSync(program, { recursive: true, force: true })
    work.remove()
  })

  test('all succeed', () => {
    const failed = run[outcome.outputs.length - 1]
    const where = outcome.code === 0 ? '' : `line ${failed?.line}: ${outcome.outputs.at(-1)}`
    expect({ code: outcome.code, where }).toEqual({ code: 0, where: '' })
  })

  test.each(run.flatMap(({ line, output }, i) => (output === undefined ? [] : [[line, i, output] as const])))(
    'of line %i print what the page shows',
    (_, i, output) => {
      const printed = outcome.outputs[i] ?? ''
      // The page itself is the better difference to read.
      if (!shown(output).test(printed)) expect(printed).toBe(output)
    },
  )

  /** Runs all examples in one shell, in an empty folder. A line that no command prints ends the output of each. */
  async function session(): Promise<{ code: number | string; outputs: string[] }> {
    const mark = '-- end of example --'
    const [bin, home, empty] = ['bin', 'home', 'folder'].map((name) => join(realpathSync(work.path), name))
    for (const directory of [bin, home, empty]) mkdirSync(directory!)
    const main = join(program, 'src/cli/main.js')
    writeFileSync(join(bin!, 'binprint'), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`, { mode: 0o755 })
    const script = ['set -euo pipefail', 'exec 2>&1', ...run.map((one) => `${one.script}echo '${mark}'`)].join('\n')
    const inherited = Object.entries(process.env).filter(([name]) => !/^(?:GIT_|XDG_|BINPRINT_)/.test(name))
    const person = ['AUTHOR', 'COMMITTER'].flatMap((role) => [
      [`GIT_${role}_NAME`, 'A'],
      [`GIT_${role}_EMAIL`, 'a@example.org'],
      [`GIT_${role}_DATE`, '2020-01-02T03:04:05Z'],
    ])
    const env = {
      ...Object.fromEntries([...inherited, ...person]),
      PATH: `${bin}${delimiter}${process.env['PATH']}`,
      HOME: home,
      TMPDIR: mkdtempSync(join(home!, 'tmp-')),
      LC_ALL: 'C',
      GIT_CONFIG_NOSYSTEM: '1',
      XDG_CACHE_HOME: join(home!, 'cache'),
      XDG_DATA_HOME: join(home!, 'data'),
      BINPRINT_CACHE: join(home!, 'cache/binprint'),
    }
    return new Promise((resolve) => {
      execFile('bash', ['-c', script], { cwd: empty!, env, timeout: 300_000 }, (error, stdout) => {
        const outputs = stdout.split(`${mark}\n`)
        resolve({
          code: error === null ? 0 : (error.code ?? error.signal ?? -1),
          outputs: error === null ? outputs.slice(0, -1) : outputs,
        })
      })
    })
  }
})

/** `…` alone on a line stands for any lines, elsewhere for anything within its line. */
function shown(output: string): RegExp {
  const lines = output.split('\n').slice(0, -1)
  const patterns = lines.map((line) => {
    if (line === '…') return '(?:.*\\n)*'
    return `${line
      .split('…')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}\\n`
  })
  return new RegExp(`^${patterns.join('')}$`)
}
