import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { detectFormat } from '../../src/binary/detect.ts'
import { fileSource } from '../../src/bytes/source.ts'
import { PACKAGED_DATABASE } from '../../src/database/packaged.ts'
import type { Match, Report } from '../../src/model.ts'
import { type FingerprintDatabase, openDatabase } from '../../src/scan/open-database.ts'
import { scanFile } from '../../src/scan/scan-file.ts'
import { hasCompiler, workDirectory } from '../fixtures/compile.ts'
import { compileProgram } from '../fixtures/programs.ts'

/** Components of Node with the names that `process.versions` and `process.config` have for them. */
const COMPONENTS = [
  ['zlib', 'zlib', 'zlib'],
  ['openssl', 'openssl', 'openssl'],
  ['libuv', 'uv', 'libuv'],
  ['nghttp2', 'nghttp2', 'nghttp2'],
  ['c-ares', 'ares', 'cares'],
  ['brotli', 'brotli', 'brotli'],
  ['llhttp', 'llhttp', 'http_parser'],
] as const

/** A set is an answer when it leaves at most this share of the releases. */
const LARGEST_SET = 1 / 5

const prints = `${PACKAGED_DATABASE}/prints`
const hasPrints = existsSync(prints) && readdirSync(prints).some((name) => name.endsWith('.bpf'))
/** Compiling the default database takes longer than any test should: it is kept from run to run, outside of git. */
const cacheDirectory = fileURLToPath(new URL('../fixtures/built/cache', import.meta.url))
const isOneElf = formatOf(process.execPath) === 'elf' && config('node_shared') !== true

describe.skipIf(!hasPrints)('with the default database', () => {
  let db: FingerprintDatabase

  beforeAll(async () => {
    db = await openDatabase(undefined, { cacheDirectory })
  })
  afterAll(() => db.close())

  describe.skipIf(!isOneElf)('the node that runs this', () => {
    let report: Report

    beforeAll(async () => {
      report = await scanFile(process.execPath, { db })
    })

    test('is read as a whole', () => {
      expect(report.unknowns).toEqual([])
      expect(report.files).toMatchObject([{ path: process.execPath, format: 'elf' }])
    })

    for (const [name, versionsName, configName] of COMPONENTS) {
      const isShared = config(`node_shared_${configName}`) === true
      const version = plain(process.versions[versionsName] ?? '')
      test.skipIf(isShared || version === '')(`holds ${name} ${version}`, async () => {
        const matches = (report.files[0]?.components ?? []).filter((match) => match.name === name)
        expect(matches.map(({ role }) => role)).toContain('embedded')
        const most = (await releasesOf(db, name)) * LARGEST_SET
        expect(matches.map((match) => match.version)).toSatisfy(() =>
          matches.some((match) => tells(match, version, most)),
        )
      })
    }
  })

  describe.skipIf(!hasCompiler('host'))('a C program that only links zlib', () => {
    const directory = workDirectory()
    afterAll(directory.remove)

    test('has zlib linked or mentioned, never embedded', async ({ skip }) => {
      const program = compileZlibUser(directory.path)
      if (program === undefined) return skip('there is no zlib to link')
      const report = await scanFile(program, { db, minConfidence: 0 })
      expect(report.unknowns).toEqual([])
      const roles = report.files[0]!.components.map(({ name, role }) => [name, role])
      expect(roles).toEqual([['zlib', expect.stringMatching(/^(linked|mentioned)$/)]])
    })
  })

  test('a text file that is named is an unknown', async () => {
    const report = await scanFile(fileURLToPath(import.meta.url), { db })
    expect(report).toMatchObject({ files: [], unknowns: [{ code: 'FORMAT_BAD_MAGIC' }] })
  })
})

/** A program that compresses and prints zlib's version, linked against the library; undefined where there is none. */
function compileZlibUser(directory: string): string | undefined {
  const source = `#include <stdio.h>
#include <zlib.h>
int main(void) {
  z_stream stream = {0};
  if (inflateInit(&stream) != Z_OK || deflateInit(&stream, 9) != Z_OK) return 1;
  printf("compiled with %s, runs with %s\\n", ZLIB_VERSION, zlibVersion());
  return inflateEnd(&stream);
}
`
  try {
    return compileProgram(directory, 'zlib-user', { 'main.c': source }, ['-lz'])
  } catch (error) {
    if (/zlib\.h|-lz\b/.test(String((error as { stderr?: Buffer }).stderr))) return undefined
    throw error
  }
}

/** Whether the match says this version, or a set of few that holds it. */
function tells({ role, version: estimate }: Match, version: string, most: number): boolean {
  if (role !== 'embedded' || estimate.kind === 'unknown') return false
  if (estimate.kind === 'exact') return plain(estimate.version) === version
  return estimate.versions.length <= most && estimate.versions.map(plain).includes(version)
}

/** Without what a build adds: `1.3.1-e00f703` and `3.0.15+quic` are 1.3.1 and 3.0.15. */
function plain(version: string): string {
  return version.replace(/[-+].*$/, '')
}

async function releasesOf({ reader }: FingerprintDatabase, name: string): Promise<number> {
  const record = await reader.component(reader.manifest.components.indexOf(name))
  return record.releases.length
}

function config(name: string): unknown {
  return (process.config.variables as unknown as Readonly<Record<string, unknown>>)[name]
}

function formatOf(path: string): string | undefined {
  const source = fileSource(path)
  try {
    return detectFormat(source)
  } finally {
    source.close()
  }
}
