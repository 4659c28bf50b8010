import { statSync } from 'node:fs'
import { DetectorError } from '../errors.ts'
import type { Transport } from './image.ts'

/** Where an image is. */
export interface ImageReference {
  readonly transport: Transport
  /** A path, or the name of an image in a registry. */
  readonly location: string
  /** Which image of an archive or a layout; null for the only one, and in registries, whose names say it. */
  readonly name: string | null
}

/** Words before the colon, those of other tools included. */
const TRANSPORTS: Readonly<Record<string, Transport>> = {
  'docker-archive': 'docker-archive',
  'oci-archive': 'oci-archive',
  'oci-dir': 'oci-dir',
  oci: 'oci-dir',
  registry: 'registry',
  docker: 'registry',
  dir: 'dir',
  tar: 'tar',
}

/** A name that nothing but a registry has: with a tag or digest, or with a host before it. */
const BARE =
  /^(?:[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?\/|localhost(?::\d+)?\/)?[a-z0-9][a-z0-9._/-]*(?::[\w][\w.-]{0,127})?(?:@[a-z0-9]+:[0-9a-f]{32,})?$/

/**
 * Reads a reference: `docker-archive:app.tar`, `oci-dir:layout:1.2`, `registry:alpine:3.20`, `dir:rootfs`, or the bare name of an
 * image in a registry. Undefined for what reads like a path, and for the name of something that is there.
 */
export function parseImageReference(text: string): ImageReference | undefined {
  const colon = text.indexOf(':')
  const transport = colon < 0 ? undefined : TRANSPORTS[text.slice(0, colon)]
  if (transport !== undefined) return ofTransport(transport, text.slice(colon + 1), text)
  if (isThere(text) || !BARE.test(text) || !namesRegistry(text)) return undefined
  return { transport: 'registry', location: text, name: null }
}

/** `alpine` alone may as well be a file that somebody mistyped. */
function namesRegistry(text: string): boolean {
  const [first = ''] = text.split('/')
  const hasHost = text.includes('/') && (first.includes('.') || first.includes(':') || first === 'localhost')
  return hasHost || /:[\w][\w.-]*$/.test(text) || text.includes('@')
}

function ofTransport(transport: Transport, rest: string, text: string): ImageReference {
  // As with docker://alpine.
  const location = transport === 'registry' ? rest.replace(/^\/\//, '') : rest
  if (location === '') throw new DetectorError('USAGE', `need something behind ${text}: a path or a name`)
  if (transport === 'registry' || transport === 'dir' || transport === 'tar') return { transport, location, name: null }
  return { transport, ...splitName(location) }
}

/** `layout:1.2` is a path and a name, unless there is something that is called so. */
function splitName(location: string): Pick<ImageReference, 'location' | 'name'> {
  for (let colon = location.indexOf(':'); colon > 0 && !isThere(location); colon = location.indexOf(':', colon + 1))
    if (isThere(location.slice(0, colon)) && colon + 1 < location.length)
      return { location: location.slice(0, colon), name: location.slice(colon + 1) }
  return { location, name: null }
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}
