import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hash64 } from '../../src/bytes/hash.ts'
import type { Batch } from '../../src/fingerprint/kernel/batch.ts'
import { type CodeBatches, codeBatches, isCodeKnown, planWindows } from '../../src/fingerprint/kernel/code.ts'
import { Kernel } from '../../src/fingerprint/kernel/kernel.ts'
import type { Prefilter } from '../../src/fingerprint/kernel/prefilter.ts'
import { Kind } from '../../src/fingerprint/print-set.ts'
import type { Arch } from '../../src/model.ts'

const page = readFileSync(fileURLToPath(new URL('../../docs/fingerprints.md', import.meta.url)), 'utf8')
const kernel = new Kernel()

/** Instructions that stay as they are: what a function needs to be long enough. */
const FILLER: Readonly<Record<string, { code: string; kept: string; token: string }>> = {
  x86_64: { code: '50', kept: '50', token: '5000' },
  i386: { code: '50', kept: '50', token: '5000' },
  aarch64: { code: '00000b8b', kept: '00000b8b', token: '0000008b' },
}
const FILLERS = 10
const PROGRAM = { lowest: 0x40_0000, highest: 0x90_0000 }

interface Spelled {
  readonly arch: Arch
  readonly bytes: Uint8Array
  readonly relocations: { count: number; offsets: Uint32Array; sizes: Uint8Array }
  readonly addresses?: { lowest: number; highest: number }
}

/** Code as the page spells it: hexadecimal digits, relocated bytes in brackets. */
function spelled(code: string, text: string): Spelled {
  const offsets: number[] = []
  const sizes: number[] = []
  let digits = ''
  for (const part of text.replaceAll(' ', '').split(/(\[[0-9a-f]*\])/)) {
    const hex = part.replaceAll(/[[\]]/g, '')
    if (part.startsWith('[')) {
      offsets.push(digits.length / 2)
      sizes.push(hex.length / 2)
    }
    digits += hex
  }
  return {
    arch: code.replace('program ', ''),
    bytes: Buffer.from(digits, 'hex'),
    relocations: { count: offsets.length, offsets: Uint32Array.from(offsets), sizes: Uint8Array.from(sizes) },
    ...(code.startsWith('program') ? { addresses: PROGRAM } : {}),
  }
}

/** Everything from `bytes` as one function. */
function fingerprint({ arch, bytes, relocations, addresses }: Spelled): CodeBatches {
  const window = { bytes, offset: 0, address: 0x1000, starts: Uint32Array.of(0), ends: Uint32Array.of(bytes.length) }
  return codeBatches(kernel, { ...window, relocations }, { arch, ...(addresses === undefined ? {} : { addresses }) })
}

function hashes({ count, high, low }: Batch): string[] {
  return Array.from({ length: count }, (_, i) => digits((BigInt(high[i]!) << 32n) | BigInt(low[i]!)))
}

function digits(hash: bigint): string {
  return hash.toString(16).padStart(16, '0')
}

function hashOf(hex: string): string {
  return digits(hash64(Buffer.from(hex.replaceAll(' ', ''), 'hex')))
}

/** The rows of the table with this heading. */
function rowsUnder(heading: string): string[][] {
  const [, table = ''] = page.split(`| ${heading} |\n`)
  const rows: string[][] = []
  for (const line of table.split('\n').slice(1)) {
    if (!line.startsWith('|')) break
    const cells = line.split('|').slice(1, -1)
    rows.push(cells.map((cell) => cell.trim().replaceAll('`', '')))
  }
  return rows
}

describe('the definition', () => {
  const instructions = rowsUnder('code | bytes | kept form | tokens')
  const functions = rowsUnder('code | bytes | function | mnemonics')
  const immediates = rowsUnder('code | bytes | value | fingerprint')

  test('has its examples', () => {
    expect([instructions.length, functions.length, immediates.length]).toEqual([38, 1, 13])
  })

  test.each(instructions)('%s %s has the form %s and the tokens %s', (code, bytes, kept, tokens) => {
    const filler = FILLER[code!.replace('program ', '')]!
    const found = fingerprint(spelled(code!, bytes! + filler.code.repeat(FILLERS)))
    expect(hashes(found.functions)).toEqual([hashOf(kept! + filler.kept.repeat(FILLERS))])
    expect(hashes(found.mnemonics)).toEqual([hashOf(tokens! + filler.token.repeat(FILLERS))])
  })

  test.each(functions)('%s %s has the fingerprints %s and %s', (code, bytes, kept, tokens) => {
    const found = fingerprint(spelled(code!, bytes!))
    expect([hashes(found.functions), hashes(found.mnemonics)]).toEqual([[kept], [tokens]])
  })

  test.each(immediates)('%s %s gives %s', (code, bytes, value, print) => {
    const found = fingerprint(spelled(code!, bytes!))
    if (value === 'none') {
      expect(found.immediates.count).toBe(0)
      return
    }
    const feature = Buffer.alloc(8)
    feature.writeBigUInt64LE(BigInt(`0x${value}`))
    expect(digits(hash64(feature))).toBe(print)
    expect(hashes(found.immediates)).toEqual([print])
  })
})

