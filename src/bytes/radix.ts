/**
 * The order that sorts rows by several columns of unsigned 32-bit numbers, the most significant column first. Stable: rows
 * that are equal in all columns keep their order. Four passes over memory per column, whatever the values are.
 */
export function radixOrder(columns: readonly Uint32Array[], count: number): Uint32Array {
  let order = new Uint32Array(count)
  for (let i = 0; i < count; i++) order[i] = i
  let next = new Uint32Array(count)
  for (const column of [...columns].reverse())
    for (const shift of [0, 16]) {
      const places = new Uint32Array(0x1_0001)
      for (let i = 0; i < count; i++) places[((column[i]! >>> shift) & 0xffff) + 1]!++
      if (places.includes(count)) continue
      for (let digit = 1; digit < places.length; digit++) places[digit]! += places[digit - 1]!
      for (let i = 0; i < count; i++) {
        const row = order[i]!
        next[places[(column[row]! >>> shift) & 0xffff]!++] = row
      }
      const done = order
      order = next
      next = done
    }
  return order
}
