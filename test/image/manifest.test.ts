import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../src/bytes/limits.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { type ContentStore, checkContent, type Descriptor } from '../../src/image/content.ts'
import { type ImageManifest, resolveManifest } from '../../src/image/manifest.ts'
import { parsePlatform } from '../../src/image/platform.ts'

const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json'
const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json'
const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json'

/** Content in memory. */
class Memory implements ContentStore {
  readonly #kept = new Map<string, Uint8Array>()

  put(content: object | string, mediaType = ''): Descriptor {
    const bytes = Buffer.from(typeof content === 'string' ? content : JSON.stringify(content))
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
    this.#kept.set(digest, bytes)
    return { mediaType, digest, size: bytes.length }
  }

  image(platform: string, mediaType = OCI_MANIFEST): Descriptor {
    const [os, architecture] = platform.split('/')
    const config = this.put({ os, architecture }, 'application/vnd.oci.image.config.v1+json')
    return this.put({ schemaVersion: 2, mediaType, config, layers: [this.put(`layer of ${platform}`)] }, mediaType)
  }

  async read(descriptor: Descriptor): Promise<Uint8Array> {
    const bytes = this.#kept.get(descriptor.digest) ?? Buffer.alloc(0)
    checkContent(bytes, descriptor, 'memory')
    return bytes
  }

  async open(descriptor: Descriptor): Promise<ReturnType<typeof bytesSource>> {
    return bytesSource(await this.read(descriptor))
  }

  async close(): Promise<void> {
    // Nothing is held open.
  }
}

function entry(descriptor: Descriptor, platform: string): object {
  const [os, architecture, variant] = platform.split('/')
  return { ...descriptor, platform: { os, architecture, variant } }
}

function resolve(store: Memory, root: Descriptor, platform?: string, limits = DEFAULT_LIMITS): Promise<ImageManifest> {
  return resolveManifest(store, root, platform === undefined ? undefined : parsePlatform(platform), limits)
}

test.each([
  ['OCI', OCI_INDEX, OCI_MANIFEST],
  ['Docker schema 2', DOCKER_LIST, DOCKER_MANIFEST],
])('an index of %s leads to the image for the platform', async (_format, indexType, manifestType) => {
  const store = new Memory()
  const amd64 = store.image('linux/amd64', manifestType)
  const arm64 = store.image('linux/arm64', manifestType)
  const manifests = [entry(amd64, 'linux/amd64'), entry(arm64, 'linux/arm64/v8')]
  const root = store.put({ schemaVersion: 2, mediaType: indexType, manifests }, indexType)
  const { manifestDigest, configBytes, layers } = await resolve(store, root, 'arm64')
  expect(manifestDigest).toBe(arm64.digest)
  expect(JSON.parse(Buffer.from(configBytes).toString())).toEqual({ os: 'linux', architecture: 'arm64' })
  expect(Buffer.from(await store.read(layers[0]!)).toString()).toBe('layer of linux/arm64')
})

test('what a document is tells its content where no media type does', async () => {
  const store = new Memory()
  const config = store.put({ os: 'linux', architecture: 'amd64' })
  const { digest, size } = store.put({ schemaVersion: 2, config, layers: [] })
  const root = store.put({ schemaVersion: 2, manifests: [{ digest, size }] })
  expect((await resolve(store, root)).manifestDigest).toBe(digest)
})

test('attestations beside an image are passed over', async () => {
  const store = new Memory()
  const image = store.image('linux/s390x')
  const manifests = [entry(store.put({}), 'unknown/unknown'), entry(image, 'linux/s390x')]
  const root = store.put({ schemaVersion: 2, manifests }, OCI_INDEX)
  expect((await resolve(store, root)).manifestDigest).toBe(image.digest)
})

test('an index within an index is followed, to a bounded depth', async () => {
  const store = new Memory()
  const image = store.image('linux/amd64')
  let root = image
  const nest = (): Descriptor => store.put({ schemaVersion: 2, manifests: [entry(root, 'linux/amd64')] }, OCI_INDEX)
  for (let depth = 0; depth < DEFAULT_LIMITS.indexDepth; depth++) root = nest()
  expect((await resolve(store, root, 'amd64')).manifestDigest).toBe(image.digest)
  root = nest()
  await expect(resolve(store, root, 'amd64')).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
    message: expect.stringContaining('indexDepth'),
  })
})

