/** The prefilter: a blocked Bloom filter of 64-byte blocks, the bits that `docs/engine.md` defines. */

import { moveRow } from './memory'

/** Bits of one hash. */
const PROBES: u32 = 8
/** Rows that are looked at ahead, so that their cache lines are on the way; more bring nothing. */
const AHEAD: u32 = 24

/** Address of the block that a hash belongs to. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function blockOf(filter: usize, blocks: u32, high: u32): usize {
  return filter + (<usize>((<u64>high * <u64>blocks) >> 32) << 6)
}

/** Whether a filter of `blocks` blocks may hold the hash; false is certain. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function mayHold(filter: usize, blocks: u32, high: u32, low: u32): bool {
  const block = blockOf(filter, blocks, high)
  const step = (low >>> 9) | 1
  let bit = low
  for (let i: u32 = 0; i < PROBES; i++, bit += step) {
    const at = bit & 511
    if (((<u32>load<u8>(block + (at >>> 3)) >>> (at & 7)) & 1) === 0) return false
  }
  return true
}

/** Kept so that no compiler takes the early reads out. */
let touched: u32 = 0

/**
 * Drops the rows that the filter does not hold; the others keep their order.
 *
 * @returns the rows that are left
 */
export function retain(output: usize, capacity: u32, rows: u32, filter: usize, blocks: u32): u32 {
  const high = output + (<usize>capacity << 3)
  const low = high + (<usize>capacity << 2)
  let kept: u32 = 0
  for (let row: u32 = 0; row < rows; row++) {
    if (row + AHEAD < rows) touched += load<u8>(blockOf(filter, blocks, load<u32>(high + (<usize>(row + AHEAD) << 2))))
    const at = <usize>row << 2
    if (!mayHold(filter, blocks, load<u32>(high + at), load<u32>(low + at))) continue
    if (kept !== row) moveRow(output, capacity, row, kept)
    kept++
  }
  return kept
}
