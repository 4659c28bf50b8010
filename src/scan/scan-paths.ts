import { readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { sha256Of } from '../bytes/digest.ts'
import { type ByteSource, fileSource } from '../bytes/source.ts'
import { DetectorError, throwIfAborted } from '../errors.ts'
import type { Report } from '../model.ts'
import type { Content } from './analyse-contents.ts'
import { analysisName } from './cached-analysis.ts'
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

/** One content, at all paths that have it. */
interface FileContent extends Content {
  readonly places: Place[]
}

interface Place {
  readonly path: string
  /** First bytes of a file that the user asked for, so that it must be a program or hold some. */
  readonly head: Uint8Array | undefined
  /** Of the file as it was hashed, see {@link editionOf}. */
  readonly edition: string
}

/** A file to be analysed. */
interface FoundFile extends Place, Pick<Content, 'fileName' | 'sha256' | 'size'> {}

/** As the function of this name in `scanning.ts`. */
export async function scanPaths(paths: readonly string[], options: ScanPathsOptions): Promise<Report> {
  const report = new FilesReport(options)
  const [only, another] = paths
  if (only !== undefined && another === undefined) {
    const kind = kindOf(only, report)
    if (kind === 'file') await report.add(only, () => openNamed(only))
    if (kind !== 'directory') return report.finish()
  }
  const contents = new Map<string, FileContent>()
  for (const path of paths)
    for (const file of filesAt(path, report, options)) {
      const name = analysisName(file.sha256, file.fileName, options.db.summary.digest)
      const same = contents.get(name)
      if (same === undefined) contents.set(name, contentOf(file, report))
      else same.places.push(file)
    }
  const { analyseContents } = await import('./analyse-contents.ts')
  const { resultCache } = await import('./open-result-cache.ts')
  const cache = resultCache(options)
  const settings = { ...options, limits: report.limits, jobs: options.jobs, cache }
  await analyseContents([...contents.values()], settings, ({ places }, analysis) => {
    for (const { path, head } of places) report.addAnalysis(path, analysis, head)
  })
  cache?.tidy()
  return report.finish()
}

function contentOf({ fileName, sha256, size, ...place }: FoundFile, report: FilesReport): FileContent {
  const places: Place[] = [place]
  return {
    fileName,
    sha256,
    size,
    label: place.path,
    places,
    async open() {
      // Files may go away meanwhile; the next one of the same content will do.
      for (let next = places[0]; next !== undefined; next = places[0]) {
        const { path, edition } = next
        const source = report.attempt(path, () => openAgain(path, edition))
        if (source !== undefined) return source
        places.shift()
      }
      return undefined
    },
  }
}

/** What was found of other bytes must not be kept under the hash of those that were there. */
function openAgain(path: string, edition: string): ByteSource {
  const source = fileSource(path)
  if (editionOf(path) === edition) return source
  source.close()
  throw new DetectorError('INPUT_UNREADABLE', `${path} was changed while it was scanned: scan it again`)
}

/** Changes whenever somebody writes to the file or replaces it. */
function editionOf(path: string): string {
  const { size, mtimeMs, ctimeMs, ino } = statSync(path)
  return [size, mtimeMs, ctimeMs, ino].join(' ')
}

/** Of a link that leads in a circle, or what may not be entered, nothing but an unknown of the report. */
function kindOf(path: string, report: FilesReport): 'directory' | 'file' | undefined {
  return report.attempt(path, () =>
    statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? 'directory' : 'file',
  )
}

function* filesAt(path: string, report: FilesReport, watch: Watch): Generator<FoundFile> {
  const kind = kindOf(path, report)
  if (kind === 'directory') yield* filesBelow(path, report, watch)
  else if (kind === 'file') yield* fileAt(path, () => openNamed(path), true, report, watch)
}

function* filesBelow(directory: string, report: FilesReport, watch: Watch): Generator<FoundFile> {
  const entries = report.attempt(directory, () => readdirSync(directory, { withFileTypes: true })) ?? []
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) yield* filesBelow(path, report, watch)
    else if (entry.isFile()) yield* fileAt(path, () => fileSource(path), false, report, watch)
  }
}

function* fileAt(
  path: string,
  open: () => ByteSource,
  named: boolean,
  report: FilesReport,
  { signal, onProgress }: Watch,
): Generator<FoundFile> {
  throwIfAborted(signal)
  onProgress?.({ phase: 'scan', done: 0, total: 0, label: path })
  const file = report.attempt(path, (): FoundFile | undefined => {
    const source = open()
    try {
      const fileName = basename(path)
      if (!named && !report.isWorthAnalysing(source, fileName)) return undefined
      const head = named ? headOf(source) : undefined
      const edition = editionOf(path)
      return { path, head, edition, fileName, sha256: sha256Of(source), size: source.size }
    } finally {
      source.close()
    }
  })
  if (file !== undefined) yield file
}
