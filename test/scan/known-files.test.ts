import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { indexBackground } from '../../src/build/background.ts'
import type { Context, Output } from '../../src/cli/context.ts'
import { run as runCli } from '../../src/cli/run.ts'
import { encodePrints } from '../../src/database/prints-file.ts'
import type { Report } from '../../src/model.ts'
import { hasProgram, run, workDirectory } from '../fixtures/compile.ts'
import { compileProgram } from '../fixtures/programs.ts'
import { buildTern, writeTern } from '../fixtures/tern-library.ts'

const work = workDirectory()
afterAll(() => work.remove())
const at = (name: string): string => join(work.path, name)

const TOOL = `#include <stdio.h>
static const char *const moods[] = {
  "the tool hums quietly", "the tool wants oil", "the tool has had enough", "the tool counts its teeth",
  "the tool is out on loan", "the tool was last seen in the shed", "the tool would rather be a rake",
};
int main(int count, char **words) { return puts(moods[count % 7]) + words[0][0]; }
`

describe.skipIf(!['gcc', 'strip', 'ar'].every(hasProgram))('prints of nothing but programs of one’s own', () => {
  beforeAll(async () => {
    compileProgram(work.path, 'mytool', { 'main.c': TOOL }, ['-Wl,--build-id=sha1'])
    const args = ['--component', 'mytool', '--release', '1.2', '--prints', at('prints')]
    const outcome = await binprint('index', at('mytool'), ...args)
    expect(outcome).toMatchObject({ code: 0, stderr: '' })
    copyFileSync(at('mytool'), at('renamed.bin'))
    run('strip', '-o', at('mytool-stripped'), at('mytool'))
    compileProgram(work.path, 'rebuilt', { 'main.c': TOOL.replace('hums', 'sings') }, ['-Wl,--build-id=sha1'])
  })

  test('are a whole database', () => {
    expect(readdirSync(at('prints'))).toEqual(['mytool.bpf'])
  })

  test.each([
    ['the same file', 'mytool', 'file-hash', 'sha256'],
    ['a copy of another name', 'renamed.bin', 'file-hash', 'sha256'],
    ['a stripped copy, whose build-id is the same', 'mytool-stripped', 'build-id', 'build-id'],
  ])('name %s at once', async (_, name, method, mark) => {
    const [file] = (await scan(at(name))).files
    expect(file?.components).toMatchObject([
      {
        name: 'mytool',
        version: { kind: 'exact', version: '1.2', indexed: true },
        purl: 'pkg:generic/mytool@1.2',
        ...{ role: 'embedded', origin: 'whole', method, confidence: 0.999 },
      },
    ])
    const text = new RegExp(`the ${mark} is that of mytool \\(\\S+\\): file mytool \\(sha256 [0-9a-f]{64}\\)`)
    const table = await binprint('scan', at(name), '--db', at('prints'))
    expect(table.stdout).toMatch(
      new RegExp(`^ {2}mytool {2}1\\.2 {2}1\\.00 {2}embedded \\(known file\\) {2}${text.source}$`, 'm'),
    )
    const story = await binprint('explain', at(name), 'mytool', '--db', at('prints'))
    expect(story.stdout).toMatch(new RegExp(`exactly 1\\.2\\n {2}the file itself is known: ${text.source}\n`))
    expect(story.stdout).toContain(
      'role        embedded (known file): the file itself was indexed as a build of this release',
    )
  })

  test('find another build by what it shares, without a version', async () => {
    const [file] = (await scan(at('rebuilt'))).files
    expect(file?.components).toMatchObject([
      { name: 'mytool', version: { kind: 'unknown' }, method: 'fingerprints', units: [{ path: 'mytool' }] },
    ])
  })

  test('say nothing of other programs, where the background knows the start-up code that compilers give to all', async () => {
    const plain = 'int main(int count, char **words) { return count * words[0][0]; }'
    const ordinary = compileProgram(work.path, 'ordinary', { 'main.c': plain.replace(' * ', ' - ') })
    const bare = compileProgram(work.path, 'bare', { 'main.c': plain.replace(' * ', ' + ') }, ['-s'])
    mkdirSync(at('database/prints'), { recursive: true })
    copyFileSync(at('prints/mytool.bpf'), at('database/prints/mytool.bpf'))
    const background = indexBackground([{ label: 'anything 1.0', files: [ordinary, bare] }])
    writeFileSync(at('database/background.bpf'), encodePrints(background))
    for (const flags of [[], ['-s']]) {
      const other = compileProgram(work.path, 'other', { 'main.c': plain }, flags)
      expect((await scan(other, at('database'))).files).toMatchObject([{ components: [] }])
    }
    const [known] = (await scan(at('mytool'), at('database'))).files
    expect(known?.components).toMatchObject([{ name: 'mytool', method: 'file-hash' }])
    const [rebuilt] = (await scan(at('rebuilt'), at('database'))).files
    expect(rebuilt?.components).toMatchObject([{ name: 'mytool', method: 'fingerprints' }])
  })

  test('name a static library as well', async () => {
    const library = buildTern(writeTern(work.path, '1.0.0'), 'gcc', ['-O2', '-w'])
    const args = ['--component', 'ternpack', '--release', '1.0.0', '--prints', at('libraries')]
    expect(await binprint('index', library, ...args)).toMatchObject({ code: 0 })
    const { stdout } = await binprint('scan', library, '--db', at('libraries'))
    expect(stdout).toMatch(
      /^ {2}ternpack {2}1\.0\.0 .* embedded \(known file\) {2}the sha256 is that of libternpack\.a /m,
    )
  })

  test('take the place of the default database', async () => {
    expect((await scan(at('mytool'))).database).toMatchObject({ components: 1, releases: 1 })
  })
})

async function scan(path: string, database: string = at('prints')): Promise<Report> {
  const { code, stdout, stderr } = await binprint('scan', path, '--db', database, '--format', 'json')
  expect([code, stderr]).toEqual([0, ''])
  return JSON.parse(stdout) as Report
}

/** The command with the real library behind it, in this process. */
async function binprint(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const [stdout, stderr] = [recorder(), recorder()]
  const context: Context = {
    loadApi: () => import('../../src/index.ts'),
    ...{ stdout, stderr },
    environment: {},
    signal: new AbortController().signal,
    version: '1.2.3',
  }
  const code = await runCli(args, context)
  return { code, stdout: stdout.text(), stderr: stderr.text() }
}

function recorder(): Output & { text(): string } {
  let all = ''
  return {
    isTerminal: false,
    columns: undefined,
    write: async (text) => {
      all += text
    },
    text: () => all,
  }
}
