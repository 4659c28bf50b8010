/**
 * Identifies a corpus from its frozen features and prints the claims as predictions for `binprint bench`. Usage, after
 * `npm run build`:
 *
 *     node bench/accuracy/identify-frozen.mjs [--frozen FILE] [--db DIR] > said.json
 *     binprint bench bench/accuracy/corpora/public.json --predictions said.json
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: { frozen: { type: 'string' }, db: { type: 'string' }, dist: { type: 'string' } },
})
const dist = values.dist ?? fileURLToPath(new URL('../../dist', import.meta.url))
const { openDatabase } = await import(join(dist, 'scan/open-database.js'))
const { readFrozen } = await import(join(dist, 'scan/frozen.js'))
const { identifyFeatures } = await import(join(dist, 'scan/scan-features.js'))

const frozen = values.frozen ?? fileURLToPath(new URL('frozen/public.frozen', import.meta.url))
const db = await openDatabase(values.db)
const files = []
for (const features of readFrozen(readFileSync(frozen))) files.push(await identifyFeatures(features, db))
await db.close()
process.stdout.write(`${JSON.stringify({ files })}\n`)
