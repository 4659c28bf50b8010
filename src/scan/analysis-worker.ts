/** A thread that analyses files: `AnalysisPool` starts it with the database to open, and sends it one file after the other. */
import { parentPort, workerData } from 'node:worker_threads'
import { FileBuffers } from '../bytes/file-buffers.ts'
import { bytesSource, storedSource } from '../bytes/source.ts'
import { DetectorError } from '../errors.ts'
import { analyseFile, type FileAnalysis } from './analyse-file.ts'
import type { AnalysisJob, WorkerMessage, WorkerStart } from './analysis-pool.ts'
import { openDatabase } from './open-database.ts'

const { location, cacheDirectory, digest, limits, buckets } = workerData as WorkerStart
if (parentPort === null) throw new TypeError('this module is a thread of AnalysisPool')
const port = parentPort

function tell(message: WorkerMessage): void {
  port.postMessage(message)
}

function describe(error: unknown): Extract<WorkerMessage, { kind: 'error' }> {
  const known = error instanceof DetectorError
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  return { kind: 'error', code: known ? error.code : undefined, message, stack: stack ?? null }
}

try {
  const db = await openDatabase(location ?? undefined, cacheDirectory === null ? {} : { cacheDirectory })
  if (db.summary.digest !== digest)
    throw new DetectorError('STORE_NOT_FOUND', 'the database was replaced while the scan began: scan again')
  db.reader.keepBuckets(buckets)
  const buffers = new FileBuffers()
  let last: Promise<void> = Promise.resolve()
  port.on('message', (job: AnalysisJob | 'end') => {
    last = last.then(async () => {
      if (job !== 'end') return analyse(job)
      await db.close()
      port.close()
    })
  })

  async function analyse({ id, name, sha256, place }: AnalysisJob): Promise<void> {
    const source = buffers.open('bytes' in place ? bytesSource(place.bytes) : storedSource(place.stored, place.size))
    try {
      const analysis: FileAnalysis = await analyseFile(source, name, { reader: db.reader, limits, sha256 })
      tell({ kind: 'result', id, analysis })
    } catch (error) {
      tell(describe(error))
    } finally {
      source.close()
    }
  }
} catch (error) {
  tell(describe(error))
}
