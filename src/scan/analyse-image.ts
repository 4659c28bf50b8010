import { availableParallelism } from 'node:os'
import pLimit from 'p-limit'
import { elementAt } from '../bytes/element.ts'
import type { Limits } from '../bytes/limits.ts'
import type { ByteSource } from '../bytes/source.ts'
import type { LayerFile, LayerTree } from '../image/layer-tree.ts'
import type { FileAnalysis } from './analyse-file.ts'
import { type AnalysisPool, withAnalysisPool } from './analysis-pool.ts'
import { analysisName, analysisRecord } from './cached-analysis.ts'
import type { ReportedLayer, ScannedFile } from './image-report.ts'
import type { LayerProgram } from './layer-record.ts'
import type { FingerprintDatabase } from './open-database.ts'
import { isLasting } from './problem-code.ts'
import type { Watch } from './progress.ts'
import type { ResultCache } from './result-cache.ts'

/** A layer whose files can be read. */
export interface AnalysableLayer extends ReportedLayer {
  open(entry: number): Promise<ByteSource>
}

export interface ImageAnalysisOptions extends Watch {
  readonly db: FingerprintDatabase
  readonly limits: Limits
  /** Files analysed at a time; undefined for what suits them and the machine. */
  readonly jobs: number | undefined
  readonly allLayers: boolean
  readonly cache: ResultCache | undefined
}

/**
 * Bytes of programs for each thread, unless the user says how many there are to be. Another thread is another engine, whose compilers
 * take some three seconds of processor time until they are warm: as long as 100 MB of programs take afterwards.
 */
const BYTES_PER_THREAD = 128 * 1024 ** 2

/** One content, at all the places where the image has it. */
interface Work {
  readonly name: string
  readonly fileName: string
  readonly program: LayerProgram
  readonly layer: number
  readonly places: LayerFile[]
}

/** Analyses the files that are to be reported, each content once; `skipped` counts those that hold no programs. */
export async function analyseImageFiles(
  layers: readonly AnalysableLayer[],
  tree: LayerTree,
  options: ImageAnalysisOptions,
): Promise<{ readonly files: readonly ScannedFile[]; readonly skipped: number }> {
  const { works, skipped } = collectWork(layers, tree, options)
  const files: ScannedFile[] = []
  let inContainers = 0
  const add = ({ places }: Work, analysis: FileAnalysis): void => {
    for (const file of places) files.push({ file, analysis })
    inContainers += analysis.skipped * places.length
  }
  const missing: Work[] = []
  for (const work of works) {
    const kept = analysisRecord(options.cache?.read('files', work.name))
    if (kept === undefined) missing.push(work)
    else add(work, kept)
  }
  try {
    await analyseAll(missing, layers, options, add)
  } finally {
    options.cache?.flush()
  }
  return { files, skipped: skipped + inContainers }
}

function collectWork(
  layers: readonly AnalysableLayer[],
  tree: LayerTree,
  { allLayers, db }: ImageAnalysisOptions,
): { readonly works: readonly Work[]; readonly skipped: number } {
  const programs = layers.map(({ record }) => new Map(record.programs.map((program) => [program.entry, program])))
  const works = new Map<string, Work>()
  let skipped = 0
  for (const file of tree.files) {
    if (file.shadow !== undefined && !allLayers) continue
    const { layer, entry } = file.content
    const program = elementAt(programs, layer).get(entry)
    if (program === undefined) {
      skipped++
      continue
    }
    const fileName = file.path.slice(file.path.lastIndexOf('/') + 1)
    const name = analysisName(program.sha256, fileName, db.summary.digest)
    const same = works.get(name)
    if (same === undefined) works.set(name, { name, fileName, program, layer, places: [file] })
    else same.places.push(file)
  }
  return { works: [...works.values()], skipped }
}

async function analyseAll(
  works: readonly Work[],
  layers: readonly AnalysableLayer[],
  options: ImageAnalysisOptions,
  add: (work: Work, analysis: FileAnalysis) => void,
): Promise<void> {
  if (works.length === 0) return
  const bytes = works.reduce((sum, { program }) => sum + program.size, 0)
  const wanted = options.jobs ?? Math.min(availableParallelism(), Math.ceil(bytes / BYTES_PER_THREAD))
  const jobs = Math.max(1, Math.min(wanted, works.length))
  const sorted = jobs === 1 ? works : largestFirst(works)
  let done = 0
  const analyse = async (pool: AnalysisPool, work: Work): Promise<void> => {
    const source = await elementAt(layers, work.layer).open(work.program.entry)
    try {
      const analysis = await pool.analyse(source, work.fileName, work.program.sha256)
      if (isLasting(analysis.problems)) options.cache?.write('files', work.name, analysis)
      add(work, analysis)
    } finally {
      source.close()
    }
    options.onProgress?.({
      phase: 'scan',
      done: ++done,
      total: sorted.length,
      label: `/${elementAt(work.places, 0).path}`,
    })
  }
  // No more files are open than threads can have: of small layers in memory each is a copy.
  const limit = pLimit(jobs === 1 ? 1 : jobs * 3)
  let failed = false
  await withAnalysisPool({ ...options, jobs }, async (pool) => {
    const started = sorted.map((work) =>
      limit(async () => {
        if (failed) return
        try {
          await analyse(pool, work)
        } catch (error) {
          failed = true
          throw error
        }
      }),
    )
    // What runs ends before a failure is told: whoever hears of it closes the layers that are read here.
    const ended = await Promise.allSettled(started)
    for (const result of ended) if (result.status === 'rejected') throw result.reason
  })
}

/** So that no thread works on a large one while the others have nothing left. */
function largestFirst(works: readonly Work[]): readonly Work[] {
  return [...works].sort((a, b) => b.program.size - a.program.size || (a.name < b.name ? -1 : 1))
}
