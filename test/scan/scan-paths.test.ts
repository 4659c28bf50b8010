import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Report } from '../../src/model.ts'
import { toJson } from '../../src/report/json.ts'
import { type FingerprintDatabase, openDatabase } from '../../src/scan/open-database.ts'
import { scanPaths } from '../../src/scan/scan-paths.ts'
import { hasProgram } from '../fixtures/compile.ts'
import { fixtureContent, fixtureDatabase } from '../fixtures/database.ts'
import { elfProgram, peProgram } from '../fixtures/programs.ts'

const work = mkdtempSync(join(tmpdir(), 'binprint-paths-'))
const heronzip = elfProgram(fixtureContent('heronzip', '1.1.0'))
const cranekit = peProgram(fixtureContent('cranekit', '0.11.0'))
/** Permissions do not hold for the superuser, and mean little on Windows. */
const hasPermissions = process.getuid !== undefined && process.getuid() !== 0
const hasPipes = process.platform !== 'win32' && hasProgram('mkfifo')
let db: FingerprintDatabase

beforeAll(async () => {
  db = await openDatabase(await fixtureDatabase())
})
afterAll(async () => {
  await db.close()
  rmSync(work, { recursive: true, force: true })
})

/** A new directory with these files. */
function tree(files: Readonly<Record<string, Uint8Array | string>>): string {
  const directory = mkdtempSync(join(work, 'tree-'))
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), content)
  }
  return directory
}

function scan(...paths: string[]): Promise<Report> {
  return scanPaths(paths, { db })
}

function pathsOf(report: Report, directory: string): string[] {
  return report.files.map(({ path }) => path.slice(directory.length + 1))
}

test('several named files say the same as each alone', async () => {
  const directory = tree({ a: heronzip, 'b.txt': 'no program', 'c.zip': 'PK\x03\x04 cut short', d: heronzip })
  const paths = ['a', 'b.txt', 'c.zip', 'd', 'none'].map((name) => join(directory, name))
  const together = await scan(...paths)
  const alone = await Promise.all(paths.map((path) => scan(path)))
  expect(together.files).toEqual(alone.flatMap(({ files }) => files))
  expect(together.unknowns).toEqual(alone.flatMap(({ unknowns }) => unknowns))
  expect(together.unknowns.length).toBe(3)
})

describe('a directory', () => {
  test('that changes while it is scanned has the files that went as unknowns, and what is left of a content', async () => {
    const directory = tree({ a: heronzip, b: heronzip, c: cranekit, d: heronzip })
    let isChanged = false
    const report = await scanPaths([directory], {
      db,
      onProgress({ label }) {
        if (label !== join(directory, 'd') || isChanged) return
        isChanged = true
        rmSync(join(directory, 'a'))
        writeFileSync(join(directory, 'c'), heronzip)
      },
    })
    expect(pathsOf(report, directory)).toEqual(['b', 'd'])
    expect(report.unknowns.map(({ path, code }) => [path.slice(directory.length + 1), code])).toEqual([
      ['a', 'INPUT_NOT_FOUND'],
      ['c', 'INPUT_UNREADABLE'],
    ])
  })

  test('is read recursively; programs stand in path order, whatever their names', async () => {
    const directory = tree({
      'usr/lib/b.txt': heronzip,
      'usr/bin/z': heronzip,
      'a.so': cranekit,
      'usr/lib/a': cranekit,
    })
    const report = await scan(directory)
    expect(pathsOf(report, directory)).toEqual(['a.so', 'usr/bin/z', 'usr/lib/a', 'usr/lib/b.txt'])
    expect(report.files.map(({ components }) => components[0]?.name)).toEqual([
      'cranekit',
      'heronzip',
      'cranekit',
      'heronzip',
    ])
  })

  test('has its other files counted, and no unknown for them', async () => {
    const report = await scan(
      tree({ program: heronzip, 'note.txt': 'text', 'data/empty': '', 'data/image.png': '\x89PNG' }),
    )
    expect(report).toMatchObject({ unknowns: [], skipped: 3 })
    expect(report.files).toHaveLength(1)
  })

  test('with a broken program has it as an unknown and goes on', async () => {
    const directory = tree({ broken: heronzip.subarray(0, 40), whole: heronzip })
    const report = await scan(directory)
    expect(pathsOf(report, directory)).toEqual(['whole'])
    expect(report.unknowns).toMatchObject([{ path: join(directory, 'broken'), code: 'FORMAT_TRUNCATED' }])
  })

  test('that is empty is an empty report', async () => {
    expect(await scan(tree({}))).toMatchObject({ files: [], unknowns: [], skipped: 0 })
  })

  test('gives the same bytes every time', async () => {
    const directory = tree({ one: heronzip, two: cranekit, broken: cranekit.subarray(0, 90) })
    expect(toJson(await scan(directory))).toBe(toJson(await scan(directory)))
  })

  test.skipIf(process.platform === 'win32')(
    'has its links left alone: a loop ends, and nothing is read twice',
    async () => {
      const directory = tree({ 'inner/program': heronzip })
      symlinkSync('..', join(directory, 'inner', 'up'))
      symlinkSync('program', join(directory, 'inner', 'again'))
      symlinkSync('nowhere', join(directory, 'dangling'))
      const report = await scan(directory)
      expect(pathsOf(report, directory)).toEqual(['inner/program'])
      expect(report.unknowns).toEqual([])
    },
  )

  test.skipIf(!hasPipes)('with a pipe does not wait for it', async () => {
    const directory = tree({ program: heronzip })
    execFileSync('mkfifo', [join(directory, 'pipe')])
    const report = await scan(directory)
    expect([report.files.length, report.unknowns]).toEqual([1, []])
  })

  test.skipIf(!hasPermissions)('with a file and a directory that may not be read has them as unknowns', async () => {
    const directory = tree({ 'closed/program': heronzip, program: heronzip, secret: heronzip })
    chmodSync(join(directory, 'secret'), 0)
    chmodSync(join(directory, 'closed'), 0)
    try {
      const report = await scan(directory)
      expect(pathsOf(report, directory)).toEqual(['program'])
      expect(report.unknowns).toMatchObject([
        { path: join(directory, 'closed'), code: 'INPUT_UNREADABLE' },
        { path: join(directory, 'secret'), code: 'INPUT_UNREADABLE' },
      ])
    } finally {
      chmodSync(join(directory, 'closed'), 0o700)
    }
  })
})

