/**
 * The rule that tells a constant of one project's code from those that all code has: masks, sizes, powers of two. The
 * kernel applies the same rule to the operands of instructions; "Immediates" in docs/fingerprints.md defines it.
 */

const LOW_32 = 0xffff_ffffn

/** The value as instructions hold it: 64-bit two's complement, or 32 bits where these extend to it by sign. */
export function canonicalImmediate(value: bigint): bigint {
  const signed = BigInt.asIntN(64, value)
  return signed >= -0x8000_0000n && signed < 0x8000_0000n ? signed & LOW_32 : BigInt.asUintN(64, signed)
}

/** Whether a canonical value is rare enough to say something, together with others. */
export function isRareImmediate(value: bigint): boolean {
  if (value <= 0xffffn || (value >= 0xffff_0000n && value <= LOW_32)) return false
  if (isPowerOfTwo(value) || isPowerOfTwo(value + 1n) || isPowerOfTwo(value - 1n)) return false
  const odd = value / (value & -value)
  if (odd <= 0xfffn) return false
  // A single run of ones, and a pattern of one or two bytes that repeats.
  if (isPowerOfTwo(odd + 1n)) return false
  const pattern = (value & 0xffffn) * (value > LOW_32 ? 0x0001_0001_0001_0001n : 0x0001_0001n)
  return pattern !== value
}

function isPowerOfTwo(value: bigint): boolean {
  return value > 0n && (value & (value - 1n)) === 0n
}

/** The 8 bytes that are hashed, little-endian. */
export function immediateBytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, value, true)
  return bytes
}
