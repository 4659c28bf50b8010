import type { ByteSource } from '../bytes/source.ts'

/** How a byte count goes on. */
export interface LayerWatch {
  readonly signal?: AbortSignal
  readonly onBytes?: (done: number, total: number) => void
}

/** One layer of an image, as its transport stores it. */
export interface ImageLayer {
  /** What the configuration says that the unpacked layer hashes to; null where there is no configuration. */
  readonly diffId: string | null
  /** The history line that made it, or null where none says. */
  readonly createdBy: string | null
  /** What the manifest says that the layer as it is stored hashes to; null where there is none. */
  readonly digest: string | null
  /** The layer is fetched by its digest, and compared with it on the way: it need not be opened to know that it is the one. */
  readonly isAddressed: boolean
  /** The layer as it is stored; the caller closes it. */
  open(watch: LayerWatch): Promise<ByteSource>
}

/** How an image was reached: all that differs between two copies of one image. */
export interface ImageOrigin {
  readonly transport: Transport
  /** Digest of the manifest, or null where the transport has none. */
  readonly manifestDigest: string | null
  /** Digest of the configuration, or null where there is none. */
  readonly configDigest: string | null
}

export type Transport = 'docker-archive' | 'oci-archive' | 'oci-dir' | 'registry' | 'dir' | 'tar'

/** An open image. */
export interface OpenedImage {
  readonly origin: ImageOrigin
  /** `linux/amd64`; null for plain file systems, which do not say. */
  readonly platform: string | null
  /** Lowest first. */
  readonly layers: readonly ImageLayer[]
  close(): Promise<void>
}
