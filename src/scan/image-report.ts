import { elementAt } from '../bytes/element.ts'
import type { ImageOrigin } from '../image/image.ts'
import type { LayerFile, LayerTree } from '../image/layer-tree.ts'
import type { FileReport, ImageReport, ImageSource, Match, PackageOwner, Shadow, Unknown } from '../model.ts'
import type { AnalysedProgram, FileAnalysis } from './analyse-file.ts'
import type { LayerRecord } from './layer-record.ts'
import { confidentMatches } from './report-parts.ts'

/** A layer as a report needs it. */
export interface ReportedLayer {
  readonly diffId: string | null
  readonly digest: string | null
  readonly createdBy: string | null
  readonly record: LayerRecord
}

/** A file that was analysed, at one of its places. */
export interface ScannedFile {
  readonly file: LayerFile
  readonly analysis: FileAnalysis
}

/** What a report of an image is made of, beside its database. */
export interface ImageContents {
  readonly layers: readonly ReportedLayer[]
  readonly tree: LayerTree
  readonly files: readonly ScannedFile[]
  readonly minConfidence: number
  /** What is shadowed counts as well. */
  readonly allLayers: boolean
  ownerOf(path: string): PackageOwner | undefined
  /** Whether the package is one of the component. */
  isOwn(component: string, owner: PackageOwner): boolean
}

/** Where the image came from; `reference` as the user named it. */
export function imageSource(
  reference: string,
  { transport, manifestDigest, configDigest }: ImageOrigin,
  layers: readonly ReportedLayer[],
): ImageSource {
  return { reference, transport, manifestDigest, configDigest, blobs: layers.map(({ digest }) => digest) }
}

/** What the image is, whatever stored it. */
export function imageSummary(platform: string | null, layers: readonly ReportedLayer[]): ImageReport {
  return { platform, layers: layers.map(({ diffId, createdBy }) => ({ diffId, createdBy })) }
}

/** The programs of an image, by path, then layer; those in one container in the order in which they lie in it. */
export function imageFiles(contents: ImageContents): FileReport[] {
  const sorted = [...contents.files].sort((a, b) => compare(a.file.path, b.file.path) || byAge(a.file, b.file))
  return sorted.flatMap((scanned) => scanned.analysis.programs.map((program) => fileReport(scanned, program, contents)))
}

/** A file that an earlier entry of the same layer put there comes before what replaced it. */
function byAge(a: LayerFile, b: LayerFile): number {
  return a.layer - b.layer || Number(a.shadow === undefined) - Number(b.shadow === undefined)
}

function fileReport({ file }: ScannedFile, program: AnalysedProgram, contents: ImageContents): FileReport {
  const { within, components, ...facts } = program
  const owner = file.shadow === undefined ? (contents.ownerOf(file.path) ?? null) : null
  const matches = confidentMatches(components, contents.minConfidence)
  return {
    path: `/${file.path}${within}`,
    ...facts,
    layer: elementAt(contents.layers, file.layer).diffId,
    layerIndex: file.layer,
    visibility: file.shadow === undefined ? 'visible' : 'shadowed',
    shadowedBy: shadowOf(file, contents.layers),
    ownedBy: owner?.name ?? null,
    owner,
    // What lies in a container of a package is not the package's own program.
    components: owner === null || within !== '' ? matches : matches.map((match) => withOwner(match, owner, contents)),
  }
}

function withOwner(match: Match, owner: PackageOwner, contents: ImageContents): Match {
  return contents.isOwn(match.name, owner) ? { ...match, own: true } : match
}

function shadowOf({ shadow }: LayerFile, layers: readonly ReportedLayer[]): Shadow | null {
  if (shadow === undefined) return null
  return { layer: elementAt(layers, shadow.layer).diffId, layerIndex: shadow.layer, cause: shadow.cause }
}

/** What could not be read of the image, by path, then layer. */
export function imageUnknowns(contents: ImageContents): Unknown[] {
  const unknowns: Unknown[] = []
  const add = (path: string, layer: number, code: string, message: string): void => {
    unknowns.push({ path, layer: elementAt(contents.layers, layer).diffId, layerIndex: layer, code, message })
  }
  const wanted = new Map<string, LayerFile>()
  for (const file of contents.tree.files)
    if (file.shadow === undefined || contents.allLayers) wanted.set(`${file.content.layer} ${file.content.entry}`, file)
  for (const [layer, { record }] of contents.layers.entries())
    for (const { entry, code, message } of record.problems) {
      const file = wanted.get(`${layer} ${entry}`)
      if (entry === null) add('/', layer, code, message)
      else if (file !== undefined) add(`/${file.path}`, file.layer, code, message)
    }
  for (const { layer, path, reason } of contents.tree.misplaced) add(`/${path}`, layer, 'FORMAT_CORRUPT', reason)
  for (const { file, analysis } of contents.files)
    for (const { within, code, message } of analysis.problems) add(`/${file.path}${within}`, file.layer, code, message)
  return unknowns.sort((a, b) => compare(a.path, b.path) || (a.layerIndex ?? 0) - (b.layerIndex ?? 0))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
