/**
 * Links small programs with a distribution's static libraries, scans them, as they are and with every text like a version
 * overwritten, and says how many components and versions were recognised. Usage, after `npm run build`:
 *
 *     node bench/static/run.mjs [--suites LIST] [--only TEXT] [--variants TEXT] [--seeds N] [--carriers WAY] [--db DIR] [--out DIR]
 *
 * `--carriers plain` or `--carriers renamed` adds ten projects to the database that carry zlib, expat or lz4, with the folders
 * of the copies as they are or under names that tell nothing, and writes what that changes as `static-carriers-*`.
 *
 * `--suites` is one release of Debian with its updates, newest of all counts: `bookworm,bookworm-security`. `--only` takes the
 * libraries whose archive holds the text, `--variants` the ways of linking, and neither writes a result unless `--out` is
 * given. Needs a machine with apt and one Debian source; compilers that are not there are left out and named.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import pLimit from 'p-limit'
import { cacheDirectory } from '../accuracy/cache.mjs'
import { run } from '../accuracy/command.mjs'
import { unpackSources, withoutPlaces } from '../snippets/sources.mjs'
import { withoutVersions } from './blind.mjs'
import { addCarriers, CARRIERS } from './carriers.mjs'
import { toCarriersMarkdown } from './carriers-table.mjs'
import { alikeReleases } from './ceiling.mjs'
import { toSvg } from './chart.mjs'
import { databaseWithout } from './database.mjs'
import { LIBRARIES, ownerOf } from './libraries.mjs'
import { archivesIn, SuitePackages } from './packages.mjs'
import { drawRoots, functionsOf, ProgramLinker } from './programs.mjs'
import { toMarkdown } from './tables.mjs'
import { COMPILERS, VARIANTS } from './variants.mjs'

const { values } = parseArgs({
  options: {
    suites: { type: 'string', default: 'bookworm,bookworm-security' },
    only: { type: 'string', default: '' },
    variants: { type: 'string', default: '' },
    seeds: { type: 'string', default: '1' },
    carriers: { type: 'string' },
    db: { type: 'string' },
    out: { type: 'string' },
    jobs: { type: 'string', default: '2' },
  },
})
const load = (name) => import(new URL(`../../dist/${name}`, import.meta.url).href)
const { openDatabase, scanFile, VERSION } = await load('index.js')
const { PACKAGED_DATABASE } = await load('database/packaged.js')
const { judgeFile, Naming } = await load('scan/judge.js')
const { upstreamVersion } = await load('versions/upstream.js')
const modules = {}
for (const name of [
  'bytes/source.js',
  'binary/read.js',
  'database/prints-file.js',
  'database/prints-builder.js',
  'fingerprint/extract.js',
  'fingerprint/print-set.js',
  'identify/hits.js',
  'identify/neighbours.js',
  'identify/presence.js',
  'identify/release-scores.js',
  'versions/same.js',
])
  Object.assign(modules, await load(name))
const { bytesSource, readProgram } = modules

/** Less code and data of a component than this is neither asked for nor counted against anybody. */
const LEAST_BYTES = 1024

const suites = values.suites.split(',')
const place = join(cacheDirectory(), 'static')
const packages = new SuitePackages(place, suites)
const linker = new ProgramLinker(join(place, 'programs'))
const limit = pLimit(Number(values.jobs))
const missing = []
const compilers = []

const variants = await workingVariants(VARIANTS.filter(({ id }) => id.includes(values.variants)))
const archives = await unpackAll()
const programs = await linkAll()
console.log(`${programs.length} programs; ${missing.length} things are missing`)
// For benches that scan the same programs.
writeFileSync(
  join(place, 'programs.json'),
  JSON.stringify(programs.map((program) => ({ path: relative(place, program.path), label: labelOf(program) }))),
)

const tested = new Map()
for (const { owners } of programs)
  for (const [component, version] of owners) tested.set(component, [...(tested.get(component) ?? []), version])
