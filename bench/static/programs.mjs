import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../accuracy/command.mjs'
import { foreignMain } from '../snippets/foreign-main.mjs'
import { bytesByArchive, bytesByArchiveOfLld } from './link-map.mjs'

/** Raise it when programs change in a way that their keys do not see. */
const RECIPE = 1
/** Functions of the library that a program calls. */
const ROOTS = 6

/**
 * Names of functions that a program of the seed calls: drawn among all that match, so that nobody chose those that are easily
 * recognised.
 */
export function drawRoots(names, seed) {
  const order = (name) => createHash('sha256').update(`${seed} ${name}`).digest('hex')
  return [...new Set(names)].sort((a, b) => (order(a) < order(b) ? -1 : 1)).slice(0, ROOTS)
}

/** Names of the functions that an archive defines for others, by the `nm` of the machine's own architecture. */
export async function functionsOf(archive) {
  const text = await run('nm', ['--extern-only', '--defined-only', '--format=posix', archive])
  return text.split('\n').flatMap((line) => {
    const [name, type] = line.split(' ')
    return type === 'T' ? [name] : []
  })
}

/** Links programs below a directory and keeps them there. */
export class ProgramLinker {
  #directory

  constructor(directory) {
    this.#directory = directory
    mkdirSync(directory, { recursive: true })
  }

  /**
   * A stripped program that calls `roots`, linked with `archives` (paths) in any order, and the bytes that each archive gave
   * to it. What no archive defines stays undefined: the program is never run.
   */
  async link({ variant, roots, archives, seed }) {
    const key = [RECIPE, variant.id, variant.cc, roots, archives.map(({ key }) => key), seed]
    const name = createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 24)
    const path = join(this.#directory, name)
    const facts = `${path}.json`
    if (!existsSync(facts)) {
      const bytes = await this.#build(path, variant, roots, archives, seed)
      writeFileSync(`${facts}.part`, JSON.stringify([...bytes]))
      renameSync(`${facts}.part`, facts)
    }
    return { path, bytes: new Map(JSON.parse(readFileSync(facts, 'utf8'))) }
  }

  async #build(path, variant, roots, archives, seed) {
    const source = `${path}.c`
    const map = `${path}.map`
    writeFileSync(source, foreignMain({ seed }) + rootsTable(roots))
    const isWindows = variant.libraries === 'windows'
    const [command, ...options] = variant.cc
    await run(command, [
      ...options,
      '-w',
      source,
      '-Wl,--start-group',
      ...archives.map((archive) => archive.path),
      '-Wl,--end-group',
      ...(isWindows ? [] : ['-lm', '-Wl,--unresolved-symbols=ignore-all']),
      `-Wl,-Map=${map}`,
      '-s',
      '-o',
      // With a suffix: a linker for Windows adds its own to a name without.
      `${path}.part`,
    ])
    renameSync(`${path}.part`, path)
    const text = readFileSync(map, 'utf8')
    rmSync(source)
    rmSync(map)
    return options.includes('-fuse-ld=lld') ? bytesByArchiveOfLld(text) : bytesByArchive(text)
  }
}

/** The table of functions that {@link foreignMain} leaves open, by names that C could not write. */
function rootsTable(roots) {
  return [
    ...roots.map((name, i) => `extern void root_${i}(void) __asm__("${name}");`),
    `void (*volatile kept[])(void) = { ${[...roots.map((_, i) => `root_${i}`), '0'].join(', ')} };`,
    '',
  ].join('\n')
}