test('an image without an index is held against the wanted platform', async () => {
  const store = new Memory()
  await expect(resolve(store, store.image('linux/amd64'), 'arm64')).rejects.toMatchObject({
    code: 'IMAGE_PLATFORM',
    message: expect.stringContaining('need an image for linux/arm64, the image is for linux/amd64'),
  })
  expect((await resolve(store, store.image('linux/arm'), 'linux/arm/v6')).layers).toHaveLength(1)
})

test.each([
  ['its media type', { schemaVersion: 1 }, 'application/vnd.docker.distribution.manifest.v1+prettyjws'],
  ['its content', { schemaVersion: 1, fsLayers: [], history: [] }, ''],
])('schema 1 is told by %s, with what to do', async (_how, document, mediaType) => {
  const store = new Memory()
  await expect(resolve(store, store.put(document, mediaType))).rejects.toMatchObject({
    code: 'FORMAT_UNSUPPORTED',
    message: expect.stringContaining('push the image again'),
  })
})

describe('a damaged document is refused with the field', () => {
  const descriptor = { mediaType: '', digest: `sha256:${'0'.repeat(64)}`, size: 2 }
  test.each([
    ['no JSON', '{', 'need JSON in manifest sha256:'],
    ['a list', '[]', 'need an object in manifest sha256:'],
    ['deep nesting', '['.repeat(100_000) + ']'.repeat(100_000), 'nested too deeply'],
    ['no config', { layers: [] }, 'need an object as config'],
    ['no layers', { config: descriptor }, 'need a list as layers'],
    ['a layer without a digest', { config: descriptor, layers: [{ size: 1 }] }, 'need a digest as layers[0].digest'],
    ['a layer of negative size', { config: descriptor, layers: [{ ...descriptor, size: -1 }] }, 'layers[0].size'],
    ['a layer of no whole size', { config: descriptor, layers: [{ ...descriptor, size: 1.5 }] }, 'layers[0].size'],
    ['a path as digest', { config: { ...descriptor, digest: '../../etc' }, layers: [] }, 'a digest as config.digest'],
    ['a media type that is no text', { config: { ...descriptor, mediaType: 1 }, layers: [] }, 'config.mediaType'],
    ['entries that are no list', { manifests: {} }, 'need a list as manifests'],
    ['a platform that is no object', { manifests: [{ ...descriptor, platform: 'x' }] }, 'manifests[0].platform'],
    [
      'an index and a manifest in one',
      { manifests: [], layers: [], config: descriptor },
      'either an index or a manifest',
    ],
  ])('%s', async (_damage, document, message) => {
    const store = new Memory()
    await expect(resolve(store, store.put(document))).rejects.toMatchObject({
      code: 'FORMAT_CORRUPT',
      message: expect.stringContaining(message),
    })
  })

  test('a manifest that is announced as an index', async () => {
    const store = new Memory()
    const { digest, size } = store.image('linux/amd64')
    await expect(resolve(store, { mediaType: OCI_INDEX, digest, size })).rejects.toMatchObject({
      code: 'FORMAT_CORRUPT',
      message: expect.stringContaining('either an index or a manifest'),
    })
  })
})

test('a digest of an algorithm that is not known is unsupported', async () => {
  const store = new Memory()
  const config = { digest: `sha384:${'0'.repeat(96)}`, size: 2 }
  await expect(resolve(store, store.put({ config, layers: [] }))).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' })
})

test('counts of entries and layers are bounded', async () => {
  const store = new Memory()
  const blob = store.put('{}')
  const limits = { ...DEFAULT_LIMITS, indexManifests: 1, imageLayers: 1 }
  const index = store.put({ manifests: [blob, blob] })
  const manifest = store.put({ config: blob, layers: [blob, blob] })
  for (const root of [index, manifest])
    await expect(resolve(store, root, undefined, limits)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
})
