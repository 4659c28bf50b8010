import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { FileBuffers } from '../bytes/file-buffers.ts'
import type { Limits } from '../bytes/limits.ts'
import type { ByteSource, StoredRange } from '../bytes/source.ts'
import type { SharedBuckets } from '../database/bucket-cache.ts'
import { DetectorError, type ErrorCode } from '../errors.ts'
import { analyseFile, type FileAnalysis } from './analyse-file.ts'
import type { FingerprintDatabase } from './open-database.ts'

/** What a thread is started with. */
export interface WorkerStart {
  readonly location: string | null
  readonly cacheDirectory: string | null
  /** Of the database that the caller opened. */
  readonly digest: string
  readonly limits: Limits
  readonly buckets: SharedBuckets
}

/** A file for a thread: bytes of its own, or a part of a file that the process has open. */
export interface AnalysisJob {
  readonly id: number
  readonly name: string
  readonly sha256: string
  readonly place: { readonly bytes: Uint8Array } | { readonly stored: StoredRange; readonly size: number }
}

/** What a thread says. An error ends the scan: what concerns one file is in its analysis. */
export type WorkerMessage =
  | { readonly kind: 'result'; readonly id: number; readonly analysis: FileAnalysis }
  | {
      readonly kind: 'error'
      readonly code: ErrorCode | undefined
      readonly message: string
      readonly stack: string | null
    }

/** Analyses files, on this thread or on others. */
export interface AnalysisPool {
  /** `source` must stay open until the promise settles. */
  analyse(source: ByteSource, name: string, sha256: string): Promise<FileAnalysis>
}

export interface PoolOptions {
  readonly db: FingerprintDatabase
  readonly limits: Limits
  /** Files analysed at a time. With one, no thread is started. */
  readonly jobs: number
  readonly signal?: AbortSignal
}

/** Compiled beside this file. Where this runs from its source text, as in tests, there is none. */
const WORKER = new URL('./analysis-worker.js', import.meta.url)
/** Jobs that a thread has at a time, so that it need not wait while this one analyses a file itself. */
const JOBS_AHEAD = 3
/** A larger file that does not lie in a file of its own is not copied to a thread, but analysed here. */
const MOST_COPIED_BYTES = 64 * 1024 ** 2

/** Does the work with a pool, and ends its threads whichever way the work ends. */
export async function withAnalysisPool<T>(options: PoolOptions, work: (pool: AnalysisPool) => Promise<T>): Promise<T> {
  if (options.jobs <= 1 || !existsSync(fileURLToPath(WORKER))) return work({ analyse: inProcess(options) })
  const threads = new Threads(options)
  try {
    return await work({ analyse: (source, name, sha256) => threads.analyse(source, name, sha256) })
  } finally {
    await threads.end()
  }
}

function inProcess({ db, limits, signal }: PoolOptions): AnalysisPool['analyse'] {
  db.reader.keepBuckets()
  const buffers = new FileBuffers()
  const options = { reader: db.reader, limits, ...(signal === undefined ? {} : { signal }) }
  return async (source, name, sha256) => {
    const buffered = buffers.open(source)
    try {
      return await analyseFile(buffered, name, { ...options, sha256 })
    } finally {
      buffered.close()
    }
  }
}

interface Waiting {
  readonly source: ByteSource
  readonly name: string
  readonly sha256: string
  readonly settle: (analysis: FileAnalysis) => void
  readonly reject: (error: unknown) => void
}

interface Thread {
  readonly worker: Worker
  readonly ended: Promise<void>
  readonly running: Map<number, Waiting>
}

/** Analyses on threads and, as one of `jobs`, on this one: it would have little else to do, and each thread is another engine's memory. */
class Threads {
  readonly #options: PoolOptions
  readonly #analyseHere: AnalysisPool['analyse']
  readonly #threads: Thread[] = []
  readonly #queue: Waiting[] = []
  #isBusyHere = false
  #next = 0
  #failure: unknown

