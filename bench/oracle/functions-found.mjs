/**
 * How many functions of a static library are found by hash in a stripped program that was linked with it.
 *
 *     npm run build && node bench/oracle/functions-found.mjs [--missing N] [name ...]
 *
 * Each case links all members of the archive into a program of its own; the names select cases by their beginning. Cases whose
 * compiler or archive is missing are left out; `BINPRINT_ARCHIVES` may name a folder with archives of other machines, as
 * `<machine>/libcrypto.a`.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readAr } from '../../dist/archive/ar.js'
import { functionRanges } from '../../dist/binary/functions.js'
import { addressBounds } from '../../dist/binary/program.js'
import { readProgram } from '../../dist/binary/read.js'
import { readRelocations } from '../../dist/binary/relocations.js'
import { fileSource, sliceSource } from '../../dist/bytes/source.js'
import { codeBatches, isCodeKnown, planWindows } from '../../dist/fingerprint/kernel/code.js'
import { kernel } from '../../dist/fingerprint/kernel/kernel.js'

const SYSTEM = '/usr/lib/x86_64-linux-gnu'
const OTHERS = process.env.BINPRINT_ARCHIVES ?? ''
const MINGW = '/usr/x86_64-w64-mingw32/lib'
const ELF_LINKS = {
  pie: ['-pie'],
  'static-pie': ['-static-pie'],
  static: ['-static', '-no-pie'],
  shared: ['-shared', '-nostdlib', '-Wl,-Bsymbolic'],
}

function cases() {
  const result = []
  for (const library of ['libz.a', 'libcrypto.a'])
    for (const [link, flags] of Object.entries(ELF_LINKS)) {
      result.push({ name: `x86_64 ${link} ${library}`, compiler: 'gcc', flags, archive: `${SYSTEM}/${library}` })
      result.push({
        name: `aarch64 ${link} ${library}`,
        compiler: 'aarch64-linux-gnu-gcc',
        flags,
        archive: `${OTHERS}/aarch64/${library}`,
      })
      result.push({
        name: `i386 ${link} ${library}`,
        compiler: 'gcc',
        flags: ['-m32', ...flags],
        archive: `${OTHERS}/i386/${library}`,
      })
    }
  result.push({ name: 'pe libz.a', compiler: 'x86_64-w64-mingw32-gcc', flags: [], archive: `${MINGW}/libz.a` })
  return result.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Functions with a fingerprint, by kind: what `visit(kind, key, offset, instructions)` is called for. */
function visitFunctions(source, visit) {
  const program = readProgram(source)
  if (!isCodeKnown(program.arch)) throw new Error(`no code of ${program.arch}`)
  const ranges = functionRanges(program, source)
  const isObject = program.kind === 'object'
  for (const plan of planWindows(ranges)) {
    const section = program.sections[ranges.sections[plan.first]]
    const from = plan.offset - section.offset
    const relative = (add) =>
      Uint32Array.from(
        { length: plan.end - plan.first },
        (_, i) => ranges.offsets[plan.first + i] - plan.offset + add(plan.first + i),
      )
    const window = {
      bytes: source.read(plan.offset, plan.bytes),
      offset: plan.offset,
      address: section.address + from,
      starts: relative(() => 0),
      ends: relative((i) => ranges.sizes[i]),
      relocations: within(readRelocations(program, source, ranges.sections[plan.first]), from),
    }
    const bounds = isObject ? {} : { addresses: addressBounds(program) }
    const { functions, mnemonics } = codeBatches(kernel(), window, { arch: program.arch, ...bounds })
    for (const [kind, batch] of Object.entries({ functions, mnemonics }))
      for (let i = 0; i < batch.count; i++)
        visit(kind, `${batch.high[i].toString(16)}:${batch.low[i].toString(16)}`, batch.offsets[i], batch.flags[i])
  }
  return { program, ranges }
}

/** Relocations of a section that begin at `from` or behind, counted from there. */
function within({ count, offsets, sizes }, from) {
  let first = 0
  while (first < count && offsets[first] < from) first++
  return {
    count: count - first,
    offsets: offsets.subarray(first).map((offset) => offset - from),
    sizes: sizes.subarray(first),
  }
}

function hashesOf(path) {
  const found = { functions: new Set(), mnemonics: new Set() }
  const source = fileSource(path)
  visitFunctions(source, (kind, key) => found[kind].add(key))
  source.close()
  return found
}

/** What an archive's members hold; `missing` names up to `shown` functions that were not found. */
function compare(archive, found, shown) {
  const source = fileSource(archive)
  const counts = { functions: [0, 0], mnemonics: [0, 0] }
  const missing = []
  for (const member of readAr(source)) {
    if (!/\.o(?:bj)?$/.test(member.name)) continue
    const names = new Map()
    let misses = []
    const { program, ranges } = visitFunctions(sliceSource(source, member.offset, member.size), (kind, key, offset) => {
      counts[kind][1]++
      if (found[kind].has(key)) counts[kind][0]++
      else if (kind === 'functions') misses.push(offset)
    })
    for (let i = 0; i < ranges.count; i++)
      names.set(ranges.offsets[i], ranges.symbols[i] < 0 ? '?' : program.symbols.name(ranges.symbols[i]))
    misses = misses.map((offset) => `${member.name}:${names.get(offset)}`)
    missing.push(...misses)
  }
  source.close()
  return { counts, missing: missing.slice(0, shown), total: missing.length }
}

function percent([have, all]) {
  return `${have} of ${all} (${((100 * have) / Math.max(all, 1)).toFixed(2)} %)`
}

const parameters = process.argv.slice(2)
const shown = parameters[0] === '--missing' ? Number(parameters.splice(0, 2)[1]) : 0
const folder = mkdtempSync(join(process.env.BINPRINT_KEEP ?? tmpdir(), 'functions-found-'))
try {
  const main = join(folder, 'main.c')
  writeFileSync(main, 'int main(void) { return 0; }\n')
  for (const { name, compiler, flags, archive } of cases()) {
    if (parameters.length > 0 && !parameters.some((start) => name.startsWith(start))) continue
    if (!existsSync(archive)) {
      console.log(`${name}: left out, there is no ${archive}`)
      continue
    }
    const output = join(folder, name.replaceAll(' ', '-'))
    const whole = ['-Wl,--whole-archive', archive, '-Wl,--no-whole-archive']
    try {
      execFileSync(compiler, ['-O2', main, '-o', output, ...flags, ...whole], { stdio: 'pipe' })
    } catch (error) {
      console.log(
        `${name}: left out, ${String(error.stderr ?? error)
          .split('\n')
          .slice(0, 3)
          .join(' ')}`,
      )
      continue
    }
    const strip = compiler.includes('-') ? compiler.replace(/gcc$/, 'strip') : 'strip'
    execFileSync(strip, [existsSync(output) ? output : `${output}.exe`, '-o', `${output}.stripped`])
    const { counts, missing, total } = compare(archive, hashesOf(`${output}.stripped`), shown)
    console.log(`${name}: ${percent(counts.functions)} by instructions, ${percent(counts.mnemonics)} by mnemonics`)
    if (missing.length > 0) console.log(`    not found, ${total} in all: ${missing.join(' ')}`)
  }
} finally {
  if (process.env.BINPRINT_KEEP === undefined) rmSync(folder, { recursive: true })
}
