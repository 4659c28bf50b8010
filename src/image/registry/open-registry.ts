import { createHash } from 'node:crypto'
import { checkLimit, type Limits } from '../../bytes/limits.ts'
import { type ContentStore, checkContent, type Descriptor, isDigest } from '../content.ts'
import { essence, manifestKind, schema1Unsupported } from '../media-types.ts'
import { readBody } from './http-client.ts'
import { type RegistryReference, registryReferenceText } from './registry-reference.ts'
import { type ConnectionOptions, RegistrySession } from './registry-session.ts'
import { MANIFEST_ACCEPT, RegistryStore } from './registry-store.ts'
import { retrying } from './retry.ts'
import { readTagPages } from './tag-pages.ts'

export interface RegistryOptions extends ConnectionOptions {
  readonly limits: Limits
}

/**
 * Resolves the reference to its root, a manifest or an index; the caller closes the store.
 *
 * A digest of the reference is what the root must have; of a tag, what the registry says it has.
 *
 * @throws DetectorError `IMAGE_NOT_FOUND`, `IMAGE_UNAUTHORIZED`, `IMAGE_DIGEST_MISMATCH`, `REGISTRY_FAILED`,
 * `SOURCE_UNSAFE`, `FORMAT_UNSUPPORTED` for schema 1, `LIMIT_EXCEEDED` (`manifestBytes`), `ABORTED`; what is wrong with
 * files of credentials is `FORMAT_CORRUPT` or `INPUT_UNREADABLE`
 */
export async function openRegistry(
  reference: RegistryReference,
  options: RegistryOptions,
): Promise<{ readonly root: Descriptor; readonly store: ContentStore }> {
  const wanted = reference.digest ?? reference.tag
  if (wanted === null) throw new TypeError('reference needs a tag or a digest')
  const { limits, signal } = options
  const session = await RegistrySession.open(reference, options)
  try {
    const { root, bytes } = await retrying(session.retry, signal, () => readRoot(session, wanted, limits, signal))
    return { root, store: new RegistryStore(session, limits, signal, { digest: root.digest, bytes }) }
  } catch (failure) {
    session.close()
    throw failure
  }
}

/**
 * The tags of the repository in the order of the registry, each once; tag and digest of the reference do not matter.
 *
 * @throws DetectorError `IMAGE_NOT_FOUND`, `IMAGE_UNAUTHORIZED`, `REGISTRY_FAILED`, `FORMAT_CORRUPT`, `LIMIT_EXCEEDED`
 * (`registryTags`), `SOURCE_UNSAFE`, `INPUT_UNREADABLE`, `ABORTED`
 */
export async function listTags(reference: RegistryReference, options: RegistryOptions): Promise<string[]> {
  const session = await RegistrySession.open(reference, options)
  try {
    return await readTagPages(session, options.limits, options.signal)
  } finally {
    session.close()
  }
}

async function readRoot(
  session: RegistrySession,
  wanted: string,
  limits: Limits,
  signal: AbortSignal | undefined,
): Promise<{ root: Descriptor; bytes: Uint8Array }> {
  const { host } = session.reference
  const reply = await session.request(`manifests/${wanted}`, { accept: MANIFEST_ACCEPT }, `manifest ${wanted}`, signal)
  const { headers } = reply.message
  const bytes = await readBody(reply, limits.manifestBytes, signal, (size) => {
    checkLimit(limits, 'manifestBytes', size)
    throw new TypeError('a body within its limit is not too large')
  })
  const contentType = essence(headers['content-type'] ?? '')
  const kind = manifestKind(contentType)
  // Its digest does not cover the signature that stands in it, so that it would be taken for damaged.
  if (kind === 'schema1') throw schema1Unsupported(registryReferenceText(session.reference))
  const computed = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  const said = headers['docker-content-digest']
  const digest = session.reference.digest ?? (typeof said === 'string' && isDigest(said) ? said : computed)
  const root = { mediaType: kind === undefined ? '' : contentType, digest, size: bytes.length }
  checkContent(bytes, root, host)
  return { root, bytes }
}
