import { readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { sha256Of } from '../bytes/digest.ts'
import { type ByteSource, fileSource } from '../bytes/source.ts'
import { throwIfAborted } from '../errors.ts'
import type { Report } from '../model.ts'
import type { Content } from './analyse-contents.ts'
import { FilesReport, headOf, type ScanOptions } from './files-report.ts'
import type { Watch } from './progress.ts'
import { openNamed } from './scan-file.ts'

/** How several files are scanned. */
export interface ScanPathsOptions extends ScanOptions {
  /** Files analysed at a time. Default: as many as there are cores, where there is enough to do for each. */
  readonly jobs?: number
  /** Keep what was found of files in the cache directory, and use it. Default: true. Of a single file nothing is kept. */
  readonly cache?: boolean
}

/** A file to be analysed. */
interface FileContent extends Content {
  readonly path: string
  /** First bytes of a file that the user asked for, so that it must be a program or hold some. */
  readonly head: Uint8Array | undefined
}

/** As the function of this name in `scanning.ts`. */
export async function scanPaths(paths: readonly string[], options: ScanPathsOptions): Promise<Report> {
  const report = new FilesReport(options)
  const [only, another] = paths
  if (only !== undefined && another === undefined) {
    const kind = kindOf(only, report)
    if (kind === 'file') await report.add(only, () => openNamed(only))
    if (kind !== 'directory') return report.finish()
  }
  const contents = paths.flatMap((path) => [...contentsAt(path, report, options)])
  const { analyseContents } = await import('./analyse-contents.ts')
  const { resultCache } = await import('./open-result-cache.ts')
  const cache = resultCache(options)
  await analyseContents(
    contents,
    { ...options, limits: report.limits, jobs: options.jobs, cache },
    ({ path, head }, analysis) => report.addAnalysis(path, analysis, head),
  )
  cache?.tidy()
  return report.finish()
}

/** Of a link that leads in a circle, or what may not be entered, nothing but an unknown of the report. */
function kindOf(path: string, report: FilesReport): 'directory' | 'file' | undefined {
  return report.attempt(path, () =>
    statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? 'directory' : 'file',
  )
}

function* contentsAt(path: string, report: FilesReport, watch: Watch): Generator<FileContent> {
  const kind = kindOf(path, report)
  if (kind === 'directory') yield* contentsBelow(path, report, watch)
  else if (kind === 'file') yield* contentOf(path, () => openNamed(path), true, report, watch)
}

function* contentsBelow(directory: string, report: FilesReport, watch: Watch): Generator<FileContent> {
  const entries = report.attempt(directory, () => readdirSync(directory, { withFileTypes: true })) ?? []
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) yield* contentsBelow(path, report, watch)
    else if (entry.isFile()) yield* contentOf(path, () => fileSource(path), false, report, watch)
  }
}

function* contentOf(
  path: string,
  open: () => ByteSource,
  named: boolean,
  report: FilesReport,
  { signal, onProgress }: Watch,
): Generator<FileContent> {
  throwIfAborted(signal)
  onProgress?.({ phase: 'scan', done: 0, total: 0, label: path })
  const content = report.attempt(path, (): FileContent | undefined => {
    const source = open()
    try {
      const fileName = basename(path)
      if (!report.isWorthAnalysing(source, fileName, named)) return undefined
      return {
        path,
        head: named ? headOf(source) : undefined,
        fileName,
        sha256: sha256Of(source),
        size: source.size,
        label: path,
        open: async () => report.attempt(path, () => fileSource(path)),
      }
    } finally {
      source.close()
    }
  })
  if (content !== undefined) yield content
}
