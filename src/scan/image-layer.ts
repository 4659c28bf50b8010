import { FileBuffers } from '../bytes/file-buffers.ts'
import type { Limits } from '../bytes/limits.ts'
import type { ByteSource } from '../bytes/source.ts'
import { DetectorError } from '../errors.ts'
import type { ImageLayer, LayerWatch } from '../image/image.ts'
import { type LayerContent, storedDigest, unpackLayer } from '../image/layer-content.ts'
import type { AnalysableLayer } from './analyse-image.ts'
import { type LayerProblem, type LayerRecord, readLayerRecord } from './layer-record.ts'
import { isLasting } from './problem-code.ts'
import type { ResultCache } from './result-cache.ts'

export interface LayerOptions {
  readonly limits: Limits
  /** Undefined where nothing is to be kept. */
  readonly cache: ResultCache | undefined
  readonly signal?: AbortSignal
}

/** A layer of which the record is known, and whose bytes are unpacked when they are asked for. */
export class ScannedLayer implements AnalysableLayer {
  readonly #layer: ImageLayer
  readonly #options: LayerOptions
  #content: Promise<LayerContent> | undefined
  #record: LayerRecord | undefined
  /** The digest, once it was computed from the bytes. */
  #computed: string | undefined
  #digest: string | null
  #diffId: string | null

  constructor(layer: ImageLayer, options: LayerOptions) {
    this.#layer = layer
    this.#options = options
    this.#digest = layer.digest
    this.#diffId = layer.diffId
  }

  get createdBy(): string | null {
    return this.#layer.createdBy
  }

  /** sha256 of the unpacked layer. Known once the record was read. */
  get diffId(): string | null {
    return this.#diffId
  }

  /** Digest of the layer as it is stored. Known once the record was read. */
  get digest(): string | null {
    return this.#digest
  }

  get record(): LayerRecord {
    if (this.#record === undefined) throw new TypeError('the record of a layer was not read')
    return this.#record
  }

  /**
   * Reads the record: from the cache, when the very bytes that the transport stores were unpacked before, else from the layer.
   *
   * @throws DetectorError `IMAGE_DIGEST_MISMATCH`, `ABORTED`, and what unpacking throws
   */
  async read(onBytes?: LayerWatch['onBytes']): Promise<void> {
    const known = await this.#known(onBytes)
    if (known !== undefined) {
      this.#record = known
      return
    }
    const content = await this.#unpacked(onBytes)
    const problems: LayerProblem[] = content.unsafe.map(({ message }) => ({
      entry: null,
      code: 'IMAGE_UNSAFE_PATH',
      message,
    }))
    if (content.damage !== undefined)
      problems.push({ entry: null, code: content.damage.code, message: content.damage.message })
    const buffers = new FileBuffers()
    const files = { entries: content.entries, open: (entry: number) => buffers.open(content.open(entry)) }
    this.#record = await readLayerRecord(files, problems, this.#options)
    const { cache } = this.#options
    if (cache === undefined || !isLasting(this.#record.problems)) return
    cache.write('layers', hexOf(content.diffId), this.#record)
    cache.write('blobs', hexOf(content.digest), { diffId: content.diffId })
  }

  /** The bytes of a file of the layer. They are good until the layer is closed. */
  async open(entry: number): Promise<ByteSource> {
    return (await this.#unpacked()).open(entry)
  }

  /** Frees the unpacked copy; it is made again when it is asked for. */
  async close(): Promise<void> {
    const content = this.#content
    this.#content = undefined
    // What failed was reported to whoever asked for it.
    await content?.then(
      (open) => open.close(),
      () => undefined,
    )
  }

  async #known(onBytes: LayerWatch['onBytes']): Promise<LayerRecord | undefined> {
    const { cache, signal } = this.#options
    if (cache === undefined) return undefined
    if (!this.#layer.isAddressed) {
      const stored = await this.#layer.open(watchOf(signal, onBytes))
      try {
        this.#computed = storedDigest(stored, signal)
        this.#checkDigest(this.#computed)
      } finally {
        stored.close()
      }
    }
    const blob = cache.read('blobs', hexOf(this.#digest ?? ''))
    const diffId = blob?.['diffId']
    if (typeof diffId !== 'string') return undefined
    this.#checkDiffId(diffId)
    return cache.read('layers', hexOf(diffId)) as unknown as LayerRecord | undefined
  }

  #unpacked(onBytes?: LayerWatch['onBytes']): Promise<LayerContent> {
    this.#content ??= this.#unpack(onBytes)
    return this.#content
  }

  async #unpack(onBytes: LayerWatch['onBytes']): Promise<LayerContent> {
    const { limits, signal } = this.#options
    const stored = await this.#layer.open(watchOf(signal, onBytes))
    const content = await unpackLayer(stored, { limits, signal, digest: this.#computed })
    try {
      this.#checkDigest(content.digest)
      this.#checkDiffId(content.diffId)
      return content
    } catch (error) {
      content.close()
      throw error
    }
  }

  #checkDigest(digest: string): void {
    const { digest: said } = this.#layer
    // Content under a sha512 was compared when it was opened.
    if (said?.startsWith('sha256:') && said !== digest) throw mismatch('the layer as it is stored', said, digest)
    this.#digest = digest
  }

  #checkDiffId(diffId: string): void {
    const { diffId: said } = this.#layer
    if (said !== null && said !== diffId) throw mismatch('the unpacked layer', said, diffId)
    this.#diffId = diffId
  }
}

function watchOf(signal: AbortSignal | undefined, onBytes: LayerWatch['onBytes']): LayerWatch {
  return { ...(signal === undefined ? {} : { signal }), ...(onBytes === undefined ? {} : { onBytes }) }
}

function hexOf(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1)
}

function mismatch(what: string, said: string, have: string): DetectorError {
  return new DetectorError(
    'IMAGE_DIGEST_MISMATCH',
    `need ${said} of ${what}, have ${have}: it was damaged or replaced, get the image anew`,
  )
}
