import { engineDigest } from './engine-digest.ts'
import { ResultCache } from './result-cache.ts'
import type { ScanPathsOptions } from './scan-paths.ts'

/** Where results are kept; undefined where they are not to be, or are no good for others: limits of one's own change what is found. */
export function resultCache({ cache = true, limits, db }: ScanPathsOptions): ResultCache | undefined {
  const engine = engineDigest()
  if (!cache || engine === undefined || (limits !== undefined && Object.keys(limits).length > 0)) return undefined
  return new ResultCache(engine, db.cacheDirectory)
}
