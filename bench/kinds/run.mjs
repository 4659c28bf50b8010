/**
 * What each kind of fingerprint buys for its megabytes: the database without one kind, and built up kind by kind, on the frozen
 * features of the public corpus. Usage, after `npm run build`:
 *
 *     node bench/kinds/run.mjs [--db DIR] [--static DIR] [--out DIR]
 *
 * `--static` takes the programs that `npm run bench:static` kept, with the list that it wrote: `bench/.cache/static`. Each
 * variant of the database is written, compiled and removed again below the system's temporary directory; what was measured is
 * kept in the bench cache, so that a run that was ended goes on. Writes results/kinds.json, .md and .svg.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { CORPORA, cacheDirectory } from '../accuracy/cache.mjs'
import { databaseWithout } from '../static/database.mjs'
import { toSvg } from './chart.mjs'
import { placesByKind, scoreCorpus } from './corpus.mjs'
import { Measurer, memoryFor } from './measure.mjs'
import { changedClaims, gainOf, growCurve } from './order.mjs'
import { readPrograms, scorePrograms, testedVersions } from './static.mjs'
import { toMarkdown } from './tables.mjs'
import { filesByArchitecture, KINDS, NEEDS, sectionBytes } from './variants.mjs'

const { values } = parseArgs({
  options: { db: { type: 'string' }, static: { type: 'string' }, out: { type: 'string' } },
})
const place = (path) => fileURLToPath(new URL(path, import.meta.url))
const modules = {}
for (const name of [
  'index',
  'binary/read',
  'bytes/source',
  'database/canonical',
  'database/database-files',
  'database/feature-kinds',
  'database/packaged',
  'database/prints-builder',
  'database/prints-file',
  'database/sections',
  'fingerprint/print-set',
  'scan/frozen',
  'scan/judge',
  'scan/scan-features',
  'versions/same',
])
  Object.assign(modules, await import(new URL(`../../dist/${name}.js`, import.meta.url).href))
const { catalogNames, openDatabase, readFrozen, readLabels, VERSION } = modules

// Whoever ends the run by a signal has nothing to tidy up either.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

/** Kinds that any identification starts from: the texts of sources. */
const START = ['strings', 'templates']
/** What is left out together, beside each kind by itself: some kinds stand in for each other. */
const CUTS = [
  { name: 'built releases', leaves: { origin: 'built' } },
  { name: 'source releases', leaves: { origin: 'source' } },
  { name: 'functions, mnemonics, functionNames', leaves: { kinds: ['functions', 'mnemonics', 'functionNames'] } },
  { name: 'all but strings and templates', leaves: { kinds: KINDS.filter((kind) => !START.includes(kind)) } },
]

const from = resolve(values.db ?? modules.PACKAGED_DATABASE)
modules.requireDatabase(from)
const FROZEN = place('../accuracy/frozen/public.frozen')
const frozen = [...readFrozen(readFileSync(FROZEN))]
const labels = readLabels(JSON.parse(readFileSync(join(CORPORA, 'public.json'), 'utf8')))
const printed = new Set(modules.printedComponents(from))
// The same components for all variants, those that the whole database has.
const catalog = catalogNames(from).filter(({ name }) => printed.has(name))

const sizes = sectionBytes(from, modules)
const present = KINDS.filter((kind) => sizes[kind] > 0)
const corpus = new Measurer({
  from,
  score: (db) => scoreCorpus(db, { frozen, labels, catalog }, modules),
  modules,
  memory: memoryFor(join(cacheDirectory(), 'kinds'), [
    place('../../dist'),
    from,
    place('../accuracy/frozen'),
    CORPORA,
    ...['variants.mjs', 'corpus.mjs'].map(place),
  ]),
  report: (line) => console.log(line),
})
const whole = await corpus.measure()
const rows = await leaveOut(corpus, whole)
const result = {
  command: commandLine(),
  tool: VERSION,
  database: {
    components: printed.size,
    bytes: whole.bytes,
    sections: sizes,
    files: filesByArchitecture(from, modules),
  },
  corpus: { files: frozen.length, places: placesByKind(frozen, modules) },
  whole: whole.figures,
  ...rows,
  static: values.static === undefined ? null : await measurePrograms(resolve(values.static)),
  curve: null,
}
// The curve is half of the work: a run that is ended leaves the tables.
write()
result.curve = await curve(rows.silent)
write()
console.log(toMarkdown(result))

function write() {
  const out = values.out ?? place('../results')
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, 'kinds.json'), `${JSON.stringify(result, null, 2)}\n`)
  writeFileSync(join(out, 'kinds.md'), toMarkdown(result))
  if (result.curve !== null) writeFileSync(join(out, 'kinds.svg'), toSvg(result))
}

/** The database without each kind, and without each of the cuts, beside the whole one. */
async function leaveOut(measurer, all) {
  const row = async (name, leaves) => {
    const without = await measurer.measure(leaves)
    const changed = changedClaims(all, without)
    return { name, ...gainOf(without, all), changed, figures: without.figures }
  }
  const [kinds, cuts] = [[], []]
  for (const kind of present) kinds.push(await row(kind, { kinds: [kind] }))
  for (const { name, leaves } of CUTS) cuts.push(await row(name, leaves))
  // Kinds that change nothing one by one may stand in for each other.
  const silent = kinds.filter(({ changed }) => changed === 0).map(({ name }) => name)
  if (silent.length > 1) cuts.push(await row(silent.join(', '), { kinds: silent }))
  return { kinds, cuts, silent }
}

/** The curve from texts alone to the whole database. */
async function curve(idle) {
  const steps = await growCurve((held) => corpus.measure({ kinds: present.filter((kind) => !held.includes(kind)) }), {
    start: START,
    kinds: present,
    needs: NEEDS,
    idle,
    // Names and whole files are nothing that a frozen file could hold.
    absent: idle.filter((kind) => !(result.corpus.places[kind] > 0)),
    sizes,
  })
  return steps.map(({ claims: _, ...step }) => step)
}

/** The same on the programs of the static suite, with a database that has no build of a version that is tested. */
async function measurePrograms(directory) {
  const naming = new modules.Naming(catalog)
  const db = await openDatabase(from)
  const programs = readPrograms(directory, modules.codeFilter(db), modules)
  await db.close()
  const work = mkdtempSync(join(tmpdir(), 'binprint-kinds-'))
  try {
    const reduced = databaseWithout(testedVersions(programs), { from, directory: join(work, 'database'), modules })
    const measurer = new Measurer({
      from: reduced.directory,
      score: (opened) => scorePrograms(opened, { programs, naming }, modules),
      modules,
      memory: memoryFor(join(cacheDirectory(), 'kinds'), [
        place('../../dist'),
        from,
        join(directory, 'programs'),
        join(directory, 'programs.json'),
        ...['variants.mjs', 'corpus.mjs', 'static.mjs', '../static/blind.mjs', '../static/database.mjs'].map(place),
      ]),
      report: (line) => console.log(`static, ${line}`),
    })
    const all = await measurer.measure()
    return { programs: programs.length, whole: all.figures, ...(await leaveOut(measurer, all)) }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** What made the result, without where it was written. */
function commandLine() {
  const options = ['db', 'static'].flatMap((name) => (values[name] === undefined ? [] : [`--${name} DIR`]))
  return ['npm run bench:kinds', ...(options.length === 0 ? [] : ['--', ...options])].join(' ')
}
