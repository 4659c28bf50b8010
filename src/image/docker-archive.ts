import { createHash } from 'node:crypto'
import { elementAt } from '../bytes/element.ts'
import { Fields, parseJson } from '../bytes/json-fields.ts'
import { checkLimit, type Limits } from '../bytes/limits.ts'
import type { ByteSource } from '../bytes/source.ts'
import { DetectorError } from '../errors.ts'
import type { NamedFiles } from './archive-files.ts'
import type { OpenedImage } from './image.ts'
import { readImageConfig } from './image-config.ts'

/** What `manifest.json` of the archive says of one image. */
interface SavedImage {
  readonly config: string
  readonly tags: readonly string[]
  readonly layers: readonly string[]
}

/** Names offered when the asked one is not there. */
const NAMES_OFFERED = 10

/** Whether the files are those of `docker save`. */
export function isDockerArchive(files: NamedFiles): boolean {
  const source = files.open('manifest.json')
  source?.close()
  return source !== undefined
}

/**
 * Opens an image of a `docker save` archive: that with the given tag, or the only one. Takes over `files`, also when it fails.
 *
 * @throws DetectorError `IMAGE_NOT_FOUND` listing what there is, `FORMAT_CORRUPT`, `LIMIT_EXCEEDED`
 * @see Docker Image Specification v1.2, "Combined Image JSON + Filesystem Changeset Format"
 */
export function openDockerArchive(files: NamedFiles, tag: string | null, limits: Limits): OpenedImage {
  try {
    const image = chooseImage(readManifest(files, limits), tag, files.place)
    const configBytes = readSmall(files, image.config, limits)
    const config = readImageConfig(configBytes, limits)
    if (config.diffIds.length !== image.layers.length)
      throw new DetectorError(
        'FORMAT_CORRUPT',
        `manifest.json of ${files.place} lists ${image.layers.length} layers, the configuration ${config.diffIds.length}`,
      )
    return {
      origin: {
        transport: 'docker-archive',
        manifestDigest: null,
        configDigest: `sha256:${createHash('sha256').update(configBytes).digest('hex')}`,
      },
      platform: config.platform,
      layers: image.layers.map((path, index) => ({
        diffId: elementAt(config.diffIds, index),
        createdBy: elementAt(config.createdBy, index),
        digest: null,
        isAddressed: false,
        open: async () => need(files, path),
      })),
      close: async () => files.close(),
    }
  } catch (error) {
    files.close()
    throw error
  }
}

function chooseImage(images: readonly SavedImage[], tag: string | null, place: string): SavedImage {
  const fitting = tag === null ? images : images.filter(({ tags }) => tags.some((name) => isTag(name, tag)))
  const [only, another] = fitting
  if (only !== undefined && another === undefined) return only
  const names = images.map(({ tags, config }) => tags[0] ?? config).slice(0, NAMES_OFFERED)
  const wanted = tag === null ? 'one image' : `an image ${tag}`
  throw new DetectorError(
    'IMAGE_NOT_FOUND',
    `need ${wanted} in ${place}, have ${fitting.length === 0 && tag !== null ? 'only ' : ''}${names.join(', ') || 'none'}: write docker-archive:${place}:NAME`,
    { locus: { path: place } },
  )
}

/** A name may be given without registry and with or without tag: `app`, `app:1.2`. */
function isTag(name: string, wanted: string): boolean {
  return (
    name === wanted || name === `${wanted}:latest` || name.endsWith(`/${wanted}`) || name.endsWith(`/${wanted}:latest`)
  )
}

function readManifest(files: NamedFiles, limits: Limits): SavedImage[] {
  const name = `manifest.json of ${files.place}`
  const images = parseJson(
    Buffer.from(readSmall(files, 'manifest.json', limits)).toString('utf8'),
    name,
    'FORMAT_CORRUPT',
  )
  return new Fields(name, { images }, '', 'FORMAT_CORRUPT').objects('images').map((image) => ({
    config: plainPath(image.text('Config')),
    layers: image.strings('Layers').map(plainPath),
    tags: image.has('RepoTags') ? image.strings('RepoTags') : [],
  }))
}

function plainPath(path: string): string {
  return path.replace(/^(\.\/)+/, '')
}

function readSmall(files: NamedFiles, path: string, limits: Limits): Uint8Array {
  const source = need(files, path)
  try {
    checkLimit(limits, 'manifestBytes', source.size, { path: files.place })
    return source.read(0, source.size)
  } finally {
    source.close()
  }
}

function need(files: NamedFiles, path: string): ByteSource {
  const source = files.open(path)
  if (source !== undefined) return source
  throw new DetectorError('FORMAT_CORRUPT', `need ${path} in ${files.place}, have no such file`, {
    locus: { path: files.place },
  })
}
