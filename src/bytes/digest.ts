import { createHash, hash as hashOf } from 'node:crypto'
import type { ByteSource } from './source.ts'

/** Bytes hashed at once: they stay in the second cache between being read and being hashed. */
const WINDOW_BYTES = 1 << 18

/** Kept from file to file: nothing else runs while it is in use. */
let window: Uint8Array | undefined

/**
 * The sha256 of all bytes, hexadecimal.
 *
 * @throws DetectorError as {@link ByteSource.read} does
 */
export function sha256Of(source: ByteSource): string {
  if (source.size <= WINDOW_BYTES) return hashOf('sha256', source.read(0, source.size), 'hex')
  const hash = createHash('sha256')
  window ??= new Uint8Array(WINDOW_BYTES)
  for (let at = 0; at < source.size; at += window.length) {
    const part = window.subarray(0, Math.min(window.length, source.size - at))
    source.readInto(part, at)
    hash.update(part)
  }
  return hash.digest('hex')
}