  constructor(options: PoolOptions) {
    this.#options = options
    this.#analyseHere = inProcess(options)
    options.signal?.addEventListener('abort', this.#abort, { once: true })
    for (let thread = 1; thread < options.jobs; thread++) this.#start()
  }

  analyse(source: ByteSource, name: string, sha256: string): Promise<FileAnalysis> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    return new Promise((settle, reject) => {
      this.#queue.push({ source, name, sha256, settle, reject })
      this.#feed()
    })
  }

  /** Lets threads that are idle close their databases, and stops the others. */
  async end(): Promise<void> {
    this.#options.signal?.removeEventListener('abort', this.#abort)
    for (const { worker, running } of this.#threads)
      if (running.size === 0) worker.postMessage('end')
      else void worker.terminate()
    await Promise.all(this.#threads.map(({ ended }) => ended))
  }

  readonly #abort = (): void => {
    this.#fail(new DetectorError('ABORTED', 'stopped before the end', { cause: this.#options.signal?.reason }))
  }

  #start(): void {
    const { db, limits } = this.#options
    const start: WorkerStart = {
      location: db.location ?? null,
      cacheDirectory: db.cacheDirectory ?? null,
      digest: db.summary.digest,
      limits,
      buckets: db.reader.keepBuckets(),
    }
    const worker = new Worker(WORKER, { workerData: start })
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
    const thread: Thread = { worker, ended, running: new Map() }
    worker.on('message', (message: WorkerMessage) => this.#hear(thread, message))
    worker.once('error', (error) => this.#fail(error))
    worker.once('exit', () => {
      if (thread.running.size > 0) this.#fail(new Error('a thread of the scan ended before its work was done'))
    })
    this.#threads.push(thread)
  }

  #hear(thread: Thread, message: WorkerMessage): void {
    if (message.kind === 'error') this.#fail(errorOf(message))
    if (message.kind === 'result') {
      thread.running.get(message.id)?.settle(message.analysis)
      thread.running.delete(message.id)
    }
    this.#feed()
  }

  /** Threads first: what is done here keeps this one from hearing that they want more. */
  #feed(): void {
    for (let ahead = 1; ahead <= JOBS_AHEAD; ahead++)
      for (const { worker, running } of this.#threads) {
        if (running.size >= ahead) continue
        const at = this.#queue.findIndex(({ source }) => canBeSent(source))
        const [next] = at < 0 ? [] : this.#queue.splice(at, 1)
        if (next === undefined) continue
        const job = { id: this.#next++, name: next.name, sha256: next.sha256, place: placeOf(next.source) }
        running.set(job.id, next)
        worker.postMessage(job)
      }
    if (!this.#isBusyHere) void this.#workHere()
  }

  async #workHere(): Promise<void> {
    const next = this.#queue.pop()
    if (next === undefined) return
    this.#isBusyHere = true
    try {
      next.settle(await this.#analyseHere(next.source, next.name, next.sha256))
    } catch (error) {
      this.#fail(error)
      next.reject(error)
    } finally {
      this.#isBusyHere = false
    }
    this.#feed()
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    const waiting = [...this.#queue.splice(0), ...this.#threads.flatMap(({ running }) => [...running.values()])]
    for (const { reject } of waiting) reject(this.#failure)
  }
}

function canBeSent({ stored, size }: ByteSource): boolean {
  return stored !== undefined || size <= MOST_COPIED_BYTES
}

function placeOf(source: ByteSource): AnalysisJob['place'] {
  return source.stored === undefined
    ? { bytes: source.read(0, source.size) }
    : { stored: source.stored, size: source.size }
}

function errorOf({ code, message, stack }: Extract<WorkerMessage, { kind: 'error' }>): Error {
  if (code !== undefined) return new DetectorError(code, message)
  const error = new Error(message)
  if (stack !== null) error.stack = stack
  return error
}
