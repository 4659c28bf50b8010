/**
 * The order that sorts rows by several columns of unsigned 32-bit numbers, the most significant column first. Stable: rows
 * that are equal in all columns keep their order. Two passes over the rows per column, four where they are few.
 */
export function radixOrder(columns: readonly Uint32Array[], count: number): Uint32Array {
  let order = new Uint32Array(count)
  for (let i = 0; i < count; i++) order[i] = i
  let next = new Uint32Array(count)
  // Counting 65536 digits costs more than twice the passes when there are fewer rows than that.
  const digitBits = count < 0x8000 ? 8 : 16
  const mask = 2 ** digitBits - 1
  for (const column of [...columns].reverse())
    for (let shift = 0; shift < 32; shift += digitBits) {
      const places = new Uint32Array(mask + 2)
      for (let i = 0; i < count; i++) places[((column[i]! >>> shift) & mask) + 1]!++
      if (places.includes(count)) continue
      for (let digit = 1; digit < places.length; digit++) places[digit]! += places[digit - 1]!
      for (let i = 0; i < count; i++) {
        const row = order[i]!
        next[places[(column[row]! >>> shift) & mask]!++] = row
      }
      const done = order
      order = next
      next = done
    }
  return order
}
