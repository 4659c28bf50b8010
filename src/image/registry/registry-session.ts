import { DetectorError } from '../../errors.ts'
import { AuthorizationCache, Authorizer } from './authorizer.ts'
import type { Environment } from './credentials.ts'
import { discard, HttpClient, type HttpReply, readPart } from './http-client.ts'
import { type FollowedReply, sendFollowing } from './redirects.ts'
import type { RegistryReference } from './registry-reference.ts'
import { checkStatus, checkStorageStatus } from './reply-status.ts'
import { DEFAULT_RETRY, PassingFailure, type RetryPolicy } from './retry.ts'
import { serverReason } from './server-text.ts'
import { allowsPlainHttp, serverOf, shownAddress } from './transport.ts'

export interface ConnectionOptions {
  /** Ends everything that is done with the connection. */
  readonly signal?: AbortSignal
  /** Where credentials are looked for, and what credential helpers run with. Default: `process.env`. */
  readonly environment?: Environment
  /** Plain http also for hosts that are not this machine, where they do not speak https. */
  readonly insecure?: boolean
  readonly retry?: RetryPolicy
  /** Milliseconds without a byte after which a connection is given up. */
  readonly stallMilliseconds?: number
  /** To share among the images of a sweep. */
  readonly authorizations?: AuthorizationCache
}

/** A minute: a registry that fetches from another before it answers takes some ten seconds. */
const STALL_MILLISECONDS = 60_000
/** To find out whether a registry that may speak plain http speaks https. */
const PROBE_MILLISECONDS = 10_000

/** Speaks to one registry about one repository. */
export class RegistrySession {
  readonly reference: RegistryReference
  readonly retry: RetryPolicy
  readonly #client: HttpClient
  readonly #base: URL
  readonly #insecure: boolean
  readonly #authorizer: Authorizer

  private constructor(reference: RegistryReference, base: URL, client: HttpClient, options: ConnectionOptions) {
    const insecure = options.insecure ?? false
    const environment = options.environment ?? process.env
    const cache = options.authorizations ?? new AuthorizationCache()
    this.reference = reference
    this.retry = options.retry ?? DEFAULT_RETRY
    this.#client = client
    this.#base = base
    this.#insecure = insecure
    this.#authorizer = new Authorizer(client, base, reference, { cache, environment, insecure })
  }

  /** @throws DetectorError `USAGE` for a host that is no address, `ABORTED` */
  static async open(reference: RegistryReference, options: ConnectionOptions): Promise<RegistrySession> {
    const client = new HttpClient(options.stallMilliseconds ?? STALL_MILLISECONDS)
    try {
      const base = await findBase(reference.host, client, options)
      return new RegistrySession(reference, base, client, options)
    } catch (failure) {
      client.close()
      throw failure
    }
  }

  /**
   * Asks for something of the repository, once; the reply has a status of 200 to 299, or 416 where a range was asked for.
   *
   * @param path below `/v2/REPOSITORY/`, or an absolute path of the registry
   * @param what names it in messages: `manifest latest`
   * @throws PassingFailure, DetectorError `IMAGE_NOT_FOUND`, `IMAGE_UNAUTHORIZED`, `REGISTRY_FAILED`, `SOURCE_UNSAFE`,
   * `ABORTED`
   */
  async request(
    path: string,
    headers: Readonly<Record<string, string>>,
    what: string,
    signal: AbortSignal | undefined,
  ): Promise<HttpReply> {
    const url = new URL(path, new URL(`/v2/${this.reference.repository}/`, this.#base))
    const authorization = this.#authorizer.current()
    let reply = await this.#send(url, headers, authorization, signal)
    if (reply.status === 401 && reply.isOwn) {
      await discard(reply)
      const challenge = reply.message.headers['www-authenticate'] ?? ''
      reply = await this.#send(url, headers, await this.#authorizer.answer(challenge, authorization, signal), signal)
    }
    return await this.#check(reply, what, headers['range'] !== undefined, signal)
  }

  close(): void {
    this.#client.close()
  }

  async #send(
    url: URL,
    headers: Readonly<Record<string, string>>,
    authorization: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<FollowedReply> {
    return await sendFollowing(this.#client, { url, headers, signal }, { authorization, insecure: this.#insecure })
  }

  async #check(
    reply: FollowedReply,
    what: string,
    isRange: boolean,
    signal: AbortSignal | undefined,
  ): Promise<HttpReply> {
    const { status } = reply
    if ((status >= 200 && status < 300) || (status === 416 && isRange)) return reply
    const { host } = this.reference
    if (reply.isOwn) await checkStatus(reply, host)
    else await checkStorageStatus(reply, `${shownAddress(reply.url)}, to which ${host} leads,`)
    const reason = serverReason(await readPart(reply))
    const named = `${what} of ${host}/${this.reference.repository}`
    if (status === 401 || status === 403) throw await this.#authorizer.refusal(named, reason, signal)
    if (status === 404) {
      // What a manifest names and the registry lacks is no matter of spelling: layers may lie elsewhere, as those of Windows.
      const advice = what.startsWith('blob ')
        ? 'push the image again, with all of its layers'
        : 'check the name and the tag'
      throw new DetectorError('IMAGE_NOT_FOUND', `no ${named}${reason}: ${advice}`)
    }
    throw new DetectorError('REGISTRY_FAILED', `need ${named}, the registry answers ${status}${reason}`)
  }
}

/** Https, or plain http where that is allowed and nobody there speaks https. No credentials are sent to find out. */
async function findBase(
  host: string,
  client: HttpClient,
  { insecure = false, signal }: Pick<ConnectionOptions, 'insecure' | 'signal'>,
): Promise<URL> {
  const secure = baseOf('https', host)
  if (!allowsPlainHttp(secure, insecure)) return secure
  try {
    const reply = await client.send({ url: new URL('/v2/', secure), headers: {}, signal }, PROBE_MILLISECONDS)
    await discard(reply)
    return secure
  } catch (failure) {
    // What is wrong with a certificate is no sign of plain http.
    if (failure instanceof PassingFailure) return baseOf('http', host)
    throw failure
  }
}

function baseOf(scheme: 'http' | 'https', host: string): URL {
  const address = `${scheme}://${serverOf(host)}/`
  if (URL.canParse(address)) return new URL(address)
  throw new DetectorError('USAGE', `need a registry's host name or address and port, have ${JSON.stringify(host)}`)
}