const from = values.db === undefined ? PACKAGED_DATABASE : resolve(values.db)
const reduced = databaseWithout(tested, {
  from,
  directory: join(place, ['database', suites[0], values.carriers ?? ''].join('-')),
  modules,
})
if (values.carriers !== undefined) await indexCarriers()
const names = readCatalogNames(join(from, 'components'))
const db = await openDatabase(reduced.directory, { cacheDirectory: join(place, 'compiled') })
let result
try {
  result = await measure()
} finally {
  await db.close()
}
const markdown = values.carriers === undefined ? toMarkdown(result) : toCarriersMarkdown(result)
if (values.carriers !== undefined) {
  const directory = values.out ?? fileURLToPath(new URL('../results', import.meta.url))
  writeFileSync(join(directory, `static-carriers-${values.carriers}.md`), markdown)
} else if ((values.only === '' && values.variants === '') || values.out !== undefined) {
  const directory = values.out ?? fileURLToPath(new URL('../results', import.meta.url))
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, `${result.name}.md`), markdown)
  writeFileSync(join(directory, `${result.name}.json`), toJson(result))
  writeFileSync(join(directory, `${result.name}.svg`), toSvg(result))
}
console.log(markdown)

/** The carriers' sources are those of the suite; the database that holds them is for this run alone. */
async function indexCarriers() {
  const names = CARRIERS.map((carrier) => carrier.package)
  const sources = await unpackSources(join(place, 'sources'), names, [[suites[0]]])
  missing.push(...sources.missing)
  await addCarriers(reduced.directory, {
    trees: sources.trees,
    renamed: values.carriers === 'renamed',
    work: join(place, 'renamed'),
    upstreamVersion,
  })
}

async function workingVariants(all) {
  const working = []
  for (const variant of all)
    try {
      const version = (await run(variant.cc[0], ['--version'])).split('\n')[0].trim()
      await linker.link({ variant, roots: [], archives: [], seed: 0 })
      if (!compilers.includes(version)) compilers.push(version)
      working.push(variant)
    } catch (error) {
      missing.push(`${variant.id}: ${withoutPlaces(error.message)} (packages ${COMPILERS})`)
    }
  return working
}

/** By architecture and archive `{ path, version, key }`. */
async function unpackAll() {
  const found = new Map(['amd64', ...variants.map(({ arch }) => arch)].map((arch) => [arch, new Map()]))
  for (const [arch, byName] of found) {
    const wanted = LIBRARIES.map((library) => (arch === 'mingw' ? library.mingw : library.package))
    for (const name of new Set(wanted.filter((one) => one !== undefined)))
      try {
        // Packages for Windows are for all architectures.
        const { version, root } = await packages.unpack(name, arch === 'mingw' ? 'amd64' : arch)
        for (const [archive, path] of archivesIn(root))
          byName.set(archive, { path, version, key: `${name} ${version} ${archive}`, package: name })
      } catch (error) {
        missing.push(`${name} of ${arch}: ${withoutPlaces(error.message)}`)
      }
  }
  return found
}

async function linkAll() {
  const jobs = []
  for (const library of LIBRARIES.filter(({ archive }) => archive.includes(values.only)))
    for (const variant of variants)
      for (let seed = 1; seed <= Number(values.seeds); seed++) jobs.push({ library, variant, seed })
  const made = await Promise.all(jobs.map((job) => limit(() => attempt(job))))
  return made.filter((program) => program !== undefined)
}

async function attempt({ library, variant, seed }) {
  const { archive, uses, api } = library
  const byName = archives.get(variant.arch)
  const own = byName.get(archive)
  if (own === undefined) return undefined
  try {
    // Names are drawn from one architecture's archive, so that all variants call the same functions.
    const known = archives.get('amd64').get(archive) ?? own
    const roots = drawRoots(
      (await functionsOf(known.path)).filter((name) => api.test(name)),
      `${archive} ${seed}`,
    )
    if (roots.length === 0) throw new Error('no function has a name of its interface')
    const linked = [own, ...uses.flatMap((name) => byName.get(name) ?? [])]
    const { path, bytes } = await linker.link({ variant, roots, archives: linked, seed })
    const owners = new Map()
    const allowed = new Set()
    for (const [name, size] of bytes) {
      const owner = ownerOf(name)
      if (owner === undefined) continue
      if (size < LEAST_BYTES) allowed.add(owner)
      else owners.set(owner, upstreamVersion(byName.get(name).version))
    }
    return { archive, variant: variant.id, seed, path, owners, allowed: [...allowed].filter((one) => !owners.has(one)) }
  } catch (error) {
    missing.push(`${archive}, ${variant.id}: ${withoutPlaces(error.message)}`)
    return undefined
  }
}