describe('a batch', () => {
  const push = Buffer.alloc(12, 0x50)

  test('tells offset in the file, bytes and variety of each function', () => {
    const window = { bytes: Buffer.concat([push, push]), offset: 2 ** 33, address: 0 }
    const found = codeBatches(
      kernel,
      { ...window, starts: Uint32Array.of(1, 13), ends: Uint32Array.of(11, 24) },
      { arch: 'x86_64' },
    )
    for (const batch of [found.functions, found.mnemonics]) {
      expect([...batch.offsets]).toEqual([2 ** 33 + 1, 2 ** 33 + 13])
      expect([...batch.lengths]).toEqual([10, 11])
      expect([...batch.flags]).toEqual([2, 2])
    }
  })

  test.each([
    ['one instruction again and again', '50'.repeat(300), 2],
    ['two in turn', '5058'.repeat(20), 3],
    ['two in turn, then one of them', `${'5058'.repeat(20)}${'58'.repeat(20)}`, 4],
  ])('counts the different pairs of neighbours: %s', (_, bytes, pairs) => {
    expect([...fingerprint(spelled('x86_64', bytes)).functions.flags]).toEqual([pairs])
  })

  test('has a constant once for each function', () => {
    const bytes = Buffer.from('b878563412'.repeat(4), 'hex')
    const found = codeBatches(
      kernel,
      { bytes, offset: 0, address: 0, starts: Uint32Array.of(0, 10), ends: Uint32Array.of(10, 20) },
      { arch: 'x86_64' },
    )
    expect([...found.immediates.offsets]).toEqual([0, 10])
    expect([...found.immediates.lengths]).toEqual([5, 5])
  })

  test('holds nothing of a function that is not all instructions, nor of one of nine', () => {
    expect(fingerprint(spelled('x86_64', `b878563412${'50'.repeat(10)}06`)).immediates.count).toBe(0)
    const nine = fingerprint(spelled('x86_64', `b878563412${'50'.repeat(8)}`))
    expect([nine.functions.count, nine.mnemonics.count, nine.immediates.count]).toEqual([0, 0, 1])
    expect(fingerprint(spelled('x86_64', `${'50'.repeat(12)}b80000`)).functions.count).toBe(0)
  })

  test('holds only what the prefilter may hold', () => {
    const [wanted] = hashes(fingerprint(spelled('x86_64', '50'.repeat(10))).functions)
    const bits = new Uint8Array(64)
    const low = Number(BigInt(`0x${wanted}`) & 0xffff_ffffn)
    for (let i = 0; i < 8; i++) {
      const n = ((low & 511) + i * ((low >>> 9) | 1)) & 511
      bits[n >>> 3]! |= 1 << (n & 7)
    }
    const prefilter: Prefilter = { filter: (kind) => (kind === Kind.Function ? bits : new Uint8Array(64)) }
    const window = { bytes: Buffer.concat([push, Buffer.alloc(12, 0x51)]), offset: 0, address: 0 }
    const found = codeBatches(
      kernel,
      { ...window, starts: Uint32Array.of(0, 12), ends: Uint32Array.of(10, 24) },
      { arch: 'x86_64', prefilter },
    )
    expect([hashes(found.functions), found.mnemonics.count]).toEqual([[wanted], 0])
  })

  test('is refused for code that nobody knows', () => {
    expect([isCodeKnown('x86_64'), isCodeKnown('vax')]).toEqual([true, false])
    expect(() => fingerprint(spelled('vax', '50'))).toThrow(TypeError)
  })
})

describe('the short way', () => {
  // A mask on the distance of the call sends what stands before it the long way and changes nothing else.
  const call = `e8[00000000]${'50'.repeat(10)}`
  const plainCall = call.replaceAll(/[[\]]/g, '')
  const instruction = fc.uint8Array({ minLength: 15, maxLength: 15 })
  const opcode = fc.tuple(fc.constantFrom('', '48', '41', '0f', '480f', '4d0f'), fc.nat(255), fc.nat(255), instruction)

  test.each(['x86_64', 'program x86_64', 'i386'])('agrees with the long way on all instructions of %s', (code) => {
    fc.assert(
      fc.property(opcode, ([prefix, first, second, rest]) => {
        const all = Buffer.concat([Buffer.from(prefix, 'hex'), Buffer.of(first, second), rest])
        const length = kernel.scope(() => {
          const at = kernel.reserve(64)
          kernel.bytes(at, 17).set(all.subarray(0, 17))
          return kernel.exports.x86Length(at, code.endsWith('x86_64'))
        })
        const hex = all.subarray(0, length).toString('hex')
        const short = fingerprint(spelled(code, hex + plainCall))
        const ways = [short.functions, short.mnemonics, short.immediates].map(hashes)
        const long = fingerprint(spelled(code, hex + call))
        expect([long.functions, long.mnemonics, long.immediates].map(hashes), hex).toEqual(ways)
      }),
      { numRuns: 3_000 },
    )
  })
})

describe('windows', () => {
  const ranges = (sizes: readonly number[], sections?: readonly number[]) => {
    let at = 64
    const offsets = sizes.map((size) => {
      at += size
      return at - size
    })
    return {
      count: sizes.length,
      offsets: Float64Array.from(offsets),
      sizes: Uint32Array.from(sizes),
      sections: Int32Array.from(sections ?? sizes.map(() => 1)),
    }
  }

  test('hold whole functions of one section', () => {
    expect([...planWindows(ranges([10, 20, 30], [1, 1, 2]))]).toEqual([
      { first: 0, end: 2, offset: 64, bytes: 30 },
      { first: 2, end: 3, offset: 94, bytes: 30 },
    ])
  })

  test('are given to one large function alone, and to none that is too large', () => {
    const plans = [...planWindows(ranges([10, 2 ** 20, 10, 2 ** 23, 10]))]
    expect(plans.map(({ first, end }) => [first, end])).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
      [4, 5],
    ])
  })
})
