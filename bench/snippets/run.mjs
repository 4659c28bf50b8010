/**
 * Builds foreign programs with one upstream file of a library each, scans them and says how many were recognised. Usage,
 * after `npm run build`:
 *
 *     node bench/snippets/run.mjs [--suites LIST] [--only TEXT] [--db DIR] [--dist DIR] [--out DIR]
 *
 * `--only` takes the snippets whose `library: name` holds the text and writes no result unless `--out` is given. Needs a
 * machine with apt, one Debian source and dpkg-source; compilers that are not there are left out and named. In the list of
 * suites, alternatives stand behind slashes: `bookworm,forky/trixie`.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import pLimit from 'p-limit'
import { cacheDirectory } from '../accuracy/cache.mjs'
import { Workshop } from './build.mjs'
import { findCompilers } from './compilers.mjs'
import { FUNCTION_FILES, LIBRARIES, MIN_INSTRUCTIONS, SNIPPETS } from './libraries.mjs'
import { keysOf, ownFingerprints } from './ownership.mjs'
import { judge, judgeVersion } from './score.mjs'
import { unpackSources, withoutPlaces } from './sources.mjs'
import { toMarkdown } from './tables.mjs'

const { values } = parseArgs({
  options: {
    suites: { type: 'string', default: 'bookworm,forky/trixie/bullseye' },
    only: { type: 'string' },
    db: { type: 'string' },
    dist: { type: 'string' },
    out: { type: 'string' },
    jobs: { type: 'string', default: '2' },
  },
})
const dist =
  values.dist === undefined ? new URL('../../dist/', import.meta.url) : pathToFileURL(`${resolve(values.dist)}/`)
const load = (name) => import(new URL(name, dist).href)
const { openDatabase, scanPaths, VERSION } = await load('index.js')
const { fileSource } = await load('bytes/source.js')
const { extractFeatures } = await load('scan/scan-features.js')
const { sameRelease } = await load('versions/same.js')
const { upstreamVersion } = await load('versions/upstream.js')

/** The foreign program around the snippets; as a control it stands without them, and two others beside it. */
const SEED = 1
const CONTROL_SEEDS = [SEED, 2, 3]
/** Snippets without a target, and single functions, are built at this level only. */
const ONE_LEVEL = '-O2'

const place = join(cacheDirectory(), 'snippets')
const workshop = new Workshop(join(place, 'built'))
const limit = pLimit(Number(values.jobs))
const isWanted = (library, name) => `${library}: ${name}`.includes(values.only ?? '')

const { found: compilers, missing } = await findCompilers((compiler) =>
  workshop.control({ compiler, level: '-O0', seed: SEED }),
)
const suites = values.suites.split(',').map((choice) => choice.split('/'))
const packages = [...new Set(Object.values(LIBRARIES).map(({ source }) => source))]
const sources = await unpackSources(join(place, 'sources'), packages, suites)
missing.push(...sources.missing)

const controls = await buildControls()
const programs = [...(await buildSnippets()), ...(await buildFunctions())]
console.log(`${programs.length} programs and ${controls.length} controls; ${missing.length} things are missing`)

const db = await openDatabase(values.db)
let result
try {
  result = await measure()
} finally {
  await db.close()
}
const directory = values.out ?? fileURLToPath(new URL('../results', import.meta.url))
const markdown = toMarkdown(result)
if (values.only === undefined || values.out !== undefined) {
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'snippets.json'), toJson(result))
  writeFileSync(join(directory, 'snippets.md'), markdown)
}
console.log(markdown)

/** The sources of one choice of suites by package; what it lacks comes from the first. */
function treesOf(choice) {
  const trees = {}
  for (const tree of sources.trees) if (tree.choice === 0 || tree.choice === choice) trees[tree.package] = tree
  return trees
}

async function buildControls() {
  const jobs = compilers.flatMap((compiler) =>
    compiler.levels.flatMap((level) => CONTROL_SEEDS.map((seed) => ({ compiler, level, seed }))),
  )
  return Promise.all(
    jobs.map(({ compiler, level, seed }) =>
      limit(async () => ({ compiler: compiler.id, level, path: await workshop.control({ compiler, level, seed }) })),
    ),
  )
}

