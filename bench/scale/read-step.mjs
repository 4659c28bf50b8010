/**
 * Reads all prints of a directory and sorts their features by hash, kind by kind: what no compilation can do without. Writes
 * the CPU milliseconds as JSON. Usage: node read-step.mjs DIST DIRECTORY
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { timed } from '../speed/measure.mjs'

const [dist, directory] = process.argv.slice(2)
const load = (name) => import(pathToFileURL(join(dist, name)).href)
const { decodePrints } = await load('database/prints-file.js')
const { radixOrder } = await load('bytes/radix.js')

const { cpu } = await timed(() => {
  const prints = join(directory, 'prints')
  const all = readdirSync(prints)
    .sort()
    .map((name) => decodePrints(readFileSync(join(prints, name))))
  for (const kind of Object.keys(all[0].features)) sortFeatures(all.map(({ features }) => features[kind]))
})
console.log(JSON.stringify({ cpu }))

function sortFeatures(tables) {
  const count = tables.reduce((sum, { high }) => sum + high.length, 0)
  const [high, low] = [new Uint32Array(count), new Uint32Array(count)]
  let at = 0
  for (const table of tables) {
    high.set(table.high, at)
    low.set(table.low, at)
    at += table.high.length
  }
  return radixOrder([high, low], count)
}
