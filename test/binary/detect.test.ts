import { expect, test } from 'vitest'
import { detectFormat } from '../../src/binary/detect.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { buildAr } from '../fixtures/ar.ts'
import { buildElf } from '../fixtures/elf.ts'
import { buildPe } from '../fixtures/pe.ts'

const dosProgram = Buffer.alloc(128)
dosProgram.write('MZ')
dosProgram.writeUInt32LE(0x40, 0x3c)

test.each([
  ['an ELF file', buildElf(), 'elf'],
  ['a PE image', buildPe(), 'pe'],
  ['a static library', buildAr([]), 'ar'],
  ['a thin archive', Buffer.from('!<thin>\n'), 'ar'],
  ['a DOS program without a PE header', dosProgram, undefined],
  ['a PE signature beyond the end', buildPe().subarray(0, 0x82), undefined],
  ['text', Buffer.from('#!/bin/sh\n'), undefined],
  ['an empty file', new Uint8Array(0), undefined],
])('the magic of %s tells its format', (_name, bytes, format) => {
  expect(detectFormat(bytesSource(bytes))).toBe(format)
})
