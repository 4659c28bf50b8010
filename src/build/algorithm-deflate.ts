import { type AlgorithmTable, algorithmTable } from './algorithm-tables.ts'

/** The tables of RFC 1951, 3.2.5 to 3.2.7: data of the format, in every inflater. */
export function deflateTables(): AlgorithmTable[] {
  const lengthExtra = [...Array.from({ length: 28 }, (_, i) => Math.max(0, (i >> 2) - 1)), 0]
  const lengthBase: number[] = []
  for (let i = 0, base = 3; i < 28; base += 1 << lengthExtra[i++]!) lengthBase.push(base)
  lengthBase.push(258)
  const distanceExtra = Array.from({ length: 30 }, (_, i) => Math.max(0, (i >> 1) - 1))
  const distanceBase: number[] = []
  for (let i = 0, base = 1; i < 30; base += 1 << distanceExtra[i++]!) distanceBase.push(base)
  const order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
  const lengths = Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8))
  return [
    algorithmTable('DEFLATE length base 16-bit', lengthBase, 2, 4),
    algorithmTable('DEFLATE distance base 16-bit', distanceBase, 2, 4),
    algorithmTable('DEFLATE length extra bits', lengthExtra, 1, 2, 4),
    algorithmTable('DEFLATE distance extra bits', distanceExtra, 1, 2, 4),
    algorithmTable('DEFLATE code length order 16-bit', order, 1, 2, 4),
    algorithmTable('DEFLATE fixed literal code lengths', lengths, 1, 2),
    algorithmTable('DEFLATE static literal tree (code,len 16-bit pairs)', treeOf(lengths), 2),
    algorithmTable(
      'DEFLATE static distance tree (code,len 16-bit pairs)',
      treeOf(Array.from({ length: 30 }, () => 5)),
      2,
    ),
  ]
}

/** Canonical codes by their lengths, each with its bits reversed, then its length. */
function treeOf(lengths: readonly number[]): number[] {
  const next: number[] = []
  for (let bits = 1, code = 0; bits <= 15; bits++) {
    code = (code + (bits === 1 ? 0 : lengths.filter((length) => length === bits - 1).length)) << 1
    next[bits] = code
  }
  return lengths.flatMap((length) => {
    const code = next[length]!
    next[length] = code + 1
    const reversed = [...code.toString(2).padStart(length, '0')].reverse().join('')
    return [Number.parseInt(reversed, 2), length]
  })
}
