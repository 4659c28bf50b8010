/**
 * Takes one x86 instruction apart, whatever its prefixes: the long way, for everything that the tables alone do not settle.
 *
 * The parts are globals of this file, set by {@link decode} and good until the next call.
 */

import {
  BAD,
  BRANCH,
  BY_OPERAND_SIZE,
  IMMEDIATE_SHIFT,
  LONG_MODE,
  MAP_BYTES,
  MODRM,
  MODRM_BYTES,
  MODRM_RIP,
  MODRM_SIB,
  MODRM_TABLE,
  PREFIX,
  SIB_TABLE,
  TOKENS,
  WIDE,
} from './x86-tables'

/** How the opcode is written. */
export const LEGACY: u32 = 0
const VEX: u32 = 1
const EVEX: u32 = 2
const XOP: u32 = 3

/** Instructions are never longer. */
const MOST_BYTES: usize = 15

/** 0 for one-byte opcodes, 1 to 3 for `0f`, `0f 38` and `0f 3a`, what VEX, EVEX and XOP prefixes say otherwise. */
export let map: u32 = 0
export let encoding: u32 = 0
export let opcode: u32 = 0
export let opcodeAt: usize = 0
/** The REX prefix, 0 if there is none. */
export let rex: u32 = 0
/** Which legacy prefixes there are: the last of `f2` and `f3`, the last segment override. */
export let repeat: u32 = 0
export let segment: u32 = 0
export let operandSize: bool = false
/** -1 without a ModRM byte. */
export let modrm: i32 = -1
export let relative: bool = false
export let branch: bool = false
export let displacementAt: usize = 0
export let displacementBytes: u32 = 0
export let immediateAt: usize = 0
export let immediateBytes: u32 = 0
/** The memory operand has neither base nor index. */
export let absolute: bool = false
export let token: u32 = 0

/**
 * @param at address of the instruction; 32 bytes from there must be readable
 * @param mode block of tables
 * @returns its length in bytes, 0 if it is none
 */
export function decode(at: usize, mode: usize): u32 {
  const long = mode == LONG_MODE
  let cursor = at
  rex = 0
  repeat = 0
  segment = 0
  operandSize = false
  encoding = LEGACY
  map = 0
  let addressSize = false
  let byte: u32 = load<u8>(cursor)
  let traits: u32
  for (;;) {
    traits = load<u32>(mode + (byte << 2))
    if (traits & PREFIX) {
      rex = 0
      if (byte == 0x66) operandSize = true
      else if (byte == 0x67) addressSize = true
      else if (byte == 0xf2 || byte == 0xf3) repeat = byte
      else if (byte != 0xf0) segment = byte
    } else if (long && (byte & 0xf0) == 0x40) {
      rex = byte
    } else {
      break
    }
    if (++cursor >= at + MOST_BYTES) return 0
    byte = load<u8>(cursor)
  }
  if (byte == 0x0f) {
    byte = load<u8>(++cursor)
    if (byte == 0x38 || byte == 0x3a) {
      map = byte == 0x38 ? 2 : 3
      byte = load<u8>(++cursor)
      traits = MODRM | ((map == 3 ? 1 : 0) << IMMEDIATE_SHIFT)
    } else {
      map = 1
      traits = load<u32>(mode + MAP_BYTES + (byte << 2))
    }
  } else if (byte == 0xc4 || byte == 0xc5 || byte == 0x62 || byte == 0x8f) {
    const next: u32 = load<u8>(cursor, 1)
    if (byte == 0x8f ? (next & 31) >= 8 : long || next >= 0xc0) {
      cursor = extended(cursor, byte)
      byte = load<u8>(cursor)
      traits = extendedTraits(mode, byte)
    }
  }
  if (traits & BAD) return 0
  opcode = byte
  opcodeAt = cursor++
  branch = (traits & BRANCH) != 0
  let mod: u32 = 3
  let reg: u32 = 0
  modrm = -1
  relative = false
  absolute = false
  displacementBytes = 0
  if (traits & MODRM) {
    const value: u32 = load<u8>(cursor)
    modrm = value
    reg = (value >> 3) & 7
    mod = value >> 6
    if (map == 1 && encoding == LEGACY && (byte & 0xfc) == 0x20) mod = 3
    if (mod == 3) cursor++
    else if (addressSize && !long) cursor += shortAddressing(cursor, value)
    else cursor += addressing(cursor, value, mode)
  }
  let size: u32 = (traits >> IMMEDIATE_SHIFT) & 7
  if (encoding == LEGACY) {
    if (map == 0) {
      if (byte == 0xf6) size = reg < 2 ? 1 : 0
      else if (byte == 0xf7) {
        size = reg < 2 ? 4 : 0
        traits |= BY_OPERAND_SIZE
      } else if ((byte & 0xfc) == 0xa0) size = long ? (addressSize ? 4 : 8) : addressSize ? 2 : 4
      else if (byte == 0x9a || byte == 0xea) size = operandSize ? 4 : 6
      if (traits & WIDE && rex & 8) size = 8
    } else if (map == 1 && byte == 0x78 && (operandSize || repeat == 0xf2)) {
      size = 2
    }
    // In long mode processors differ about branches with an operand-size prefix; no compiler makes any but with REX.W.
    if (size == 4 && traits & BY_OPERAND_SIZE && operandSize && !(rex & 8) && !(long && branch)) size = 2
  }
  immediateAt = cursor
  immediateBytes = size
  cursor += size
  const length = cursor - at
  if (length > MOST_BYTES) return 0
  token = tokenOf(mode, reg)
  return <u32>length
}

