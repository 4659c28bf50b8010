import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NamePool } from '../../src/binary/name-pool.ts'
import { SymbolFlag } from '../../src/binary/program.ts'
import { SymbolBatch } from '../../src/binary/symbol-batch.ts'
import { SymbolTableBuilder } from '../../src/binary/symbol-table.ts'
import { DEFAULT_LIMITS } from '../../src/bytes/limits.ts'
import { bytesSource } from '../../src/bytes/source.ts'

function poolOf(text: string, limits = DEFAULT_LIMITS): NamePool {
  const bytes = Buffer.from(text, 'latin1')
  return new NamePool(bytesSource(bytes), 0, bytes.length, limits)
}

interface Symbol {
  readonly name: string
  readonly address: number
}

/** The names one behind the other, and where each starts. */
function laidOut(symbols: readonly Symbol[]): { pool: NamePool; starts: number[] } {
  const starts: number[] = []
  let text = '\0'
  for (const { name } of symbols) {
    starts.push(text.length)
    text += `${name}\0`
  }
  return { pool: poolOf(text), starts }
}

const symbol: fc.Arbitrary<Symbol> = fc.record({
  name: fc.stringMatching(/^[ab]{1,3}$|^_ZN[ab]{6,12}E$/),
  address: fc.constantFrom(0, 1, 0x40_0000, 2 ** 40, 2 ** 40 + 2 ** 32, -(2 ** 31)),
})

test('findAll gives for each symbol the first remembered one of its name and address, in whatever order it asks', () => {
  fc.assert(
    fc.property(fc.array(symbol, { maxLength: 40 }), fc.array(symbol, { maxLength: 40 }), (known, asked) => {
      const flags = SymbolFlag.Defined
      const builder = new SymbolTableBuilder(0)
      const own = laidOut(known)
      for (const [i, { name, address }] of known.entries())
        builder.remember(
          builder.add({
            address,
            size: 0,
            flags,
            section: -1,
            pool: own.pool,
            nameStart: own.starts[i]!,
            nameLength: name.length,
          }),
        )
      const other = laidOut(asked)
      const batch = new SymbolBatch(other.pool, asked.length)
      batch.count = asked.length
      for (const [i, { name, address }] of asked.entries()) {
        batch.addresses[i] = address
        batch.flags[i] = flags
        batch.nameStarts[i] = other.starts[i]!
        batch.nameLengths[i] = name.length
      }
      const order = Uint32Array.from(asked.keys()).reverse()
      expect(Array.from(builder.findAll(batch, order))).toEqual(
        asked.map(({ name, address }) => known.findIndex((one) => one.name === name && one.address === address)),
      )
    }),
  )
})

test('names may stand in more tables than a byte counts', () => {
  const builder = new SymbolTableBuilder(0)
  const entry = { address: 0, size: 0, flags: 0, section: -1, nameStart: 0 }
  const texts = Array.from({ length: 600 }, (_, i) => `name${i}`)
  for (const text of texts) builder.add({ ...entry, pool: poolOf(`${text}\0`), nameLength: text.length })
  const table = builder.build()
  expect(texts.map((_, i) => table.name(i))).toEqual(texts)
})

test.each([
  ['ends at the NUL', 'abc\0', 0, 3, 3],
  ['ends before a version', 'inflate@@ZLIB_1\0', 0, 15, 7],
  ['may start with a sign', '@feat.00\0', 0, 8, 8],
  ['may start with two, of which the second is a version', '@@V\0', 0, 3, 1],
  ['of a part ends before the version too', 'inflate@V\0', 2, 7, 5],
  ['of a part of the version has none', 'inflate@VERSION\0', 9, 6, 6],
  ['may be empty', '\0abc\0', 0, 0, 0],
  ['is none without a NUL', 'abcdefgh', 0, -1, -1],
  ['is none without a NUL behind its version', 'abcdef@h', 0, -1, -1],
  ['is none behind the end', 'abc\0', 4, -1, -1],
  ['is none beyond the limit', `${'a'.repeat(17)}\0`, 0, -1, -1],
  ['is one at the limit', `${'a'.repeat(16)}\0`, 0, 16, 16],
])('a name %s', (_rule, text, start, length, withoutVersion) => {
  const limits = { ...DEFAULT_LIMITS, nameBytes: 16 }
  expect(poolOf(text, limits).length(start)).toBe(length)
  expect(poolOf(text, limits).lengthWithoutVersion(start)).toBe(withoutVersion)
  // The whole name was asked for before.
  const pool = poolOf(text, limits)
  pool.length(0)
  expect(pool.lengthWithoutVersion(start)).toBe(withoutVersion)
})
