/** The thread of one job: `JobPool` starts it with the job, and it ends when the job is done. */
import { parentPort, workerData } from 'node:worker_threads'
import { DetectorError } from '../errors.ts'
import { type ComponentJob, runJob } from './component-jobs.ts'
import type { WorkerError, WorkerMessage } from './job-pool.ts'

/** Milliseconds between two messages about progress: they cost the main thread more than they tell it. */
const INTERVAL = 100

function tell(message: WorkerMessage): void {
  parentPort?.postMessage(message)
}

function describe(error: unknown): WorkerError {
  if (error instanceof DetectorError)
    return {
      code: error.code,
      message: error.message,
      ...(error.locus === undefined ? {} : { locus: error.locus }),
    }
  if (!(error instanceof Error)) return { code: undefined, message: String(error) }
  return { code: undefined, message: error.message, ...(error.stack === undefined ? {} : { stack: error.stack }) }
}

let last = 0
try {
  const result = await runJob(workerData as ComponentJob, {
    onProgress(done, total) {
      const now = Date.now()
      if (now - last < INTERVAL) return
      last = now
      tell({ kind: 'progress', done, total })
    },
  })
  tell({ kind: 'result', result })
} catch (error) {
  tell({ kind: 'error', error: describe(error) })
}
