import { latin1 } from '../bytes/cursor.ts'
import { type ByteSource, sliceSource } from '../bytes/source.ts'
import { type Container, HEAD_BYTES, type Opening } from './container-member.ts'
import { compressionOf, decompressToSource } from './decompress.ts'

/** Programs, static libraries and what is packed once more. */
const WORTH_UNPACKING = /^(?:\x7fELF|MZ|!<arch>\n)/

/** Whether the start of what was packed is that of a file that scans look at. */
export function isWorthUnpacking(head: Uint8Array): boolean {
  return WORTH_UNPACKING.test(latin1(head.subarray(0, 8))) || compressionOf(head) !== undefined
}

/** The name that a packed file has once it is unpacked. */
export function withoutSuffix(name: string): string {
  if (/\.(?:tgz|txz|tbz2?|tb2|tzst)$/i.test(name)) return name.replace(/\.[^.]*$/, '.tar')
  return name.replace(/(.)\.(?:gz|z|xz|bz2|zst|zstd)$/i, '$1')
}

/** A packed file as a container of one member; `source` is what unpacks to it, or the file itself with `close` given. */
export function compressedFile(
  source: ByteSource,
  path: string,
  head: Uint8Array,
  { budget, signal }: Opening,
  close?: () => void,
): Container {
  const member = {
    path,
    size: source.size,
    head: () => head.subarray(0, HEAD_BYTES),
    async open() {
      // It was unpacked to find out what it is.
      if (close !== undefined) return sliceSource(source, 0, source.size)
      const unpacked = await decompressToSource(source, budget.rest(), signal)
      budget.take(unpacked.source.size)
      return unpacked.source
    },
  }
  return { kind: 'compressed', members: () => [member], problems: [], close: close ?? (() => undefined) }
}
