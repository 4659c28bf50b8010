import { expect, test } from 'vitest'
import { FileBuffers } from '../../src/bytes/file-buffers.ts'
import { type ByteSource, bytesSource } from '../../src/bytes/source.ts'

/** A source that says how often it was read. */
function counted(bytes: Uint8Array): { source: ByteSource; readings: () => number } {
  const source = bytesSource(bytes)
  let readings = 0
  const read: ByteSource = {
    size: source.size,
    read(offset, length) {
      readings++
      return source.read(offset, length)
    },
    readInto(target, offset) {
      readings++
      source.readInto(target, offset)
    },
    close: () => undefined,
  }
  return { source: read, readings: () => readings }
}

test('a small file is read once, at the first use, and gives the same bytes', () => {
  const { source, readings } = counted(Buffer.from('a small file'))
  const opened = new FileBuffers().open(source)
  expect([opened.size, readings()]).toEqual([12, 0])
  expect(Buffer.from(opened.read(2, 5)).toString()).toBe('small')
  const target = new Uint8Array(4)
  opened.readInto(target, 8)
  expect(Buffer.from(target).toString()).toBe('file')
  expect(readings()).toBe(1)
  expect(() => opened.read(8, 5)).toThrow(expect.objectContaining({ code: 'FORMAT_TRUNCATED' }))
})

test('the memory of a closed file is used again, that of an open one is not', () => {
  const buffers = new FileBuffers()
  const [first, second] = [bytesSource(Buffer.from('first')), bytesSource(Buffer.from('second'))]
  const open = buffers.open(first)
  const other = buffers.open(second)
  const memory = open.read(0, 5).buffer
  expect(other.read(0, 6).buffer).not.toBe(memory)
  expect(Buffer.from(open.read(0, 5)).toString()).toBe('first')
  open.close()
  expect(() => open.read(0, 1)).toThrow()
  const third = buffers.open(second)
  expect(third.read(0, 6).buffer).toBe(memory)
  expect(Buffer.from(third.read(0, 6)).toString()).toBe('second')
})

test('a large file is read piece by piece, and closing it leaves the given one open', () => {
  const bytes = new Uint8Array(5 << 20).fill(7)
  const { source, readings } = counted(bytes)
  const opened = new FileBuffers().open(source)
  expect(opened.read(bytes.length - 2, 2)).toEqual(new Uint8Array([7, 7]))
  opened.read(0, 1)
  expect(readings()).toBe(2)
  opened.close()
  expect(source.read(0, 1)).toEqual(new Uint8Array([7]))
})
