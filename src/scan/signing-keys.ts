import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { DetectorError } from '../errors.ts'

/**
 * The public Ed25519 key of a PEM file, also where the file holds the private one.
 *
 * @throws DetectorError `USAGE` for a file that holds none, `INPUT_NOT_FOUND`
 */
export function readPublicKey(path: string): KeyObject {
  return publicKeyOf(readText(path), path)
}

/** The private Ed25519 key of a PEM file. */
export function readPrivateKey(path: string): KeyObject {
  return ed25519(() => createPrivateKey(readText(path)), 'a private', path)
}

/** The public key in a PEM text; `path` is where it stands. */
export function publicKeyOf(pem: string, path: string): KeyObject {
  return ed25519(() => createPublicKey(pem), 'an', path)
}

/** A public key as it is kept: SPKI in PEM. */
export function publicKeyText(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString()
}

function ed25519(read: () => KeyObject, article: string, path: string): KeyObject {
  let key: KeyObject | undefined
  let cause: unknown
  try {
    key = read()
  } catch (error) {
    if (error instanceof DetectorError) throw error
    cause = error
  }
  if (key?.asymmetricKeyType === 'ed25519') return key
  const have = key === undefined ? 'none that can be read' : `one for ${key.asymmetricKeyType}`
  throw new DetectorError('USAGE', `need ${article} Ed25519 key in PEM in ${path}, have ${have}`, {
    locus: { path },
    ...(cause === undefined ? {} : { cause }),
  })
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new DetectorError('INPUT_NOT_FOUND', `need a key, cannot read ${path}`, { locus: { path }, cause })
  }
}
