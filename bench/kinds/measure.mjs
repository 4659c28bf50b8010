import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeVariant } from './variants.mjs'

/**
 * Measures variants of one database. Each is written and compiled below the system's temporary directory and removed again.
 * What was measured is kept in `memory`, a file, so that a run that was ended goes on; its name has to stand for everything
 * that a measurement depends on.
 */
export class Measurer {
  #from
  #score
  #modules
  #memory
  #known
  #report

  /** `score` gets the open database and returns `{ figures, claims }`. */
  constructor({ from, score, modules, memory, report }) {
    this.#from = from
    this.#score = score
    this.#modules = modules
    this.#memory = memory
    this.#known = existsSync(memory) ? JSON.parse(readFileSync(memory, 'utf8')) : {}
    this.#report = report
  }

  /** Bytes of the prints, figures and claims of the database without some `kinds`, or without an `origin`. */
  async measure({ kinds = [], origin } = {}) {
    const left = [...kinds].sort()
    const key = [...left, ...(origin === undefined ? [] : [`${origin} releases`])].join(', ') || 'nothing'
    if (this.#known[key] === undefined) {
      const started = performance.now()
      this.#known[key] = await this.#measure({ kinds: left, origin })
      this.#remember()
      const { bytes, figures } = this.#known[key]
      const seconds = Math.round((performance.now() - started) / 1000)
      this.#report(`without ${key}: ${bytes} bytes, ${JSON.stringify(figures)} (${seconds} s)`)
    }
    return this.#known[key]
  }

  async #measure(variant) {
    const work = mkdtempSync(join(tmpdir(), 'binprint-kinds-'))
    const remove = () => rmSync(work, { recursive: true, force: true })
    process.once('exit', remove)
    try {
      const directory = join(work, 'database')
      const bytes = writeVariant(this.#from, directory, variant, this.#modules)
      const db = await this.#modules.openDatabase(directory, { cacheDirectory: join(work, 'compiled') })
      try {
        return { bytes, ...(await this.#score(db)) }
      } finally {
        await db.close()
      }
    } finally {
      process.off('exit', remove)
      remove()
    }
  }

  #remember() {
    writeFileSync(`${this.#memory}.part`, JSON.stringify(this.#known))
    renameSync(`${this.#memory}.part`, this.#memory)
  }
}

/** A file of the bench cache whose name is a digest of the contents of `paths`, files or directories. */
export function memoryFor(cache, paths) {
  mkdirSync(cache, { recursive: true })
  const hash = createHash('sha256')
  for (const path of paths.flatMap(filesBelow)) hash.update(readFileSync(path))
  return join(cache, `${hash.digest('hex').slice(0, 24)}.json`)
}

function filesBelow(path) {
  if (statSync(path).isFile()) return [path]
  const entries = readdirSync(path, { withFileTypes: true, recursive: true })
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.map'))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort()
}
