import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { workDirectory } from '../fixtures/compile.ts'

// The benches are plain JavaScript; what they export has no types.
const directory = new URL('../../bench/images/', import.meta.url)
const { checkLimits, toMarkdown } = (await import(new URL('tables.mjs', directory).href)) as Record<
  string,
  (...values: unknown[]) => unknown
>

const even = { median: 1, least: 1, most: 1, fastest: 1 }
const row = (step: string, median: number) => ({
  step,
  gunzip: { ...even, median },
  node: even,
  milliseconds: [3, 1, 2],
})
const rows = [row('gunzip', 1), row('first scan', 2.9), row('second scan', 1.3)]
const peak = { first: 690e6, second: 710e6 }

test('the limits hold up to what was promised', () => {
  expect(
    (checkLimits!(rows, peak) as { what: string; holds: boolean }[]).map(({ what, holds }) => [what, holds]),
  ).toEqual([
    ['CPU of the first scan', true],
    ['CPU of the second scan', false],
    ['peak memory, first scan', true],
    ['peak memory, second scan', false],
  ])
})

test('the result says what was scanned, what holds, and what was not there', () => {
  const text = toMarkdown!({
    command: 'npm run bench:images',
    tool: '0.1.0',
    reference: 'docker-archive:base-docker.tar',
    machine: { cpu: 'abacus', node: 'v20' },
    rounds: 3,
    base: { bytes: 1, files: 2, elfFiles: 3, tarBytes: 4, gzipBytes: 5 },
    checks: checkLimits!(rows, peak),
    rows,
    sameReport: false,
    missing: ['an abacus'],
  }) as string
  expect(text).toContain('| CPU of the second scan | 1.3 × gunzip + sha256 | 1.2 × gunzip + sha256 | no |')
  expect(text).toContain('| first scan | 2 | 2.9 |')
  expect(text).toContain('**The second scan made another report.**')
  expect(text).toContain('* an abacus')
})

test('the yardstick in Node is the sha256 of the unpacked layer', () => {
  const work = workDirectory()
  try {
    const tar = Buffer.alloc(3 << 20, 'layer')
    const path = join(work.path, 'layer')
    writeFileSync(path, gzipSync(tar))
    const said = execFileSync(process.execPath, [fileURLToPath(new URL('baseline.mjs', directory)), path, path])
    const digest = `sha256:${createHash('sha256').update(tar).digest('hex')}`
    expect(said.toString()).toBe(`${digest}\n${digest}\n`)
  } finally {
    work.remove()
  }
})
