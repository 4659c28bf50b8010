import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../accuracy/command.mjs'
import { foreignGlue, foreignMain } from './foreign-main.mjs'
import { LIBRARIES } from './libraries.mjs'
import { instructionCounts, undefinedNames } from './tool-output.mjs'

/** Raise it when the programs change in a way that their keys do not see. */
const RECIPE = 1

/** As Debian compiles its packages, apart from debug information and paths. */
const DEBIAN_FLAGS = ['-O2', '-fstack-protector-strong', '-D_FORTIFY_SOURCE=2']
/** So that the linker can leave out what one function does not need. */
const SECTION_FLAGS = ['-ffunction-sections', '-fdata-sections']

/** Builds programs below a directory of its own and keeps them there: what was built before is not built again. */
export class Workshop {
  #directory
  /** Paths that are being made, or were, by this object. */
  #running = new Map()

  constructor(directory) {
    this.#directory = directory
    for (const name of ['objects', 'programs', 'headers']) mkdirSync(join(directory, name), { recursive: true })
  }

  /** The foreign program alone. `seed` tells programs of one compiler and level apart. */
  async control({ compiler, level, seed }) {
    return this.#program([compiler.version, compiler.id, level, seed, 'control'], async (output) => {
      const parts = [foreignMain({ seed }), foreignGlue({})]
      const objects = await Promise.all(parts.map((text) => this.#foreignObject(compiler, [level], text)))
      await run(compiler.c[0], [...compiler.c.slice(1), level, ...objects, '-s', '-o', output])
    })
  }

  /** A foreign program with all the code of some files of a library. `trees` are the sources by package. */
  async snippet({ compiler, level, library, files, trees, seed }) {
    const flags = [level]
    const key = [...objectKey(compiler, flags, library, trees), ...files, seed]
    return this.#program(key, async (output) => {
      const objects = []
      for (const file of files) objects.push(await this.#object(compiler, flags, library, file, trees))
      await this.#link(compiler, { library, flags, objects, seed, output })
    })
  }

  /**
   * Programs with one function of a file each, and what that function calls in this file: `{ name, instructions, path }`
   * for every function that other files could call and that has at least `least` instructions.
   */
  async functions({ compiler, library, file, trees, least, seed }) {
    const flags = [...DEBIAN_FLAGS, ...SECTION_FLAGS]
    const object = await this.#object(compiler, flags, library, file, trees)
    const listing = await run(compiler.objdump, ['-d', '--no-show-raw-insn', object])
    const names = (await run('nm', ['-g', '--defined-only', '--format=posix', object])).split('\n')
    const counts = instructionCounts(listing)
    const programs = []
    for (const line of names) {
      const [name, type] = line.split(' ')
      const instructions = counts.get(name) ?? 0
      if (type !== 'T' || instructions < least) continue
      const key = [...objectKey(compiler, flags, library, trees), file, name, seed]
      const path = await this.#program(key, (output) =>
        this.#link(compiler, { library, flags, objects: [object], seed, output, roots: [name] }),
      )
      programs.push({ name, instructions, path })
    }
    return programs
  }

  #program(key, build) {
    return this.#once(join(this.#directory, 'programs', digest(key)), build)
  }

  async #object(compiler, flags, library, file, trees) {
    const { source, directory, include, defines, language, headers = {} } = LIBRARIES[library]
    const tree = trees[source]
    const path = join(this.#directory, 'objects', `${digest([...objectKey(compiler, flags, library, trees), file])}.o`)
    return this.#once(path, async (output) => {
      const own = this.#headers(headers, tree)
      const places = include.map((place) => {
        const [other, below] = place.includes(':') ? place.split(':') : [source, place]
        if (trees[other] === undefined) throw new Error(`needs the sources of ${other}`)
        return join(trees[other].path, below)
      })
      const [command, ...fixed] = commandFor(compiler, language)
      const options = [
        ...flags,
        '-w',
        ...defines.map((define) => `-D${define}`),
        ...[own, ...places].map((at) => `-I${at}`),
      ]
      await run(command, [...fixed, ...options, '-c', join(tree.path, directory, file), '-o', output])
    })
  }

  /** A directory with the headers that a configure script would have made. */
  #headers(headers, tree) {
    const place = join(this.#directory, 'headers', digest([JSON.stringify(headers), tree.version]))
    mkdirSync(place, { recursive: true })
    for (const [name, text] of Object.entries(headers))
      if (text.startsWith('@')) copyFileSync(join(tree.path, text.slice(1)), join(place, name))
      else writeFileSync(join(place, name), text)
    return place
  }

  /** Links once to learn which names are nowhere, and again with those as functions of the foreign program. */
  async #link(compiler, { library, flags, objects, seed, output, roots = [] }) {
    const [command, ...fixed] = commandFor(compiler, LIBRARIES[library].language)
    const main = await this.#foreignObject(compiler, flags, foreignMain({ seed }))
    const options = ['-s', '-Wl,--no-demangle', ...(roots.length > 0 ? ['-Wl,--gc-sections'] : [])]
    const build = async (stubs) => {
      const glue = await this.#foreignObject(compiler, flags, foreignGlue({ roots, stubs }))
      return attempt(command, [...fixed, ...flags, ...options, main, glue, ...objects, '-o', output])
    }
    const first = await build([])
    if (!first.failed) return
    const stubs = undefinedNames(first.said)
    if (stubs.length === 0) throw new Error(`does not link: ${first.said.slice(0, 300)}`)
    const second = await build(stubs)
    if (second.failed) throw new Error(`does not link with ${stubs.length} stubs: ${second.said.slice(0, 300)}`)
  }

  /** A part of the foreign program, compiled once for each compiler and its flags. */
  async #foreignObject(compiler, flags, text) {
    const name = join(this.#directory, 'objects', digest([compiler.version, compiler.id, ...flags, text]))
    return this.#once(`${name}.o`, async (output) => {
      writeFileSync(`${output}.c`, text)
      await run(compiler.c[0], [...compiler.c.slice(1), ...flags, '-w', '-c', `${output}.c`, '-o', output])
      rmSync(`${output}.c`)
    })
  }

  /** The path, made by `build` unless it is there. Two that ask at once wait for the same one. */
  #once(path, build) {
    const running = this.#running.get(path)
    if (running !== undefined) return running
    const made = existsSync(path) ? Promise.resolve(path) : finish(path, build)
    this.#running.set(path, made)
    return made
  }
}

async function finish(path, build) {
  await build(`${path}.part`)
  renameSync(`${path}.part`, path)
  return path
}

/** Everything but the file that decides what is compiled. */
function objectKey(compiler, flags, library, trees) {
  const { source, ...settings } = LIBRARIES[library]
  return [compiler.version, compiler.id, ...flags, library, trees[source].version, settings]
}

function commandFor(compiler, language) {
  const command = language === 'c++' ? compiler.cxx : compiler.c
  if (command === undefined) throw new Error(`no C++ compiler for ${compiler.id}`)
  return command
}

function digest(parts) {
  return createHash('sha256')
    .update(JSON.stringify([RECIPE, ...parts]))
    .digest('hex')
    .slice(0, 24)
}

/** A linker names each thing that it lacks, so what it says can be long. */
const MESSAGE_BYTES = 16 << 20

function attempt(command, args) {
  return new Promise((resolve) => {
    const options = { maxBuffer: MESSAGE_BYTES, env: { ...process.env, LC_ALL: 'C' } }
    execFile(command, args, options, (error, _output, said) => resolve({ failed: error !== null, said }))
  })
}