async function buildSnippets() {
  const jobs = []
  for (const { library, name, files, target = null } of SNIPPETS)
    for (const tree of sources.trees.filter((one) => one.package === LIBRARIES[library].source))
      for (const compiler of compilers)
        for (const level of compiler.levels)
          if (isWanted(library, name) && (target !== null || (compiler.arch === 'x86-64' && level === ONE_LEVEL)))
            jobs.push({ library, name, files, target, tree, compiler, level })
  return attemptAll(jobs, async ({ library, name, files, target, tree, compiler, level }) => {
    const path = await workshop.snippet({ compiler, level, library, files, trees: treesOf(tree.choice), seed: SEED })
    return [
      { set: 'files', library, snippet: name, tree, compiler: compiler.id, level, arch: compiler.arch, target, path },
    ]
  })
}

/** With the compiler and the flags of the first suite, which is what the database's built releases have too. */
async function buildFunctions() {
  const compiler = compilers.find(({ id }) => id === 'gcc')
  if (compiler === undefined) return []
  const jobs = Object.entries(FUNCTION_FILES).flatMap(([library, files]) =>
    files.map((file) => ({ library, name: `functions of ${file}`, file, compiler, level: ONE_LEVEL })),
  )
  const trees = treesOf(0)
  return attemptAll(
    jobs.filter(({ library, name }) => isWanted(library, name)),
    async ({ library, file, compiler: gcc, level }) => {
      const tree = trees[LIBRARIES[library].source]
      if (tree === undefined) throw new Error('no sources')
      const made = await workshop.functions({
        compiler: gcc,
        library,
        file,
        trees,
        least: MIN_INSTRUCTIONS,
        seed: SEED,
      })
      return made.map(({ name, path }) => ({
        set: 'functions',
        library,
        snippet: `${file}: ${name}`,
        tree,
        compiler: gcc.id,
        level,
        arch: gcc.arch,
        target: null,
        path,
      }))
    },
  )
}

/** What cannot be built is missing and named; the run goes on. */
async function attemptAll(jobs, build) {
  const lists = await Promise.all(
    jobs.map((job) =>
      limit(async () => {
        try {
          return await build(job)
        } catch (error) {
          missing.push(`${job.library}: ${job.name}, ${job.compiler.id} ${job.level}: ${withoutPlaces(error.message)}`)
          return []
        }
      }),
    ),
  )
  return lists.flat()
}

async function measure() {
  const paths = [...controls, ...programs].map(({ path }) => path)
  const report = await scanPaths([...new Set(paths)], { db, cache: false })
  const claims = new Map(report.files.map((file) => [file.path, file.components]))
  for (const { path, code, message } of report.unknowns) missing.push(`${path.slice(-8)}: ${code} ${message}`)
  const foreign = new Set()
  for (const { path } of controls) for (const key of keysOf(featuresOf(path))) foreign.add(key)
  const rows = []
  for (const program of programs) {
    const { library, tree, path, ...row } = program
    const { component } = LIBRARIES[library]
    const upstream = upstreamVersion(tree.version)
    const { version, ...verdict } = judge(component, claims.get(path) ?? [])
    const versionVerdict = judgeVersion(version, (said) => sameRelease(said, upstream))
    const own = await ownFingerprints(featuresOf(path), db.reader, component, foreign)
    rows.push({ ...row, library, upstream, ...verdict, versionVerdict, own })
  }
  return {
    command: 'npm run bench:snippets',
    tool: VERSION,
    database: db.summary.digest,
    compilers: compilers.map(({ id, version }) => ({ id, version })),
    sources: sources.trees.map(({ package: name, version, suite }) => ({ package: name, version, suite })),
    missing,
    controls: controls.map(({ compiler, level, path }) => ({
      compiler,
      level,
      claims: (claims.get(path) ?? []).map(({ name, role }) => `${name} (${role})`),
    })),
    rows,
  }
}

function featuresOf(path) {
  const source = fileSource(path)
  try {
    return extractFeatures(source).prints
  } finally {
    source.close()
  }
}

/** JSON with one line for each row, so that two results can be compared as text. */
function toJson({ rows, controls, ...head }) {
  const lines = (list) => list.map((entry) => `    ${JSON.stringify(entry)}`).join(',\n')
  const text = JSON.stringify(head, null, 2).replace(/\n\}$/, '')
  return `${text},\n  "controls": [\n${lines(controls)}\n  ],\n  "rows": [\n${lines(rows)}\n  ]\n}\n`
}
