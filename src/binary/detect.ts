import type { ByteSource } from '../bytes/source.ts'
import type { FileFormat } from '../model.ts'

/** `e_lfanew` of the DOS header: where the PE signature stands. */
const DOS_PE_OFFSET = 0x3c
const DOS_HEADER_BYTES = 64

/**
 * Tells the format of a file by its magic bytes, or undefined for anything else.
 *
 * A DOS program (`MZ` without `PE\0\0` behind it) is none of ours. Thin archives are `ar` too, though their members are
 * elsewhere.
 *
 * @see System V gABI, ch. 4; Microsoft PE Format, "Signature"; ar(5)
 */
export function detectFormat(source: ByteSource): FileFormat | undefined {
  const head = source.read(0, Math.min(DOS_HEADER_BYTES, source.size))
  if (startsWith(head, '\x7fELF')) return 'elf'
  if (startsWith(head, '!<arch>\n') || startsWith(head, '!<thin>\n')) return 'ar'
  if (startsWith(head, 'MZ') && hasPeSignature(source, head)) return 'pe'
  return undefined
}

/** Whether {@link detectFormat} may find something in a file that begins like this: a PE signature may lie behind the first bytes. */
export function mayBeProgram(head: Uint8Array): boolean {
  return ['\x7fELF', '!<arch>\n', '!<thin>\n', 'MZ'].some((magic) => startsWith(head, magic))
}

function hasPeSignature(source: ByteSource, head: Uint8Array): boolean {
  if (head.length < DOS_HEADER_BYTES) return false
  const offset = new DataView(head.buffer, head.byteOffset, head.length).getUint32(DOS_PE_OFFSET, true)
  return offset + 4 <= source.size && startsWith(source.read(offset, 4), 'PE\0\0')
}

function startsWith(bytes: Uint8Array, magic: string): boolean {
  if (bytes.length < magic.length) return false
  for (let i = 0; i < magic.length; i++) if (bytes[i] !== magic.charCodeAt(i)) return false
  return true
}
