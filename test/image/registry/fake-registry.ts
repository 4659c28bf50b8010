import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DEFAULT_LIMITS } from '../../../src/bytes/limits.ts'
import type { Descriptor } from '../../../src/image/content.ts'
import type { RegistryOptions } from '../../../src/image/registry/open-registry.ts'

export const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json'
export const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json'

/** No environment of the machine, no long pauses. */
export const OPTIONS: RegistryOptions = {
  limits: DEFAULT_LIMITS,
  environment: {},
  retry: { attempts: 3, baseMilliseconds: 1 },
  stallMilliseconds: 5_000,
}

export interface SeenRequest {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

type Handler = (request: SeenRequest, response: ServerResponse) => unknown

/** An http server of this machine that remembers what it was asked. */
export class FakeServer {
  readonly requests: SeenRequest[] = []
  /** Answers first; what it returns `false` for, or leaves open, goes on to the content. */
  handle: Handler | undefined
  readonly #content: FakeContent
  readonly #server = createServer((request, response) => this.#answer(request, response))

  private constructor(content: FakeContent) {
    this.#content = content
  }

  static async start(content: FakeContent = new FakeContent()): Promise<FakeServer> {
    const server = new FakeServer(content)
    await new Promise<void>((done) => server.#server.listen(0, '127.0.0.1', done))
    return server
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Those for a path that holds the text. */
  seen(part: string): readonly SeenRequest[] {
    return this.requests.filter(({ url }) => url.includes(part))
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((done) => this.#server.close(() => done()))
  }

  async #answer(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of message) chunks.push(chunk as Buffer)
    const { method = '', url = '', headers } = message
    const request = { method, url, headers, body: Buffer.concat(chunks).toString() }
    this.requests.push(request)
    if ((await this.handle?.(request, response)) === true) return
    this.#content.answer(request, response)
  }
}

/** What a registry holds, in repositories of any name. */
export class FakeContent {
  readonly #manifests = new Map<string, { readonly bytes: Buffer; readonly mediaType: string }>()
  readonly #blobs = new Map<string, Buffer>()

  blob(bytes: Uint8Array | string, mediaType = 'application/octet-stream'): Descriptor {
    const descriptor = describe(bytes, mediaType)
    this.#blobs.set(descriptor.digest, Buffer.from(bytes))
    return descriptor
  }

  manifest(document: object, mediaType: string, tag?: string): Descriptor {
    const bytes = Buffer.from(JSON.stringify(document))
    const descriptor = describe(bytes, mediaType)
    for (const name of [descriptor.digest, ...(tag === undefined ? [] : [tag])])
      this.#manifests.set(name, { bytes, mediaType })
    return descriptor
  }

  /** A manifest with one layer. */
  image(
    tag: string,
    layer: Uint8Array | string = 'layer',
  ): { root: Descriptor; layer: Descriptor; config: Descriptor } {
    const config = this.blob(JSON.stringify({ os: 'linux', architecture: 'amd64' }))
    const stored = this.blob(layer, 'application/vnd.oci.image.layer.v1.tar')
    const document = { schemaVersion: 2, mediaType: MANIFEST_TYPE, config, layers: [stored] }
    return { root: this.manifest(document, MANIFEST_TYPE, tag), layer: stored, config }
  }

  answer({ url, headers }: SeenRequest, response: ServerResponse): void {
    const [, kind, name = ''] = /^\/v2\/.+\/(manifests|blobs)\/(.+)$/.exec(url) ?? []
    const manifest = this.#manifests.get(name)
    if (kind === 'manifests' && manifest !== undefined) {
      const { bytes, mediaType } = manifest
      response.writeHead(200, { 'content-type': mediaType, 'docker-content-digest': describe(bytes, '').digest })
      response.end(bytes)
      return
    }
    const blob = this.#blobs.get(name)
    if (kind === 'blobs' && blob !== undefined) sendRange(blob, headers.range, response)
    else fail(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown')
  }
}

export function describe(bytes: Uint8Array | string, mediaType: string): Descriptor {
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  return { mediaType, digest, size: Buffer.byteLength(bytes) }
}

export function sendRange(bytes: Buffer, range: string | undefined, response: ServerResponse): void {
  const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0)
  const headers = { 'content-length': bytes.length - start }
  if (range === undefined) response.writeHead(200, headers)
  else response.writeHead(206, { ...headers, 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` })
  response.end(bytes.subarray(start))
}

/** As registries say it; returns `true`, for handlers. */
export function fail(response: ServerResponse, status: number, code: string, message: string, headers = {}): true {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify({ errors: [{ code, message }] }))
  return true
}
