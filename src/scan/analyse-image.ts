import { elementAt } from '../bytes/element.ts'
import type { ByteSource } from '../bytes/source.ts'
import type { LayerFile, LayerTree } from '../image/layer-tree.ts'
import { analyseContents, type Content, type ContentOptions } from './analyse-contents.ts'
import type { FileAnalysis } from './analyse-file.ts'
import { analysisName } from './cached-analysis.ts'
import type { ReportedLayer, ScannedFile } from './image-report.ts'

/** A layer whose files can be read. */
export interface AnalysableLayer extends ReportedLayer {
  open(entry: number): Promise<ByteSource>
}

export interface ImageAnalysisOptions extends ContentOptions {
  readonly allLayers: boolean
}

/** One content, at all the places where the image has it. */
interface Work extends Content {
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
  await analyseContents(works, options, add)
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
    const { sha256, size } = program
    const fileName = file.path.slice(file.path.lastIndexOf('/') + 1)
    const name = analysisName(sha256, fileName, db.summary.digest)
    const same = works.get(name)
    const open = (): Promise<ByteSource> => elementAt(layers, layer).open(entry)
    if (same === undefined) works.set(name, { fileName, sha256, size, label: `/${file.path}`, open, places: [file] })
    else same.places.push(file)
  }
  return { works: [...works.values()], skipped }
}
