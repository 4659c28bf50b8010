import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { workDirectory } from '../fixtures/compile.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** Made by `npm ci`; what it holds may be older than `src`, which does not matter for what is packed. */
const isBuilt = existsSync(join(root, 'dist/cli/main.js'))

const work = workDirectory()
afterAll(() => work.remove())

interface Manifest {
  readonly name: string
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
}

function manifestOf(directory: string): Manifest {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest
}

describe.skipIf(!isBuilt || process.platform === 'win32')('the two packages, packed', () => {
  const modules = join(work.path, 'node_modules')

  beforeAll(() => {
    mkdirSync(modules)
    for (const directory of [root, join(root, 'fingerprint-db')]) {
      const flags = ['pack', '--ignore-scripts', '--pack-destination', work.path]
      const file = execFileSync('npm', flags, { cwd: directory, encoding: 'utf8', stdio: 'pipe' })
        .trim()
        .split('\n')
        .at(-1)!
      const target = join(modules, manifestOf(directory).name)
      mkdirSync(target)
      execFileSync('tar', ['-xf', join(work.path, file), '-C', target, '--strip-components=1'])
    }
    // What npm would install from the registry.
    for (const name of readdirSync(join(root, 'node_modules')))
      if (!existsSync(join(modules, name)) && !name.startsWith('.'))
        symlinkSync(join(root, 'node_modules', name), join(modules, name))
  })

  test('are installed together by what the program depends on', () => {
    const [program, data] = [manifestOf(root), manifestOf(join(root, 'fingerprint-db'))]
    const wanted = program.dependencies?.[data.name]
    const major = data.version.split('.')[0]
    expect(wanted?.startsWith(`^${major}.`)).toBe(true)
  })

  test('hold data in one and code in the other', () => {
    const [program, data] = [readdirSync(join(modules, 'binprint')), readdirSync(join(modules, 'binprint-db'))]
    expect(program).not.toContain('fingerprint-db')
    expect(data.sort()).toEqual([
      'LICENSE',
      'README.md',
      'algorithm-constants.json',
      'background.bpf',
      'background.json',
      'components',
      'database.json',
      'families.json',
      'locks',
      'package.json',
      'prints',
      'vendored-paths.json',
    ])
  })

  test('find each other without a network', () => {
    const main = join(modules, 'binprint/dist/cli/main.js')
    const output = execFileSync(process.execPath, [main, 'db', 'info', 'zlib', '--format', 'json'], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: work.path },
    })
    const { directory, name } = JSON.parse(output)
    expect([directory, name]).toEqual([join(modules, 'binprint-db'), 'binprint'])
  })

  test('agree about format and sequence of the database', () => {
    const { version } = manifestOf(join(root, 'fingerprint-db'))
    const { format, sequence } = JSON.parse(readFileSync(join(root, 'fingerprint-db/database.json'), 'utf8'))
    expect(version).toBe(`${format}.${sequence}.0`)
  })
})
