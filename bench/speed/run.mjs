/**
 * Measures each stage of a scan and the whole of it, as multiples of sha256 and of a plain loop over the same bytes, and
 * indexing, peak memory and start-up. Usage, after `npm run build`:
 *
 *     node bench/speed/run.mjs [--rounds N] [--file TEXT] [--revision LABEL=DIST]... [--db DIR] [--out DIR]
 *
 * `--revision` adds another build, measured in turn with this one; `--file` takes the files whose name holds the text,
 * leaves everything else out, and writes no result unless `--out` is given.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { peakMemory, timeChild } from './children.mjs'
import { indexInputs, scanInputs, smallProgram } from './inputs.mjs'
import { interleave, median, ratio, rotated, timed } from './measure.mjs'
import { BASE_HASH, BASE_LOOP, baselines, loadRevision, STRINGS, stagesOf } from './stages.mjs'
import { toMarkdown } from './tables.mjs'

const { values } = parseArgs({
  options: {
    // Medians of five rounds of one build came out a quarter apart.
    rounds: { type: 'string', default: '15' },
    file: { type: 'string' },
    revision: { type: 'string', multiple: true, default: [] },
    db: { type: 'string' },
    dist: { type: 'string' },
    out: { type: 'string' },
  },
})

/** What issue and documentation promise of the Node binary, and of a small file. */
const LIMITS = { scan: 9, strings: 1.5, startUp: 4, memoryTimes: 2, memoryBeside: 300e6 }
/** The command starts in a tenth of a second: a median of fewer runs moves. */
const START_UP_ROUNDS = 15
/** Files smaller than this are worked through several times a turn: sha256 of it takes some ten milliseconds. */
const BYTES_A_TURN = 16e6
/** `objdump` takes a minute for the largest file, and one run says enough. */
const PEER_ROUNDS = { strings: 3, 'objdump -d': 1 }

const rounds = Number(values.rounds)
const dist = resolve(values.dist ?? fileURLToPath(new URL('../../dist', import.meta.url)))
const work = mkdtempSync(join(tmpdir(), 'binprint-bench-'))
try {
  await main()
} finally {
  rmSync(work, { recursive: true, force: true })
}

async function main() {
  const revisions = await openRevisions()
  const { summary } = revisions[0].db
  const inputs = scanInputs()
  const missing = [...inputs.missing]
  const files = []
  for (const file of inputs.files.filter(({ name }) => name.includes(values.file ?? '')))
    files.push(await measureFile(file, revisions, missing))
  const everything = values.file === undefined
  const index = everything ? await measureIndexing(revisions[0].modules.api, missing) : []
  for (const { db } of revisions) await db.close()
  // After the last measurement in this process: the command opens the database itself.
  const startUp = everything ? await measureStartUp(missing) : null
  for (const file of files) file.peak = await peakMemory([join(dist, 'cli/main.js'), 'scan', ...database(), file.path])
  const result = {
    command: 'npm run bench:speed',
    tool: revisions[0].modules.api.VERSION,
    database: summary.digest,
    machine: { cpu: cpus()[0]?.model ?? 'unknown', node: process.version },
    rounds,
    checks: check(files, startUp),
    files: files.map(({ path: _path, ...file }) => file),
    startUp,
    index,
    missing,
  }
  const markdown = toMarkdown(result)
  const directory = values.out ?? fileURLToPath(new URL('../results', import.meta.url))
  if (everything || values.out !== undefined) {
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, 'speed.json'), `${JSON.stringify(result, null, 2)}\n`)
    writeFileSync(join(directory, 'speed.md'), markdown)
  }
  console.log(markdown)
}

function database() {
  return values.db === undefined ? [] : ['--db', resolve(values.db)]
}

/** This build first, with an empty label. */
async function openRevisions() {
  const named = values.revision.map((text) => {
    const [label, place] = text.split('=')
    if (place === undefined) throw new TypeError(`--revision: need LABEL=DIST, have ${text}`)
    return { label: `${label}: `, place: resolve(place) }
  })
  const revisions = []
  for (const { label, place } of [{ label: '', place: dist }, ...named]) {
    const modules = await loadRevision(place)
    revisions.push({ label, modules, db: await modules.api.openDatabase(values.db) })
  }
  return revisions
}

