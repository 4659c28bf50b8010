/**
 * Writes the fingerprints of published algorithms, which the compiled `src/build/algorithm-*.ts` compute, to
 * `src/build/public-features.bin`. Usage, by `prepare.mjs`: node scripts/build-public-features.mjs
 */
import { writeFileSync } from 'node:fs'

const { algorithmFeatures } = await import('../dist/build/algorithm-features.js')
const { tables, immediates, halves } = algorithmFeatures()
const lists = [tables, immediates, halves].map((hashes) => {
  const sorted = [...hashes].sort((a, b) => (a < b ? -1 : 1))
  const list = Buffer.alloc(4 + sorted.length * 8)
  list.writeUInt32LE(sorted.length, 0)
  for (const [i, hash] of sorted.entries()) {
    list.writeUInt32LE(Number(hash >> 32n), 4 + i * 4)
    list.writeUInt32LE(Number(hash & 0xffff_ffffn), 4 + (sorted.length + i) * 4)
  }
  return list
})
writeFileSync(new URL('../src/build/public-features.bin', import.meta.url), Buffer.concat(lists))
