import { createHash, type Hash } from 'node:crypto'
import { decompressToSource, detectCompression } from '../archive/decompress.ts'
import { readTar, type TarMember, tarMemberSource } from '../archive/tar.ts'
import { elementAt } from '../bytes/element.ts'
import { checkLimit, type Limits } from '../bytes/limits.ts'
import type { ByteSource } from '../bytes/source.ts'
import { DetectorError, throwIfAborted } from '../errors.ts'
import type { LayerEntry } from './layer-entry.ts'

/** The unpacked archive of a layer. */
export interface LayerContent {
  /** sha256 of the unpacked archive: `sha256:…`. */
  readonly diffId: string
  /** sha256 of the layer as it is stored: `sha256:…`. */
  readonly digest: string
  /** In the order of the archive. */
  readonly entries: readonly LayerEntry[]
  /** Entries that were left out because their paths lead out of the image. */
  readonly unsafe: readonly { readonly message: string }[]
  /** What cut the archive short; undefined where it was read to its end. Entries before the place are there. */
  readonly damage: DetectorError | undefined
  /** The bytes of the file at an index of {@link entries}. */
  open(entry: number): ByteSource
  /** Frees the unpacked copy, and closes the layer as it is stored. */
  close(): void
}

export interface UnpackLayerOptions {
  readonly limits: Limits
  readonly signal?: AbortSignal | undefined
  /** sha256 of the layer as it is stored, where it was computed already. */
  readonly digest?: string | undefined
}

/** Unpacked layers lie in files, so that many of them need no memory and threads can share them. */
const MEMORY_BYTES = 1024 ** 2
/** Stored bytes hashed at once. */
const WINDOW_BYTES = 1 << 18

/**
 * Unpacks a layer, whatever its compression, told by its bytes: tools write plain archives under a media type that says gzip.
 * Takes over `stored`, also when it fails.
 *
 * @throws DetectorError what `decompressToSource` throws, `FORMAT_BAD_MAGIC` for what is no archive, `LIMIT_EXCEEDED`, `ABORTED`
 */
export async function unpackLayer(
  stored: ByteSource,
  { limits, signal, digest: known }: UnpackLayerOptions,
): Promise<LayerContent> {
  try {
    if (detectCompression(stored) === undefined) {
      const digest = known ?? storedDigest(stored, signal)
      return contentOf(stored, { digest, diffId: digest }, limits, () => stored.close())
    }
    const [packed, plain] = [createHash('sha256'), createHash('sha256')]
    const packing = { ...limits, unpackedBytes: limits.layerBytes, archiveMembers: 2 * limits.layerEntries }
    const { source } = await decompressToSource(stored, packing, signal, {
      memoryBytes: MEMORY_BYTES,
      ...(known === undefined ? { onPacked: (bytes) => packed.update(bytes) } : {}),
      onUnpacked: (bytes) => plain.update(bytes),
    })
    const digests = { digest: known ?? digestText(packed), diffId: digestText(plain) }
    return contentOf(source, digests, limits, () => {
      source.close()
      stored.close()
    })
  } catch (error) {
    stored.close()
    throw error
  }
}

/** The digest of a layer as it is stored. */
export function storedDigest(stored: ByteSource, signal: AbortSignal | undefined): string {
  const hash = createHash('sha256')
  const window = new Uint8Array(Math.min(WINDOW_BYTES, stored.size))
  for (let at = 0; at < stored.size; at += window.length) {
    throwIfAborted(signal)
    const part = window.subarray(0, Math.min(window.length, stored.size - at))
    stored.readInto(part, at)
    hash.update(part)
  }
  return digestText(hash)
}

function digestText(hash: Hash): string {
  return `sha256:${hash.digest('hex')}`
}

function contentOf(
  archive: ByteSource,
  digests: Pick<LayerContent, 'digest' | 'diffId'>,
  limits: Limits,
  close: () => void,
): LayerContent {
  const members: TarMember[] = []
  const unsafe: { message: string }[] = []
  let damage: DetectorError | undefined
  // Its own limit is only there for headers without end.
  const tarLimits = { ...limits, archiveMembers: 2 * limits.layerEntries }
  try {
    const onUnsafe = (_: string, { message }: DetectorError): void => void unsafe.push({ message })
    // An empty file is an empty layer to some tools.
    if (archive.size > 0)
      for (const member of readTar(archive, tarLimits, { inRoot: true, onUnsafe })) {
        checkLimit(limits, 'layerEntries', members.length + 1)
        members.push(member)
      }
  } catch (error) {
    if (!(error instanceof DetectorError) || members.length === 0) throw error
    damage = error
  }
  return {
    ...digests,
    entries: members.map(entryOf),
    unsafe,
    damage,
    open: (entry) => tarMemberSource(archive, elementAt(members, entry), limits),
    close,
  }
}

function entryOf({ path, type, linkTarget }: TarMember): LayerEntry {
  return { path, type, linkTarget: linkTarget ?? null }
}
