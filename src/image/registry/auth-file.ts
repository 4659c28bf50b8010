import { readFile } from 'node:fs/promises'
import { DetectorError } from '../../errors.ts'
import type { Credentials } from './credentials.ts'

/** A `config.json` of Docker or `auth.json` of podman. Its values are secret: no message holds one. */
export interface AuthFile {
  readonly path: string
  /** By host, or host and repository: how to read what stands in the file itself. Undefined for an empty entry. */
  readonly entries: ReadonlyMap<string, { readonly read: () => Credentials | undefined }>
  /** By host: the helper to ask, and the key as it stands in the file, which is what the helper knows it by. */
  readonly helpers: ReadonlyMap<string, { readonly name: string; readonly key: string }>
  /** The helper for all hosts. */
  readonly store: string | undefined
}

/** More than any: every host that somebody is logged in to has some 100 bytes. */
const MAX_BYTES = 4 * 1024 ** 2

/**
 * Reads a file of credentials; undefined if there is none.
 *
 * @throws DetectorError `FORMAT_CORRUPT` naming the field, `INPUT_UNREADABLE`
 */
export async function readAuthFile(path: string): Promise<AuthFile | undefined> {
  const text = await readText(path)
  if (text === undefined) return undefined
  const document = parseDocument(text, path)
  const store = document['credsStore'] ?? ''
  if (typeof store !== 'string') throw wrong('the name of a helper', 'credsStore', path)
  const entries = Object.entries(objectAt(document, 'auths', path)).map(([key, value]) => {
    const where = `auths[${JSON.stringify(key)}]`
    return [normaliseKey(key), { read: () => readEntry(value, where, path) }] as const
  })
  const helpers = Object.entries(objectAt(document, 'credHelpers', path)).map(([key, name]) => {
    if (typeof name !== 'string') throw wrong('the name of a helper', `credHelpers[${JSON.stringify(key)}]`, path)
    return [normaliseKey(key), { name, key }] as const
  })
  return { path, entries: new Map(entries), helpers: new Map(helpers), store: store === '' ? undefined : store }
}

/** Keys may be addresses of the old index: `https://index.docker.io/v1/` is `index.docker.io`. */
function normaliseKey(key: string): string {
  return key
    .replace(/^https?:\/\//, '')
    .replace(/\/$/, '')
    .replace(/^([^/]+)\/v[12]$/, '$1')
}

function readEntry(value: unknown, where: string, path: string): Credentials | undefined {
  if (!isObject(value)) throw wrong('an object', where, path)
  const { identitytoken, auth } = value
  const from = `${where} of ${path}`
  if (typeof identitytoken === 'string' && identitytoken !== '')
    return { username: '', secret: identitytoken, isIdentityToken: true, from }
  if (auth === undefined || auth === '') return readPlainEntry(value, from)
  const [, username, secret] =
    typeof auth === 'string' ? (/^([^:]+):(.*)$/s.exec(Buffer.from(auth, 'base64').toString('utf8')) ?? []) : []
  if (username === undefined || secret === undefined) throw wrong('user:password in base64', `${where}.auth`, path)
  // Docker fills up with zeros what it writes.
  return { username, secret: secret.replace(/\0+$/, ''), isIdentityToken: false, from }
}

/** As Kubernetes writes them. With a helper for all hosts, Docker leaves empty entries. */
function readPlainEntry(
  { username, password }: Readonly<Record<string, unknown>>,
  from: string,
): Credentials | undefined {
  if (typeof username !== 'string' || typeof password !== 'string' || username === '') return undefined
  return { username, secret: password, isIdentityToken: false, from }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    const bytes = await readFile(path)
    if (bytes.length <= MAX_BYTES) return bytes.toString('utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    const message = `cannot read ${path}, which may hold credentials: make it readable or name another in REGISTRY_AUTH_FILE`
    throw new DetectorError('INPUT_UNREADABLE', message, { locus: { path }, cause })
  }
  throw new DetectorError('FORMAT_CORRUPT', `need a file of credentials in ${path}, have more than ${MAX_BYTES} bytes`)
}

function parseDocument(text: string, path: string): Readonly<Record<string, unknown>> {
  if (text.trim() === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    if (isObject(value)) return value
  } catch {
    // The parser's message would quote the text.
  }
  throw new DetectorError('FORMAT_CORRUPT', `need a JSON object in ${path}, have something else: log in anew`, {
    locus: { path },
  })
}

function objectAt(document: Readonly<Record<string, unknown>>, field: string, path: string): Record<string, unknown> {
  const value = document[field] ?? {}
  if (!isObject(value)) throw wrong('an object', field, path)
  return value
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function wrong(needed: string, field: string, path: string): DetectorError {
  const message = `need ${needed} as ${field} of ${path}, have something else: log in anew`
  return new DetectorError('FORMAT_CORRUPT', message, { locus: { path } })
}