async function measureFile({ name, path, size }, revisions, missing) {
  console.error(`${name} …`)
  const bytes = readFileSync(path)
  const stages = revisions.flatMap(({ label, modules, db }) =>
    stagesOf(modules, path, db).map((stage) => ({ ...stage, name: `${label}${stage.name}` })),
  )
  const repeat = Math.max(1, Math.round(BYTES_A_TURN / size))
  const times = await interleave([...baselines(bytes), ...stages], { rounds, repeat })
  const base = { hash: times.get(BASE_HASH), loop: times.get(BASE_LOOP) }
  const peers = await measurePeers(path, missing)
  const rows = [...times, ...peers].map(([step, list]) => ({
    step,
    hash: ratio(list, base.hash),
    loop: ratio(list, base.loop),
    perSecond: size / 1e3 / median(list),
  }))
  return { name, path, size, base: { hash: median(base.hash), loop: median(base.loop) }, rows, peak: null }
}

/** Tools that everybody knows, on the same file. They start a process, which the stages do not. */
async function measurePeers(path, missing) {
  const commands = { strings: ['strings', '-a', path], 'objdump -d': ['objdump', '-d', path] }
  const peers = new Map()
  for (const [name, [command, ...args]] of Object.entries(commands))
    try {
      const list = []
      for (let round = 0; round < PEER_ROUNDS[name]; round++) list.push((await timeChild(command, args)).cpu)
      peers.set(`GNU ${name}`, list)
    } catch (error) {
      missing.push(`GNU ${name} (package binutils): ${error.message.replace(path, 'the file')}`)
    }
  return peers
}

async function measureStartUp(missing) {
  const small = smallProgram(work)
  if (small === undefined) {
    missing.push('a small program (package gcc)')
    return null
  }
  const runs = [
    { name: 'node', args: ['-e', '0'], times: [] },
    { name: 'scan', args: [join(dist, 'cli/main.js'), 'scan', ...database(), small.path], times: [] },
  ]
  for (let round = -1; round < START_UP_ROUNDS; round++)
    for (const { args, times } of rotated(runs, round + 1)) {
      const time = await timeChild(process.execPath, args)
      if (round >= 0) times.push(time)
    }
  const of = (name, key) => runs.find((run) => run.name === name).times.map((time) => time[key])
  const times = (key) => median(of('scan', key)) / median(of('node', key))
  return { size: small.size, rounds: START_UP_ROUNDS, wall: times('wall'), cpu: times('cpu') }
}

/** Indexing goes through the public function, from the input to the finished prints file. */
async function measureIndexing(api, missing) {
  const inputs = indexInputs()
  missing.push(...inputs.missing)
  const jobs = []
  if (inputs.trees.length > 0) jobs.push({ input: 'source text', parts: inputs.trees })
  if (inputs.archive !== undefined) jobs.push({ input: 'archive members', parts: [inputs.archive] })
  const results = []
  for (const { input, parts } of jobs) {
    console.error(`indexing ${input} …`)
    const size = parts.reduce((sum, part) => sum + part.size, 0)
    const bytes = Buffer.alloc(size, 'some text, whatever it is')
    const times = { index: [], hash: [], wall: [] }
    for (let round = -1; round < Math.min(rounds, 3); round++) {
      const hash = await timed(() => createHash('sha256').update(bytes).digest())
      const done = await timed(() => indexAll(api, parts, join(work, `prints-${input.length}-${round}`)))
      if (round < 0) continue
      times.hash.push(hash.cpu)
      times.index.push(done.cpu)
      times.wall.push(done.wall)
    }
    const perSecond = size / 1e3 / median(times.wall)
    results.push({ input, size, perSecond, ratio: ratio(times.index, times.hash).median })
  }
  return results
}

async function indexAll(api, parts, directory) {
  for (const [at, { path }] of parts.entries())
    await api.indexRelease(directory, [path], { component: `bench-${at}`, release: '1.0' })
}

/** What must hold, where it was measured. */
function check(files, startUp) {
  const checks = []
  const add = (what, value, limit, unit) => checks.push({ what, value, limit, unit, holds: value <= limit })
  const node = files.find(({ name }) => name === 'node')
  const step = (name) => node?.rows.find((row) => row.step === name)?.hash.median
  if (step('whole scan') !== undefined)
    add('CPU of the whole scan of node', step('whole scan'), LIMITS.scan, ' × sha256')
  if (step(STRINGS) !== undefined) add('CPU of the strings of node', step(STRINGS), LIMITS.strings, ' × sha256')
  for (const { name, size, peak } of files)
    add(`peak memory, ${name}`, peak / 1e6, (LIMITS.memoryTimes * size + LIMITS.memoryBeside) / 1e6, ' MB')
  if (startUp !== null) add('start-up, wall', startUp.wall, LIMITS.startUp, ' × node -e 0')
  if (startUp !== null) add('start-up, CPU', startUp.cpu, LIMITS.startUp, ' × node -e 0')
  return checks
}
