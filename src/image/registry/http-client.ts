import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { DetectorError, throwIfAborted } from '../../errors.ts'
import { PassingFailure } from './retry.ts'

export interface HttpRequest {
  readonly method?: 'GET' | 'POST'
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal?: AbortSignal | undefined
}

/** A response whose body is still to come: read it to its end or discard it, else its connection stays taken. */
export interface HttpReply {
  /** Where it came from. */
  readonly url: URL
  readonly status: number
  readonly message: IncomingMessage
}

/** Failures that the next attempt meets again, with what to do: no such name, a certificate that is not accepted. */
const LASTING: readonly (readonly [code: RegExp, advice: string])[] = [
  [/^ENOTFOUND$/, 'check the name of the host'],
  [/CERT|SIGNATURE|^ERR_TLS/, 'if that is its own authority, name its certificate in NODE_EXTRA_CA_CERTS'],
]
/** Bodies that nobody wants are read up to this size, which keeps the connection, and cut off beyond. */
const DISCARDED_BYTES = 65_536

/**
 * Sends single requests over http and https: no redirects, no decompression, no credentials of its own.
 *
 * A connection over which nothing comes for `stallMilliseconds` is cut off, before the response and within.
 */
export class HttpClient {
  readonly #http = new HttpAgent({ keepAlive: true })
  readonly #https = new HttpsAgent({ keepAlive: true })
  readonly #stallMilliseconds: number

  constructor(stallMilliseconds: number) {
    this.#stallMilliseconds = stallMilliseconds
  }

  /**
   * Resolves with the head of the response, whatever its status.
   *
   * @throws PassingFailure, DetectorError `REGISTRY_FAILED` where another attempt makes no sense, `ABORTED`
   */
  async send(request: HttpRequest, stallMilliseconds: number = this.#stallMilliseconds): Promise<HttpReply> {
    const { url, signal } = request
    throwIfAborted(signal)
    try {
      const message = await new Promise<IncomingMessage>((resolve, reject) => {
        const sent = this.#start(request)
        let response: IncomingMessage | undefined
        sent.on('error', reject)
        sent.on('response', (head) => {
          response = head
          resolve(head)
        })
        sent.setTimeout(stallMilliseconds, () => (response ?? sent).destroy(stalled(stallMilliseconds)))
        sent.end(request.body)
      })
      return { url, status: message.statusCode ?? 0, message }
    } catch (cause) {
      throwIfAborted(signal)
      throw networkFailure(url, cause)
    }
  }

  /** Closes what is open; transfers that still run fail. */
  close(): void {
    this.#http.destroy()
    this.#https.destroy()
  }

  #start({ method = 'GET', url, headers, body, signal }: HttpRequest): ClientRequest {
    const length = body === undefined ? {} : { 'content-length': `${Buffer.byteLength(body)}` }
    const options = {
      method,
      headers: { 'user-agent': 'binprint', 'accept-encoding': 'identity', ...headers, ...length },
      ...(signal === undefined ? {} : { signal }),
    }
    if (url.protocol === 'https:') return httpsRequest(url, { ...options, agent: this.#https })
    return httpRequest(url, { ...options, agent: this.#http })
  }
}

/**
 * The chunks of a body.
 *
 * @throws PassingFailure when the connection ends before the body, DetectorError `ABORTED`
 */
export async function* bodyOf(
  { url, message }: HttpReply,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    for await (const chunk of message) yield chunk as Uint8Array
  } catch (cause) {
    throwIfAborted(signal)
    throw networkFailure(url, cause)
  }
}

/**
 * A small body as a whole.
 *
 * @param tooLarge called with the size as soon as it is over `maxBytes`; it throws
 * @throws PassingFailure, DetectorError `ABORTED`
 */
export async function readBody(
  reply: HttpReply,
  maxBytes: number,
  signal: AbortSignal | undefined,
  tooLarge: (size: number) => never,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of bodyOf(reply, signal)) {
    size += chunk.length
    if (size > maxBytes) tooLarge(size)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** The beginning of a body that may say why a request failed; empty where it cannot be read. */
export async function readPart(reply: HttpReply): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of reply.message) {
      chunks.push(chunk as Uint8Array)
      size += (chunk as Uint8Array).length
      if (size > DISCARDED_BYTES) break
    }
  } catch {
    // The status says enough.
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Frees the connection of a reply whose body nobody wants. */
export async function discard(reply: HttpReply): Promise<void> {
  await readPart(reply)
}

function stalled(milliseconds: number): Error {
  return new Error(`nothing came for ${milliseconds / 1000} seconds`)
}

function networkFailure(url: URL, cause: unknown): Error {
  if (cause instanceof DetectorError || cause instanceof PassingFailure) return cause
  const { message, code = '' } = cause as NodeJS.ErrnoException
  const what = `transfer from ${url.host} failed: ${message || code}`
  const [, advice] = LASTING.find(([pattern]) => pattern.test(code)) ?? []
  if (advice !== undefined) return new DetectorError('REGISTRY_FAILED', `${what}: ${advice}`, { cause })
  return new PassingFailure(what, { cause })
}