/** Reads a VEX, EVEX or XOP prefix into the parts. @returns the address of the opcode */
function extended(at: usize, kind: u32): usize {
  if (kind == 0xc5) {
    const second: u32 = load<u8>(at, 1)
    encoding = VEX
    map = 1
    extendedPrefix = second & 3
    rex = 0
    return at + 2
  }
  const second: u32 = load<u8>(at, 1)
  const third: u32 = load<u8>(at, 2)
  extendedPrefix = third & 3
  rex = third & 0x80 ? 8 : 0
  if (kind == 0x62) {
    encoding = EVEX
    map = second & 7
    return at + 4
  }
  map = second & 31
  encoding = kind == 0xc4 ? VEX : XOP
  return at + 3
}

let extendedPrefix: u32 = 0

function extendedTraits(mode: usize, byte: u32): u32 {
  const one: u32 = 1 << IMMEDIATE_SHIFT
  if (encoding == XOP) {
    if (map == 8) return MODRM | one
    if (map == 9) return MODRM
    return map == 10 ? MODRM | (4 << IMMEDIATE_SHIFT) : BAD
  }
  if (map == 1) {
    if (encoding == VEX && byte == 0x77) return 0
    const traits = load<u32>(mode + MAP_BYTES + (byte << 2))
    return MODRM | (traits & MODRM ? traits & one : 0)
  }
  if (map == 2) return MODRM
  if (map == 3) return MODRM | one
  return encoding == EVEX && (map == 5 || map == 6) ? MODRM : BAD
}

/** Sets the displacement of 32-bit and 64-bit addressing. @returns bytes of ModRM, SIB and displacement */
function addressing(at: usize, value: u32, mode: usize): u32 {
  const entry: u32 = load<u8>(mode + MODRM_TABLE + value)
  let bytes = entry & MODRM_BYTES
  const hasSib = value < 0xc0 && (value & 7) == 4
  if (entry & MODRM_SIB) {
    const sib: u32 = load<u8>(at, 1)
    bytes += load<u8>(mode + SIB_TABLE + sib)
    absolute = (sib & 0x3f) == 0x25
  } else {
    absolute = !(entry & MODRM_RIP) && (value & 0xc7) == 5
  }
  relative = (entry & MODRM_RIP) != 0
  displacementBytes = bytes - (hasSib ? 2 : 1)
  displacementAt = at + bytes - displacementBytes
  return bytes
}

/** As {@link addressing}, for 16-bit addressing. */
function shortAddressing(at: usize, value: u32): u32 {
  const mod = value >> 6
  displacementAt = at + 1
  displacementBytes = mod == 1 ? 1 : mod == 2 || (value & 7) == 6 ? 2 : 0
  return 1 + displacementBytes
}

/** The low byte is the opcode, the upper one says how it is written: map, mandatory prefix, encoding. */
function tokenOf(mode: usize, reg: u32): u32 {
  if (encoding != LEGACY) return opcode | (((map & 7) | (extendedPrefix << 3) | (encoding << 5)) << 8)
  if (map == 0) return load<u16>(mode + TOKENS + (opcode << 4) + (reg << 1))
  const prefix: u32 = repeat == 0xf3 ? 2 : repeat == 0xf2 ? 3 : operandSize ? 1 : 0
  if (map == 1) {
    const base: u32 = load<u16>(mode + MAP_BYTES + TOKENS + (opcode << 4) + (reg << 1))
    return branch ? base : base | (prefix << 11)
  }
  return opcode | ((map | (prefix << 3)) << 8)
}

