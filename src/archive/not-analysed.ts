import { latin1 } from '../bytes/cursor.ts'
import type { ByteSource } from '../bytes/source.ts'

/** What a file is that is not looked into, for a report to say so. */
export interface NotAnalysed {
  /** `squashfs file system`. */
  readonly what: string
  /** What somebody can do to have it looked into. */
  readonly advice: string
}

/** Told by their first bytes. */
const BY_MAGIC: readonly (readonly [magic: RegExp, what: string, advice: string])[] = [
  [/^(?:hsqs|sqsh)/, 'squashfs file system', 'unpack it with unsquashfs and scan the directory'],
  [/^(?:\x45\x3d\xcd\x28|\x28\xcd\x3d\x45)/, 'cramfs file system', 'mount it and scan the directory'],
  [/^7z\xbc\xaf\x27\x1c/, '7-Zip archive', 'unpack it with 7z x and scan the directory'],
  [/^Rar!\x1a\x07/, 'RAR archive', 'unpack it with unrar x and scan the directory'],
  [/^MSCF\0\0\0\0/, 'cabinet file', 'unpack it with cabextract and scan the directory'],
  [/^ADB[.dc]/, 'package of apk-tools 3', 'unpack it with apk extract and scan the directory'],
  [/^(?:\x02\x21\x4c\x18|\x04\x22\x4d\x18)/, 'file packed with lz4', 'unpack it with lz4 -d and scan the result'],
  [/^\x89LZO\0\r\n\x1a\n/, 'file packed with lzop', 'unpack it with lzop -d and scan the result'],
  [/^LZIP\x01/, 'file packed with lzip', 'unpack it with lzip -d and scan the result'],
]

const FIRST_BYTES: ReadonlySet<number> = new Set(Buffer.from('hs\x45\x287RMA\x02\x04\x89L', 'latin1'))

/** How file systems look that leave their first block to a boot loader. */
const SUPER_BLOCK_AT = 1024
const SUPER_BLOCK_BYTES = 64
const EXT_MAGIC_AT = 56

/** UPX puts its mark behind the program headers, and once more at the end of the file. Nothing else stands there as text. */
const UPX_HEAD_BYTES = 1024
const UPX_TAIL_BYTES = 64
const UPX = { what: 'packed with UPX', advice: 'unpack it with upx -d and scan the result' }

/**
 * Tells what a file is that is not looked into, and what to do about it; undefined for everything else. `head` holds its first
 * 512 bytes, or all. Programs count where they are packed: nothing of their code can be seen.
 */
export function notAnalysed(source: ByteSource, head: Uint8Array): NotAnalysed | undefined {
  const first = head[0] ?? 0
  if (first !== 0x7f && first !== 0 && !FIRST_BYTES.has(first)) return undefined
  const start = latin1(head.subarray(0, 16))
  if (start.startsWith('\x7fELF')) return ofElf(source, start)
  if (start.startsWith('MZ')) return isPackedPe(source) ? UPX : undefined
  if (first !== 0) for (const [magic, what, advice] of BY_MAGIC) if (magic.test(start)) return { what, advice }
  return head.every((byte) => byte === 0) ? ofSuperBlock(source) : undefined
}

function ofElf(source: ByteSource, start: string): NotAnalysed | undefined {
  if (start.startsWith('AI\x02', 8))
    return { what: 'AppImage', advice: 'unpack it with --appimage-extract and scan the directory' }
  const isPacked =
    partOf(source, 0, UPX_HEAD_BYTES).includes('UPX!') ||
    partOf(source, source.size - UPX_TAIL_BYTES, UPX_TAIL_BYTES).includes('UPX!')
  return isPacked ? UPX : undefined
}

/** By the names of its first two sections, which stand in its headers. */
function isPackedPe(source: ByteSource): boolean {
  const headers = partOf(source, 0, UPX_HEAD_BYTES)
  return headers.includes('UPX0\0\0\0\0') && headers.includes('UPX1\0\0\0\0')
}

function ofSuperBlock(source: ByteSource): NotAnalysed | undefined {
  const block = partOf(source, SUPER_BLOCK_AT, SUPER_BLOCK_BYTES)
  const advice = 'mount it and scan the directory'
  if (block.startsWith('\xe2\xe1\xf5\xe0')) return { what: 'EROFS file system', advice }
  if (block.startsWith('\x53\xef', EXT_MAGIC_AT)) return { what: 'ext2, ext3 or ext4 file system', advice }
  return undefined
}

/** As much of the range as there is. */
function partOf(source: ByteSource, offset: number, length: number): string {
  const from = Math.max(0, offset)
  return latin1(source.read(Math.min(from, source.size), Math.max(0, Math.min(length, source.size - from))))
}