async function measure() {
  const ours = { plain: [], blind: [] }
  const peer = { plain: [], blind: [] }
  const naming = new Naming(names)
  for (const program of programs) {
    const plain = new Uint8Array(readFileSync(program.path))
    const blind = withoutVersions(plain, readProgram(bytesSource(plain)).sections)
    for (const [side, bytes] of [
      ['plain', plain],
      ['blind', blind],
    ]) {
      const label = labelOf(program)
      const judged = (claims) =>
        judgeFile(label, claims, naming).pairs.map(
          ({ component, outcome, version, setSize, said, truth, confidence }) => ({
            archive: program.archive,
            variant: program.variant,
            component,
            outcome,
            version,
            setSize,
            said,
            truth,
            confidence,
          }),
        )
      const { files } = await scanFile(bytes, { db })
      const alike = side === 'blind' ? await alikeReleases(bytes, db.reader, program.owners, modules) : new Map()
      for (const pair of judged(files[0]?.components ?? []))
        ours[side].push({ ...pair, ...(alike.has(pair.component) ? { alike: alike.get(pair.component) } : {}) })
      peer[side].push(...judged(await banners(bytes)))
    }
  }
  return {
    command: commandLine(),
    // The first suite has the plain name; results of another one stand beside it.
    name: values.suites.startsWith('bookworm') ? 'static' : `static-${suites[0]}`,
    way: values.carriers,
    tool: VERSION,
    suite: `Debian ${suites[0]}`,
    programs: programs.length,
    rows: new Set(programs.map(({ archive }) => archive)).size,
    left: reduced.left,
    compilers,
    packages: packagesUsed(),
    missing,
    ours,
    peer,
  }
}

/** What made the result, with what differs from a plain run. */
function commandLine() {
  const given = process.argv.slice(2).filter((word, i, all) => word !== '--out' && all[i - 1] !== '--out')
  return ['npm run bench:static', ...(given.length === 0 ? [] : ['--', ...given])].join(' ')
}

function labelOf({ archive, variant, owners, allowed }) {
  return {
    id: `${archive} ${variant}`,
    sha256: '',
    components: [...owners].map(([name, version]) => ({ name, version, also: [] })),
    complete: true,
    allow: allowed,
    kind: 'static',
    format: 'elf',
    arch: variant,
    sourcePackage: archive,
  }
}

/** What the peer of the accuracy bench says of a file with these bytes. */
async function banners(bytes) {
  const path = join(place, `peer-${process.pid}`)
  writeFileSync(path, bytes)
  const peer = fileURLToPath(new URL('../accuracy/peers/strings-banners.mjs', import.meta.url))
  const said = JSON.parse(await run(process.execPath, [peer, path]))
  rmSync(path)
  return said
}

function packagesUsed() {
  const used = new Map()
  for (const [arch, byName] of archives)
    if (arch !== 'mingw' || variants.some((variant) => variant.arch === arch))
      for (const { package: name, version } of byName.values()) used.set(`${name} ${version}`, { name, version })
  return [...used.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

function readCatalogNames(directory) {
  return readdirSync(directory).map((file) => JSON.parse(readFileSync(join(directory, file), 'utf8')))
}

/** JSON with one line for each pair, so that two results can be compared as text. */
function toJson({ ours, peer, ...head }) {
  const lines = (pairs) => pairs.map((pair) => `    ${JSON.stringify(pair)}`).join(',\n')
  const text = JSON.stringify(head, null, 2).replace(/\n\}$/, '')
  const lists = [
    ['plain', ours.plain],
    ['blind', ours.blind],
    ['peerPlain', peer.plain],
    ['peerBlind', peer.blind],
  ].map(([name, pairs]) => `  "${name}": [\n${lines(pairs)}\n  ]`)
  return `${text},\n${lists.join(',\n')}\n}\n`
}
