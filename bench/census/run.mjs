/**
 * Scans the programs of a thousand and more Debian packages for embedded copies of other projects' code, and compares them
 * with Debian's own list. Packages stream by: fetched, scanned, removed. Usage, after `npm run build`:
 *
 *     node bench/census/run.mjs [--packages N] [--suite NAME] [--only NAME] [--db DIR] [--jobs N] [--fresh] [--out DIR]
 *
 * `--packages` is the number of drawn packages with programs; those of Debian's list come on top. `--only` takes one binary
 * or source package, and writes no result unless `--out` is given. What was found in a package is kept in the bench cache,
 * so that a run goes on where it stopped; `--fresh` begins anew. Needs apt and one Debian source.
 */
import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { cacheDirectory } from '../accuracy/cache.mjs'
import { PackageStream } from './fetching.mjs'
import { findingsOf, joinChecked, joinKnown } from './findings.mjs'
import { carrierPackages, drawOrder, mayHoldPrograms, parsePackages, placeOf } from './packages.mjs'
import { toMarkdown } from './tables.mjs'

const { values } = parseArgs({
  options: {
    packages: { type: 'string', default: '1200' },
    suite: { type: 'string', default: 'bookworm' },
    only: { type: 'string' },
    db: { type: 'string' },
    jobs: { type: 'string', default: '2' },
    fresh: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
})
const load = (name) => import(new URL(`../../dist/${name}`, import.meta.url).href)
const { openDatabase, VERSION } = await load('index.js')
const { controlFields } = await load('archive/deb.js')
const { AptRoot } = await load('build/sources/apt.js')
const { PACKAGED_DATABASE } = await load('database/packaged.js')
const { escapeText } = await load('report/escape.js')

const known = JSON.parse(readFileSync(new URL('known-copies.json', import.meta.url), 'utf8'))
const checked = JSON.parse(readFileSync(new URL('checked.json', import.meta.url), 'utf8'))
const location = values.db === undefined ? undefined : resolve(values.db)
const catalog = readCatalog(location)
// Compiles the database before several processes want it.
const db = await openDatabase(location)
const { digest, components, releases, names } = db.summary
await db.close()

const place = join(cacheDirectory(), 'census')
mkdirSync(place, { recursive: true })
const journal = join(place, `${values.suite}-${digest}-${codeDigest()}.jsonl`)
if (values.fresh) rmSync(journal, { force: true })
const kept = readJournal()

const apt = await AptRoot.open({
  directory: join(place, `apt-${values.suite}`),
  suites: [values.suite],
  architectures: ['amd64'],
})
const { output } = await apt.run('apt-cache', ['dumpavail'])
const packages = parsePackages(output, controlFields)
const scanners = await Promise.all(Array.from({ length: Number(values.jobs) }, startScanner))
const missing = []
const started = Date.now()
let done = 0
let drawn = []
let carriers
try {
  if (values.only === undefined) {
    drawn = await scanDrawn(Number(values.packages))
    const taken = new Set(drawn.map((one) => one.name))
    carriers = await scanAll(carrierPackages(packages, known).filter((one) => !taken.has(one.name)))
  } else {
    const wanted = ({ name, source }) => name === values.only || source === values.only
    carriers = await scanAll(packages.filter((one) => wanted(one) && mayHoldPrograms(one)))
  }
} finally {
  for (const scanner of scanners) scanner.end()
}
const result = summarise()
const markdown = toMarkdown(result, escapeText)
if (values.only === undefined || values.out !== undefined) {
  const directory = values.out ?? fileURLToPath(new URL('../results', import.meta.url))
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'census.md'), markdown)
  writeFileSync(join(directory, 'census.json'), toJson(result))
  console.log(`${result.packages} packages, ${result.findings.length} findings: census.md and census.json`)
} else console.log(markdown)

/** Packages from the start of the draw, until as many as wanted hold programs. */
async function scanDrawn(wanted) {
  const order = drawOrder(packages)
  const taken = []
  let holding = 0
  let at = 0
  while (holding < wanted && at < order.length) {
    // Some of them will hold no program, so that a few more rounds follow the first.
    const round = order.slice(at, at + wanted - holding)
    at += round.length
    await scanAll(round)
    for (const one of round) {
      taken.push(one)
      if ((kept.get(one.sha256)?.programs ?? 0) > 0) holding++
    }
  }
  return taken.filter((one) => kept.has(one.sha256))
}

/** Scans what the journal has not, and returns those that could be had. */
async function scanAll(wanted) {
  const left = wanted.filter((one) => !kept.has(one.sha256))
  const stream = new PackageStream(apt, left)
  await Promise.all(
    scanners.map(async (scanner) => {
      for (let next = await stream.next(); next !== undefined; next = await stream.next()) {
        const { one, path } = next
        const found = await scanner.scan(path)
        await rm(path, { force: true })
        keep({ package: one.name, version: one.version, source: one.source, sha256: one.sha256, ...found })
        if (++done % 50 === 0) console.log(`${done} packages in ${Math.round((Date.now() - started) / 1000)} s`)
      }
    }),
  )
  missing.push(...stream.missing.map(({ name, version }) => `${name} ${version}`))
  return wanted.filter((one) => kept.has(one.sha256))
}

