import { availableParallelism } from 'node:os'
import pLimit from 'p-limit'
import type { Limits } from '../bytes/limits.ts'
import type { ByteSource } from '../bytes/source.ts'
import type { FileAnalysis } from './analyse-file.ts'
import { type AnalysisPool, withAnalysisPool } from './analysis-pool.ts'
import { analysisName, analysisRecord } from './cached-analysis.ts'
import type { FingerprintDatabase } from './open-database.ts'
import { isLasting } from './problem-code.ts'
import type { Watch } from './progress.ts'
import type { ResultCache } from './result-cache.ts'

/** A file that may hold programs. */
export interface Content {
  /** Without directories. */
  readonly fileName: string
  readonly sha256: string
  /** Bytes. */
  readonly size: number
  /** What progress shows. */
  readonly label: string
  /** The caller closes the source; undefined where it cannot be opened, and that was reported. */
  open(): Promise<ByteSource | undefined>
}

export interface ContentOptions extends Watch {
  readonly db: FingerprintDatabase
  readonly limits: Limits
  /** Files analysed at a time; undefined for what suits them and the machine. */
  readonly jobs: number | undefined
  readonly cache: ResultCache | undefined
}

/**
 * Bytes of programs for each thread, unless the user says how many there are to be. Another thread is another engine, whose compilers
 * take some two seconds of processor time until they are warm: as long as 100 MB of programs take afterwards.
 */
const BYTES_PER_THREAD = 128 * 1024 ** 2

/**
 * Analyses files, on as many threads as suit them, or takes what was found of the same content before; `add` gets each result, in no
 * order.
 *
 * @throws DetectorError `STORE_*`, `ABORTED`, and what opening throws
 */
export async function analyseContents<One extends Content>(
  contents: readonly One[],
  options: ContentOptions,
  add: (content: One, analysis: FileAnalysis) => void,
): Promise<void> {
  const missing: One[] = []
  for (const content of contents) {
    const kept = analysisRecord(options.cache?.read('files', nameOf(content, options)))
    if (kept === undefined) missing.push(content)
    else add(content, kept)
  }
  try {
    await analyseAll(missing, options, add)
  } finally {
    options.cache?.flush()
  }
}

function nameOf({ sha256, fileName }: Content, { db }: ContentOptions): string {
  return analysisName(sha256, fileName, db.summary.digest)
}

async function analyseAll<One extends Content>(
  contents: readonly One[],
  options: ContentOptions,
  add: (content: One, analysis: FileAnalysis) => void,
): Promise<void> {
  if (contents.length === 0) return
  const bytes = contents.reduce((sum, { size }) => sum + size, 0)
  const wanted = options.jobs ?? Math.min(availableParallelism(), Math.ceil(bytes / BYTES_PER_THREAD))
  const jobs = Math.max(1, Math.min(wanted, contents.length))
  const sorted = jobs === 1 ? contents : largestFirst(contents)
  let done = 0
  const analyse = async (pool: AnalysisPool, content: One): Promise<void> => {
    const source = await content.open()
    if (source === undefined) return
    try {
      const analysis = await pool.analyse(source, content.fileName, content.sha256)
      if (isLasting(analysis.problems)) options.cache?.write('files', nameOf(content, options), analysis)
      add(content, analysis)
    } finally {
      source.close()
    }
    options.onProgress?.({ phase: 'scan', done: ++done, total: sorted.length, label: content.label })
  }
  // No more files are open than threads can have: of small layers in memory each is a copy.
  const limit = pLimit(jobs === 1 ? 1 : jobs * 3)
  let failed = false
  await withAnalysisPool({ ...options, jobs }, async (pool) => {
    const started = sorted.map((content) =>
      limit(async () => {
        if (failed) return
        try {
          await analyse(pool, content)
        } catch (error) {
          failed = true
          throw error
        }
      }),
    )
    // What runs ends before a failure is told: whoever hears of it closes what is read here.
    const ended = await Promise.allSettled(started)
    for (const result of ended) if (result.status === 'rejected') throw result.reason
  })
}

/** So that no thread works on a large one while the others have nothing left. */
function largestFirst<One extends Content>(contents: readonly One[]): readonly One[] {
  return [...contents].sort(
    (a, b) => b.size - a.size || (a.sha256 < b.sha256 ? -1 : a.sha256 > b.sha256 ? 1 : a.label < b.label ? -1 : 1),
  )
}
