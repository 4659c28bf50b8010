/**
 * Scans programs with one open database, and hashes their bytes beside: the first turn warms code and caches up and does not
 * count. Writes CPU milliseconds by turn, peak memory in bytes, and what was found, as JSON. Usage:
 * node scan-step.mjs DIST DIRECTORY CACHE TURNS PROGRAM...
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { timed } from '../speed/measure.mjs'

const [dist, directory, cacheDirectory, turns, ...programs] = process.argv.slice(2)
const { openDatabase, scanFile } = await import(pathToFileURL(join(dist, 'index.js')).href)
const db = await openDatabase(directory, { cacheDirectory })
const contents = programs.map((path) => readFileSync(path))
const [scan, hash] = [[], []]
let found = []
for (let turn = 0; turn <= Number(turns); turn++) {
  const hashed = await timed(() => contents.map((bytes) => createHash('sha256').update(bytes).digest('hex')))
  const scanned = await timed(scanAll)
  if (turn === 0) found = scanned.value
  else {
    hash.push(hashed.cpu)
    scan.push(scanned.cpu)
  }
}
await db.close()
console.log(JSON.stringify({ scan, hash, peak: process.resourceUsage().maxRSS * 1024, found }))

/** By program the names of the components in it. */
async function scanAll() {
  const names = []
  for (const path of programs) {
    const { files } = await scanFile(path, { db })
    names.push(files.flatMap(({ components }) => components.map(({ name }) => name)))
  }
  return names
}
