import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Match, Report } from '../../src/model.ts'
import { toTable } from '../../src/report/table.ts'
import { explain } from '../../src/scan/explain.ts'
import { indexRelease } from '../../src/scan/index-release.ts'
import { type FingerprintDatabase, openDatabase } from '../../src/scan/open-database.ts'
import { scanFile } from '../../src/scan/scan-file.ts'
import { hasProgram, run, workDirectory } from '../fixtures/compile.ts'
import { buildTern, TERN_KEY, TERN_PACK, TERN_RELEASES, writeTern } from '../fixtures/tern-library.ts'

const work = workDirectory()
afterAll(() => work.remove())

/** How many constants a function has is known for this architecture. */
const hasTools = process.arch === 'x64' && ['gcc', 'ar'].every(hasProgram)
const COMPILERS = [
  ['gcc', '-O2'],
  ['clang', '-O1'],
] as const

/** As distributions build: what machine code is compared with. */
const FLAGS = ['-O2', '-g0', '-w'] as const
const FOREIGN = `#include <stdint.h>
#include <stdio.h>
static const char *const orders[] = {"a crate of plums", "two sacks of rye", "the last of the honey"};
int main(int count, char **words) {
  int sold = 0;
  for (int at = 1; at < count; at++) sold += words[at][0] == 'p' ? 3 : at * 5;
  printf("sold %d, next is %s\\n", sold, orders[sold % 3]);
`

const PLAIN = { colour: false, width: Number.POSITIVE_INFINITY }

let db: FingerprintDatabase

describe.skipIf(!hasTools)('of a library whose sources were indexed, and one release built', () => {
  beforeAll(async () => {
    const prints = join(work.path, 'prints')
    const component = 'ternpack'
    for (const release of TERN_RELEASES) {
      const directory = writeTern(work.path, release)
      await indexRelease(prints, [directory], { component, release })
      if (release === '1.1.0') await indexRelease(prints, [buildTern(directory, 'gcc', FLAGS)], { component, release })
    }
    db = await openDatabase(prints)
  })
  afterAll(() => db.close())

  test.each(COMPILERS.filter(([name]) => hasProgram(name)))(
    'one file in a foreign program is a snippet: %s %s',
    async (compiler, level) => {
      const file = join(work.path, 'ternpack-1.1.0/src/permute.c')
      const use = 'unsigned tern_permute(char *, unsigned long, unsigned); const char *tern_permute_error(int);'
      const main = `${use}\n${FOREIGN}  puts(tern_permute_error(sold));\n  return tern_permute(words[0], 4, sold); }\n`
      const report = await scanFile(program(`file-${compiler}`, main, compiler, [level, file]), { db })
      const match = only(report)
      expect(match).toMatchObject({ name: 'ternpack', role: 'embedded', origin: 'snippet', method: 'fingerprints' })
      const { matched = 0, ...unit } = match.units[0] ?? {}
      // Five texts, five windows of the table and three constants; compilers may split the constants, not the rest.
      expect([match.units.length, unit]).toMatchObject([1, { path: 'permute.c', expected: 13 }])
      expect(matched).toBeGreaterThanOrEqual(10)
      expect(match.version).toMatchObject({ kind: 'set', likeliest: '1.1.0' })
      expect(toTable(report, PLAIN)).toContain(`embedded (snippet: permute.c, ${matched} of 13)`)
    },
  )

  test.each([
    // Of its file three texts and three constants are known beside the code, …
    ['with rare constants', TERN_KEY, { path: 'ledger.c', matched: 3, expected: 6 }],
    // … of this one four texts, none of which is here, and the function.
    ['of plain instructions', TERN_PACK, { path: 'pack.c', matched: 1, expected: 5 }],
  ])('one function %s in a foreign program is a snippet, and has its name', async (_, one, unit) => {
    const file = join(work.path, `only-${one.file}`)
    writeFileSync(file, `#include <stddef.h>\n#include <stdint.h>\n${one.text}`)
    const main = `${one.declaration}\n${FOREIGN}  return ${one.call}; }\n`
    const report = await scanFile(program(`with-${one.name}`, main, 'gcc', [...FLAGS, file]), { db })
    const match = only(report)
    expect(match).toMatchObject({ name: 'ternpack', role: 'embedded', origin: 'snippet', method: 'fingerprints' })
    expect(match.units).toMatchObject([unit])
    expect(match.units).toHaveLength(1)
    const called = match.evidence.find(({ kind }) => kind === 'function')
    expect(called?.text).toMatch(new RegExp(`^${one.name}\\(\\), \\d+ bytes of code$`))
    const { path, matched, expected } = unit
    expect(toTable(report, PLAIN)).toContain(
      `embedded (snippet: ${path}, ${matched} of ${expected})  function "${one.name}(), `,
    )
    expect(explain(report, report.files[0]?.path ?? '', 'ternpack')).toMatch(
      /role {8}embedded \(snippet\): a source file or two of it, or a part of one, was copied into this file\n/,
    )
  })

  test('the foreign program itself holds nothing', async () => {
    expect((await scanFile(program('foreign', `${FOREIGN}  return 0; }\n`, 'gcc', FLAGS), { db })).files).toMatchObject(
      [{ components: [] }],
    )
  })
})

function program(name: string, main: string, compiler: string, rest: readonly string[]): string {
  const source = join(work.path, `${name}.c`)
  const output = join(work.path, name)
  writeFileSync(source, main)
  run(compiler, '-w', '-s', '-o', output, source, ...rest)
  return output
}

function only(report: Report): Match {
  expect(report.unknowns).toEqual([])
  const [match, ...others] = report.files.flatMap(({ components }) => components)
  expect(others).toEqual([])
  return match as Match
}