/** Of all code that decides what is found in a package: what another build found is not taken for this one's. */
function codeDigest() {
  const hash = createHash('sha256')
  const dist = fileURLToPath(new URL('../../dist', import.meta.url))
  const built = readdirSync(dist, { recursive: true }).filter((name) => name.endsWith('.js'))
  for (const name of built.sort()) hash.update(readFileSync(join(dist, name)))
  for (const name of ['facts.mjs', 'scan-package.mjs']) hash.update(readFileSync(new URL(name, import.meta.url)))
  return hash.digest('hex').slice(0, 16)
}

function keep(scanned) {
  kept.set(scanned.sha256, scanned)
  appendFileSync(journal, `${JSON.stringify(scanned)}\n`)
}

function readJournal() {
  const lines = existsSync(journal) ? readFileSync(journal, 'utf8').split('\n') : []
  // The last line of a run that was killed may be half a one.
  const whole = lines.slice(0, -1).map((line) => JSON.parse(line))
  if (lines.length > 0)
    writeFileSync(
      journal,
      lines
        .slice(0, -1)
        .map((line) => `${line}\n`)
        .join(''),
    )
  return new Map(whole.map((scanned) => [scanned.sha256, scanned]))
}

/** A process that scans one package after another. One that dies, by a lack of memory say, leaves an unknown and is followed by another. */
async function startScanner() {
  let child = await startChild()
  return {
    async scan(path) {
      const found = await answerOf(child, path)
      if (found !== undefined) return found
      child = await startChild()
      return { programs: 0, bytes: 0, files: [], unknowns: [{ file: '', code: 'SCANNER_DIED' }], cpu: 0 }
    },
    end: () => child.send('end'),
  }
}

async function startChild() {
  const child = fork(fileURLToPath(new URL('scan-package.mjs', import.meta.url)), [location ?? ''])
  if ((await messageOf(child)) !== 'ready') throw new Error('need a process that scans, it ended at once')
  return child
}

function answerOf(child, path) {
  child.send(path)
  return messageOf(child)
}

/** The next message; undefined when the process ends instead. */
function messageOf(child) {
  return new Promise((settle) => {
    const ended = () => settle(undefined)
    child.once('exit', ended)
    child.once('message', (message) => {
      child.off('exit', ended)
      settle(message)
    })
  })
}

function readCatalog(directory) {
  const own = join(directory ?? PACKAGED_DATABASE, 'components')
  const folder = existsSync(own) ? own : join(PACKAGED_DATABASE, 'components')
  const entries = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')))
  return new Map(entries.map((entry) => [entry.name, entry]))
}

function summarise() {
  const scanned = [...drawn, ...carriers]
    .map((one) => kept.get(one.sha256))
    .sort((a, b) => (a.package < b.package ? -1 : 1))
  const findings = scanned.flatMap((one) => findingsOf(one, { catalog, known }))
  const total = (of) => scanned.reduce((sum, one) => sum + of(one), 0)
  const last = drawn.at(-1)
  const { packages: number, suite, only } = values
  const shown = {
    packages: number === '1200' ? undefined : number,
    suite: suite === 'bookworm' ? undefined : suite,
    only,
  }
  const options = Object.entries({ ...shown, db: values.db === undefined ? undefined : 'DIR' })
    .filter(([, value]) => value !== undefined)
    .flatMap(([name, value]) => [`--${name}`, value])
  return {
    command: ['npm run census', ...(options.length > 0 ? ['--', ...options] : [])].join(' '),
    tool: VERSION,
    database: { components, releases, digest },
    suite: values.suite,
    drawn: drawn.length,
    threshold: last === undefined ? 0 : placeOf(last.name),
    packages: scanned.length,
    withPrograms: scanned.filter(({ programs }) => programs > 0).length,
    drawnWithPrograms: drawn.filter(({ sha256 }) => kept.get(sha256).programs > 0).length,
    programs: total(({ programs }) => programs),
    bytes: total(({ bytes }) => bytes),
    cpuSeconds: Math.round(total(({ cpu }) => cpu) / 1000),
    unknowns: scanned.flatMap(({ package: name, unknowns }) => unknowns.map((one) => ({ package: name, ...one }))),
    missing,
    scanned: scanned.filter(({ programs }) => programs > 0),
    findings,
    checked: joinChecked(checked, findings),
    known: joinKnown(known, { scanned, findings, catalog, indexed: new Set(names) }),
  }
}

/** One line for each package, finding and entry of the list, so that two results can be compared. */
function toJson({ scanned, findings, checked: verdicts, known: joined, ...counts }) {
  const list = (rows) => `[\n${rows.map((row) => `    ${JSON.stringify(row)}`).join(',\n')}\n  ]`
  const packagesOf = scanned.map(({ package: name, version, source, sha256, programs, bytes }) => {
    return { package: name, version, source, sha256, programs, bytes }
  })
  const head = JSON.stringify(counts, null, 2).replace(/\n\}$/, '')
  return `${head},\n  "scanned": ${list(packagesOf)},\n  "findings": ${list(findings)},\n  "checked": ${list(verdicts)},\n  "known": ${list(joined)}\n}\n`
}
