import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { hashText } from '../../bytes/hash.ts'
import { DetectorError } from '../../errors.ts'
import { ALLOWED_PROTOCOLS, runGit, withoutPassword } from './git-process.ts'

/** Where a repository is: a directory of this machine, or an address to fetch from. */
export type GitLocation =
  | { readonly kind: 'local'; readonly gitDirectory: string }
  | { readonly kind: 'remote'; readonly url: string }

/**
 * Tells a local repository from an address, and refuses everything else before git is started.
 *
 * A local one is given as its work tree, its `.git` directory or a bare repository. Parents are not searched.
 *
 * @throws DetectorError `SOURCE_UNSAFE` for transports other than https, ssh, git and file and for names that git could
 *   take as options; `INPUT_NOT_FOUND` when the path is not there; `SOURCE_FAILED` when it is no repository
 */
export function parseLocation(location: string): GitLocation {
  if (location.startsWith('-')) throw unsafe(location, 'starts with -, which git takes for an option')
  if (/[\0-\x1f\x7f]/.test(location)) throw unsafe(location, 'holds control characters')
  const scheme = SCHEME.exec(location)?.[1]
  if (scheme !== undefined) return { kind: 'remote', url: checkAddress(location, scheme) }
  if (existsSync(location)) return { kind: 'local', gitDirectory: findGitDirectory(location) }
  if (/^[^/\\]{2,}:/.test(location)) throw unsafe(location, 'names a host without a scheme; write ssh://host/path')
  throw new DetectorError('INPUT_NOT_FOUND', `no such repository: ${location}`, { locus: { path: location } })
}

/** Both forms of transport: `https://…`, and `ext::command` of remote helpers. A drive letter (`C:\`) is neither. */
const SCHEME = /^([A-Za-z0-9][A-Za-z0-9+.-]*)(?:::|:\/\/)/

/** True for what {@link parseLocation} takes or refuses as an address, whatever lies on disk. */
export function isAddress(location: string): boolean {
  return SCHEME.test(location)
}

/** True when the directory is a git work tree, a `.git` directory or a bare repository. */
export function isGitRepository(path: string): boolean {
  return existsSync(join(path, '.git')) || isGitDirectory(path)
}

/**
 * Brings branches and tags of the address into a bare repository below `mirrorDirectory` and returns its path.
 * A first fetch that fails leaves nothing behind; later ones fetch what is new and drop what is gone.
 *
 * Pull requests and other refs of hosting sites stay out: they often hold more objects than the project.
 *
 * @throws DetectorError `SOURCE_FAILED`, `ABORTED`
 */
export async function fetchMirror(url: string, mirrorDirectory: string, signal?: AbortSignal): Promise<string> {
  const mirror = join(resolve(mirrorDirectory), mirrorName(url))
  if (existsSync(mirror)) {
    await fetchInto(mirror, url, signal)
    return mirror
  }
  mkdirSync(mirrorDirectory, { recursive: true })
  const fresh = mkdtempSync(`${mirror}.`)
  try {
    await runGit({ arguments: ['init', '--quiet', '--bare', '--template=', '--', fresh], signal })
    await fetchInto(fresh, url, signal)
    // Two builds may fetch the same address at once: the first one to be done wins, with equal content.
    if (!existsSync(mirror)) renameSync(fresh, mirror)
    return mirror
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}

/** `$XDG_CACHE_HOME/binprint/mirrors`, or the same below `~/.cache`. */
export function defaultMirrorDirectory(): string {
  const cache = process.env['XDG_CACHE_HOME']
  return join(cache === undefined || cache === '' ? join(homedir(), '.cache') : cache, 'binprint', 'mirrors')
}

async function fetchInto(gitDirectory: string, url: string, signal?: AbortSignal): Promise<void> {
  const refs = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*']
  const flags = ['--quiet', '--force', '--prune', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules']
  await runGit({ arguments: ['fetch', ...flags, '--', url, ...refs], gitDirectory, network: true, signal })
}

function checkAddress(location: string, scheme: string): string {
  if (location.startsWith(`${scheme}::`)) throw unsafe(location, `${scheme}:: runs a program`)
  if (!ALLOWED_PROTOCOLS.includes(scheme))
    throw unsafe(location, `transport is ${scheme}, allowed are ${ALLOWED_PROTOCOLS.join(', ')}`)
  if (!URL.canParse(location)) throw unsafe(location, 'cannot be read as an address')
  const { hostname, username, pathname } = new URL(location)
  // ssh would take such a host or user for an option (CVE-2017-1000117), the far side such a path.
  const parts = [hostname, username, pathname.replace(/^\/+(?:~[^/]*\/)?/, '')].map(decodeURIComponent)
  if (parts.some((part) => part.startsWith('-'))) throw unsafe(location, 'host, user or path starts with -')
  if (parts.some((part) => /[\0-\x1f\x7f]/.test(part))) throw unsafe(location, 'holds control characters')
  return location
}

function findGitDirectory(location: string): string {
  const path = resolve(location)
  if (existsSync(join(path, '.git'))) return join(path, '.git')
  if (isGitDirectory(path)) return path
  throw new DetectorError('SOURCE_FAILED', `need a git repository, have none at ${location}`, {
    locus: { path: location },
  })
}

function isGitDirectory(path: string): boolean {
  return existsSync(join(path, 'HEAD')) && isDirectory(join(path, 'objects')) && existsSync(join(path, 'refs'))
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** `github.com-madler-zlib-0123456789abcdef.git`: readable, without password, and different for each address. */
function mirrorName(url: string): string {
  const { host, pathname } = new URL(url)
  const readable = `${host}${pathname}`.replace(/\.git$/, '').replace(/[^A-Za-z0-9.]+/g, '-')
  const hash = hashText(withoutPassword(url)).toString(16).padStart(16, '0')
  return `${readable.replace(/^[-.]+|[-.]+$/g, '').slice(-80)}-${hash}.git`
}

function unsafe(location: string, reason: string): DetectorError {
  return new DetectorError('SOURCE_UNSAFE', `refused ${withoutPassword(JSON.stringify(location))}: ${reason}`)
}
