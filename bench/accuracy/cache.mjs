import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where the corpora lie. */
export const CORPORA = fileURLToPath(new URL('corpora/', import.meta.url))

/** The bench's own directory; git ignores it. `BINPRINT_BENCH_CACHE` names another. */
export function cacheDirectory() {
  return process.env['BINPRINT_BENCH_CACHE'] ?? fileURLToPath(new URL('../.cache', import.meta.url))
}

/** Where the file with this sha256 lies, had or not. */
export function cachedFile(sha256, cache = cacheDirectory()) {
  return join(cache, 'files', sha256)
}

/** Whether the file was had. Files get their name only after their sha256 was right, so the size is check enough. */
export function isCached({ sha256, size }, cache = cacheDirectory()) {
  const path = cachedFile(sha256, cache)
  return existsSync(path) && statSync(path).size === size
}

/** The files of a corpus; a bare list is one too. */
export function readCorpusFiles(path) {
  const corpus = JSON.parse(readFileSync(path, 'utf8'))
  return Array.isArray(corpus) ? corpus : corpus.files
}

/** The sha256 of a file, hexadecimal. */
export async function sha256Of(path) {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return hash.digest('hex')
}
