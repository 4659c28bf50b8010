import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../../src/bytes/limits.ts'
import { resolveManifest } from '../../../src/image/manifest.ts'
import { parsePlatform } from '../../../src/image/platform.ts'
import { openRegistry, type RegistryOptions } from '../../../src/image/registry/open-registry.ts'
import { parseRegistryReference } from '../../../src/image/registry/registry-reference.ts'
import { FakeContent, FakeServer, fail, INDEX_TYPE, MANIFEST_TYPE, OPTIONS } from './fake-registry.ts'

let content: FakeContent
let server: FakeServer

beforeEach(async () => {
  content = new FakeContent()
  server = await FakeServer.start(content)
})
afterEach(() => server.close())

function open(name: string, options: RegistryOptions = OPTIONS): ReturnType<typeof openRegistry> {
  return openRegistry(parseRegistryReference(`${server.host}/${name}`), options)
}

test('a tag leads to its manifest, config and layers', async () => {
  const { root: expected, layer } = content.image('v1', 'bytes of the layer')
  const { root, store } = await open('a/b:v1')
  expect(root).toEqual(expected)
  const { layers } = await resolveManifest(store, root, undefined, DEFAULT_LIMITS)
  expect(layers).toEqual([layer])
  const source = await store.open(layer, {})
  expect(Buffer.from(source.read(0, source.size)).toString()).toBe('bytes of the layer')
  source.close()
  await store.close()
  expect(server.seen('/manifests/')).toHaveLength(1)
  expect(server.seen('/manifests/')[0]?.headers.accept).toContain(INDEX_TYPE)
})

test('an index leads to the platform that is wanted', async () => {
  const amd64 = content.image('one').root
  const config = content.blob(JSON.stringify({ os: 'linux', architecture: 'arm64' }))
  const arm64 = content.manifest({ schemaVersion: 2, config, layers: [] }, MANIFEST_TYPE)
  const attestation = content.manifest({ schemaVersion: 2, config, layers: [], statement: 1 }, MANIFEST_TYPE)
  const manifests = [
    { ...amd64, platform: { os: 'linux', architecture: 'amd64' } },
    { ...arm64, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
    { ...attestation, platform: { os: 'unknown', architecture: 'unknown' } },
  ]
  content.manifest({ schemaVersion: 2, manifests }, INDEX_TYPE, 'multi')
  const { root, store } = await open('a/b:multi')
  const image = await resolveManifest(store, root, parsePlatform('arm64'), DEFAULT_LIMITS)
  expect(image.manifestDigest).toBe(arm64.digest)
  await store.close()
})

describe('digests', () => {
  test('a reference by digest is compared with it, by its own algorithm', async () => {
    const bytes = Buffer.from('{"schemaVersion":2}')
    server.handle = (_request, response) => response.end(bytes) && true
    for (const algorithm of ['sha256', 'sha512']) {
      const digest = `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`
      const { root, store } = await open(`a@${digest}`)
      expect(root).toEqual({ mediaType: '', digest, size: bytes.length })
      await store.close()
    }
    await expect(open(`a@sha256:${'0'.repeat(64)}`)).rejects.toMatchObject({
      code: 'IMAGE_DIGEST_MISMATCH',
      message: expect.stringContaining(`need content with sha256:${'0'.repeat(64)} from ${server.host}`),
    })
  })

  test('a manifest that is not what the registry says of it is refused', async () => {
    server.handle = (_request, response) => {
      response.setHeader('docker-content-digest', `sha256:${'1'.repeat(64)}`)
      return response.end('{}') && true
    }
    await expect(open('a')).rejects.toMatchObject({ code: 'IMAGE_DIGEST_MISMATCH' })
  })

  test('a manifest below the root is checked too', async () => {
    const { root: image } = content.image('v1')
    content.manifest({ schemaVersion: 2, manifests: [image] }, INDEX_TYPE, 'multi')
    const { root, store } = await open('a:multi')
    server.handle = (_request, response) => response.end('x'.repeat(image.size)) && true
    await expect(resolveManifest(store, root, undefined, DEFAULT_LIMITS)).rejects.toMatchObject({
      code: 'IMAGE_DIGEST_MISMATCH',
    })
    server.handle = (_request, response) => response.end('x'.repeat(image.size + 1)) && true
    await expect(store.read(image, 'manifest')).rejects.toMatchObject({
      code: 'IMAGE_DIGEST_MISMATCH',
      message: expect.stringContaining(`need ${image.size} bytes of ${image.digest}`),
    })
    await store.close()
  })
})

describe('what is not there, not understood or too large', () => {
  test('a tag that is not there is told with what the registry says', async () => {
    await expect(open('a/b:nope')).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
      message: `no manifest nope of ${server.host}/a/b: MANIFEST_UNKNOWN: manifest unknown: check the name and the tag`,
    })
  })

  test('schema 1 is unsupported, with what to do', async () => {
    server.handle = (_request, response) => {
      response.setHeader('content-type', 'application/vnd.docker.distribution.manifest.v1+prettyjws')
      response.setHeader('docker-content-digest', `sha256:${'1'.repeat(64)}`)
      return response.end('{"schemaVersion":1}') && true
    }
    await expect(open('a:old')).rejects.toMatchObject({
      code: 'FORMAT_UNSUPPORTED',
      message: expect.stringContaining(`${server.host}/a:old has one of Docker schema 1: push the image again`),
    })
  })

  test('a manifest beyond the limit ends while it comes', async () => {
    content.manifest({ schemaVersion: 2, filling: 'x'.repeat(2_000) }, MANIFEST_TYPE, 'big')
    const limits = { ...DEFAULT_LIMITS, manifestBytes: 1_000 }
    await expect(open('a:big', { ...OPTIONS, limits })).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringContaining('limits.manifestBytes'),
    })
  })

  test('text of a server is cut, on one line, and without what a terminal obeys', async () => {
    server.handle = (_request, response) =>
      fail(response, 404, 'NAME\u001b[31m_UNKNOWN', `a\nb\u202e${'x'.repeat(5_000)}`)
    const { message } = (await open('a').catch((error: unknown) => error)) as Error
    expect(message).toMatch(/: NAME \[31m_UNKNOWN: a b x+…: check/)
    expect(message.length).toBeLessThan(400)
  })

  test('a page of HTML is no reason', async () => {
    server.handle = (_request, response) => response.writeHead(418).end('<html>teapot</html>') && true
    await expect(open('a')).rejects.toMatchObject({
      code: 'REGISTRY_FAILED',
      message: `need manifest latest of ${server.host}/a, the registry answers 418`,
    })
  })
})

