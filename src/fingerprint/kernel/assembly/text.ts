/** What counts as text: rule 1 of "Strings" in `docs/fingerprints.md`. */

// @ts-expect-error: a decorator of AssemblyScript
@inline
export function isAsciiText(byte: u32): bool {
  return byte - 0x20 < 0x5f || byte === 9 || byte === 10 || byte === 13
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
export function isDigit(byte: u32): bool {
  return byte - 0x30 < 10
}

/**
 * Bytes of the UTF-8 character whose lead byte is at `at`; 0 where it is not whole or none. Reads up to three bytes
 * behind it.
 *
 * @see RFC 3629, section 4
 */
export function characterLength(at: usize): u32 {
  const lead: u32 = load<u8>(at)
  const second: u32 = load<u8>(at, 1)
  if (lead < 0xc2 || lead > 0xf4) return 0
  if (lead < 0xe0) return isContinuation(second) ? 2 : 0
  // Overlong forms, surrogates and code points above U+10FFFF.
  const low: u32 = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  const high: u32 = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  if (second < low || second > high || !isContinuation(load<u8>(at, 2))) return 0
  if (lead < 0xf0) return 3
  return isContinuation(load<u8>(at, 3)) ? 4 : 0
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
export function isContinuation(byte: u32): bool {
  return (byte & 0xc0) === 0x80
}

/** Whether the byte before `at` belongs to text; `first`, the start of the window, lies before `at`. */
export function isTextBefore(at: usize, first: usize): bool {
  const byte: u32 = load<u8>(at - 1)
  if (byte < 0x80) return isAsciiText(byte)
  for (let length: u32 = 2; length <= 4; length++) {
    if (at - length < first) return false
    if (!isContinuation(load<u8>(at - length))) return characterLength(at - length) === length
  }
  return false
}
