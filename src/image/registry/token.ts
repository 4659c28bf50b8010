import { DetectorError } from '../../errors.ts'
import type { Credentials } from './credentials.ts'
import { discard, type HttpClient, type HttpReply, readBody, readPart } from './http-client.ts'
import { sendFollowing } from './redirects.ts'
import { checkStatus } from './reply-status.ts'
import { serverReason } from './server-text.ts'

/** What a registry's challenge says of its token service. */
export interface TokenService {
  /** Checked: https, or plain http on this machine. */
  readonly realm: URL
  readonly service: string | undefined
  /** Several are parted by spaces. */
  readonly scope: string
}

export interface Token {
  readonly text: string
  /** Milliseconds since 1970; from then on it is not used. */
  readonly expires: number
}

/** Tokens of the largest services have some 5 KiB. */
const MAX_ANSWER_BYTES = 1024 ** 2
/** What a token without an age is good for (distribution's "Token Authentication Specification"). */
const DEFAULT_SECONDS = 60
/** A day: no service gives a token for longer, and a number that is no age does no harm. */
const MAX_SECONDS = 86_400
/** A token is not used so shortly before its end that it could end on the way. */
const MARGIN_SECONDS = 5
/** What OAuth2 servers want to know of who asks; it is no secret. */
const CLIENT_ID = 'binprint'

/**
 * Gets a token: with an identity token by OAuth2, else by GET, with basic credentials or none.
 *
 * @throws PassingFailure, DetectorError `IMAGE_UNAUTHORIZED`, `REGISTRY_FAILED`, `SOURCE_UNSAFE`, `ABORTED`
 */
export async function fetchToken(
  client: HttpClient,
  service: TokenService,
  credentials: Credentials | undefined,
  { insecure, signal }: { readonly insecure: boolean; readonly signal: AbortSignal | undefined },
): Promise<Token> {
  const asked = Date.now()
  const reply = credentials?.isIdentityToken
    ? await exchangeIdentityToken(client, service, credentials.secret, signal)
    : await askForToken(client, service, credentials, { insecure, signal })
  const { host } = service.realm
  if (reply.status !== 200) await refuse(reply, host)
  const answer = await readBody(reply, MAX_ANSWER_BYTES, signal, () => {
    throw wrongAnswer(host)
  })
  return readToken(answer, asked, host)
}

/** Basic credentials as a header. */
export function basicAuthorization({ username, secret }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${secret}`).toString('base64')}`
}

/** Not led elsewhere: its body is the secret. */
async function exchangeIdentityToken(
  client: HttpClient,
  { realm, service, scope }: TokenService,
  identityToken: string,
  signal: AbortSignal | undefined,
): Promise<HttpReply> {
  const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: CLIENT_ID, scope })
  form.set('refresh_token', identityToken)
  if (service !== undefined) form.set('service', service)
  return await client.send({
    method: 'POST',
    url: realm,
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: form.toString(),
    signal,
  })
}

async function askForToken(
  client: HttpClient,
  { realm, service, scope }: TokenService,
  credentials: Credentials | undefined,
  { insecure, signal }: { readonly insecure: boolean; readonly signal: AbortSignal | undefined },
): Promise<HttpReply> {
  const url = new URL(realm)
  if (service !== undefined) url.searchParams.set('service', service)
  for (const one of scope.split(' ').filter((part) => part !== '')) url.searchParams.append('scope', one)
  if (credentials !== undefined) url.searchParams.set('account', credentials.username)
  const authorization = credentials === undefined ? undefined : basicAuthorization(credentials)
  const headers = { accept: 'application/json' }
  return await sendFollowing(client, { url, headers, signal }, { authorization, insecure })
}

async function refuse(reply: HttpReply, host: string): Promise<never> {
  // OAuth2 refuses a refresh token with 400.
  if ([400, 401, 403].includes(reply.status)) {
    const reason = serverReason(await readPart(reply))
    throw new DetectorError('IMAGE_UNAUTHORIZED', `token service ${host} refuses with ${reply.status}${reason}`)
  }
  await checkStatus(reply, `token service ${host}`)
  await discard(reply)
  throw new DetectorError('REGISTRY_FAILED', `need a token from token service ${host}, it answers ${reply.status}`)
}

function readToken(bytes: Uint8Array, asked: number, host: string): Token {
  const answer = parseAnswer(bytes)
  const text = answer?.['token'] || answer?.['access_token']
  // Anything else could not be sent as a header.
  if (typeof text !== 'string' || !/^[\x21-\x7e]+$/.test(text)) throw wrongAnswer(host)
  const said = Number(answer?.['expires_in'] ?? DEFAULT_SECONDS)
  const seconds = said > 0 ? Math.min(said, MAX_SECONDS) : DEFAULT_SECONDS
  return { text, expires: asked + (seconds - MARGIN_SECONDS) * 1000 }
}

function parseAnswer(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    // The parser's message would quote the text.
    return undefined
  }
}

function wrongAnswer(host: string): DetectorError {
  return new DetectorError('REGISTRY_FAILED', `need JSON with a token from token service ${host}, have something else`)
}
