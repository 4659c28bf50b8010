/**
 * Freezes the features of a corpus's files, for accuracy runs without the files. Usage, after `npm run build` and
 * `npm run bench:fetch`:
 *
 *     node bench/accuracy/freeze.mjs [CORPUS.json] [--out FILE] [--only SUBSTRING] [--db DIR]
 *
 * Of functions, table windows and rare constants those are kept that the database may hold: freeze again when prints with
 * more of them are made. Files that were not had are left out and named. `--only` takes the files whose id holds the text.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { CORPORA, cacheDirectory, cachedFile, isCached, readCorpusFiles } from './cache.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string' }, only: { type: 'string' }, dist: { type: 'string' }, db: { type: 'string' } },
})
const dist = values.dist ?? fileURLToPath(new URL('../../dist', import.meta.url))
const { fileSource } = await import(join(dist, 'bytes/source.js'))
const { FrozenWriter } = await import(join(dist, 'scan/frozen.js'))
const { openDatabase } = await import(join(dist, 'scan/open-database.js'))
const { codeFilter, extractFeatures } = await import(join(dist, 'scan/scan-features.js'))

const corpus = positionals[0] ?? join(CORPORA, 'public.json')
const frozen = fileURLToPath(new URL(`frozen/${basename(corpus, '.json')}.frozen`, import.meta.url))
const out = values.out ?? frozen
const files = readCorpusFiles(corpus).filter(
  ({ id, duplicate_of: original }) => original === undefined && id.includes(values.only ?? ''),
)
const db = await openDatabase(values.db)
const prefilter = codeFilter(db)
const writer = new FrozenWriter()
let count = 0
for (const file of files) {
  if (!isCached(file, cacheDirectory())) {
    console.log(`not had, left out: ${file.id}`)
    continue
  }
  const source = fileSource(cachedFile(file.sha256))
  try {
    writer.add(extractFeatures(source, { prefilter }))
    count++
  } finally {
    source.close()
  }
}
await db.close()
const bytes = writer.finish()
mkdirSync(dirname(out), { recursive: true })
writeFileSync(out, bytes)
console.log(`${count} of ${files.length} files frozen in ${bytes.length} bytes: ${out}`)
