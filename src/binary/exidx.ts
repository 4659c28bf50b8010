import type { ByteSource } from '../bytes/source.ts'

const ENTRY_BYTES = 8

/**
 * Reads the starts of functions from an index table of 32-bit ARM, in its order: `accept` takes the virtual address and
 * where it is stored, from the start of the table. Linkers merge neighbours that unwind alike: from one start to the next
 * there may be several functions.
 *
 * @throws DetectorError `FORMAT_TRUNCATED` if the table leaves the file
 * @see Exception Handling ABI for the Arm Architecture, "Index table entries"
 */
export function readExidx(
  source: ByteSource,
  table: { readonly offset: number; readonly size: number; readonly address: number; readonly littleEndian: boolean },
  accept: (address: number, storedAt: number) => void,
): void {
  const count = Math.floor(table.size / ENTRY_BYTES)
  const bytes = source.read(table.offset, count * ENTRY_BYTES)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let i = 0, at = 0; i < count; i++, at += ENTRY_BYTES) {
    const word = view.getUint32(at, table.littleEndian)
    if (word >= 2 ** 31) continue
    // A signed distance of 31 bits from the word itself; bit 0 may say "Thumb code".
    const distance = word >= 2 ** 30 ? word - 2 ** 31 : word
    const address = (table.address + at + distance + 2 ** 32) % 2 ** 32
    accept(address - (address % 2), at)
  }
}
