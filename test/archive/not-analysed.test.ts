import { expect, test } from 'vitest'
import { notAnalysed } from '../../src/archive/not-analysed.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { ELF } from '../fixtures/containers.ts'

function told(bytes: Buffer): string | undefined {
  return notAnalysed(bytesSource(bytes), bytes.subarray(0, 512))?.what
}

/** Zeros with these bytes in them. */
function zerosWith(at: number, hex: string): Buffer {
  const bytes = Buffer.alloc(4096)
  bytes.write(hex, at, 'hex')
  return bytes
}

function program(start: string, at: number, text: string): Buffer {
  const bytes = Buffer.alloc(8192, 'x')
  bytes.write(start, 0, 'latin1')
  bytes.write(text, at, 'latin1')
  return bytes
}

test.each([
  ['squashfs file system', Buffer.from('hsqs file system')],
  ['cramfs file system', Buffer.from('453dcd28', 'hex')],
  ['EROFS file system', zerosWith(1024, 'e2e1f5e0')],
  ['ext2, ext3 or ext4 file system', zerosWith(1080, '53ef')],
  ['7-Zip archive', Buffer.from('377abcaf271c0004', 'hex')],
  ['RAR archive', Buffer.from('Rar!\x1a\x07\x01\0')],
  ['cabinet file', Buffer.from('MSCF\0\0\0\0')],
  ['package of apk-tools 3', Buffer.from('ADBd')],
  ['file packed with lz4', Buffer.from('02214c18', 'hex')],
  ['AppImage', program('\x7fELF\x02\x01\x01\0AI\x02', 0, '')],
  ['packed with UPX', program('\x7fELF', 0xec, 'UPX!')],
  ['packed with UPX', program('\x7fELF', 8192 - 36, 'UPX!')],
  ['packed with UPX', program('MZ', 0x178, `UPX0\0\0\0\0${'x'.repeat(32)}UPX1\0\0\0\0`)],
])('a %s is said to be not analysed', (what, bytes) => {
  expect(told(bytes)).toBe(what)
})

test.each([
  ['a program', ELF],
  ['a program that speaks of UPX', program('\x7fELF', 4000, 'UPX!')],
  ['a program with a section of a like name', program('MZ', 0x178, 'UPX0.txt')],
  ['a text', Buffer.from('hs')],
  ['zeros', Buffer.alloc(5000)],
  ['few zeros', Buffer.alloc(10)],
  ['nothing', Buffer.alloc(0)],
])('%s is not', (_name, bytes) => {
  expect(told(bytes)).toBeUndefined()
})
