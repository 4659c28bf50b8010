import { homedir } from 'node:os'
import { join } from 'node:path'
import { type AuthFile, readAuthFile } from './auth-file.ts'
import { askCredentialProgram } from './credential-program.ts'

export interface Credentials {
  /** Empty or `<token>` beside an identity token. */
  readonly username: string
  /** A password, an access token or an identity token. */
  readonly secret: string
  /** True for what is changed at the token service into access tokens (OAuth2 refresh token), and is no password. */
  readonly isIdentityToken: boolean
  /** Where it was found, for messages. */
  readonly from: string
}

export type Environment = Readonly<Record<string, string | undefined>>

/** What `docker login` calls Docker Hub. */
const DOCKER_HUB_SERVER = 'https://index.docker.io/v1/'
/** Names under which the credentials of Docker Hub may stand. */
const DOCKER_HUB_NAMES = ['docker.io', 'index.docker.io', 'registry-1.docker.io']

/**
 * Finds what the user of this machine logged in with, by `docker login`, `podman login` and their like; undefined if
 * nowhere.
 *
 * Of a file, the helper for the host counts before the helper for all, and that before what stands in the file itself.
 *
 * @param repository entries of podman may be for one repository or a group of them; the longest counts
 * @throws DetectorError `FORMAT_CORRUPT` naming file and field, `INPUT_UNREADABLE`, `IMAGE_UNAUTHORIZED` when a helper
 * fails, `ABORTED`
 */
export async function findCredentials(
  host: string,
  repository: string,
  environment: Environment,
  signal?: AbortSignal,
): Promise<Credentials | undefined> {
  const hosts = host === 'docker.io' ? DOCKER_HUB_NAMES : [host]
  const keys = hosts.flatMap((name) => keysOf(name, repository))
  for (const path of authFiles(environment)) {
    const file = await readAuthFile(path)
    if (file === undefined) continue
    const found = await searchFile(file, keys, host, { environment, signal })
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * The files that may hold credentials, in the order they are read: `REGISTRY_AUTH_FILE` alone where it is set, else
 * Docker's and podman's.
 */
export function authFiles(environment: Environment): readonly string[] {
  const { REGISTRY_AUTH_FILE: only, DOCKER_CONFIG: docker, XDG_RUNTIME_DIR: runtime } = environment
  if (only) return [only]
  const home = environment['HOME'] || environment['USERPROFILE'] || (environment === process.env ? homedir() : '')
  const config = environment['XDG_CONFIG_HOME'] || (home && join(home, '.config'))
  const directory = docker || (home && join(home, '.docker'))
  return [
    directory && join(directory, 'config.json'),
    runtime && join(runtime, 'containers', 'auth.json'),
    config && join(config, 'containers', 'auth.json'),
  ].filter((path) => path !== undefined && path !== '') as string[]
}

async function searchFile(
  file: AuthFile,
  keys: readonly string[],
  host: string,
  run: { readonly environment: Environment; readonly signal: AbortSignal | undefined },
): Promise<Credentials | undefined> {
  const own = firstOf(file.helpers, keys)
  if (own !== undefined) {
    const found = await askCredentialProgram(own.name, own.key, file.path, run)
    if (found !== undefined) return found
  }
  if (file.store !== undefined) {
    const server = host === 'docker.io' ? DOCKER_HUB_SERVER : host
    const found = await askCredentialProgram(file.store, server, file.path, run)
    if (found !== undefined) return found
  }
  return firstOf(file.entries, keys)?.read()
}

/** `host/a/b`, `host/a`, `host`. */
function keysOf(host: string, repository: string): string[] {
  const parts = [host, ...repository.split('/')]
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('/'))
}

function firstOf<T>(entries: ReadonlyMap<string, T>, keys: readonly string[]): T | undefined {
  const key = keys.find((name) => entries.has(name))
  return key === undefined ? undefined : entries.get(key)
}
