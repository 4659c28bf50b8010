/**
 * Builds `fingerprint-db/background.bpf`: prints of programs that hold none of the catalog's components.
 *
 *     npm run build && node scripts/build-background.mjs [--list FILE] [--prints DIR] [--out FILE] [--cache DIR]
 *
 * The list names Debian packages with version and architecture. A package that is installed in that version is read in
 * place; others are downloaded with apt-get into `--cache`, or a temporary directory. A package that cannot be had ends the build:
 * a background that silently lacks a part would change what is reported.
 */
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { indexBackground, thinBackground } from '../dist/build/background.js'
import { decodePrints, encodePrints } from '../dist/database/prints-file.js'

const { values } = parseArgs({
  options: {
    list: { type: 'string', default: 'fingerprint-db/background.json' },
    prints: { type: 'string', default: 'fingerprint-db/prints' },
    out: { type: 'string', default: 'fingerprint-db/background.bpf' },
    cache: { type: 'string' },
  },
})

/** Smaller programs are scripts' companions without text of their own. */
const MIN_BYTES = 8192
if (values.cache) {
  values.cache = resolve(values.cache)
  mkdirSync(values.cache, { recursive: true })
}
const { packages } = JSON.parse(readFileSync(values.list, 'utf8'))
const scratch = mkdtempSync(join(tmpdir(), 'binprint-background-'))
try {
  const found = packages.map(({ package: name, version, architecture }, i) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${i + 1} of ${packages.length} ${name.padEnd(40)}`)
    const files = installedFiles(name, version, architecture) ?? downloadedFiles(name, version, architecture)
    return { label: `${name} ${version}`, files: files.filter(isProgram).sort() }
  })
  if (process.stderr.isTTY) process.stderr.write('\n')
  const components = readdirSync(values.prints).map((file) => decodePrints(readFileSync(join(values.prints, file))))
  const prints = thinBackground(indexBackground(found), components)
  writeFileSync(values.out, encodePrints(prints))
  const count = found.reduce((sum, { files }) => sum + files.length, 0)
  const features = Object.values(prints.features).reduce((sum, { high }) => sum + high.length, 0)
  console.log(`${values.out}: ${found.length} packages, ${count} programs, ${features} features`)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

function installedFiles(name, version, architecture) {
  const query = ['-W', '-f', '${Status} ${Version}', `${name}:${architecture}`]
  try {
    const status = execFileSync('dpkg-query', query, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    if (status !== `install ok installed ${version}`) return undefined
  } catch (error) {
    if (error.status === 1) return undefined
    throw error
  }
  return execFileSync('dpkg', ['-L', `${name}:${architecture}`], { encoding: 'utf8' })
    .trim()
    .split('\n')
}

function downloadedFiles(name, version, architecture) {
  const directory = mkdtempSync(join(scratch, 'package-'))
  const archive = archiveOf(name, version, architecture, directory)
  execFileSync('dpkg-deb', ['-x', archive, 'root'], { cwd: directory })
  return readdirSync(join(directory, 'root'), { recursive: true }).map((path) => join(directory, 'root', path))
}

/** The package file, from the cache where it is there. */
function archiveOf(name, version, architecture, directory) {
  const kept = values.cache && join(values.cache, `${name}_${version.replaceAll(':', '%3a')}_${architecture}.deb`)
  if (kept && existsSync(kept)) return kept
  execFileSync('apt-get', ['download', `${name}:${architecture}=${version}`], { cwd: directory, stdio: 'ignore' })
  const archive = join(directory, readdirSync(directory)[0])
  if (kept) copyFileSync(archive, kept)
  return archive
}

function isProgram(path) {
  const status = lstatSync(path, { throwIfNoEntry: false })
  if (status === undefined || !status.isFile() || status.size < MIN_BYTES) return false
  const head = Buffer.alloc(8)
  const handle = openSync(path, 'r')
  readSync(handle, head, 0, 8, 0)
  closeSync(handle)
  return (
    head.toString('latin1', 0, 4) === '\x7fELF' ||
    head.toString('latin1', 0, 2) === 'MZ' ||
    head.toString('latin1') === '!<arch>\n'
  )
}
