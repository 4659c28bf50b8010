import { DetectorError } from '../../errors.ts'
import { isDigest } from '../content.ts'

/** An image of a registry, or with neither tag nor digest a whole repository. */
export interface RegistryReference {
  /** With its port, where one was given. `docker.io` is Docker Hub, whatever its servers are called. */
  readonly host: string
  /** `library/alpine` */
  readonly repository: string
  readonly tag: string | null
  /** Decides where a tag is there too. */
  readonly digest: string | null
}

const DOCKER_HUB = 'docker.io'
/** An older name of Docker Hub that references may still hold. */
const DOCKER_HUB_INDEX = 'index.docker.io'

// The grammar is that of the distribution project (reference/regexp.go), which Docker, containerd and podman follow.
const HOST_LABEL = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])'
const HOST = new RegExp(`^(?:${HOST_LABEL}(?:\\.${HOST_LABEL})*|\\[[0-9a-fA-F:]+\\])(?::(\\d{1,5}))?$`)
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/
const TAG = /^\w[\w.-]{0,127}$/
const MAX_REPOSITORY_CHARACTERS = 255
const MAX_PORT = 65_535
/** Longer texts than any reference: host, repository, tag and digest of sha512 have less. */
const MAX_CHARACTERS = 1_024

/**
 * Reads `[HOST/]REPOSITORY[:TAG][@DIGEST]`; the host defaults to Docker Hub, the tag to `latest` where there is no digest.
 *
 * @throws DetectorError `USAGE` saying which part is wrong
 */
export function parseRegistryReference(text: string): RegistryReference {
  const reference = parse(text)
  if (reference.tag !== null || reference.digest !== null) return reference
  return { ...reference, tag: 'latest' }
}

/**
 * Reads `[HOST/]REPOSITORY`: all tags of it are meant.
 *
 * @throws DetectorError `USAGE`, also where there is a tag or a digest
 */
export function parseRegistryRepository(text: string): RegistryReference {
  const reference = parse(text)
  if (reference.tag === null && reference.digest === null) return reference
  throw wrong(text, 'need a repository without tag and digest, as all of its tags are asked for')
}

/** The whole reference: host, repository, tag and digest as far as they are there. */
export function registryReferenceText({ host, repository, tag, digest }: RegistryReference): string {
  return `${host}/${repository}${tag === null ? '' : `:${tag}`}${digest === null ? '' : `@${digest}`}`
}

/** True for what may be a tag of a repository. */
export function isTag(text: string): boolean {
  return TAG.test(text)
}

function parse(text: string): RegistryReference {
  if (text === '') throw wrong(text, 'need HOST/REPOSITORY:TAG')
  if (text.length > MAX_CHARACTERS) throw wrong(text, `need at most ${MAX_CHARACTERS} characters`)
  if (text.includes('://')) throw wrong(text, 'need HOST/REPOSITORY:TAG without a scheme')
  const at = text.indexOf('@')
  const digest = at < 0 ? null : text.slice(at + 1)
  if (digest !== null && !isDigest(digest))
    throw wrong(text, 'need sha256: with 64 or sha512: with 128 lower-case hexadecimal digits behind "@"')
  const named = at < 0 ? text : text.slice(0, at)
  // A colon before the last slash belongs to a port.
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1)
  const tag = colon < 0 ? null : named.slice(colon + 1)
  if (tag !== null && !isTag(tag))
    throw wrong(text, 'need a tag of at most 128 letters, digits, "_", "." and "-", the first no "." or "-"')
  const { host, repository } = splitHost(text, colon < 0 ? named : named.slice(0, colon))
  return { host, repository, tag, digest }
}

function splitHost(text: string, name: string): { host: string; repository: string } {
  const slash = name.indexOf('/')
  const first = name.slice(0, Math.max(0, slash))
  const isHost = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase()
  if (!isHost) {
    if (/^[0-9a-f]{64}$/.test(name)) throw wrong(text, 'need the name of a repository, not the id of an image')
    return { host: DOCKER_HUB, repository: hubRepository(checkRepository(text, name)) }
  }
  const [matched, port = '0'] = HOST.exec(first) ?? []
  if (matched === undefined || Number(port) > MAX_PORT)
    throw wrong(text, `need a host name or address, and a port of at most ${MAX_PORT}, before the first "/"`)
  const repository = checkRepository(text, name.slice(slash + 1))
  if (first === DOCKER_HUB || first === DOCKER_HUB_INDEX)
    return { host: DOCKER_HUB, repository: hubRepository(repository) }
  return { host: first, repository }
}

/** Official images have no owner, and lie under `library`. */
function hubRepository(repository: string): string {
  return repository.includes('/') ? repository : `library/${repository}`
}

function checkRepository(text: string, repository: string): string {
  if (repository === '') throw wrong(text, 'need the name of a repository')
  if (repository.length > MAX_REPOSITORY_CHARACTERS)
    throw wrong(text, `need a repository of at most ${MAX_REPOSITORY_CHARACTERS} characters`)
  const bad = repository.split('/').find((component) => !COMPONENT.test(component))
  if (bad === undefined) return repository
  const hint = bad !== bad.toLowerCase() && COMPONENT.test(bad.toLowerCase()) ? ' (it has capitals)' : ''
  const rule = 'lower-case letters and digits, joined by ".", "_", "__" or "-", between the slashes'
  throw wrong(text, `need ${rule} of a repository, not ${JSON.stringify(bad)}${hint}`)
}

function wrong(text: string, needed: string): DetectorError {
  return new DetectorError('USAGE', `${needed}, have ${JSON.stringify(text.slice(0, 200))}`)
}
