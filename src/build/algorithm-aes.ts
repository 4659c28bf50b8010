import { type AlgorithmTable, algorithmTable } from './algorithm-tables.ts'

/** Multiplication in the field of FIPS 197, 4.2. */
function times(a: number, b: number): number {
  let product = 0
  for (let x = a, y = b; y > 0; y >>= 1) {
    if ((y & 1) === 1) product ^= x
    x = (x << 1) ^ ((x >> 7) * 0x11b)
  }
  return product
}

function sBox(): number[] {
  const box = Array.from({ length: 256 }, () => 0)
  for (let byte = 0; byte < 256; byte++) {
    let inverse = 0
    while (byte !== 0 && times(byte, inverse) !== 1) inverse++
    let value = 0x63
    for (let turn = 0; turn < 5; turn++) value ^= ((inverse << turn) | (inverse >> (8 - turn))) & 0xff
    box[byte] = value
  }
  return box
}

/** The boxes of AES and the tables that join them with the mixing of columns, in both orders of the word's bytes. */
export function aesTables(): AlgorithmTable[] {
  const box = sBox()
  const inverse = box.map((_, byte) => box.indexOf(byte))
  const word = (bytes: readonly number[]): bigint => bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  const forward = box.map((s) => word([times(s, 2), s, s, times(s, 3)]))
  const backward = inverse.map((s) => word([times(s, 14), times(s, 9), times(s, 13), times(s, 11)]))
  const turned = (table: readonly bigint[], bytes: number): bigint[] =>
    table.map((value) => BigInt.asUintN(32, (value >> BigInt(8 * bytes)) | (value << BigInt(32 - 8 * bytes))))
  const tables = [0, 1, 2, 3].flatMap((bytes) => [
    algorithmTable(`AES Te${bytes}`, turned(forward, bytes), 4),
    algorithmTable(`AES Td${bytes}`, turned(backward, bytes), 4),
  ])
  return [
    algorithmTable('AES S-box', box, 1, 4),
    algorithmTable('AES inverse S-box', inverse, 1, 4),
    ...tables,
    algorithmTable(
      'AES Te4',
      box.map((s) => word([s, s, s, s])),
      4,
    ),
    algorithmTable(
      'AES Td4',
      inverse.map((s) => word([s, s, s, s])),
      4,
    ),
  ]
}
