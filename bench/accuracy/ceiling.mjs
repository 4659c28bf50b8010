/**
 * How many of the versions of the public corpus that are not named exactly could be told at all: from the frozen features, with
 * the releases that have the same of what is in the file as the true one. Usage, after `npm run build`:
 *
 *     node bench/accuracy/ceiling.mjs [--out DIR]
 *
 * Writes results/accuracy-ceiling.md.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { table } from '../snippets/tables.mjs'
import { alikeOf } from '../static/ceiling.mjs'

const { values } = parseArgs({ options: { out: { type: 'string' } } })
const place = (path) => fileURLToPath(new URL(path, import.meta.url))
const modules = {}
for (const name of [
  'index',
  'identify/decide',
  'identify/hits',
  'identify/neighbours',
  'identify/presence',
  'identify/release-scores',
  'scan/frozen',
  'versions/same',
])
  Object.assign(modules, await import(new URL(`../../dist/${name}.js`, import.meta.url).href))
const { openDatabase, readLabels, readFrozen, collectCandidates, coverGreedily, decideVersions, sameRelease, VERSION } = modules

const labels = readLabels(JSON.parse(readFileSync(place('corpora/public.json'), 'utf8')))
const bySha256 = new Map(labels.map((label) => [label.sha256, label]))
const counts = { exact: 0, 'not indexed': 0, 'alike in all that is there': 0, 'told from all others by what is there': 0 }
const alikeBy = new Map()
const db = await openDatabase()
try {
  for (const { sha256, prints } of readFrozen(readFileSync(place('frozen/public.frozen')))) {
    const { present } = coverGreedily(await collectCandidates(prints, db.reader), prints)
    for (const { presence, claims } of decideVersions(present, prints.literals)) {
      const { name } = presence.candidate.record
      const truth = bySha256.get(sha256)?.components.find((one) => one.name === name)?.version
      if (truth === undefined) continue
      const kind = kindOf(presence, claims, truth)
      counts[kind]++
      if (kind === 'alike in all that is there') alikeBy.set(name, (alikeBy.get(name) ?? 0) + 1)
    }
  }
} finally {
  await db.close()
}
const markdown = toMarkdown()
writeFileSync(join(values.out ?? place('../results'), 'accuracy-ceiling.md'), markdown)
console.log(markdown)

function kindOf(presence, claims, truth) {
  if (claims.some(({ estimate }) => isExactly(estimate, truth))) return 'exact'
  const alike = alikeOf(presence, truth, modules)
  if (alike === undefined) return 'not indexed'
  return alike.found > 1 ? 'alike in all that is there' : 'told from all others by what is there'
}

function isExactly(estimate, truth) {
  if (estimate.kind === 'exact') return sameRelease(estimate.version, truth)
  return estimate.kind === 'set' && estimate.versions.length === 1 && !estimate.orNewer && sameRelease(estimate.likeliest, truth)
}

function toMarkdown() {
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0)
  const reachable = counts.exact + counts['told from all others by what is there']
  return [
    '# What the versions of the public corpus could be',
    '',
    `\`node bench/accuracy/ceiling.mjs\`; binprint ${VERSION}. How to read it: bench/accuracy/README.md.`,
    '',
    ...table(
      ['true version', 'components', 'share'],
      Object.entries(counts).map(([kind, count]) => [kind, String(count), (count / all).toFixed(3)]),
    ),
    '',
    `Exact at most, by text and data: ${reachable} of ${all} (${(reachable / all).toFixed(3)}).`,
    '',
    'Alike in all that is there, by component:',
    '',
    ...table(
      ['component', 'files'],
      [...alikeBy].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([name, count]) => [name, String(count)]),
    ),
    '',
  ].join('\n')
}
