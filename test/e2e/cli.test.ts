import { type ExecFileException, execFile, execFileSync, spawn } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Report } from '../../src/model.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** Inside the repository, so that the compiled files find node_modules; `dist` has the neighbours that it has there. */
const home = join(root, 'test/fixtures/built/e2e')
const main = join(home, 'dist/cli/main.js')

const hasApi = existsSync(join(root, 'src/index.ts'))
const hasCompiler = works('gcc', ['--version'])

interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A library of one source file, each release with a version text of its own and one message more than the last. */
const RELEASES = ['1.0.0', '1.1.0', '1.2.0', '2.0.0'] as const
const MESSAGES = [
  'quagga: the herd has left the paddock',
  'quagga: stripe count does not match the skin',
  'quagga: cannot graze on an empty meadow',
  'quagga: hoof index out of reach',
  'quagga: mane comb is missing a tooth',
  'quagga: gallop refused while lying down',
  'quagga: the waterhole has dried up early',
  'quagga: lion sighted beyond the fence',
  'quagga: foal registry is full this season',
  'quagga: tail swish exceeded its budget',
  'quagga: dust bath postponed by rain',
  'quagga: savanna map cannot be unfolded',
]

let work = ''

describe.skipIf(!hasApi)('the command, compiled', () => {
  beforeAll(() => {
    work = mkdtempSync(join(tmpdir(), 'binprint-e2e-'))
    rmSync(home, { recursive: true, force: true })
    mkdirSync(home, { recursive: true })
    copyFileSync(join(root, 'package.json'), join(home, 'package.json'))
    symlinkSync(join(root, 'fingerprint-db'), join(home, 'fingerprint-db'), 'junction')
    const compiler = join(root, 'node_modules/typescript/bin/tsc')
    // Types are checked elsewhere; here only the programs are wanted.
    const settings = ['-p', join(root, 'tsconfig.build.json'), '--noCheck', '--outDir', join(home, 'dist')]
    execFileSync(process.execPath, [compiler, ...settings], { stdio: 'pipe' })
    for (const file of ['fingerprint/kernel/kernel.wasm', 'build/public-features.bin'])
      copyFileSync(join(root, 'src', file), join(home, 'dist', file))
    execFileSync(process.execPath, [join(root, 'scripts/bundle.mjs'), join(home, 'dist')], { stdio: 'pipe' })
  })
  afterAll(() => rmSync(work, { recursive: true, force: true }))

  test('--version prints the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    expect(await binprint('--version')).toEqual({ code: 0, stdout: `binprint ${version}\n`, stderr: '' })
  })

  test.each([
    ['no command', []],
    ['a command that is none', ['scna']],
    ['an option that is none', ['scan', '--nope']],
    ['a format that is none', ['scan', 'x', '--format', 'yaml']],
    ['a confidence out of range', ['scan', 'x', '--min-confidence', '1.5']],
    ['no file', ['scan']],
    ['no component', ['explain', 'x']],
  ])('%s is a usage error: one line on stderr, exit code 2', async (_name, args) => {
    const { code, stdout, stderr } = await binprint(...args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^binprint: [^\n]+\n$/)
  })

  test('a database that is not there prints one line and exits 3', async () => {
    const { code, stdout, stderr } = await binprint('scan', process.execPath, '--db', join(work, 'nowhere'))
    expect([code, stdout]).toEqual([3, ''])
    expect(stderr).toMatch(/^binprint: [^\n]+\n$/)
  })

  describe.skipIf(!hasCompiler)('with a database of four releases and a program that holds the third', () => {
    const prints = (): string => join(work, 'prints')
    const program = (): string => join(work, 'agent')

    beforeAll(async () => {
      for (const [i, version] of RELEASES.entries()) {
        const source = join(work, `quagga-${version}`)
        mkdirSync(source)
        writeFileSync(join(source, 'quagga.c'), quagga(version, MESSAGES.slice(0, 9 + i)))
        const options = ['--component', 'quagga', '--release', version, '--prints', prints()]
        expect(await binprint('index', source, ...options)).toMatchObject({ code: 0, stderr: '' })
      }
      const caller = join(work, 'agent.c')
      writeFileSync(caller, 'const char *quagga(int);\nint main(int n, char **v) { (void)v; return quagga(n)[0]; }\n')
      const sources = [caller, join(work, 'quagga-1.2.0', 'quagga.c')]
      execFileSync('gcc', ['-O1', '-s', '-o', program(), ...sources], { stdio: 'pipe' })
    }, 60_000)

    test('scan --format json prints one valid report and nothing else', async () => {
      const { code, stdout, stderr } = await binprint('scan', program(), '--db', prints(), '--format', 'json')
      expect([code, stderr]).toEqual([0, ''])
      const report = JSON.parse(stdout) as Report
      const schema = JSON.parse(readFileSync(join(root, 'docs/report.schema.json'), 'utf8')) as object
      const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema)
      validate(report)
      expect(validate.errors ?? []).toEqual([])
      expect(report.files[0]?.components).toMatchObject([
        { name: 'quagga', role: 'embedded', version: { kind: 'exact', version: '1.2.0', indexed: true } },
      ])
    })

    test('two scans print the same bytes', async () => {
      const args = ['scan', program(), '--db', prints(), '--format', 'json']
      expect(await binprint(...args)).toEqual(await binprint(...args))
    })

    test('two scans at once both succeed', async () => {
      const args = ['scan', program(), '--db', prints()]
      const outcomes = await Promise.all([binprint(...args), binprint(...args)])
      expect(outcomes.map(({ code }) => code)).toEqual([0, 0])
    })

    test('off a terminal the table has no escape sequences and stderr is empty', async () => {
      const { code, stdout, stderr } = await binprint('scan', program(), '--db', prints())
      expect([code, stderr]).toEqual([0, ''])
      expect(stdout).toMatch(/^ {2}quagga {2}1\.2\.0 {2}/m)
      expect(stdout).not.toContain('\u001b')
    })

    test('every xxd line of explain shows the evidence', async () => {
      const { code, stdout } = await binprint('explain', program(), 'Quagga', '--db', prints())
      expect(code).toBe(0)
      const shown = [...stdout.matchAll(/^ {4}"(.*)"\n(?: {4}in .*\n)? {4}xxd -s (0x[0-9a-f]+) -l (\d+) /gm)]
      expect(shown.length).toBeGreaterThan(0)
      const bytes = readFileSync(program())
      for (const [, text = '', offset, length] of shown) {
        const start = Number(offset)
        expect(bytes.subarray(start, start + Number(length)).toString('utf8')).toContain(text.replace(/…$/, ''))
      }
    })

    test('explain shows offset, length, unit, weight, text and releases of each piece, and what speaks against it', async () => {
      const { code, stdout } = await binprint('explain', program(), 'quagga', '--db', prints())
      expect(code).toBe(0)
      expect(stdout).toMatch(/^quagga 1\.2\.0 in /)
      expect(stdout).toMatch(/^ {2}quagga\.c {2}\d+ of \d+ {2}\d+ %$/m)
      expect(stdout).toMatch(
        /^ {2}template at 0x[0-9a-f]+, \d+ bytes, quagga\.c, \d+\.\d bits\n {4}"quagga library 1\.2\.0 by the herd"$/m,
      )
      expect(stdout).toMatch(
        /^ {2}string at 0x[0-9a-f]+, \d+ bytes, quagga\.c, \d+\.\d bits\n {4}"quagga: .*"\n {4}in /m,
      )
      expect(stdout).toMatch(/\nAgainst\n {2}.+\n/)
    })

    test('explain shows claims of every confidence, also those that scan leaves out', async () => {
      const strict = await binprint('scan', program(), '--db', prints(), '--min-confidence', '1')
      expect(strict.stdout).toContain('no known component')
      expect(await binprint('explain', program(), 'quagga', '--db', prints())).toMatchObject({ code: 0, stderr: '' })
    })

    test('explain of a component that is not there names those that are', async () => {
      const { code, stderr } = await binprint('explain', program(), 'zebra', '--db', prints())
      expect(code).toBe(2)
      expect(stderr).toContain('quagga')
    })

    test('a file that is no program is unknown: exit 0, or 1 with --fail-on unknown', async () => {
      const note = join(work, 'note.txt')
      writeFileSync(note, 'not a program\n')
      const plain = await binprint('scan', note, program(), '--db', prints(), '--format', 'json')
      const report = JSON.parse(plain.stdout) as Report
      expect([plain.code, report.files.length, report.unknowns.map(({ path }) => path)]).toEqual([0, 1, [note]])
      const gated = await binprint('scan', note, '--db', prints(), '--fail-on', 'unknown')
      expect(gated.code).toBe(1)
    })

    test('a file that is not there exits 3', async () => {
      expect(await binprint('scan', join(work, 'missing'), '--db', prints())).toMatchObject({ code: 3 })
    })

    test('a directory is scanned recursively, and files that are no programs are counted', async () => {
      const directory = join(work, 'rootfs')
      mkdirSync(join(directory, 'deep/er'), { recursive: true })
      copyFileSync(program(), join(directory, 'deep/er/renamed.bin'))
      writeFileSync(join(directory, 'deep/readme'), 'text\n')
      const { stdout } = await binprint('scan', directory, '--db', prints(), '--format', 'json')
      const report = JSON.parse(stdout) as Report
      expect(report.skipped).toBe(1)
      expect(report.unknowns).toEqual([])
      expect(report.files.map(({ components }) => components.map(({ name }) => name))).toEqual([['quagga']])
    })

    test('db info describes the database', async () => {
      const { code, stdout } = await binprint('db', 'info', '--db', prints())
      expect(code).toBe(0)
      expect(stdout).toMatch(/^components +1\nreleases +4\n/)
    })

    test('a reader that goes away early is no error', async () => {
      const child = spawn(process.execPath, [main, 'scan', program(), '--db', prints(), '--format', 'json'])
      let stderr = ''
      child.stderr.on('data', (chunk) => {
        stderr += String(chunk)
      })
      child.stdout.destroy()
      const code = await new Promise((resolve) => child.on('close', resolve))
      expect([code, stderr]).toEqual([0, ''])
    })
  })
})

function quagga(version: string, messages: readonly string[]): string {
  const lines = messages.map((message) => `  ${JSON.stringify(message)},`).join('\n')
  return `#define QUAGGA_VERSION "${version}"
static const char *const messages[] = {
${lines}
};
static const char banner[] = "quagga library " QUAGGA_VERSION " by the herd";
const char *quagga(int n) { return n > 40 ? banner : messages[n % (sizeof messages / sizeof *messages)]; }
`
}

function binprint(...args: readonly string[]): Promise<Outcome> {
  const options = { env: { ...process.env, XDG_CACHE_HOME: join(work, 'cache') }, maxBuffer: 64 * 1024 ** 2 }
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], options, (error: ExecFileException | null, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

function works(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}
