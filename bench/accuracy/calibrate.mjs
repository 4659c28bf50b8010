/**
 * Fits how often a version is right, by the way it was found, on one half of the public corpus, and holds the confidence of
 * claims against the other half. Usage, after `npm run build`:
 *
 *     node bench/accuracy/calibrate.mjs
 *
 * Prints the fitted shares for src/identify/confidence.ts and writes results/reliability.md and .svg.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CORPORA } from './cache.mjs'
import { claimsOf } from './claims.mjs'
import { binsOf, brier, rateOf, toMarkdown, toSvg } from './reliability.mjs'

const load = (name) => import(new URL(`../../dist/${name}`, import.meta.url).href)
const { openDatabase } = await load('scan/open-database.js')
const { PACKAGED_DATABASE } = await load('database/packaged.js')
const { readLabels } = await load('scan/labels.js')
const modules = Object.assign(
  {},
  ...(await Promise.all(
    ['scan/frozen', 'scan/judge', 'identify/hits', 'identify/presence', 'identify/decide', 'identify/copies', 'identify/match'].map((name) =>
      load(`${name}.js`),
    ),
  )),
)

const components = join(PACKAGED_DATABASE, 'components')
const catalog = readdirSync(components).map((file) => JSON.parse(readFileSync(join(components, file), 'utf8')))
const db = await openDatabase()
let claims
try {
  claims = await claimsOf({
    frozen: readFileSync(fileURLToPath(new URL('frozen/public.frozen', import.meta.url))),
    labels: readLabels(JSON.parse(readFileSync(join(CORPORA, 'public.json'), 'utf8'))),
    db,
    modules,
    naming: new modules.Naming(catalog),
  })
} finally {
  await db.close()
}

/** Ways that are fitted together: of the rarer ones there are too few. */
const WAYS = { template: ['template'], literal: ['literal', 'literal-unindexed'], code: ['functions', 'features'] }

const halves = Object.fromEntries(
  ['fitted', 'held'].map((half) => [half, claims.filter((claim) => claim.half === half && claim.isRight !== undefined)]),
)
const rates = Object.entries(WAYS).map(([way, methods]) => {
  const of = (half) => halves[half].filter(({ method, isPresent }) => isPresent && methods.includes(method))
  return { way, fitted: rateOf(of('fitted')), held: rateOf(of('held')) }
})
const result = {
  command: 'npm run bench:calibrate',
  database: db.summary.digest,
  rates,
  halves: Object.entries(halves).map(([half, list]) => ({ half, claims: list.length, brier: brier(list) })),
  bins: binsOf(halves.held),
}
const results = fileURLToPath(new URL('../results/', import.meta.url))
writeFileSync(join(results, 'reliability.md'), toMarkdown(result))
writeFileSync(join(results, 'reliability.svg'), toSvg(result))
console.log(toMarkdown(result))
