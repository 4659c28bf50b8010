import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { elementAt } from '../bytes/element.ts'
import type { Limits } from '../bytes/limits.ts'
import { fileSource } from '../bytes/source.ts'
import { DetectorError } from '../errors.ts'
import { type NamedFiles, openArchiveFiles } from './archive-files.ts'
import type { ContentStore, Descriptor } from './content.ts'
import { isDockerArchive, openDockerArchive } from './docker-archive.ts'
import type { OpenedImage, Transport } from './image.ts'
import { readImageConfig } from './image-config.ts'
import { resolveManifest } from './manifest.ts'
import { directoryFiles, isOciLayout, layoutRoots, layoutStore, type NamedDescriptor } from './oci-layout.ts'
import type { Platform } from './platform.ts'
import type { ImageReference } from './reference.ts'
import type { AuthorizationCache } from './registry/authorizer.ts'
import { parseRegistryReference } from './registry/registry-reference.ts'

export interface OpenImageOptions {
  readonly limits: Limits
  /** Which image of a multi-platform one; undefined for that of this machine. */
  readonly platform?: Platform
  /** Plain http for registries that are not on this machine. */
  readonly insecure?: boolean
  readonly signal?: AbortSignal
  /** Tokens and credentials that other images of a sweep share. */
  readonly authorizations?: AuthorizationCache
}

/** Names offered when the asked one is not there. */
const NAMES_OFFERED = 10

/**
 * Opens an image in an archive, a layout or a registry. Of a registry nothing but the manifest and the configuration is fetched before
 * a layer is opened.
 *
 * @throws DetectorError `INPUT_NOT_FOUND`, `IMAGE_*`, `REGISTRY_FAILED`, `FORMAT_*`, `LIMIT_EXCEEDED`, `ABORTED`
 */
export async function openImage(reference: ImageReference, options: OpenImageOptions): Promise<OpenedImage> {
  const { transport, location, name } = reference
  const { limits, signal } = options
  switch (transport) {
    case 'docker-archive':
      return openDockerArchive(await openArchiveFiles(location, limits, signal), name, limits)
    case 'oci-archive':
      return openLayout(transport, await openArchiveFiles(location, limits, signal), name, options)
    case 'oci-dir':
      return openLayout(transport, layoutDirectory(location), name, options)
    case 'registry': {
      // The client of registries brings Node's own of https with it, which other transports do not need.
      const { openRegistry } = await import('./registry/open-registry.ts')
      const { root, store } = await openRegistry(parseRegistryReference(location), {
        limits,
        ...(signal === undefined ? {} : { signal }),
        ...(options.insecure === undefined ? {} : { insecure: options.insecure }),
        ...(options.authorizations === undefined ? {} : { authorizations: options.authorizations }),
      })
      return openStored(transport, store, root, options)
    }
    case 'tar':
      return plainArchive(location)
    case 'dir':
      throw new TypeError('a directory is no image: read it with readDirectoryTree')
  }
}

/** A directory or an archive that a user named without saying what it is; undefined for what is no image. */
export async function detectImage(
  path: string,
  limits: Limits,
  signal: AbortSignal | undefined,
): Promise<ImageReference | undefined> {
  const status = statSync(path, { throwIfNoEntry: false })
  if (status === undefined) return undefined
  if (status.isDirectory()) {
    const isLayout = isOciLayout(directoryFiles(path))
    return isLayout ? { transport: 'oci-dir', location: path, name: null } : undefined
  }
  if (!status.isFile() || !(await looksLikeTar(path))) return undefined
  const files = await openArchiveFiles(path, limits, signal)
  try {
    if (isOciLayout(files) && !isDockerArchive(files)) return { transport: 'oci-archive', location: path, name: null }
    return isDockerArchive(files) ? { transport: 'docker-archive', location: path, name: null } : undefined
  } finally {
    files.close()
  }
}

