/** What compilers and assemblers put between functions. */

/**
 * The no-operations of x86 that fill a place, longest first: Intel's list (Software Developer's Manual, "NOP") and those
 * that GNU as makes of it with further prefixes, which {@link PREFIX} covers.
 */
const X86_NOPS: readonly (readonly number[])[] = [
  [0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0],
  [0x66, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0],
  [0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0],
  [0x0f, 0x1f, 0x80, 0, 0, 0, 0],
  [0x66, 0x0f, 0x1f, 0x44, 0, 0],
  [0x0f, 0x1f, 0x44, 0, 0],
  [0x0f, 0x1f, 0x40, 0],
  [0x0f, 0x1f, 0],
  // lea 0x0(%esi,%eiz,1),%esi and its kin, and mov and xchg of a register with itself: GNU as for 32 bits.
  [0x2e, 0x8d, 0xb4, 0x26, 0, 0, 0, 0],
  [0x8d, 0xb4, 0x26, 0, 0, 0, 0],
  [0x8d, 0xb6, 0, 0, 0, 0],
  [0x2e, 0x8d, 0x74, 0x26, 0],
  [0x8d, 0x74, 0x26, 0],
  [0x8d, 0x76, 0],
  [0x89, 0xf6],
  [0x66, 0x90],
  [0x90],
  [0xcc],
]
/** Repeated operand-size prefixes before the longest one; in front of an instruction that does something they are rare. */
const PREFIX = 0x66

/** Little-endian words: `nop`, and 0, which is undefined on purpose. */
const AARCH64_WORDS: ReadonlySet<number> = new Set([0xd503201f, 0])
/** `nop` of ARMv6K, `mov r0, r0` before, two Thumb `nop` (new and old), and 0. */
const ARM_WORDS: ReadonlySet<number> = new Set([0xe320f000, 0xe1a00000, 0xbf00bf00, 0x46c046c0, 0])

/** Functions are aligned to at most 64 bytes by the compilers met; more than that is no padding. */
export const MAX_PADDING = 64

/** How many of the last bytes of code (little-endian) are padding: at most {@link MAX_PADDING}. */
export function trailingPadding(arch: string, bytes: Uint8Array): number {
  const limit = Math.max(0, bytes.length - MAX_PADDING)
  let end = bytes.length
  if (arch === 'x86_64' || arch === 'i386')
    while (end > limit) {
      const before = x86NopBefore(bytes, end)
      if (before < limit || before === end) break
      end = before
    }
  const words = arch === 'aarch64' ? AARCH64_WORDS : arch === 'arm' ? ARM_WORDS : undefined
  if (words !== undefined) while (end - 4 >= limit && words.has(wordAt(bytes, end - 4))) end -= 4
  return bytes.length - end
}

/** Where the no-operation that ends at `end` begins; `end` if there is none. */
function x86NopBefore(bytes: Uint8Array, end: number): number {
  for (const nop of X86_NOPS) {
    let start = end - nop.length
    if (start < 0 || !nop.every((byte, i) => bytes[start + i] === byte)) continue
    if (nop.length >= 9) while (start > 0 && bytes[start - 1] === PREFIX) start--
    return start
  }
  return end
}

function wordAt(bytes: Uint8Array, at: number): number {
  const [a, b, c, d] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]] as [number, number, number, number]
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0
}
