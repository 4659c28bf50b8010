import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { DEFAULT_PRINTS } from '../src/cli/commands/defaults.ts'
import { COMMANDS } from '../src/cli/run.ts'
import { runCommand } from './cli/context.ts'
import { fixtureContent, fixtureDatabase } from './fixtures/database.ts'
import { elfProgram } from './fixtures/programs.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const readme = readFileSync(`${root}/README.md`, 'utf8')
const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code)
const entry = `${root}/src/index.ts`
const directory = `${root}/test/fixtures/built/readme`
const run = promisify(execFile)

test('README has code', () => {
  expect(blocks.length).toBeGreaterThan(0)
})

describe.skipIf(!existsSync(entry))('the code of README', () => {
  beforeAll(() => {
    rmSync(directory, { recursive: true, force: true })
    mkdirSync(directory, { recursive: true })
    const settings = {
      extends: '../../../../tsconfig.json',
      compilerOptions: { paths: { binprint: ['../../../../src/index.ts'] }, isolatedDeclarations: false },
      include: ['block-*.ts', '../../../../src/**/*.d.ts'],
      exclude: [],
    }
    writeFileSync(`${directory}/tsconfig.json`, JSON.stringify(settings))
    blocks.forEach((code, i) => {
      writeFileSync(`${directory}/block-${i}.ts`, code)
    })
  })

  test('compiles', async () => {
    const compiler = `${root}/node_modules/typescript/bin/tsc`
    const output = await run(process.execPath, [compiler, '--noEmit', '-p', directory]).then(
      ({ stdout }) => stdout,
      ({ stdout }: { stdout: string }) => stdout,
    )
    // Mistakes of the source itself are the business of the type check.
    expect(output.split('\n').filter((line) => line.includes('block-'))).toEqual([])
  })

  test.each(blocks.map((_, i) => i))('runs, and has something to print: block %d', async (i) => {
    // The default database and node itself are big and belong to the e2e tests; here they are the fixture's.
    const shim = `${directory}/api.ts`
    writeFileSync(
      shim,
      `import { openDatabase as open } from ${JSON.stringify(entry)}
      export * from ${JSON.stringify(entry)}
      export const openDatabase: typeof open = (location, options) =>
        open(location ?? ${JSON.stringify(await fixtureDatabase())}, options)\n`,
    )
    const scanned = `${directory}/agent`
    writeFileSync(scanned, elfProgram(fixtureContent('heronzip', '1.2.0')))
    const program = `${directory}/run-${i}.ts`
    const code = blocks[i]?.replaceAll("'binprint'", "'./api.ts'") ?? ''
    writeFileSync(program, code.replaceAll('process.execPath', JSON.stringify(scanned)))
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
    try {
      await import(pathToFileURL(program).href)
      expect(log.mock.calls.flat().join(' ')).toContain('heronzip')
    } finally {
      log.mockRestore()
    }
  })
})

describe('the rest of README', () => {
  const links = [...readme.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, target = '']) => target)
  test.each(links.filter((target) => !target.includes('://')))('links to %s, which exists', (target) => {
    expect(existsSync(`${root}/${target}`)).toBe(true)
  })

  test('shows command lines that the command understands', async () => {
    const lines = [...readme.matchAll(/^npx binprint (.+)$/gm)].map(([, line = '']) => line)
    expect(lines.length).toBeGreaterThan(0)
    for (const line of lines) {
      const args = line.split(' ').map((word) => word.replace(/^'(.*)'$/, '$1'))
      expect({ line, ...(await runCommand(args)) }).toMatchObject({ line, code: 0, stderr: '' })
    }
  })

  test('lists every command', () => {
    const names = COMMANDS.map(({ name }) => name)
    expect(names.filter((name) => !new RegExp(`\\b(?:binprint )?${name}\\b`).test(readme))).toEqual([])
    expect(readme).toContain(`./${DEFAULT_PRINTS}`)
  })
})
