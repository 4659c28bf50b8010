import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readProgram } from '../../src/binary/read.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { extractLiteral, extractProgram } from '../../src/fingerprint/extract.ts'
import { MacroTable } from '../../src/fingerprint/macros.ts'
import { Kind, PrintSet } from '../../src/fingerprint/print-set.ts'
import { readSource } from '../../src/fingerprint/source-c.ts'
import { temporaryDirectory } from '../build/sources/repositories.ts'
import { hasCompiler, hasProgram, type Target } from '../fixtures/compile.ts'

/** Text in the forms that compilers treat differently: tables, arguments, arrays, tails of each other, escapes. */
const SOURCE = String.raw`
#include <stddef.h>
#include <stdint.h>
#ifndef PRIu64
#include <inttypes.h>
#endif
#define MAJOR 4
#define MINOR 17
#define STR(x) #x
#define XSTR(x) STR(x)
#define SAMPLE_VERSION XSTR(MAJOR) "." XSTR(MINOR)
#define ERRORS(X) X(1, "sample error: broken block") X(2, "sample error: broken tree")
extern int report(const char *text, ...);
const char sample_banner[] = " sample " SAMPLE_VERSION " Copyright 2001-2024 Nobody ";
static const char *const names[] = {
#define X(number, text) text,
  ERRORS(X)
#undef X
  "first line\nsecond line\twith a tab",
  "caf\303\251 \u20ac \x41" "BC and \"quoted\"",
  "a very " "long sentence " /* joined */ "in three parts",
};
const char *sample_name(size_t i) { return i < sizeof names / sizeof *names ? names[i] : SAMPLE_VERSION; }
int sample_check(uint64_t size) {
  if (size > 10) return report("sample: size %" PRIu64 " is too large\n", size);
  return report("tail of another string: is too large\n") + report("is too large\n");
}
`

/** The literals of the source, macros resolved: one list for each platform's choice among alternatives. */
function literalsOfSource(): string[][] {
  const facts = readSource(Buffer.from(SOURCE, 'utf8'), { isHeader: false, isTemplate: false })
  const table = new MacroTable(() => undefined, 256)
  for (const macro of facts.macros) table.add(macro)
  const runs = [...facts.runs, ...facts.names.map((name) => [{ kind: 'i' as const, text: name }])]
  const resolved = runs.map((run) => table.resolve(run, new Map()).map(({ text }) => text))
  return [...facts.literals.map((literal) => [literal]), ...resolved.filter((texts) => texts.length > 0)]
}

function hashesOf(literal: string): bigint[] {
  const hashes: bigint[] = []
  extractLiteral(literal, {
    string: (hash) => hashes.push(hash),
    template: ({ hash }) => hashes.push(hash),
    literal: () => undefined,
  })
  return hashes
}

function printsOf(path: string): { hashes: Set<bigint>; prints: PrintSet } {
  const source = bytesSource(readFileSync(path))
  const prints = new PrintSet()
  extractProgram(readProgram(source), source, prints)
  const hashes = Array.from(
    { length: prints.count },
    (_, i) => (BigInt(prints.high[i]!) << 32n) | BigInt(prints.low[i]!),
  )
  return { hashes: new Set(hashes), prints }
}

function compileSample(compiler: string, flags: readonly string[]): string {
  const directory = temporaryDirectory()
  const input = join(directory, 'sample.c')
  const output = join(directory, 'sample.out')
  writeFileSync(input, SOURCE)
  execFileSync(compiler, [...flags, input, '-o', output], { stdio: 'pipe' })
  return output
}

const main = '-Dreport=printf'
const entry = '-Dsample_check=main'
const BUILDS: readonly (readonly [name: string, target: Target, flags: readonly string[]])[] = [
  ['an object', 'host', ['-O2', '-c']],
  ['an object without optimisation', 'host', ['-O0', '-c']],
  ['a 32-bit object', 'host', ['-O2', '-m32', '-ffreestanding', '-c', '-DPRIu64="llu"']],
  ['a stripped static program', 'host', ['-O2', '-static', '-s', '-fno-builtin', '-w', main, entry]],
  ['a shared library', 'host', ['-O2', '-shared', '-fPIC', '-s']],
  ['an arm64 object', 'aarch64', ['-O2', '-c', '-ffreestanding', '-DPRIu64="lu"']],
  ['a Windows object', 'windows', ['-O2', '-c']],
]

describe.each(BUILDS)('%s', (_name, target, flags) => {
  const compiler = { host: 'gcc', aarch64: 'aarch64-linux-gnu-gcc', windows: 'x86_64-w64-mingw32-gcc' }[target]
  /** A compiler may be there without the headers or libraries of the target. */
  const build = (): string | undefined => {
    try {
      return compileSample(compiler, flags)
    } catch (error) {
      expect((error as { stderr?: Buffer }).stderr?.toString()).toMatch(/No such file|cannot find|not found/)
      return undefined
    }
  }

  test.skipIf(!hasCompiler(target) || !hasProgram(compiler))(
    'holds every literal that its source gives, and the functions that it defines',
    ({ skip }) => {
      const path = build()
      if (path === undefined) return skip()
      const { hashes, prints } = printsOf(path)
      const missing = literalsOfSource().filter(
        (choices) => !choices.some((literal) => hashesOf(literal).every((hash) => hashes.has(hash))),
      )
      expect(missing).toEqual([])
      const symbols = prints.kinds.subarray(0, prints.count).includes(Kind.Symbol)
      expect(symbols).toBe(!flags.includes('-static'))
    },
  )
})

test('the source gives what the programs are searched for', () => {
  const literals = literalsOfSource().flat()
  expect(literals).toContain(' sample 4.17 Copyright 2001-2024 Nobody ')
  expect(literals).toContain('sample: size %lu is too large\n')
  expect(literals).toContain(Buffer.from('café € ABC and "quoted"').toString('latin1'))
  expect(literals.length).toBeGreaterThanOrEqual(10)
})