describe('failures that pass', () => {
  test.each([408, 429, 500, 502, 503])('after %i the request is sent again', async (status) => {
    const { root: expected } = content.image('v1')
    server.handle = (_request, response) =>
      server.requests.length < 3 && fail(response, status, 'TOOMANYREQUESTS', 'slow down', { 'retry-after': '0' })
    const { root, store } = await open('a:v1')
    expect(root).toEqual(expected)
    expect(server.requests).toHaveLength(3)
    await store.close()
  })

  test('those that stay are told with status, reason and attempts', async () => {
    server.handle = (_request, response) => fail(response, 503, 'UNAVAILABLE', 'in maintenance')
    await expect(open('a')).rejects.toMatchObject({
      code: 'REGISTRY_FAILED',
      message: `${server.host} answers 503: UNAVAILABLE: in maintenance, at the last of 3 attempts: try again later`,
    })
  })

  test('a connection that is cut within a manifest is made again', async () => {
    const { root: expected } = content.image('v1')
    server.handle = (_request, response) => {
      if (server.requests.length > 1) return false
      response.writeHead(200, { 'content-length': 1_000 }).write('{', () => response.destroy())
      return true
    }
    const { root, store } = await open('a:v1')
    expect(root).toEqual(expected)
    await store.close()
  })

  test('a server that says nothing is given up after a while', async () => {
    server.handle = () => true
    const options = { ...OPTIONS, stallMilliseconds: 100, retry: { attempts: 1, baseMilliseconds: 1 } }
    await expect(open('a', options)).rejects.toMatchObject({
      code: 'REGISTRY_FAILED',
      message: expect.stringContaining('nothing came for 0.1 seconds'),
    })
  })

  test('a host that refuses connections is named', async () => {
    const closed = await FakeServer.start()
    const { host } = closed
    await closed.close()
    await expect(openRegistry(parseRegistryReference(`${host}/a`), OPTIONS)).rejects.toMatchObject({
      code: 'REGISTRY_FAILED',
      message: expect.stringContaining(`transfer from ${host} failed: connect ECONNREFUSED`),
    })
  })
})

test('the signal ends a request that waits', async () => {
  server.handle = () => true
  await expect(open('a', { ...OPTIONS, signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ code: 'ABORTED' })
})

test('a closed store reads nothing', async () => {
  content.image('v1')
  const { store } = await open('a:v1')
  await store.close()
  await expect(store.read(content.blob('x'), 'blob')).rejects.toMatchObject({ code: 'ABORTED' })
})
