import { describe, expect, test } from 'vitest'
import { readPdata } from '../../src/binary/pdata.ts'
import type { Program } from '../../src/binary/program.ts'
import { readProgram } from '../../src/binary/read.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { buildPe } from '../fixtures/pe.ts'
import { Writer } from '../fixtures/writer.ts'

const IMAGE_BASE = 0x140000000

/** Ranges, as relative addresses, of a table that stands at the start of one section; `rest` of the section follows it. */
function ranges(arch: string, table: Uint8Array, rest: Uint8Array = new Uint8Array(0)): (readonly [number, number])[] {
  const bytes = Buffer.concat([table, rest])
  const address = IMAGE_BASE + RVA
  const section = {
    name: '.rdata',
    role: 'data',
    address,
    offset: 0,
    size: bytes.length,
    mergeableStrings: false,
  } as const
  const program: Program = { ...readProgram(bytesSource(buildPe())), arch, sections: [section] }
  const found: (readonly [number, number])[] = []
  const place = { layout: 'pdata', section: -1, address, offset: 0, size: table.length } as const
  readPdata(program, bytesSource(bytes), place, (begin, size) => found.push([begin - IMAGE_BASE, size]))
  return found
}

const RVA = 0x5000
const entries = (...words: number[]) => new Writer(true).u32(...words).finish()
/** UNWIND_INFO with three codes, then, when it continues another function, that one's entry. */
const unwind = (chained?: readonly [number, number, number]) => {
  const out = new Writer(true).u8(1 | ((chained === undefined ? 0 : 4) << 3), 0, 3, 0).u16(0, 0, 0, 0)
  return chained === undefined ? out.padTo(24).finish() : out.u32(...chained).finish()
}

describe('x64', () => {
  const info = RVA + 36
  const main = [0x1000, 0x1040, info] as const

  test('entries are ranges', () => {
    expect(ranges('x86_64', entries(...main, 0x1050, 0x1060, info), unwind())).toEqual([
      [0x1000, 0x40],
      [0x1050, 0x10],
    ])
  })

  test('a part that continues the function before it joins it, others stay on their own', () => {
    const table = entries(...main, 0x1040, 0x1080, info + 24, 0x3000, 0x3010, info + 24)
    expect(ranges('x86_64', table, Buffer.concat([unwind(), unwind(main)]))).toEqual([
      [0x1000, 0x80],
      [0x3000, 0x10],
    ])
  })

  test('an odd place of unwind information is the entry of the function that is continued', () => {
    expect(ranges('x86_64', entries(...main, 0x1040, 0x1048, RVA + 1, 0, 0, 0), unwind())).toEqual([[0x1000, 0x48]])
  })

  test('a chain that goes round ends', () => {
    expect(ranges('x86_64', entries(0x1000, 0x1040, RVA + 1))).toEqual([[0x1000, 0x40]])
  })

  test('entries that end before they begin are left out', () => {
    expect(ranges('x86_64', entries(0x1000, 0x900, info, ...main, 0, 0, 0), unwind())).toEqual([[0x1000, 0x40]])
  })
})

describe('ARM', () => {
  test('packed lengths are words of 4 bytes on 64 bits, of 2 on 32 bits, where bit 0 says Thumb', () => {
    const packed = entries(0x1001, (16 << 2) | 1)
    expect(ranges('aarch64', packed)).toEqual([[0x1000, 64]])
    expect(ranges('arm', packed)).toEqual([[0x1000, 32]])
  })

  test('unpacked lengths stand in the record', () => {
    expect(ranges('aarch64', entries(0x1000, RVA + 8), entries(0xffc00000 | 100))).toEqual([[0x1000, 400]])
  })

  test('a fragment joins the function before it', () => {
    const table = entries(0x1000, (16 << 2) | 1, 0x1040, (4 << 2) | 2, 0x1060, (4 << 2) | 2)
    expect(ranges('aarch64', table)).toEqual([
      [0x1000, 0x50],
      [0x1060, 0x10],
    ])
  })
})

test('other machines have no such table', () => {
  expect(ranges('i386', entries(0x1000, 0x1040, 0))).toEqual([])
})
