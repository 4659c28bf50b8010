import { hash64 } from '../../src/bytes/hash.ts'

/** The table windows of a section, as `hash offset`: the definition in `docs/fingerprints.md`, a byte at a time. */
export function tableWindows(
  bytes: Uint8Array,
  { address = 0, touched = [] }: { address?: number; touched?: readonly (readonly [number, number])[] } = {},
): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const found: string[] = []
  for (let at = 0; at + 32 <= bytes.length; at++) {
    if ((address + at) % 4 !== 0) continue
    const mixed = Math.imul(view.getUint32(at, true), 0x9e3779b1) ^ Math.imul(view.getUint32(at + 4, true), 0x85ebca77)
    if (mixed >>> 28 !== 0) continue
    const window = bytes.subarray(at, at + 32)
    const isText = (byte: number) => (byte >= 0x20 && byte <= 0x7e) || [0, 9, 10, 13].includes(byte)
    if (new Set(window).size < 10 || (window.every(isText) && window.includes(0))) continue
    if (ascends(window)) continue
    if (touched.some(([offset, size]) => offset < at + 32 && offset + size > at)) continue
    found.push(`${hash64(window)} ${at}`)
  }
  return found
}

/** Numbers of two or four bytes in either byte order, none below the one before. */
function ascends(window: Uint8Array): boolean {
  const view = new DataView(window.buffer, window.byteOffset, window.length)
  return [true, false].some((little) =>
    [2, 4].some((size) => {
      const numbers = Array.from({ length: 32 / size }, (_, i) =>
        size === 2 ? view.getUint16(2 * i, little) : view.getUint32(4 * i, little),
      )
      return numbers.every((number, i) => i === 0 || number >= numbers[i - 1]!)
    }),
  )
}