describe('named paths', () => {
  test('may be files and directories together; the report is in path order', async () => {
    const directory = tree({ 'dir/b': cranekit, a: heronzip, c: heronzip })
    const report = await scan(join(directory, 'c'), join(directory, 'dir'), join(directory, 'a'))
    expect(pathsOf(report, directory)).toEqual(['a', 'c', 'dir/b'])
  })

  test('that are no programs are unknowns, not counted', async () => {
    const directory = tree({ 'note.txt': 'text' })
    expect(await scan(join(directory, 'note.txt'))).toMatchObject({
      files: [],
      skipped: 0,
      unknowns: [{ path: join(directory, 'note.txt'), code: 'FORMAT_BAD_MAGIC' }],
    })
  })

  test('that are not there are unknowns, and the others are read', async () => {
    const directory = tree({ program: heronzip })
    const report = await scan(join(directory, 'missing'), join(directory, 'program'))
    expect(report.files).toHaveLength(1)
    expect(report.unknowns).toMatchObject([{ path: join(directory, 'missing'), code: 'INPUT_NOT_FOUND' }])
  })

  test.skipIf(process.platform === 'win32')('may be links to programs and directories', async () => {
    const directory = tree({ 'real/program': heronzip })
    symlinkSync('real', join(directory, 'to-directory'))
    symlinkSync('real/program', join(directory, 'to-program'))
    const report = await scan(join(directory, 'to-directory'), join(directory, 'to-program'))
    expect(pathsOf(report, directory)).toEqual(['to-directory/program', 'to-program'])
  })

  test.skipIf(process.platform === 'win32')('that lead in a circle are unknowns', async () => {
    const directory = tree({ program: heronzip })
    symlinkSync('loop', join(directory, 'loop'))
    const report = await scan(join(directory, 'loop'), join(directory, 'program'))
    expect(report.files).toHaveLength(1)
    expect(report.unknowns).toMatchObject([{ path: join(directory, 'loop'), code: 'INPUT_UNREADABLE' }])
  })

  test.skipIf(!hasPipes)('that are pipes are unknowns, at once', async () => {
    const pipe = join(tree({}), 'pipe')
    execFileSync('mkfifo', [pipe])
    expect(await scan(pipe)).toMatchObject({ files: [], unknowns: [{ path: pipe, code: 'INPUT_UNREADABLE' }] })
  })

  test('below a file are unknowns', async () => {
    const directory = tree({ program: heronzip })
    const { unknowns } = await scan(join(directory, 'program', 'inner'))
    expect(unknowns).toMatchObject([{ code: expect.stringMatching(/^INPUT_/) }])
  })
})

test('an aborted signal ends the scan between two files', async () => {
  const directory = tree({ a: heronzip, b: heronzip, c: heronzip })
  const controller = new AbortController()
  const seen: (string | undefined)[] = []
  const promise = scanPaths([directory], {
    db,
    signal: controller.signal,
    onProgress: ({ label }) => {
      seen.push(label)
      if (seen.length === 2) controller.abort()
    },
  })
  await expect(promise).rejects.toMatchObject({ code: 'ABORTED' })
  expect(seen).toHaveLength(2)
})
