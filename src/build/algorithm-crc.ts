import { type AlgorithmTable, algorithmTable } from './algorithm-tables.ts'

/** Tables that process this many bytes at once stand behind each other. */
const SLICES = 16

/**
 * The tables of the usual cyclic redundancy checks: of each byte, and of the bytes before it ("slicing"). In a reflected
 * table the lowest bit comes first, and the polynomial is written that way.
 */
export function crcTables(): AlgorithmTable[] {
  return [
    sliced('CRC-32 table (reflected 0xEDB88320)', 0xedb8_8320n, 32, true, 4, 8),
    sliced('CRC-32 table (normal 0x04C11DB7)', 0x04c1_1db7n, 32, false, 4, 8),
    sliced('CRC-32C table (reflected 0x82F63B78)', 0x82f6_3b78n, 32, true, 4),
    sliced('CRC-32K table (reflected 0xEB31D82E)', 0xeb31_d82en, 32, true, 4),
    sliced('CRC-64 XZ table', 0xc96c_5795_d787_0f42n, 64, true, 8),
    sliced('CRC-64 ECMA table (normal)', 0x42f0_e1eb_a9ea_3693n, 64, false, 8),
    sliced('CRC-64 Jones table', 0x95ac_9329_ac4b_c9b5n, 64, true, 8),
    sliced('CRC-64 ISO table', 0xd800_0000_0000_0000n, 64, true, 8),
    sliced('CRC-16 ARC table', 0xa001n, 16, true, 2, 4),
    sliced('CRC-16 CCITT table (normal)', 0x1021n, 16, false, 2, 4),
    sliced('CRC-16 CCITT table (reflected)', 0x8408n, 16, true, 2, 4),
    sliced('FLAC CRC-16 table (0x8005)', 0x8005n, 16, false, 2, 4),
    sliced('CRC-8 table (0x07)', 0x07n, 8, false, 1),
    sliced('CRC-8 Maxim table', 0x8cn, 8, true, 1),
    sliced('CRC-24 OpenPGP table', 0x86_4cfbn, 24, false, 4),
    algorithmTable(
      'CRC-32 nibble table',
      Array.from({ length: 16 }, (_, i) => step(BigInt(i), 0xedb8_8320n, 32, true, 4)),
      4,
    ),
    algorithmTable('CRC-32 powers of x', powers(0xedb8_8320n), 4),
    algorithmTable('CRC-32C powers of x', powers(0x82f6_3b78n), 4),
  ]
}

/** Of a reflected polynomial of 32 bits x^(2^n) for all n, with which checks of parts are combined. */
function powers(polynomial: bigint): bigint[] {
  const found = [1n << 30n]
  while (found.length < 32) found.push(product(found.at(-1)!, found.at(-1)!, polynomial))
  return found
}

/** The product of two reflected polynomials of 32 bits, modulo a third. */
function product(a: bigint, b: bigint, polynomial: bigint): bigint {
  let sum = 0n
  let shifted = b
  for (let bit = 31n; bit >= 0n; bit--) {
    if (((a >> bit) & 1n) === 1n) sum ^= shifted
    shifted = (shifted & 1n) === 1n ? (shifted >> 1n) ^ polynomial : shifted >> 1n
  }
  return sum
}

function sliced(
  name: string,
  polynomial: bigint,
  bits: number,
  isReflected: boolean,
  ...sizes: (1 | 2 | 4 | 8)[]
): AlgorithmTable {
  const width = BigInt(bits)
  const table = Array.from({ length: 256 }, (_, i) =>
    step(isReflected ? BigInt(i) : BigInt(i) << (width - 8n), polynomial, bits, isReflected, 8),
  )
  const all = [...table]
  for (let slice = 1; slice < SLICES; slice++)
    for (let i = 0; i < 256; i++) {
      const before = all[256 * (slice - 1) + i]!
      all.push(
        isReflected
          ? (before >> 8n) ^ table[Number(before & 0xffn)]!
          : BigInt.asUintN(bits, before << 8n) ^ table[Number(before >> (width - 8n))]!,
      )
    }
  return algorithmTable(name, all, ...sizes)
}

/** The remainder after `count` bits of zeros. */
function step(value: bigint, polynomial: bigint, bits: number, isReflected: boolean, count: number): bigint {
  let rest = value
  const top = 1n << BigInt(bits - 1)
  for (let bit = 0; bit < count; bit++) {
    const isSet = isReflected ? (rest & 1n) === 1n : (rest & top) !== 0n
    rest = isReflected ? rest >> 1n : BigInt.asUintN(bits, rest << 1n)
    if (isSet) rest ^= polynomial
  }
  return rest
}
