import type { Program } from '../binary/program.ts'
import type { ByteSource } from '../bytes/source.ts'
import type { Batch } from './kernel/batch.ts'

/** Bytes of the operand that can be a tag, the last ones of an x86 instruction. */
const TAG_BYTES = 4

/**
 * The constants of a batch that are no tags: four letters or digits such as `IHDR` and `heix`, by which formats call their parts.
 * Whoever reads the format compares with them, so that they tell nothing of whose code it is. Of constants at large one in two hundred
 * looks like one by chance.
 *
 * Prints hold them, as indexing keeps what there is; a scan does not ask for them. Known of x86, whose instructions end in the
 * constant.
 */
export function withoutTags(batch: Batch, source: ByteSource, base: number, arch: Program['arch']): Batch {
  if (arch !== 'x86_64' && arch !== 'i386') return batch
  const kept: number[] = []
  for (let row = 0; row < batch.count; row++) {
    const end = batch.offsets[row]! - base + batch.lengths[row]!
    if (!isTag(source.read(end - TAG_BYTES, TAG_BYTES))) kept.push(row)
  }
  if (kept.length === batch.count) return batch
  return {
    count: kept.length,
    high: Uint32Array.from(kept, (row) => batch.high[row]!),
    low: Uint32Array.from(kept, (row) => batch.low[row]!),
    offsets: Float64Array.from(kept, (row) => batch.offsets[row]!),
    lengths: Uint32Array.from(kept, (row) => batch.lengths[row]!),
    flags: Uint8Array.from(kept, (row) => batch.flags[row]!),
  }
}

/** Letters, digits, and the spaces that pad short tags. */
function isTag(bytes: Uint8Array): boolean {
  let spaces = 0
  for (const byte of bytes) {
    const isDigit = byte >= 0x30 && byte <= 0x39
    const isLetter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a
    if (byte === 0x20) spaces++
    else if (!isDigit && !isLetter) return false
  }
  return spaces <= 1
}
