import { hash64 } from '../bytes/hash.ts'
import { extractTable } from '../fingerprint/extract.ts'
import { canonicalImmediate, immediateBytes, isRareImmediate } from '../fingerprint/rare.ts'
import { type AlgorithmTable, algorithmTables } from './algorithm-tables.ts'

/**
 * The fingerprints of all tables that are computed. It takes half a second, more than compiling a small database, so nobody
 * does it but `scripts/build-public-features.mjs`, whose result `public-features.ts` reads, and the test that holds both
 * together.
 */
export interface AlgorithmFeatures {
  /** Of the windows of all tables, in both byte orders. */
  readonly tables: ReadonlySet<bigint>
  /** Of the elements of 32 and 64 bits that are rare as constants of code. */
  readonly immediates: ReadonlySet<bigint>
  /** Of what 32-bit code holds of elements of 64 bits: their halves. */
  readonly halves: ReadonlySet<bigint>
}

export function algorithmFeatures(): AlgorithmFeatures {
  const all = algorithmTables()
  return { tables: windowHashes(all), immediates: immediateHashes(all), halves: halfHashes(all) }
}

/** The bytes of a computed table with elements of `size` bytes. */
export function algorithmBytes({ elements }: AlgorithmTable, size: number, littleEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(elements.length * size)
  elements.forEach((element, i) => {
    for (let byte = 0; byte < size; byte++)
      bytes[i * size + (littleEndian ? byte : size - 1 - byte)] = Number((element >> BigInt(8 * byte)) & 0xffn)
  })
  return bytes
}

function windowHashes(all: readonly AlgorithmTable[]): ReadonlySet<bigint> {
  const hashes = new Set<bigint>()
  for (const table of all)
    for (const size of table.sizes)
      for (const littleEndian of [true, false])
        extractTable(algorithmBytes(table, size, littleEndian), (high, low) => {
          hashes.add((BigInt(high) << 32n) | BigInt(low))
        })
  return hashes
}

function immediateHashes(all: readonly AlgorithmTable[]): ReadonlySet<bigint> {
  const hashes = new Set<bigint>()
  for (const { elements, sizes } of all)
    if (sizes.includes(4) || sizes.includes(8))
      for (const element of elements) {
        const value = canonicalImmediate(element)
        if (isRareImmediate(value)) hashes.add(hash64(immediateBytes(value)))
      }
  return hashes
}

function halfHashes(all: readonly AlgorithmTable[]): ReadonlySet<bigint> {
  const hashes = new Set<bigint>()
  for (const { elements, sizes } of all)
    if (sizes.includes(8))
      for (const element of elements)
        for (const half of [element & 0xffff_ffffn, (element >> 32n) & 0xffff_ffffn])
          if (isRareImmediate(half)) hashes.add(hash64(immediateBytes(half)))
  return hashes
}
