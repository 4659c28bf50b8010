/** Fingerprints of symbols: names as sources spell them. */

import { putRow } from './memory'
import { isDigit } from './text'
import { xxh64 } from './xxh64'

/** As in `../../symbols.ts`, where the reasons stand. */
const MIN_SYMBOL_BYTES: u32 = 5
const MAX_MANGLED_BYTES: u32 = 512

/** Bytes of one request: where the name starts in the window, and its bytes. */
const REQUEST_BYTES: usize = 8

const UPPER_Z: u32 = 0x5a
const UPPER_R: u32 = 0x52
const UNDERSCORE: u32 = 0x5f

/** A qualified name: of at least two bytes for each part, at most three come of it. */
const qualified: usize = memory.data(768, 16)

/**
 * Writes a row for each name of the window that is worth one: those that Itanium C++ mangles by what they mean, others as
 * they are. Names of Rust and names that say too little are left out.
 *
 * @param window address of the bytes that requests count from
 * @param base file offset of those
 * @param output room for `count` rows
 * @returns the rows
 */
export function names(window: usize, requests: usize, count: u32, base: f64, output: usize): u32 {
  let rows: u32 = 0
  for (let i: u32 = 0; i < count; i++, requests += REQUEST_BYTES) {
    const start = load<u32>(requests)
    const length = load<u32>(requests, 4)
    if (length < MIN_SYMBOL_BYTES) continue
    let name: usize = window + start
    let bytes = length
    if (load<u8>(name) === UNDERSCORE) {
      const second: u32 = load<u8>(name, 1)
      if (second === UPPER_R) continue
      if (second === UPPER_Z) {
        if (length > MAX_MANGLED_BYTES) continue
        bytes = itaniumName(name + 2, name + length)
        if (bytes < MIN_SYMBOL_BYTES) continue
        name = qualified
      }
    }
    putRow(output, count, rows++, xxh64(name, bytes), base + <f64>start, length, 0)
  }
  return rows
}

/**
 * Writes the name behind the mangled one, whose bytes behind `_Z` go from `at` to `end`, to {@link qualified}: what
 * `demangledName` of `../../qualified-names.ts` gives, where the rules stand.
 *
 * @returns its bytes, 0 for none
 */
function itaniumName(at: usize, end: usize): u32 {
  if (at + 1 < end && load<u8>(at) === 0x54) {
    const kind: u32 = load<u8>(at, 1)
    // V, S, I: virtual tables and types.
    if (kind === 0x56 || kind === 0x53 || kind === 0x49) at += 2
  }
  if (at >= end || load<u8>(at) !== 0x4e) return plainName(at, end)
  at++
  // Qualifiers: r, V, K; then R or O.
  while (at < end && (load<u8>(at) === 0x72 || load<u8>(at) === 0x56 || load<u8>(at) === 0x4b)) at++
  if (at < end && (load<u8>(at) === 0x52 || load<u8>(at) === 0x4f)) at++
  return nestedName(at, end)
}

function plainName(at: usize, end: usize): u32 {
  if (!readPart(at, end)) return 0
  if (partEnd < end && load<u8>(partEnd) === 0x49) return 0
  memory.copy(qualified, part, partEnd - part)
  return <u32>(partEnd - part)
}

function nestedName(at: usize, end: usize): u32 {
  let parts: u32 = 0
  let written: usize = 0
  while (at < end && load<u8>(at) !== 0x45) {
    if (!readPart(at, end)) return 0
    at = partEnd
    parts++
    if (isAbiNamespace(part, partEnd)) continue
    if (written > 0) {
      store<u16>(qualified + written, 0x3a3a)
      written += 2
    }
    memory.copy(qualified + written, part, partEnd - part)
    written += partEnd - part
  }
  return at < end && parts > 1 ? <u32>written : 0
}

/** The name that {@link readPart} found. */
let part: usize = 0
let partEnd: usize = 0

/** A length of up to three digits and as many characters of a name that is not anonymous. */
function readPart(at: usize, end: usize): bool {
  let length: usize = 0
  const digitsEnd = min(at + 3, end)
  if (at >= end || load<u8>(at) === 0x30) return false
  for (; at < digitsEnd; at++) {
    const byte: u32 = load<u8>(at)
    if (!isDigit(byte)) break
    length = length * 10 + (byte - 0x30)
  }
  if (length === 0 || length > end - at) return false
  part = at
  partEnd = at + length
  if (isDigit(load<u8>(at))) return false
  for (; at < partEnd; at++) if (!isWord(load<u8>(at))) return false
  return !startsAnonymous()
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function isWord(byte: u32): bool {
  return (byte | 0x20) - 0x61 < 26 || isDigit(byte) || byte === UNDERSCORE
}

/** `_GLOBAL__N_`, which GCC and Clang call anonymous namespaces. */
function startsAnonymous(): bool {
  if (partEnd - part < 11) return false
  // "_GLOBAL_" and "BAL__N_" with the byte before, little-endian.
  return load<u64>(part) === 0x5f4c41424f4c475f && load<u32>(part, 7) === 0x5f4e5f5f
}

/** `__1`, `__cxx11`, `lts_20240116`: as `qualifiedName` of `../../qualified-names.ts`. */
function isAbiNamespace(at: usize, end: usize): bool {
  const length = end - at
  if (length < 3) return false
  if (load<u16>(at) === 0x5f5f) {
    if (length === 7 && load<u32>(at, 2) === 0x31787863 && load<u8>(at, 6) === 0x31) return true
    at += 2
  } else {
    if (length < 5 || load<u32>(at) !== 0x5f73746c) return false
    at += 4
  }
  for (; at < end; at++) if (!isDigit(load<u8>(at))) return false
  return true
}
