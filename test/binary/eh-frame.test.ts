import { describe, expect, test } from 'vitest'
import { type EhFrame, ehFrameAddress, readEhFrame } from '../../src/binary/eh-frame.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { buildEhFrame, type FrameFixture } from '../fixtures/eh-frame.ts'
import { Writer } from '../fixtures/writer.ts'

const ADDRESS = 0x1000
const FUNCTIONS = [
  [0x4000, 0x40],
  [0x4040, 0x123],
  [0x800, 1],
] as const

function read(bytes: Uint8Array, options: FrameFixture & Partial<EhFrame> = {}): (readonly [number, number])[] {
  const { bits = 64, littleEndian = true, address = ADDRESS } = options
  const found: (readonly [number, number])[] = []
  const frame = { ...options, offset: 0, size: bytes.length, address, bits, littleEndian }
  readEhFrame(bytesSource(bytes), frame, { add: (begin, size) => found.push([begin, size]) })
  return found
}

describe('function ranges', () => {
  const formats = {
    absptr: 0,
    uleb128: 1,
    udata2: 2,
    udata4: 3,
    udata8: 4,
    sleb128: 9,
    sdata2: 10,
    sdata4: 11,
    sdata8: 12,
  }
  const bases = { absolute: 0, pcrel: 0x10, textrel: 0x20, datarel: 0x30 }
  const words = [
    [64, true],
    [64, false],
    [32, true],
    [32, false],
  ] as const
  const cases = Object.entries(formats).flatMap(([format, code]) =>
    Object.entries(bases).flatMap(([base, bits]) => {
      // A distance backwards does not fit a number without sign, unless it is as wide as addresses are.
      const backwards = base === 'pcrel' && [1, 2, 3].includes(code)
      return backwards ? [] : [[format, base, code | bits] as const]
    }),
  )

  test.each(cases)('stored as %s, %s, are read in every byte order and word size', (_, __, encoding) => {
    for (const [bits, littleEndian] of words) {
      const base = 0x700
      const bytes = buildEhFrame(FUNCTIONS, { bits, littleEndian, address: ADDRESS, encoding, base })
      expect(read(bytes, { bits, littleEndian, textBase: base, dataBase: base })).toEqual(FUNCTIONS)
    }
  })

  test('stored as distances without sign wrap around in 32 bits', () => {
    const bytes = buildEhFrame(FUNCTIONS, { bits: 32, encoding: 0x13 })
    expect(read(bytes, { bits: 32 })).toEqual(FUNCTIONS)
  })

  test('of a kernel, in the upper half of the addresses, come as negative numbers', () => {
    const address = -0x7f000000
    const functions = [[address + 0x100, 7]] as const
    expect(read(buildEhFrame(functions, { address }), { address })).toEqual(functions)
  })

  test.each(['zR', 'zPLR', 'zRS', 'zLR', 'zRB', 'zPLRSB'])('of the augmentation %s are read', (augmentation) => {
    expect(read(buildEhFrame(FUNCTIONS, { augmentation }))).toEqual(FUNCTIONS)
  })

  test('without augmentation are whole addresses', () => {
    expect(read(buildEhFrame(FUNCTIONS, { augmentation: '', encoding: 0 }))).toEqual(FUNCTIONS)
  })

  test.each([1, 3, 4])('of version %i are read', (version) => {
    expect(read(buildEhFrame(FUNCTIONS, { version }))).toEqual(FUNCTIONS)
  })

  test('of entries with lengths of 64 bits are read', () => {
    expect(read(buildEhFrame(FUNCTIONS, { wide: true }))).toEqual(FUNCTIONS)
  })

  test('whose address only the running program knows are left out', () => {
    expect(read(buildEhFrame(FUNCTIONS, { encoding: 0x9b }))).toEqual([])
    expect(read(buildEhFrame(FUNCTIONS, { encoding: 0x30 | 0x0b }))).toEqual([])
  })

  test('without bytes are left out', () => {
    expect(read(buildEhFrame([[0x4000, 0], ...FUNCTIONS]))).toEqual(FUNCTIONS)
  })
})

test('an entry of length 0 ends the table only for the loader', () => {
  const one = buildEhFrame(FUNCTIONS.slice(0, 1))
  const two = buildEhFrame(FUNCTIONS.slice(1, 2), { address: ADDRESS + one.length })
  const both = Buffer.concat([one, two])
  expect(read(both)).toEqual(FUNCTIONS.slice(0, 2))
  expect(read(both, { endsAtZero: true })).toEqual(FUNCTIONS.slice(0, 1))
})

test('an entry that leaves the table ends it, and what stands before is kept', () => {
  const bytes = buildEhFrame(FUNCTIONS)
  expect(read(bytes.subarray(0, bytes.length - 12))).toEqual(FUNCTIONS.slice(0, 2))
})

test('the header says where the table is', () => {
  const header = new Writer(true)
    .u8(1, 0x1b, 0x03, 0x3b)
    .u32(0x2000 - 0x1804)
    .finish()
  const frame = { offset: 0, size: header.length, address: 0x1800, bits: 64, littleEndian: true } as const
  expect(ehFrameAddress(bytesSource(header), frame)).toBe(0x2000)
  header[0] = 2
  expect(ehFrameAddress(bytesSource(header), frame)).toBeUndefined()
})
