import { DetectorError } from '../../errors.ts'
import { discard, type HttpClient, type HttpReply, type HttpRequest } from './http-client.ts'
import { checkAddress, shownAddress } from './transport.ts'

/** Registries lead to their storage in one or two steps; curl and browsers stop at 50 and 20. */
const MAX_REDIRECTS = 10
const REDIRECTS = [301, 302, 303, 307, 308]

export interface FollowedReply extends HttpReply {
  /** True if the server that was asked answered by itself, and not one that it named. */
  readonly isOwn: boolean
}

/**
 * Sends a request without a body and follows where it is led.
 *
 * `authorization` goes to the scheme, host and port that were asked, and to no other. Nothing leads from https to plain
 * http.
 *
 * @throws DetectorError `SOURCE_UNSAFE`, `REGISTRY_FAILED` and as {@link HttpClient.send}
 */
export async function sendFollowing(
  client: HttpClient,
  { url: asked, headers, signal }: Pick<HttpRequest, 'url' | 'headers' | 'signal'>,
  { authorization, insecure }: { readonly authorization: string | undefined; readonly insecure: boolean },
): Promise<FollowedReply> {
  let url = asked
  // Led back to where it began, a request is still one that somebody else has written.
  let isOwn = true
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const secret = isOwn && authorization !== undefined ? { authorization } : {}
    const reply = await client.send({ url, headers: { ...headers, ...secret }, signal })
    const { location } = reply.message.headers
    if (!REDIRECTS.includes(reply.status) || location === undefined) return { ...reply, isOwn }
    await discard(reply)
    const next = addressOf(location, url)
    checkAddress(next, url, insecure)
    isOwn &&= next.origin === asked.origin
    url = next
  }
  throw new DetectorError(
    'REGISTRY_FAILED',
    `need an answer from ${asked.host}, have more than ${MAX_REDIRECTS} redirects, the last to ${shownAddress(url)}`,
  )
}

function addressOf(location: string, from: URL): URL {
  try {
    return new URL(location, from)
  } catch {
    // The text may be a signed address all the same, and is not shown.
    throw new DetectorError('REGISTRY_FAILED', `${from.host} redirects to something that is no address`)
  }
}