/** Whether a plain tar archive begins here. Packed ones are images only where the user says so: unpacking any file to see would cost much. */
async function looksLikeTar(path: string): Promise<boolean> {
  const source = fileSource(path)
  try {
    return source.size > 512 && Buffer.from(source.read(257, 5)).toString('latin1') === 'ustar'
  } finally {
    source.close()
  }
}

function layoutDirectory(path: string): NamedFiles {
  const files = directoryFiles(path)
  if (isOciLayout(files)) return files
  throw new DetectorError('INPUT_NOT_FOUND', `need an OCI layout in ${path}, find no file oci-layout there`, {
    locus: { path },
  })
}

async function openLayout(
  transport: Transport,
  files: NamedFiles,
  name: string | null,
  options: OpenImageOptions,
): Promise<OpenedImage> {
  const store = indexedStore(files, options.limits)
  try {
    const root = chooseRoot(store, name, files.place)
    return await openStored(transport, store, root, options)
  } catch (error) {
    await store.close()
    throw error
  }
}

interface IndexedStore extends ContentStore {
  readonly index: Descriptor
  readonly roots: readonly NamedDescriptor[]
}

/** A layout whose `index.json` can be read like any other index: platforms are chosen in one place. */
function indexedStore(files: NamedFiles, limits: Limits): IndexedStore {
  const store = layoutStore(files, limits)
  const { bytes, descriptors } = layoutRoots(files, limits)
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  const index = { mediaType: 'application/vnd.oci.image.index.v1+json', digest, size: bytes.length }
  return {
    index,
    roots: descriptors,
    read: async (descriptor, kind, signal) =>
      descriptor.digest === digest ? bytes : store.read(descriptor, kind, signal),
    open: (descriptor, watch) => store.open(descriptor, watch),
    close: () => store.close(),
  }
}

/** The image that is called so; without a name the only one, or the index as a whole, of which the platform is chosen. */
function chooseRoot({ index, roots }: IndexedStore, name: string | null, place: string): Descriptor {
  const names = [...new Set(roots.map((root) => root.name).filter((text) => text !== null))]
  if (name === null) {
    if (names.length <= 1) return roots.length === 1 ? elementAt(roots, 0) : index
    throw new DetectorError(
      'IMAGE_NOT_FOUND',
      `need the name of one image in ${place}, have ${names.slice(0, NAMES_OFFERED).join(', ')}: write ${place}:NAME`,
      { locus: { path: place } },
    )
  }
  const found = roots.find((root) => root.name === name || root.digest === name)
  if (found !== undefined) return found
  const offered = names.slice(0, NAMES_OFFERED).join(', ') || 'none with a name'
  throw new DetectorError('IMAGE_NOT_FOUND', `need an image ${name} in ${place}, have ${offered}`, {
    locus: { path: place },
  })
}

async function openStored(
  transport: Transport,
  store: ContentStore,
  root: Descriptor,
  { limits, platform, signal }: OpenImageOptions,
): Promise<OpenedImage> {
  try {
    const manifest = await resolveManifest(store, root, platform, limits, signal)
    const config = readImageConfig(manifest.configBytes, limits)
    if (config.diffIds.length !== manifest.layers.length)
      throw new DetectorError(
        'FORMAT_CORRUPT',
        `manifest ${manifest.manifestDigest} lists ${manifest.layers.length} layers, its configuration ${config.diffIds.length}`,
      )
    return {
      origin: { transport, manifestDigest: manifest.manifestDigest, configDigest: manifest.config.digest },
      platform: config.platform,
      layers: manifest.layers.map((layer, index) => ({
        diffId: elementAt(config.diffIds, index),
        createdBy: elementAt(config.createdBy, index),
        digest: layer.digest,
        isAddressed: transport === 'registry',
        open: (watch) => store.open(layer, watch),
      })),
      close: () => store.close(),
    }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** A root file system in one archive, packed or not. */
function plainArchive(path: string): OpenedImage {
  return {
    origin: { transport: 'tar', manifestDigest: null, configDigest: null },
    platform: null,
    layers: [{ diffId: null, createdBy: null, digest: null, isAddressed: false, open: async () => fileSource(path) }],
    close: async () => undefined,
  }
}
