import { describe, expect, test } from 'vitest'
import type { Program } from '../../src/binary/program.ts'
import { Kind, PrintFlag, PrintSet } from '../../src/fingerprint/print-set.ts'
import { type Features, FrozenWriter, readFrozen } from '../../src/scan/frozen.ts'

const program = {
  format: 'elf',
  arch: 'x86_64',
  bits: 64,
  littleEndian: true,
  kind: 'shared',
  stripped: true,
  sections: [{ name: '.rodata', role: 'data', address: 4096, offset: 4096, size: 64, mergeableStrings: false }],
  imageBase: 0,
  needed: ['libz.so.1'],
  soname: 'libfoo.so.2',
  buildId: null,
  versionInfo: {},
  damage: [],
} as const

function features(sha256: string, shift: number): Features {
  const prints = new PrintSet()
  prints.add(Kind.String, 0xffff_ffff_ffff_ffffn, shift + 100, 9)
  prints.add(Kind.String, 7n, shift + 110, 12, PrintFlag.Label)
  prints.add(Kind.String, 7n, shift + 4, 24, PrintFlag.Label)
  prints.add(Kind.Template, 7n, shift + 110, 12, 0, '1.2.13')
  prints.add(Kind.Template, 7n, shift + 4, 24, 0, '1.2.11')
  prints.add(Kind.Symbol, 1n << 63n, shift + 2 ** 40, 5)
  prints.literals.push({ version: '1.2.13', offset: shift + 300 }, { version: '3.0', offset: shift + 20 })
  const symbols = { count: 0 } as unknown as Program['symbols']
  return {
    sha256,
    prints: prints.seal(),
    programs: [{ ...program, symbols, imports: [], relocationTables: [], unwindTables: [] }],
  }
}

function freeze(...files: readonly Features[]): Uint8Array {
  const writer = new FrozenWriter()
  for (const file of files) writer.add(file)
  return writer.finish()
}

/** Everything that identification can see of the set. */
function visible({ prints }: Features): unknown {
  const rows = Array.from({ length: prints.count }, (_, at) => [
    prints.kinds[at],
    prints.flags[at],
    prints.high[at],
    prints.low[at],
    prints.offsets[at],
    prints.lengths[at],
    prints.captureAt(at),
  ])
  return [rows, prints.literals]
}

describe('frozen features', () => {
  test('come back as they were, in order', () => {
    const files = [features('a'.repeat(64), 0), features('b'.repeat(64), 5000), features('c'.repeat(64), 3)]
    const read = [...readFrozen(freeze(...files))]
    expect(read.map(({ sha256 }) => sha256[0])).toEqual(['a', 'b', 'c'])
    expect(read.map(visible)).toEqual(files.map(visible))
  })

  test('keep the facts of the program', () => {
    const [file] = [...readFrozen(freeze(features('a'.repeat(64), 0)))]
    expect(file?.programs).toMatchObject([program])
  })

  test('are the same bytes for the same files', () => {
    const make = (): Uint8Array => freeze(features('a'.repeat(64), 0), features('b'.repeat(64), 9))
    expect(make()).toEqual(make())
  })

  test('a file without prints is one', () => {
    const empty: Features = { sha256: 'a'.repeat(64), prints: new PrintSet().seal(), programs: [] }
    expect([...readFrozen(freeze(empty))].map(({ prints }) => prints.count)).toEqual([0])
  })

  test('of other extraction rules are refused', () => {
    const bytes = freeze(features('a'.repeat(64), 0))
    // Behind the magic text and its length: format, extraction.
    const extraction = 1 + Buffer.from(bytes).indexOf('features') - 1 + 'features'.length + 1
    bytes[extraction] = 99
    expect(() => [...readFrozen(bytes)]).toThrow(
      expect.objectContaining({ code: 'STORE_SCHEMA_MISMATCH', message: expect.stringContaining('extraction 99') }),
    )
  })

  test('that were cut end in an error of the store', () => {
    const bytes = freeze(features('a'.repeat(64), 0))
    for (const length of [0, 5, 30, bytes.length - 3])
      expect(() => [...readFrozen(bytes.subarray(0, length))]).toThrow(
        expect.objectContaining({ code: 'STORE_CORRUPT' }),
      )
  })
})
