import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import pLimit from 'p-limit'
import { DetectorError, type ErrorCode, type Locus, throwIfAborted } from '../errors.ts'
import { type ComponentJob, type IndexResult, type JobWatch, runJob } from './component-jobs.ts'

/** What a worker says while it does a job. */
export type WorkerMessage =
  | { readonly kind: 'progress'; readonly done: number; readonly total: number }
  | { readonly kind: 'result'; readonly result: IndexResult }
  | { readonly kind: 'error'; readonly error: WorkerError }

/** An error as it passes between threads, which forget classes. */
export interface WorkerError {
  /** Undefined for what is no {@link DetectorError}. */
  readonly code: ErrorCode | undefined
  readonly message: string
  readonly locus?: Locus
  readonly stack?: string
}

/** Compiled beside this file. Where this runs from its source text, as in tests, there is none. */
const WORKER = new URL('./job-worker.js', import.meta.url)

/** Does jobs of a build. */
export interface JobPool {
  /** Does a job when there is room. What it throws comes to the caller, whatever thread it was on. */
  run(job: ComponentJob, onProgress: (done: number, total: number) => void): Promise<IndexResult>
}

/**
 * Does the work with a pool that runs `jobs` jobs at a time, each on a thread of its own that ends with it, so that its memory
 * goes as well; one at a time stays on the caller's thread. When the work fails, jobs that run are stopped.
 */
export async function withJobPool<T>(
  jobs: number,
  signal: AbortSignal | undefined,
  work: (pool: JobPool) => Promise<T>,
): Promise<T> {
  const limit = pLimit(jobs)
  const threads = jobs > 1 && existsSync(fileURLToPath(WORKER))
  const failed = new AbortController()
  const stop = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal])
  const run: JobPool['run'] = (job, onProgress) =>
    limit(async () => {
      throwIfAborted(stop)
      const watch = { signal: stop, onProgress }
      return threads ? runOnThread(job, watch) : runJob(job, watch)
    })
  try {
    return await work({ run })
  } catch (error) {
    failed.abort(error)
    throw error
  }
}

function runOnThread(job: ComponentJob, { signal, onProgress }: Required<JobWatch>): Promise<IndexResult> {
  const worker = new Worker(WORKER, { workerData: job })
  const stop = (): void => void worker.terminate()
  signal.addEventListener('abort', stop, { once: true })
  return new Promise<IndexResult>((settle, reject) => {
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'progress') onProgress(message.done, message.total)
      else if (message.kind === 'result') settle(message.result)
      else reject(errorOf(message.error))
    })
    worker.once('error', reject)
    worker.once('exit', () => {
      // Nobody hears this unless the worker was stopped: a promise settles once.
      reject(new DetectorError('ABORTED', `stopped before ${job.entry.name} was indexed`, { cause: signal.reason }))
    })
  }).finally(() => signal.removeEventListener('abort', stop))
}

function errorOf({ code, message, locus, stack }: WorkerError): Error {
  if (code !== undefined) return new DetectorError(code, message, locus === undefined ? {} : { locus })
  const error = new Error(message)
  if (stack !== undefined) error.stack = stack
  return error
}
