import { mkdtempSync, readdirSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { DEFAULT_LIMITS } from '../../../src/bytes/limits.ts'
import type { ContentStore, Descriptor } from '../../../src/image/content.ts'
import { openRegistry, type RegistryOptions } from '../../../src/image/registry/open-registry.ts'
import { parseRegistryReference } from '../../../src/image/registry/registry-reference.ts'
import { runDirectory } from '../../fixtures/run-directory.ts'
import { FakeContent, FakeServer, fail, OPTIONS, type SeenRequest, sendRange } from './fake-registry.ts'

/** More than one megabyte, so that it goes to a file. */
const LAYER = Buffer.alloc(3_000_000, 'layer of an image, ')

let content: FakeContent
let server: FakeServer
let layer: Descriptor
let temporary: string

beforeEach(async () => {
  content = new FakeContent()
  layer = content.image('v1', LAYER).layer
  server = await FakeServer.start(content)
  temporary = mkdtempSync(join(runDirectory(), 'blobs-'))
  vi.stubEnv('TMPDIR', temporary)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  expect(readdirSync(temporary)).toEqual([])
  await server.close()
})

async function withStore<T>(run: (store: ContentStore) => Promise<T>, options: RegistryOptions = OPTIONS): Promise<T> {
  const { store } = await openRegistry(parseRegistryReference(`${server.host}/a:v1`), options)
  try {
    return await run(store)
  } finally {
    await store.close()
  }
}

async function read(descriptor = layer, watch: Parameters<ContentStore['open']>[1] = {}): Promise<Buffer> {
  return await withStore(async (store) => {
    const source = await store.open(descriptor, watch)
    const bytes = Buffer.from(source.read(0, source.size))
    source.close()
    return bytes
  })
}

/** Answers requests for blobs, the first with number 0. */
function onBlob(answer: (request: SeenRequest, response: ServerResponse, number: number) => unknown): void {
  server.handle = (request, response) =>
    request.url.includes('/blobs/') && answer(request, response, server.seen('/blobs/').length - 1)
}

/** Sends a part of what is announced and cuts the connection. */
function cut(response: ServerResponse, from: number, to: number, headers = {}): true {
  response.writeHead(from === 0 ? 200 : 206, { 'content-length': LAYER.length - from, ...headers })
  response.write(LAYER.subarray(from, to), () => setTimeout(() => response.destroy(), 20))
  return true
}

const ranges = (): readonly (string | undefined)[] => server.seen('/blobs/').map(({ headers }) => headers.range)

test('a blob comes as a source, and its progress is told', async () => {
  const progress: (readonly [number, number])[] = []
  expect((await read(layer, { onBytes: (done, total) => progress.push([done, total]) })).equals(LAYER)).toBe(true)
  expect(progress.at(-1)).toEqual([LAYER.length, LAYER.length])
})

test('an empty blob is one too', async () => {
  expect((await read(content.blob(''))).length).toBe(0)
})

describe('a connection that breaks', () => {
  test('is gone on from where it broke', async () => {
    onBlob(({ headers }, response, number) => {
      if (number === 0) return cut(response, 0, 1_000_000)
      if (number === 1) return cut(response, 1_000_000, 1_500_000, { 'content-range': `bytes 1000000-2999999/3000000` })
      sendRange(LAYER, headers.range, response)
      return true
    })
    expect((await read()).equals(LAYER)).toBe(true)
    expect(ranges()).toEqual([undefined, 'bytes=1000000-', 'bytes=1500000-'])
  })

  test('starts anew where the registry sends all of it once more', async () => {
    onBlob((_request, response, number) => {
      if (number === 0) return cut(response, 0, 1_000_000)
      sendRange(LAYER, undefined, response)
      return true
    })
    expect((await read()).equals(LAYER)).toBe(true)
    expect(ranges()).toEqual([undefined, 'bytes=1000000-'])
  })

  test.each([
    ['another part comes', 206, { 'content-range': 'bytes 5-2999999/3000000' }],
    ['no place is said', 206, {}],
    ['the range is refused', 416, {}],
  ])('starts anew where %s', async (_what, status, headers) => {
    onBlob((request, response, number) => {
      if (number === 0) return cut(response, 0, 1_000_000)
      if (number === 1) return response.writeHead(status, headers).end('zzz') && true
      sendRange(LAYER, request.headers.range, response)
      return true
    })
    expect((await read()).equals(LAYER)).toBe(true)
    expect(ranges()).toEqual([undefined, 'bytes=1000000-', undefined])
  })

  test('is made again as long as it brings something', async () => {
    const big = Buffer.alloc(12 * 2 ** 20, 'large layer')
    const descriptor = content.blob(big)
    onBlob(({ headers }, response) => {
      const from = Number(/\d+/.exec(headers.range ?? '')?.[0] ?? 0)
      const range = { 'content-range': `bytes ${from}-${big.length - 1}/${big.length}` }
      response.writeHead(from === 0 ? 200 : 206, { 'content-length': big.length - from, ...range })
      response.write(big.subarray(from, from + 2 * 2 ** 20), () => setTimeout(() => response.destroy(), 20))
      return true
    })
    expect((await read(descriptor)).equals(big)).toBe(true)
    expect(ranges().length).toBeGreaterThan(OPTIONS.retry?.attempts ?? 0)
  })

  test('that brings nothing is given up', async () => {
    onBlob((_request, response) => cut(response, 0, 10))
    await expect(read()).rejects.toMatchObject({
      code: 'REGISTRY_FAILED',
      message: expect.stringContaining('of 3 attempts'),
    })
    expect(ranges()).toHaveLength(3)
  })

  test('and starts anew again and again is given up, however much it brings', async () => {
    onBlob((_request, response, number) => {
      if (number % 2 === 0) return cut(response, 0, 2_000_000)
      return response.writeHead(206).end('another part') && true
    })
    await expect(read()).rejects.toMatchObject({ code: 'REGISTRY_FAILED' })
    expect(ranges().length).toBeLessThan(8)
  })

  test('or stalls is given up as well', async () => {
    onBlob((request, response, number) => {
      if (number > 0) return sendRange(LAYER, request.headers.range, response) === undefined
      response.writeHead(200, { 'content-length': LAYER.length })
      response.write(LAYER.subarray(0, 1_000_000))
      return true
    })
    const options = { ...OPTIONS, stallMilliseconds: 500 }
    await withStore(async (store) => (await store.open(layer, {})).close(), options)
    expect(ranges()).toEqual([undefined, 'bytes=1000000-'])
  })
})

describe('content that is not what was announced', () => {
  test.each([
    ['other bytes', Buffer.alloc(LAYER.length, 'x'), 'need content with sha256:'],
    ['too few bytes', LAYER.subarray(0, 10), 'need 3000000 bytes of'],
    ['too many bytes', Buffer.concat([LAYER, Buffer.from('x')]), 'have more'],
  ])('%s are fetched once more and then refused', async (_what, bytes, message) => {
    onBlob((_request, response) => response.end(bytes) && true)
    await expect(read()).rejects.toMatchObject({
      code: 'IMAGE_DIGEST_MISMATCH',
      message: expect.stringContaining(message),
    })
    expect(ranges()).toEqual([undefined, undefined])
  })

  test('damage on the way is healed by the second transfer', async () => {
    onBlob((_request, response, number) => number === 0 && response.end(Buffer.alloc(LAYER.length)) && true)
    expect((await read()).equals(LAYER)).toBe(true)
  })

  test('a stream without end is cut at the first byte too many', async () => {
    let sent = 0
    onBlob((_request, response) => {
      const flood = (): void => {
        while (!response.destroyed && response.write(LAYER.subarray(0, 65_536))) sent += 65_536
      }
      response.on('drain', flood)
      flood()
      return true
    })
    await expect(read()).rejects.toMatchObject({ code: 'IMAGE_DIGEST_MISMATCH' })
    expect(sent).toBeLessThan(20 * LAYER.length)
  })
})

test('a blob that is not there is told, with the digest', async () => {
  onBlob((_request, response) => fail(response, 404, 'BLOB_UNKNOWN', 'blob unknown'))
  await expect(read()).rejects.toMatchObject({
    code: 'IMAGE_NOT_FOUND',
    message: expect.stringContaining(
      `no blob ${layer.digest} of ${server.host}/a: BLOB_UNKNOWN: blob unknown: push the image again`,
    ),
  })
})

test('a blob over the limit is not asked for', async () => {
  const limits = { ...DEFAULT_LIMITS, blobBytes: 1_000 }
  await expect(withStore((store) => store.open(layer, {}), { ...OPTIONS, limits })).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
    message: expect.stringContaining('limits.blobBytes'),
  })
  expect(ranges()).toEqual([])
})

test('a digest that could be a path is not asked for', async () => {
  const digest = '../../manifests/v1'
  await expect(read({ mediaType: '', digest, size: 1 })).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' })
  await expect(withStore((store) => store.read({ mediaType: '', digest, size: 1 }, 'blob'))).rejects.toMatchObject({
    code: 'FORMAT_UNSUPPORTED',
  })
})

test('the signal ends a transfer, and nothing is left', async () => {
  const controller = new AbortController()
  const onBytes = (done: number): void => {
    if (done > 2_000_000) controller.abort()
  }
  await expect(read(layer, { signal: controller.signal, onBytes })).rejects.toMatchObject({ code: 'ABORTED' })
})
