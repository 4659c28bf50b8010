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
import { AptRoot } from '../dist/build/sources/apt.js'
import { DEBIAN_SUITES } from '../dist/build/sources/debian.js'
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
/** Objects that stand alone are the start-up code of compilers, small and in every program. */
const LONE_OBJECT = /\.o$/
if (values.cache) {
  values.cache = resolve(values.cache)
  mkdirSync(values.cache, { recursive: true })
}
const { packages } = JSON.parse(readFileSync(values.list, 'utf8'))
const scratch = mkdtempSync(join(tmpdir(), 'binprint-background-'))
try {
  const installed = new Map(packages.map((one) => [keyOf(one), installedFiles(one)]))
  const archives = await archivesOf(packages.filter((one) => installed.get(keyOf(one)) === undefined))
  const found = packages.map((one, i) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${i + 1} of ${packages.length} ${one.package.padEnd(40)}`)
    const files = installed.get(keyOf(one)) ?? unpackedFiles(archives.get(keyOf(one)))
    return { label: `${one.package} ${one.version}`, files: files.filter(isProgram).sort() }
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

function installedFiles({ package: name, version, architecture }) {
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

function unpackedFiles(archive) {
  const directory = mkdtempSync(join(scratch, 'package-'))
  execFileSync('dpkg-deb', ['-x', archive, 'root'], { cwd: directory })
  return readdirSync(join(directory, 'root'), { recursive: true }).map((path) => join(directory, 'root', path))
}

/** The package files of all that is not installed, by {@link keyOf}: from the cache, else through apt. */
async function archivesOf(wanted) {
  const archives = new Map()
  const folder = values.cache ?? scratch
  const pathOf = ({ package: name, version, architecture }) =>
    join(folder, `${name}_${version.replaceAll(':', '%3a')}_${architecture}.deb`)
  const missing = wanted.filter((one) => !existsSync(pathOf(one)))
  for (const architecture of new Set(missing.map((one) => one.architecture))) {
    const directory = join(folder, `apt-${architecture}`)
    const apt = await AptRoot.open({ directory, suites: DEBIAN_SUITES, architectures: [architecture] })
    const mine = missing.filter((one) => one.architecture === architecture)
    const listed = await apt.find(mine.map((one) => one.package))
    const found = listed.filter(({ name, version }) =>
      mine.some((one) => one.package === name && one.version === version),
    )
    for (const [one, path] of await apt.download(found)) copyFileSync(path, pathOf({ ...one, package: one.name }))
  }
  for (const one of wanted) {
    if (!existsSync(pathOf(one))) throw new Error(`need ${keyOf(one)}, which can be had no more`)
    archives.set(keyOf(one), pathOf(one))
  }
  return archives
}

function keyOf({ package: name, version, architecture }) {
  return `${name}:${architecture}=${version}`
}

function isProgram(path) {
  const status = lstatSync(path, { throwIfNoEntry: false })
  if (status === undefined || !status.isFile()) return false
  if (status.size < MIN_BYTES && !LONE_OBJECT.test(path)) return false
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
