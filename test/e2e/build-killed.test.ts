import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { git, hasGit, writeFiles } from '../build/sources/repositories.ts'
import { workDirectory } from '../fixtures/compile.ts'
import { compileCommand } from '../fixtures/compiled.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const preload = fileURLToPath(new URL('../fixtures/kill-at-write.mjs', import.meta.url))
const NAMES = ['ibex', 'kudu', 'oryx']
const RELEASES = 6
/** Prints and lock of each component, written beside their place and renamed. */
const WRITES = NAMES.length * 4

const work = workDirectory()
afterAll(() => work.remove())

// Each starts several processes, which takes its time on a machine with other work.
describe.skipIf(!hasGit || process.platform === 'win32')(
  'a build that is killed and begun again',
  { timeout: 180_000 },
  () => {
    let program = ''
    let undisturbed: Map<string, string>

    beforeAll(async () => {
      program = await compileCommand()
      for (const name of NAMES) makeComponent(name)
      writeFileSync(join(work.path, 'vendored-paths.json'), '[]')
      expect(build('undisturbed', '1')).toBe(0)
      undisturbed = contentOf('undisturbed')
      expect([...undisturbed.keys()]).toEqual(
        NAMES.flatMap((name) => [`locks/${name}.json`, `prints/${name}.bpf`]).sort(),
      )
    })
    afterAll(() => rmSync(program, { recursive: true, force: true }))

    test('gives the same bytes with any number of workers', () => {
      expect(build('workers', '3')).toBe(0)
      expect(contentOf('workers')).toEqual(undisturbed)
    })

    test.each(Array.from({ length: WRITES }, (_, i) => i + 1))(
      'gives the undisturbed bytes after a kill at write %i',
      (at) => {
        const place = `write-${at}`
        expect(build(place, '2', { KILL_AT: String(at), KILL_COUNTER: join(work.path, `${place}.counter`) })).toBe(
          'SIGKILL',
        )
        expect(build(place, '2')).toBe(0)
        expect(contentOf(place)).toEqual(undisturbed)
      },
    )

    test('may be killed again and again', () => {
      const killed: unknown[] = []
      for (let at = 1; at <= 8; at++)
        killed.push(build('again', '2', { KILL_AT: String(at), KILL_COUNTER: join(work.path, `again-${at}.counter`) }))
      // Between the write and the signal the other worker may finish what it has, so that later runs have less left to be killed at.
      expect(killed.filter((end) => end === 'SIGKILL').length).toBeGreaterThanOrEqual(2)
      expect(build('again', '2')).toBe(0)
      expect(contentOf('again')).toEqual(undisturbed)
    })

    test('reads nothing again when it was done', () => {
      const before = contentOf('undisturbed')
      const { stdout } = binprint(['--jobs', '1', '--prints', join(work.path, 'undisturbed/prints')])
      expect(stdout.match(/^\w+: up to date/gm)).toEqual(NAMES.map((name) => `${name}: up to date`))
      expect(contentOf('undisturbed')).toEqual(before)
    })

    function build(place: string, jobs: string, environment: Record<string, string> = {}): number | string | null {
      const { status, signal, stderr } = binprint(
        ['--jobs', jobs, '--prints', join(work.path, place, 'prints')],
        environment,
      )
      if (status !== 0 && signal === null) throw new Error(stderr)
      return status ?? signal
    }

    function binprint(
      args: string[],
      environment: Record<string, string> = {},
    ): ReturnType<typeof spawnSync> & { stdout: string; stderr: string } {
      const flags = environment['KILL_AT'] === undefined ? [] : ['--import', preload]
      const command = [...flags, join(program, 'src/cli/main.js'), 'db', 'build', '--catalog', work.path]
      return spawnSync(process.execPath, [...command, '--git-mirror', join(work.path, 'mirror'), ...args], {
        encoding: 'utf8',
        env: { ...process.env, ...environment },
      })
    }
  },
)

/** All files below the directory, by path, in order. */
function contentOf(place: string): Map<string, string> {
  const directory = join(work.path, place)
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
  const paths = files.map(({ parentPath, name }) => join(parentPath, name))
  const named = paths.map((path) => [path.slice(directory.length + 1), readFileSync(path).toString('base64')] as const)
  return new Map(named.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** A catalog entry, and a repository with a tag for each release. */
function makeComponent(name: string): void {
  const text = readFileSync(join(root, 'fingerprint-db/components/zlib.json'), 'utf8')
  const entry = { ...JSON.parse(text), name, aliases: [], family: null, sonames: [], exclude: [], vendored: [] }
  writeFiles(work.path, { [`components/${name}.json`]: JSON.stringify(entry) })
  const repository = join(work.path, 'mirror', name)
  if (existsSync(repository)) return
  mkdirSync(repository, { recursive: true })
  git(repository, 'init', '--quiet', '--initial-branch=main', '.')
  for (let release = 0; release < RELEASES; release++) {
    const lines = Array.from({ length: 20 + release }, (_, i) => `  "${name}: message ${i} of the herd",`)
    writeFiles(repository, {
      [`${name}.c`]: `const char *${name}[] = {\n${lines.join('\n')}\n  "${name} 1.${release}" };\n`,
    })
    git(repository, 'add', '--all')
    git(repository, 'commit', '--quiet', '--message=release')
    git(repository, 'tag', `v1.${release}`)
  }
}
