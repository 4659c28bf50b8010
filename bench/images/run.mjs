/**
 * Measures the scan of an image, as multiples of gunzip and sha256 of its layers. Usage, after `npm run build`:
 *
 *     node bench/images/run.mjs [--rounds N] [--images DIR] [--reference REFERENCE] [--out DIR]
 *
 * Images are those of `scripts/make-images.sh`, made in the bench cache unless `--images` says where they are.
 * `--reference` scans something else than the base image, and writes no result unless `--out` is given.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { cacheDirectory } from '../accuracy/cache.mjs'
import { peakMemory, timeChild } from '../speed/children.mjs'
import { smallProgram } from '../speed/inputs.mjs'
import { ratio, rotated } from '../speed/measure.mjs'
import { checkLimits, toMarkdown } from './tables.mjs'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    images: { type: 'string' },
    reference: { type: 'string' },
    out: { type: 'string' },
  },
})

/** Where the cache keeps the reports of layers, beside the compiled database. */
const RESULTS = 'results'
const repository = fileURLToPath(new URL('../..', import.meta.url))
const command = join(repository, 'dist/cli/main.js')
const images = resolve(values.images ?? join(cacheDirectory(), 'images'))
// Of the bench's own, and kept: compiling the database takes longer than scanning.
const cache = join(cacheDirectory(), 'images-cache')
process.env['BINPRINT_CACHE'] = cache

if (values.images === undefined)
  execFileSync(join(repository, 'scripts/make-images.sh'), [images], { stdio: ['ignore', 'inherit', 'inherit'] })
const { base, layers } = JSON.parse(readFileSync(join(images, 'images.json'), 'utf8'))
const blob = join(images, 'base-oci/blobs', layers[0].gzip.replace(':', '/'))
const reference = values.reference ?? `docker-archive:${join(images, 'base-docker.tar')}`
const scan = [command, 'scan', reference, '--format', 'json']
await main()

async function main() {
  compileDatabase()
  checkBaseline()
  // Not counted: whatever is slow the first time is slow here.
  const reports = [scanAnew(), report()]
  const peak = { first: await peakOfFirst(), second: await peakMemory(scan) }
  const times = await measure()
  const node = times.get('node')
  const gunzip = times.get('gunzip')
  const rows = [...times].map(([step, list]) => ({
    step,
    gunzip: ratio(list, gunzip),
    node: ratio(list, node),
    milliseconds: list,
  }))
  const result = {
    command: 'npm run bench:images',
    tool: JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')).version,
    reference: reference.replace(images, '').replace(':/', ':'),
    machine: { cpu: cpus()[0]?.model ?? 'unknown', node: process.version },
    rounds: Number(values.rounds),
    base: { ...base, gzipBytes: layers[0].gzipBytes, diffId: layers[0].diffId },
    checks: checkLimits(rows, peak),
    peak,
    rows,
    sameReport: reports[0] === reports[1],
    missing: existsSync(join(cache, RESULTS)) ? [] : [`a cache of results (${RESULTS}) after a scan`],
  }
  const markdown = toMarkdown(result)
  if (values.reference === undefined || values.out !== undefined) {
    const directory = values.out ?? join(repository, 'bench/results')
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, 'images.json'), `${JSON.stringify(result, null, 2)}\n`)
    writeFileSync(join(directory, 'images.md'), markdown)
  }
  console.log(markdown)
}

/** The second scan comes right after the first; what is before them changes from round to round. */
async function measure() {
  const times = new Map(['gunzip', 'node', 'first scan', 'second scan'].map((step) => [step, []]))
  const note = async (step, program, args) => times.get(step).push((await timeChild(program, args)).cpu)
  const tasks = [
    () => note('gunzip', 'bash', ['-c', 'set -o pipefail; gunzip -c "$1" | sha256sum', 'bash', blob]),
    () => note('node', process.execPath, [fileURLToPath(new URL('baseline.mjs', import.meta.url)), blob]),
    async () => {
      forgetResults()
      await note('first scan', process.execPath, scan)
      await note('second scan', process.execPath, scan)
    },
  ]
  for (let round = 0; round < Number(values.rounds); round++) {
    console.error(`round ${round + 1} of ${values.rounds} …`)
    for (const task of rotated(tasks, round)) await task()
  }
  return times
}

function forgetResults() {
  rmSync(join(cache, RESULTS), { recursive: true, force: true })
}

/** A scan of a small program leaves the compiled database in the cache. */
function compileDatabase() {
  const work = mkdtempSync(join(tmpdir(), 'binprint-bench-'))
  try {
    const small = smallProgram(work)?.path ?? '/bin/true'
    execFileSync(process.execPath, [command, 'scan', small], { stdio: ['ignore', 'ignore', 'inherit'] })
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** Both yardsticks must have read what the image says it is. */
function checkBaseline() {
  const script = fileURLToPath(new URL('baseline.mjs', import.meta.url))
  const digest = execFileSync(process.execPath, [script, blob], { encoding: 'utf8' }).trim()
  if (digest !== layers[0].diffId) throw new Error(`need the layer ${layers[0].diffId}, have ${digest}`)
}

/** The sha256 of the report. */
function report() {
  const text = execFileSync(process.execPath, scan, { maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'inherit'] })
  return createHash('sha256').update(text).digest('hex')
}

function scanAnew() {
  forgetResults()
  return report()
}

async function peakOfFirst() {
  forgetResults()
  return peakMemory(scan)
}
