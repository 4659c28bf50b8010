import { checkLimit, type Limits } from '../../bytes/limits.ts'
import type { ByteSource } from '../../bytes/source.ts'
import { type ContentStore, checkContent, type Descriptor, startDigest, wrongSize } from '../content.ts'
import { MANIFEST_MEDIA_TYPES } from '../media-types.ts'
import { downloadBlob } from './blob-download.ts'
import { readBody } from './http-client.ts'
import type { RegistrySession } from './registry-session.ts'
import { retrying } from './retry.ts'

/** What manifests are asked for with; registries change them into something older otherwise. */
export const MANIFEST_ACCEPT: string = MANIFEST_MEDIA_TYPES.join(', ')

/** The content of one repository of a registry. */
export class RegistryStore implements ContentStore {
  readonly #session: RegistrySession
  readonly #limits: Limits
  readonly #closing = new AbortController()
  readonly #signals: readonly AbortSignal[]
  /** The root, which was read to find its digest. */
  readonly #kept: { readonly digest: string; readonly bytes: Uint8Array }

  constructor(
    session: RegistrySession,
    limits: Limits,
    signal: AbortSignal | undefined,
    kept: { readonly digest: string; readonly bytes: Uint8Array },
  ) {
    this.#session = session
    this.#limits = limits
    this.#signals = signal === undefined ? [this.#closing.signal] : [this.#closing.signal, signal]
    this.#kept = kept
  }

  async read(descriptor: Descriptor, kind: 'manifest' | 'blob', signal?: AbortSignal): Promise<Uint8Array> {
    const { digest, size } = descriptor
    checkLimit(this.#limits, 'manifestBytes', size)
    const where = this.#session.reference.host
    if (digest === this.#kept.digest) {
      checkContent(this.#kept.bytes, descriptor, where)
      return this.#kept.bytes
    }
    // Before it becomes part of a path.
    startDigest(digest)
    const either = this.#either(signal)
    const path = kind === 'manifest' ? `manifests/${digest}` : `blobs/${digest}`
    const headers: Record<string, string> = kind === 'manifest' ? { accept: MANIFEST_ACCEPT } : {}
    return await retrying(this.#session.retry, either, async () => {
      const reply = await this.#session.request(path, headers, `${kind} ${digest}`, either)
      const bytes = await readBody(reply, size, either, () => {
        throw wrongSize(descriptor, 'more', where)
      })
      checkContent(bytes, descriptor, where)
      return bytes
    })
  }

  async open(
    descriptor: Descriptor,
    { signal, onBytes }: { readonly signal?: AbortSignal; readonly onBytes?: (done: number, total: number) => void },
  ): Promise<ByteSource> {
    checkLimit(this.#limits, 'blobBytes', descriptor.size)
    return await downloadBlob(this.#session, descriptor, { signal: this.#either(signal), onBytes })
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#session.close()
  }

  #either(signal: AbortSignal | undefined): AbortSignal {
    return AbortSignal.any(signal === undefined ? [...this.#signals] : [...this.#signals, signal])
  }
}
