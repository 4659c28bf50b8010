/** Adds a hash to a filter by the definition in `docs/engine.md`, word for word. */
export function addTo(bits: Uint8Array, high: number, low: number): void {
  const block = Number((BigInt(high) * BigInt(bits.length / 64)) >> 32n)
  const a = BigInt(low & 511)
  const b = BigInt((low >>> 9) | 1)
  for (let i = 0n; i < 8n; i++) {
    const n = Number((a + i * b) & 511n)
    bits[block * 64 + (n >>> 3)]! |= 1 << (n & 7)
  }
}
