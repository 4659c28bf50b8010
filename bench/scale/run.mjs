/**
 * Measures what a growing catalog costs: compiling the database, opening it, and scanning the same programs with it. Usage,
 * after `npm run build`:
 *
 *     node --max-old-space-size=8192 bench/scale/run.mjs [--sizes N,N…] [--work DIR] [--rounds N] [--turns N]
 *         [--out DIR]
 *
 * `--work` keeps the catalogs for the next run; with `--sizes` no result is written unless `--out` is given.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { timeChild } from '../speed/children.mjs'
import { median, rotated } from '../speed/measure.mjs'
import { planCatalog, readReal, sharedFileNames, writeCatalog } from './catalog.mjs'
import { toSvg } from './chart.mjs'
import { exponents } from './growth.mjs'
import { componentsIn, featuresOf, scannedPrograms } from './programs.mjs'
import { measureSharing, sharesOf } from './sharing.mjs'
import { toMarkdown } from './tables.mjs'

const { values } = parseArgs({
  options: {
    sizes: { type: 'string' },
    work: { type: 'string' },
    rounds: { type: 'string', default: '2' },
    turns: { type: 'string', default: '3' },
    out: { type: 'string' },
    db: { type: 'string' },
  },
})

const SIZES = [1000, 3000, 10_000, 30_000, 100_000]
const LIMITS = { scan: 1.3, compile: 3, open: 2 }
/** Opening takes a tenth of a second: a median of fewer runs moves. */
const OPEN_ROUNDS = 15
/** Compiling takes seconds, and each scan is a process of its own: once more tells whether the first time was a bad moment. */
const rounds = Number(values.rounds)

const root = fileURLToPath(new URL('../..', import.meta.url))
const dist = join(root, 'dist')
const database = values.db === undefined ? join(root, 'fingerprint-db') : resolve(values.db)
const load = (name) => import(pathToFileURL(join(dist, name)).href)
const run = promisify(execFile)

const sizes = values.sizes === undefined ? SIZES : values.sizes.split(',').map(Number)
const work = values.work === undefined ? mkdtempSync(join(tmpdir(), 'binprint-bench-')) : resolve(values.work)
const cache = join(work, 'cache')
try {
  await main()
} finally {
  rmSync(values.work === undefined ? work : cache, { recursive: true, force: true })
}

async function main() {
  rmSync(cache, { recursive: true, force: true })
  mkdirSync(cache, { recursive: true })
  const programs = scannedPrograms()
  const { catalogs, shares } = await makeCatalogs(programs)
  const opened = await measureOpening(undefined)
  for (const catalog of catalogs) {
    console.error(`${catalog.size} releases: reading and compiling …`)
    Object.assign(catalog, await measureCompiling(catalog))
    catalog.open = await measureOpening(catalog.directory)
  }
  const scans = await measureScans(catalogs, programs)
  const rows = catalogs.map(({ directory: _directory, ...catalog }, i) => ({ ...catalog, ...scans[i] }))
  const { VERSION } = await load('index.js')
  const result = {
    command: `npm run bench:scale${values.rounds === '2' && values.turns === '3' ? '' : ` -- --rounds ${values.rounds} --turns ${values.turns}`}`,
    tool: VERSION,
    machine: { cpu: cpus()[0]?.model ?? 'unknown', node: process.version },
    programs: programs.map(({ name, size }) => ({ name, size })),
    shares,
    default: opened,
    rows,
    growth: exponents(rows),
    checks: check(rows, opened),
  }
  const markdown = toMarkdown(result)
  const directory = values.out ?? join(root, 'bench/results')
  if (values.sizes === undefined || values.out !== undefined) {
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, 'scale.json'), `${JSON.stringify(result, null, 2)}\n`)
    writeFileSync(join(directory, 'scale.md'), markdown)
    writeFileSync(join(directory, 'scale.svg'), toSvg(rows))
  }
  console.log(markdown)
}

/** Writes the prints of a catalog of each size, unless they are kept from a run before. */
async function makeCatalogs(programs) {
  const api = await load('index.js')
  const coding = await load('database/prints-file.js')
  const found = await componentsIn(api, programs)
  const real = readReal(coding, database)
  const features = featuresOf(
    { ...(await load('scan/scan-features.js')), ...(await load('bytes/source.js')) },
    programs,
  )
  const sharing = measureSharing(real, features, found)
  const drawn = { sharing, stems: sharedFileNames(real) }
  const catalogs = sizes.map((size) => {
    console.error(`${size} releases: writing prints …`)
    const plan = planCatalog(size, real, found)
    const directory = join(work, String(size))
    const note = join(directory, 'catalog.json')
    if (!existsSync(note)) {
      rmSync(directory, { recursive: true, force: true })
      writeFileSync(note, JSON.stringify(writeCatalog(coding, plan, directory, drawn)))
    }
    const held = JSON.parse(readFileSync(note, 'utf8'))
    return { size, stretch: plan.stretch, real: plan.real.length, directory, ...held }
  })
  return { catalogs, shares: sharesOf(sharing) }
}

