import { expect, test } from 'vitest'
import { readProgram } from '../../src/binary/read.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { buildElf } from '../fixtures/elf.ts'
import { buildCoff, buildPe } from '../fixtures/pe.ts'

test.each([
  ['an ELF file', buildElf(), { format: 'elf', kind: 'shared' }],
  ['a PE image', buildPe(), { format: 'pe', kind: 'executable' }],
  ['a COFF object', buildCoff(), { format: 'pe', kind: 'object' }],
])('%s is read by its reader', (_name, bytes, expected) => {
  expect(readProgram(bytesSource(bytes))).toMatchObject(expected)
})

test.each([
  ['text', Buffer.from('hello world'), 'neither ELF nor PE: starts with 68656c6c6f20776f'],
  ['an empty file', new Uint8Array(0), 'neither ELF nor PE: file is empty'],
])('%s is refused with its first bytes', (_name, bytes, message) => {
  expect(() => readProgram(bytesSource(bytes))).toThrow(expect.objectContaining({ code: 'FORMAT_BAD_MAGIC', message }))
})
