import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readExclusion } from '../../src/build/exclusion.ts'
import { workDirectory } from '../fixtures/compile.ts'

const work = workDirectory()
afterAll(() => work.remove())

function corpus(content: unknown): string {
  const path = join(work.path, 'corpus.json')
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const FILES = [
  {
    sha256: 'AA',
    source: { registry: 'debian', package: 'zlib1g', version: '1:1.3-1+b1', source_package: 'zlib (1:1.3-1)' },
  },
  { sha256: 'bb', source: { registry: 'debian', package: 'expat1', version: '2.5.0-1', source_package: 'expat' } },
  { sha256: 'cc', source: { registry: 'debian', package: 'bash', version: '5.2-2+b3' } },
  { sha256: 'dd', source: { registry: 'npm', package: 'esbuild', version: '0.1.0' } },
]

test.each([
  ['a list', FILES],
  ['a document with files', { files: FILES }],
])(
  'files are excluded by sha256, Debian ones by source package and version, those of npm by package: %s',
  (_, content) => {
    const { sha256, packages, npm } = readExclusion(corpus(content))
    expect([...sha256]).toEqual(['aa', 'bb', 'cc', 'dd'])
    expect([...packages]).toEqual(['zlib 1:1.3-1', 'expat 2.5.0-1', 'bash 5.2-2+b3', 'bash 5.2-2'])
    expect([...npm]).toEqual(['esbuild@0.1.0'])
  },
)

test.each([
  ['no list', {}],
  ['a file without source', [{ sha256: 'aa' }]],
  ['no JSON', 'files'],
])('%s is no corpus', (_, content) => {
  expect(() => readExclusion(corpus(content))).toThrow(expect.objectContaining({ code: 'USAGE' }))
})