/** CPU of compiling, and of only reading the prints and sorting their features, in turn. */
async function measureCompiling({ directory, size }) {
  const [read, compile, ratios, peaks] = [[], [], [], []]
  for (let round = 0; round < rounds; round++) {
    const place = join(cache, `${size}-${round}`)
    const yardstick = await step('read-step.mjs', [dist, directory])
    const compiled = await step('compile-step.mjs', [dist, directory, place])
    read.push(yardstick.cpu)
    compile.push(compiled.cpu)
    ratios.push(compiled.cpu / yardstick.cpu)
    peaks.push(compiled.peak)
    // The last one stays, for opening and scanning.
    if (round + 1 < rounds) rmSync(place, { recursive: true, force: true })
  }
  return {
    read: median(read),
    compile: median(compile),
    compileRatio: median(ratios),
    compilePeak: median(peaks),
    databaseBytes: bytesBelow(cacheOf(size)),
  }
}

function cacheOf(size) {
  return join(cache, `${size}-${rounds - 1}`)
}

function bytesBelow(directory) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath ?? entry.path, entry.name)).size, 0)
}

/** Whole processes in turn: one that opens the compiled database and closes it, and `node -e 0`. */
async function measureOpening(directory) {
  const size = directory === undefined ? undefined : Number(directory.slice(directory.lastIndexOf('/') + 1))
  const place = size === undefined ? join(cache, 'default') : cacheOf(size)
  const index = pathToFileURL(join(dist, 'index.js')).href
  const opening = [fileURLToPath(new URL('open-step.mjs', import.meta.url)), index]
  if (directory !== undefined) opening.push(directory)
  const runs = [
    { name: 'node', args: ['-e', '0'], times: [] },
    { name: 'open', args: opening, times: [] },
  ]
  process.env['BINPRINT_CACHE'] = place
  for (let round = -1; round < OPEN_ROUNDS; round++)
    for (const { args, times } of rotated(runs, round + 1)) {
      const time = await timeChild(process.execPath, args)
      if (round >= 0) times.push(time)
    }
  const [node, open] = runs.map(({ times }) => times)
  const ratio = (key) => median(open.map((time, i) => time[key] / node[i][key]))
  return {
    node: median(node.map(({ cpu }) => cpu)),
    open: median(open.map(({ cpu }) => cpu)),
    cpu: ratio('cpu'),
    wall: ratio('wall'),
  }
}

/** Scans with each size in turn. What sha256 of the same bytes costs beside tells a slow moment from a slow scan. */
async function measureScans(catalogs, programs) {
  const all = catalogs.map(() => ({ scan: [], hash: [], ratios: [], peaks: [], found: [] }))
  for (let round = 0; round < rounds; round++)
    for (const at of rotated([...catalogs.keys()], round)) {
      const { size, directory } = catalogs[at]
      console.error(`${size} releases: scanning …`)
      const paths = programs.map(({ path }) => path)
      const said = await step('scan-step.mjs', [dist, directory, cacheOf(size), values.turns, ...paths])
      const one = all[at]
      one.scan.push(...said.scan)
      one.hash.push(...said.hash)
      one.ratios.push(...said.scan.map((cpu, turn) => cpu / said.hash[turn]))
      one.peaks.push(said.peak)
      one.found = said.found
    }
  return all.map(({ scan, hash, ratios, peaks, found }) => ({
    scan: median(scan),
    hash: median(hash),
    scanRatio: median(ratios),
    scanPeak: median(peaks),
    found: found.reduce((sum, names) => sum + names.length, 0),
  }))
}

async function step(name, args) {
  const script = fileURLToPath(new URL(name, import.meta.url))
  const { stdout } = await run(process.execPath, [script, ...args], { maxBuffer: 1 << 26 })
  return JSON.parse(stdout)
}

/** What must hold, where it was measured. */
function check(rows, opened) {
  const [first, last] = [rows[0], rows.at(-1)]
  const checks = []
  const add = (what, value, limit, unit) => checks.push({ what, value, limit, unit, holds: value <= limit })
  add(
    `CPU of a scan, ${last.size} releases beside ${first.size}`,
    last.scanRatio / first.scanRatio,
    LIMITS.scan,
    ' × as much',
  )
  for (const { size, compileRatio } of rows)
    add(`CPU of compiling ${size} releases`, compileRatio, LIMITS.compile, ' × reading and sorting')
  add('CPU of opening the default database', opened.cpu, LIMITS.open, ' × node -e 0')
  add('wall time of opening it', opened.wall, LIMITS.open, ' × node -e 0')
  return checks
}
