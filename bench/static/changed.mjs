/**
 * Changes one function at a time in the programs of the static suite and says how often that is noticed, and how often something
 * is said to be changed in programs that are as they were linked. Usage, after `npm run build` and `npm run bench:static`, which
 * keeps the programs:
 *
 *     node bench/static/changed.mjs [--each N] [--out DIR]        (npm run bench:changed)
 *
 * In x86-64 programs, of each component whose version is exact and was indexed as built, `--each` functions are drawn (4), and one
 * instruction that moves a register is taken out of each. The database is the default one: what it has of these libraries are
 * builds, so this tells patches, not versions.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { cacheDirectory } from '../accuracy/cache.mjs'
import { table } from '../snippets/tables.mjs'

const { values } = parseArgs({ options: { each: { type: 'string', default: '4' }, out: { type: 'string' } } })
const load = (name) => import(new URL(`../../dist/${name}`, import.meta.url).href)
const { openDatabase, scanFile, VERSION } = await load('index.js')
const { bytesSource } = await load('bytes/source.js')
const { readProgram } = await load('binary/read.js')
const { extractProgram } = await load('fingerprint/extract.js')
const { Kind, PrintSet } = await load('fingerprint/print-set.js')
const { collectCandidates } = await load('identify/hits.js')
const { coverGreedily } = await load('identify/presence.js')
const { holdsRelease } = await load('database/release-sets.js')

/** `mov reg, reg` and `test reg, reg` of 64 bits, and what takes as much room and does nothing. */
const MOVES = [0x89, 0x85]
const NOTHING = [0x0f, 0x1f, 0x00]
/** Functions with fewer pairs of neighbouring instructions are too small to be told from others. */
const LEAST_VARIETY = 20
const LEAST_KNOWN = 20

const place = join(cacheDirectory(), 'static', 'programs')
const programs = readdirSync(place).filter((name) => /^[0-9a-f]+$/.test(name))
const db = await openDatabase()
const unchanged = { components: 0, alarms: [] }
const rows = new Map()
try {
  for (const name of programs) await measure(new Uint8Array(readFileSync(join(place, name))))
} finally {
  await db.close()
}
const markdown = toMarkdown()
const directory = values.out ?? fileURLToPath(new URL('../results', import.meta.url))
writeFileSync(join(directory, 'changed.md'), markdown)
console.log(markdown)

async function measure(bytes) {
  const known = (await embeddedIn(bytes)).filter(({ version }) => version.kind === 'exact' && version.indexed)
  unchanged.components += known.length
  for (const { name, version, modified } of known)
    for (const one of modified)
      unchanged.alarms.push(`${name} ${version.version}: ${one.name ?? 'a function'} of ${one.unit}`)
  const source = bytesSource(bytes)
  const program = readProgram(source)
  if (program.arch !== 'x86_64') return
  const prints = new PrintSet()
  extractProgram(program, source, prints, { prefilter: db.reader.prefilter })
  const candidates = await collectCandidates(prints.seal(), db.reader)
  for (const presence of coverGreedily(candidates, prints).present) {
    const match = known.find(({ name }) => name === presence.candidate.record.name)
    if (match === undefined || match.modified.length > 0) continue
    const places = functionsOf(presence, match.version.version, prints)
    if (places.length < LEAST_KNOWN) continue
    for (let draw = 0; draw < Number(values.each); draw++) {
      const { offset, length } = places[Math.floor(((draw + 0.5) / Number(values.each)) * places.length)]
      const at = moveIn(bytes, offset, length)
      if (at === undefined) continue
      const copy = bytes.slice()
      copy.set(NOTHING, at)
      count(match.name, program.needed.length > 0, offset, await embeddedIn(copy))
    }
  }
}

async function embeddedIn(bytes) {
  const { files } = await scanFile(bytes, { db })
  return (files[0]?.components ?? []).filter(({ role }) => role === 'embedded')
}

/** The functions that builds of the version have, by place. */
function functionsOf({ units, candidate: { hits, record } }, version, prints) {
  const built = record.releases.findIndex((release) => release.origin === 'built' && release.version === version)
  if (built < 0) return []
  const found = new Map()
  for (const unit of units)
    for (const row of unit.hits) {
      const print = hits.prints[row]
      const isKnown = hits.kinds[row] === Kind.Function && hits.names[row] > 0
      if (isKnown && holdsRelease(record.sets[hits.sets[row]], built) && prints.flags[print] >= LEAST_VARIETY)
        found.set(prints.offsets[print], prints.lengths[print])
    }
  return [...found].map(([offset, length]) => ({ offset, length })).sort((a, b) => a.offset - b.offset)
}

/** The first move from the eighth byte of a function on. */
function moveIn(bytes, offset, length) {
  for (let at = offset + 8; at < offset + length - 8; at++)
    if (bytes[at] === 0x48 && MOVES.includes(bytes[at + 1]) && bytes[at + 2] >> 6 === 3) return at
  return undefined
}

function count(name, hasLoader, offset, matches) {
  const key = hasLoader ? 'with a loader' : 'static'
  const row = rows.get(key) ?? { tried: 0, found: 0, named: 0, others: 0 }
  const modified = matches.filter((match) => match.name === name).flatMap((match) => match.modified)
  const here = modified.filter((one) => one.offset === offset)
  row.tried++
  if (here.length > 0) row.found++
  if (here.some((one) => one.name !== null)) row.named++
  row.others += modified.length - here.length
  rows.set(key, row)
}

function toMarkdown() {
  const share = (part, whole) => (whole === 0 ? '' : `${part}/${whole} (${((100 * part) / whole).toFixed(0)} %)`)
  const alarms = unchanged.alarms.length === 0 ? ['None.'] : unchanged.alarms.sort().map((text) => `* ${text}`)
  return [
    '# Changed functions',
    '',
    `\`npm run bench:changed\`; binprint ${VERSION}. How to read it: bench/README.md.`,
    '',
    '## One function changed',
    '',
    ...table(
      ['programs', 'changed', 'noticed', 'with its name', 'others said to be changed'],
      [...rows]
        .sort()
        .map(([key, { tried, found, named, others }]) => [
          key,
          String(tried),
          share(found, tried),
          share(named, tried),
          String(others),
        ]),
    ),
    '',
    '## Nothing changed',
    '',
    `${programs.length} programs with ${unchanged.components} components of an exact version. Said to be changed:`,
    '',
    ...alarms,
    '',
  ].join('\n')
}
