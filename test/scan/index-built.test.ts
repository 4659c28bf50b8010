import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { decodePrints } from '../../src/database/prints-file.ts'
import { indexRelease } from '../../src/scan/index-release.ts'
import { buildAr } from '../fixtures/ar.ts'
import { workDirectory } from '../fixtures/compile.ts'
import { buildDeb } from '../fixtures/deb.ts'
import { elfProgram } from '../fixtures/programs.ts'

const work = workDirectory()
afterAll(() => work.remove())

const component = 'heronzip'
const release = '1.2.3'
let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(work.path, 'case-'))
})

function file(name: string, content: string | Uint8Array): string {
  const path = join(directory, name)
  writeFileSync(path, content)
  return path
}

function sources(): string {
  const path = join(directory, 'sources')
  mkdirSync(path)
  writeFileSync(join(path, 'wade.c'), 'const char *wade(void) { return "text of the source"; }')
  return path
}

function library(name = 'libheron.a'): string {
  return file(
    name,
    buildAr([{ name: 'wade.o', bytes: elfProgram({ strings: ['text of the source', 'text of the build'] }) }]),
  )
}

function stored(): string[] {
  const { releases, units } = decodePrints(readFileSync(join(directory, 'prints', `${component}.bpf`)))
  return [...releases.map(({ origin, version }) => `${origin} ${version}`), ...units.map(({ path }) => path)]
}

test('libraries and packages describe one built release together', async () => {
  const deb = file(
    'a.deb',
    buildDeb({ files: { 'usr/lib/libheron.so.1': elfProgram({ strings: ['text of amd64'] }) } }),
  )
  const result = await indexRelease(join(directory, 'prints'), [library(), deb], { component, release })
  expect(result.releases).toEqual([release])
  expect(stored()).toEqual([`built ${release}`, 'libheron.so', 'wade.o'])
})

test('a source and libraries of one release share their units', async () => {
  const result = await indexRelease(join(directory, 'prints'), [library(), sources()], { component, release })
  expect(result.releases).toEqual([release])
  expect(stored()).toEqual([`source ${release}`, `built ${release}`, 'wade.c'])
})

test('the provenance of a built release names each file and its sha256', async () => {
  await indexRelease(join(directory, 'prints'), [library()], { component, release })
  const { releases } = decodePrints(readFileSync(join(directory, 'prints', `${component}.bpf`)))
  expect(releases[0]?.provenance).toMatch(/^file libheron\.a \(sha256 [0-9a-f]{64}\)$/)
})

test('what was indexed as built before is replaced', async () => {
  await indexRelease(join(directory, 'prints'), [library()], { component, release })
  const other = file('other.so', elfProgram({ strings: ['text of another build'] }))
  await indexRelease(join(directory, 'prints'), [other], { component, release })
  expect(stored()).toEqual([`built ${release}`, 'other.so'])
})

test.each([
  ['libraries without a release', () => [library()], {}],
  ['two sources', () => [sources(), directory], { release }],
])('%s are refused', async (_, inputs, options) => {
  const call = indexRelease(join(directory, 'prints'), inputs(), { component, ...options })
  await expect(call).rejects.toMatchObject({ code: 'USAGE' })
})
