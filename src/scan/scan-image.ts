import pLimit from 'p-limit'
import { DEFAULT_LIMITS, type Limits } from '../bytes/limits.ts'
import { DetectorError, throwIfAborted } from '../errors.ts'
import type { ImageOrigin } from '../image/image.ts'
import { LayerTree } from '../image/layer-tree.ts'
import { openImage } from '../image/open-image.ts'
import { joinOwners } from '../image/owners/join-owners.ts'
import { parsePlatform } from '../image/platform.ts'
import { type ImageReference, parseImageReference } from '../image/reference.ts'
import type { AuthorizationCache } from '../image/registry/authorizer.ts'
import type { Report } from '../model.ts'
import { type AnalysableLayer, analyseImageFiles } from './analyse-image.ts'
import { DirectoryLayer } from './directory-layer.ts'
import { ScannedLayer } from './image-layer.ts'
import { keepImageRecord } from './image-record.ts'
import { type ImageContents, imageFiles, imageSource, imageSummary, imageUnknowns } from './image-report.ts'
import { resultCache } from './open-result-cache.ts'
import { ownComponents } from './own-components.ts'
import { VERSION } from './package-version.ts'
import { checkedConfidence, databaseSummary } from './report-parts.ts'
import type { ResultCache } from './result-cache.ts'
import type { ScanPathsOptions } from './scan-paths.ts'

/** How an image is scanned. */
export interface ScanImageOptions extends ScanPathsOptions {
  /** Which image of a multi-platform one: `linux/arm64`. Default: that of this machine. */
  readonly platform?: string
  /** Report what later layers took away as well, marked `shadowed`. Default: what a container sees. */
  readonly allLayers?: boolean
  /** Speak plain http to a registry on another machine. */
  readonly insecure?: boolean
}

/** What the images of one sweep share. */
export interface SweepState {
  readonly authorizations: AuthorizationCache
}

/** Layers unpacked at a time: each is decompressed on a thread of its own, while this one hashes. */
const LAYERS_AT_ONCE = 2

/** As the function of this name in `scanning.ts`. */
export async function scanImage(reference: string, options: ScanImageOptions): Promise<Report> {
  const parsed = parseImageReference(reference)
  if (parsed === undefined)
    throw new DetectorError(
      'USAGE',
      `need an image such as docker-archive:FILE, oci-archive:FILE, oci-dir:DIR, registry:NAME, dir:DIR or tar:FILE, have ${JSON.stringify(reference)}`,
    )
  return scanReference(reference, parsed, options)
}

/** Scans what a reference, already read, leads to. `text` is what the report says of it. */
export async function scanReference(
  text: string,
  reference: ImageReference,
  options: ScanImageOptions,
  sweep?: SweepState,
): Promise<Report> {
  const minConfidence = checkedConfidence(options.minConfidence)
  const { signal, platform } = options
  throwIfAborted(signal)
  const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits }
  const cache = resultCache(options)
  if (reference.transport === 'dir') {
    const layer = new DirectoryLayer(reference.location)
    await layer.read({ limits, ...(signal === undefined ? {} : { signal }) })
    const origin = { transport: 'dir' as const, manifestDigest: null, configDigest: null }
    return scanLayers(text, { origin, platform: null }, [layer], { ...options, limits, minConfidence, cache })
  }
  const image = await openImage(reference, {
    limits,
    ...(platform === undefined ? {} : { platform: parsePlatform(platform) }),
    ...(options.insecure === undefined ? {} : { insecure: options.insecure }),
    ...(signal === undefined ? {} : { signal }),
    ...sweep,
  })
  const layers: ScannedLayer[] = []
  try {
    for (const layer of image.layers)
      layers.push(new ScannedLayer(layer, { limits, cache, ...(signal === undefined ? {} : { signal }) }))
    await readLayers(layers, options)
    return await scanLayers(text, image, layers, { ...options, limits, minConfidence, cache })
  } finally {
    await Promise.all(layers.map((layer) => layer.close()))
    await image.close()
  }
}

async function readLayers(layers: readonly ScannedLayer[], { onProgress, signal }: ScanImageOptions): Promise<void> {
  const limit = pLimit(LAYERS_AT_ONCE)
  const failed = new AbortController()
  const read = layers.map((layer, index) =>
    limit(async () => {
      throwIfAborted(signal)
      if (failed.signal.aborted) return
      const label = `${index + 1} of ${layers.length}`
      onProgress?.({ phase: 'layer', done: 0, total: 0, label })
      try {
        await layer.read((done, total) => onProgress?.({ phase: 'layer', done, total, label }))
      } catch (error) {
        failed.abort()
        throw error
      }
    }),
  )
  // All of them end before a failure is told: what they opened is closed behind them.
  const ended = await Promise.allSettled(read)
  for (const result of ended) if (result.status === 'rejected') throw result.reason
}

interface Settings extends Omit<ScanImageOptions, 'cache' | 'limits'> {
  readonly limits: Limits
  readonly minConfidence: number
  readonly cache: ResultCache | undefined
}

async function scanLayers(
  reference: string,
  image: { readonly origin: ImageOrigin; readonly platform: string | null },
  layers: readonly AnalysableLayer[],
  settings: Settings,
): Promise<Report> {
  const { db, minConfidence, allLayers = false, cache } = settings
  const tree = new LayerTree()
  for (const { record } of layers) tree.apply(record.entries)
  const found = await analyseImageFiles(layers, tree, { ...settings, allLayers, jobs: settings.jobs })
  const owners = joinOwners(visiblePackages(layers, tree), (path) => tree.resolve(path))
  const contents: ImageContents = {
    layers,
    tree,
    files: found.files,
    minConfidence,
    allLayers,
    ownerOf: (path) => owners.ownerOf(path),
    isOwn: ownComponents(db.catalog),
  }
  const report: Report = {
    schemaVersion: 1,
    tool: { name: 'binprint', version: VERSION },
    database: databaseSummary(db),
    source: imageSource(reference, image.origin, layers),
    image: imageSummary(image.platform, layers),
    files: imageFiles(contents),
    findings: [],
    unknowns: imageUnknowns(contents),
    skipped: found.skipped,
  }
  if (cache !== undefined) {
    keepImageRecord(cache, report)
    cache.tidy()
  }
  return report
}

/** What the package databases say that a container sees. */
function visiblePackages(layers: readonly AnalysableLayer[], tree: LayerTree): Parameters<typeof joinOwners>[0] {
  const visible = new Set<string>()
  for (const { shadow, content } of tree.files)
    if (shadow === undefined) visible.add(`${content.layer} ${content.entry}`)
  return layers.flatMap(({ record }, layer) =>
    record.packages.filter(({ entry }) => visible.has(`${layer} ${entry}`)).map(({ facts }) => facts),
  )
}
