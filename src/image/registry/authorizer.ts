import { DetectorError } from '../../errors.ts'
import { type Challenge, parseChallenges } from './challenge.ts'
import { authFiles, type Credentials, type Environment, findCredentials } from './credentials.ts'
import type { HttpClient } from './http-client.ts'
import { shownServerText } from './server-text.ts'
import { basicAuthorization, fetchToken, type TokenService } from './token.ts'
import { checkAddress } from './transport.ts'

/** A header that a registry took, for as long as it may be used. */
interface Authorization {
  readonly header: string
  readonly expires: number
}

/**
 * What registries gave leave with, by registry and scope. To share one among the images of a sweep spares a token, and a
 * run of the credential helper, for each.
 */
export class AuthorizationCache {
  readonly #kept = new Map<string, Authorization>()

  /** Undefined where there is none, and where it is over. */
  get(registry: URL, scope: string): string | undefined {
    const kept = this.#kept.get(`${registry.origin} ${scope}`)
    return kept !== undefined && kept.expires > Date.now() ? kept.header : undefined
  }

  set(registry: URL, scope: string, authorization: Authorization): void {
    this.#kept.set(`${registry.origin} ${scope}`, authorization)
  }
}

export interface AuthorizerOptions {
  readonly cache: AuthorizationCache
  readonly environment: Environment
  readonly insecure: boolean
}

/**
 * Answers the challenges of one registry, about one repository.
 *
 * Credentials go to the registry itself, and to the token service that its own challenge names.
 */
export class Authorizer {
  readonly #client: HttpClient
  readonly #registry: URL
  readonly #host: string
  readonly #repository: string
  readonly #options: AuthorizerOptions
  /** Of the last challenge. */
  #scope: string
  /** Looked up once: a helper may ask its user. */
  #found: { readonly credentials: Credentials | undefined } | undefined

  constructor(
    client: HttpClient,
    registry: URL,
    { host, repository }: { readonly host: string; readonly repository: string },
    options: AuthorizerOptions,
  ) {
    this.#client = client
    this.#registry = registry
    this.#host = host
    this.#repository = repository
    this.#options = options
    this.#scope = `repository:${repository}:pull`
  }

  /** The header to try first; undefined where nothing is known to work. */
  current(): string | undefined {
    return this.#options.cache.get(this.#registry, this.#scope)
  }

  /**
   * The header that answers a challenge of the registry.
   *
   * @param refused the header that the challenge followed upon
   * @throws PassingFailure, DetectorError `IMAGE_UNAUTHORIZED`, `SOURCE_UNSAFE`, `REGISTRY_FAILED`, `ABORTED` and as
   * {@link findCredentials}
   */
  async answer(challenge: string, refused: string | undefined, signal: AbortSignal | undefined): Promise<string> {
    const challenges = parseChallenges(challenge)
    const bearer = challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters.has('realm'))
    const basic = challenges.find(({ scheme }) => scheme === 'basic')
    this.#scope = bearer?.parameters.get('scope') || this.#scope
    const kept = this.current()
    if (kept !== undefined && kept !== refused) return kept
    if (bearer === undefined && basic === undefined) throw this.#unknownChallenge(challenge)
    const service = bearer === undefined ? undefined : this.#tokenService(bearer)
    const credentials = await this.#findCredentials(signal)
    const authorization =
      service === undefined ? this.#basic(credentials) : await this.#bearer(service, credentials, signal)
    this.#options.cache.set(this.#registry, this.#scope, authorization)
    return authorization.header
  }

  /** The error for a refusal that no further answer would change; `reason` is what the registry says, from the colon on. */
  async refusal(what: string, reason: string, signal: AbortSignal | undefined): Promise<DetectorError> {
    const credentials = await this.#findCredentials(signal)
    return unauthorized(`${this.#host} refuses ${what}${reason}`, this.#advice(credentials))
  }

  async #findCredentials(signal: AbortSignal | undefined): Promise<Credentials | undefined> {
    const { environment } = this.#options
    this.#found ??= { credentials: await findCredentials(this.#host, this.#repository, environment, signal) }
    return this.#found.credentials
  }

  #basic(credentials: Credentials | undefined): Authorization {
    if (credentials === undefined || credentials.isIdentityToken)
      throw unauthorized(`need a user name and a password for ${this.#host}`, this.#advice(credentials))
    return { header: basicAuthorization(credentials), expires: Number.POSITIVE_INFINITY }
  }

  async #bearer(
    service: TokenService,
    credentials: Credentials | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Authorization> {
    try {
      const { insecure } = this.#options
      const { text, expires } = await fetchToken(this.#client, service, credentials, { insecure, signal })
      return { header: `Bearer ${text}`, expires }
    } catch (cause) {
      if (!(cause instanceof DetectorError) || cause.code !== 'IMAGE_UNAUTHORIZED') throw cause
      throw unauthorized(`no token for ${this.#host}/${this.#repository}: ${cause.message}`, this.#advice(credentials))
    }
  }

  #tokenService({ parameters }: Challenge): TokenService {
    const realm = parameters.get('realm') ?? ''
    if (!URL.canParse(realm)) {
      const shown = JSON.stringify(shownServerText(realm))
      throw new DetectorError(
        'REGISTRY_FAILED',
        `need the address of a token service from ${this.#host}, have ${shown}`,
      )
    }
    const url = new URL(realm)
    checkAddress(url, this.#registry, this.#options.insecure)
    return { realm: url, service: parameters.get('service'), scope: this.#scope }
  }

  #advice(credentials: Credentials | undefined): string {
    const files = authFiles(this.#options.environment).join(', ') || 'no file, as HOME is not set'
    const have =
      credentials === undefined ? `no credentials are in ${files}` : `the credentials are those of ${credentials.from}`
    return `${have}; log in with "docker login ${this.#host}", or check the name: what is not there is refused alike`
  }

  #unknownChallenge(challenge: string): DetectorError {
    const shown = shownServerText(challenge) || 'no challenge'
    return unauthorized(
      `need a Bearer or Basic challenge from ${this.#host}, have ${shown}`,
      'it cannot be logged in to',
    )
  }
}

function unauthorized(message: string, advice: string): DetectorError {
  return new DetectorError('IMAGE_UNAUTHORIZED', `${message}: ${advice}`)
}
