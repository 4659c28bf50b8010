/**
 * The layout of what the kernel hands back. Who owns which memory is `../kernel.ts`'s business: all regions come from
 * there, and functions of the kernel write only into the ones that they are given.
 *
 * An output of `capacity` rows is a struct of arrays, one column behind the other: offsets (f64), upper halves of the
 * hashes, lower halves, lengths (u32 each), flags (u8).
 */

/** Bytes of one row, all columns together. */
export const ROW_BYTES: u32 = 21

/** Writes row `row`, which must be below `capacity`. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function putRow(
  output: usize,
  capacity: u32,
  row: u32,
  hash: u64,
  offset: f64,
  length: u32,
  flags: u32,
): void {
  store<f64>(output + (<usize>row << 3), offset)
  const word = output + (<usize>capacity << 3) + (<usize>row << 2)
  const column = <usize>capacity << 2
  store<u32>(word, <u32>(hash >> 32))
  store<u32>(word + column, <u32>hash)
  store<u32>(word + 2 * column, length)
  store<u8>(output + <usize>capacity * 20 + row, <u8>flags)
}

/** Copies row `from` to the place of row `to`. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function moveRow(output: usize, capacity: u32, from: u32, to: u32): void {
  store<f64>(output + (<usize>to << 3), load<f64>(output + (<usize>from << 3)))
  const column = <usize>capacity << 2
  let words = output + (<usize>capacity << 3)
  for (let i = 0; i < 3; i++, words += column)
    store<u32>(words + (<usize>to << 2), load<u32>(words + (<usize>from << 2)))
  const flags = output + <usize>capacity * 20
  store<u8>(flags + to, load<u8>(flags + from))
}
