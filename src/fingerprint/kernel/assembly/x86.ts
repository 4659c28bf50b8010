/**
 * The normal form of an x86 function: its instructions without what compilers' assemblers, linkers and loaders change.
 *
 * Most instructions go the short way, by the tables alone; `longWay` knows all rules, and on what the short way takes both
 * agree.
 */

import { mayBeRare, noteImmediate } from './immediates'
import * as part from './x86-decode'
import { decode, LEGACY } from './x86-decode'
import {
  BRANCH,
  IMMEDIATE_SHIFT,
  LONG_MODE,
  MAP_BYTES,
  MODRM,
  MODRM_BYTES,
  MODRM_DISP32,
  MODRM_RIP,
  MODRM_SIB,
  MODRM_TABLE,
  SIB_TABLE,
  SLOW,
  TOKEN_CALL,
  TOKEN_JUMP,
  TOKEN_LEA,
  TOKEN_TEST,
  TOKENS,
  WIDE,
} from './x86-tables'

/** A mask: address and bytes of what a relocation changes. */
const MASK_BYTES: usize = 8
/**
 * Values whose successor has none of these bits are flags, sizes and limits: multiples of 65,536 and those less one. Only one
 * address in thousands is so round.
 */
const ROUND: u32 = 0xfffe
/** Farther from a call an addition is not taken for the second half of finding the global offset table. */
const NEAR_INSTRUCTIONS: usize = 6
/** No mask is left. */
const NOWHERE: usize = usize.MAX_VALUE
/** Smaller distances to the global offset table are not told from sums of small numbers. */
const LEAST_TABLE_DISTANCE: u32 = 0x1000

/** Behind what was written of the two forms. */
export let keptEnd: usize = 0
export let tokensEnd: usize = 0
let tokensStart: usize = 0
/** Instructions of the form. */
export let instructions: u32 = 0

/** The program's own addresses; none if `span` is 0. */
let lowest: u32 = 0
let span: u32 = 0
/** Where the first mask of interest is, and the end of all. */
let mask: usize = 0
let masksEnd: usize = 0
/** From an address of the window to that of the program. */
let toAddress: u32 = 0
/** i386: the same range whatever the program is, for distances to it. */
let imageFirst: u32 = 0
let imageBytes: u32 = 0

/** @param absolute whether the program stays where it was linked to, so that operands may be addresses of it */
export function setX86Program(first: u32, bytes: u32, absolute: bool, shift: u32): void {
  imageFirst = first
  imageBytes = bytes
  lowest = first
  span = absolute ? bytes : 0
  toAddress = shift
}

/** @param first address of the first mask that ends behind the function's start */
export function setX86Masks(first: usize, end: usize): void {
  mask = first
  masksEnd = end
}

/**
 * Writes both forms of the function from `at` to `end`. At least 32 bytes behind `end` must be readable, and `kept` needs
 * room for the function and 32 bytes, `tokens` for twice as much.
 *
 * @returns whether all of it was instructions
 */
export function x86Function(at: usize, end: usize, kept: usize, tokens: usize, mode: usize): bool {
  const rexMask: u32 = mode == LONG_MODE ? 0xf0 : 0
  tokensStart = tokens
  let count: u32 = 0
  let nextMask = mask < masksEnd ? <usize>load<u32>(mask) : NOWHERE
  while (at < end) {
    let opcodeAt = at
    let opcode: u32 = load<u8>(at)
    let rex: u32 = 0
    if ((opcode & rexMask) == 0x40) {
      rex = opcode
      opcode = load<u8>(at, 1)
      opcodeAt++
    }
    let map = mode
    if (opcode == 0x0f) {
      opcode = load<u8>(opcodeAt, 1)
      opcodeAt++
      map += MAP_BYTES
    }
    const traits = load<u32>(map + (opcode << 2))
    if ((traits & (SLOW | BRANCH)) == 0 && nextMask >= at + 16) {
      let cursor = opcodeAt + 1
      let entry: u32 = 0
      let reg: u32 = 0
      if (traits & MODRM) {
        const modrm: u32 = load<u8>(cursor)
        entry = load<u8>(mode + MODRM_TABLE + modrm)
        reg = (modrm >> 2) & 14
        if (entry & MODRM_SIB) {
          const more: u32 = load<u8>(mode + SIB_TABLE + load<u8>(cursor, 1))
          cursor += more
          if (more) entry |= MODRM_DISP32
        }
        cursor += entry & MODRM_BYTES
      }
      let bytes: u32 = (traits >> IMMEDIATE_SHIFT) & 7
      if (traits & WIDE && rex & 8) bytes = 8
      const next = cursor + bytes
      let token: u32 = load<u16>(map + TOKENS + (opcode << 4) + reg)
      v128.store(kept, v128.load(at))
      if (entry & MODRM_RIP) {
        store<u32>(kept + (cursor - 4 - at), 0)
        if (opcode == 0x8b && rex & 8 && map == mode) {
          store<u8>(kept, 0x8d, 1)
          token = TOKEN_LEA
        }
      }
      let plain = true
      if (entry & MODRM_DISP32) {
        const value = load<u32>(cursor - 4)
        if (rexMask == 0 || value - lowest < span) plain = false
        else if (opcode == 0x8d && mayBeRare(value)) noteImmediate(<u64>(<i64>(<i32>value)), at, <u32>(next - at))
      }
      if (bytes >= 4) {
        const value = load<u32>(next - bytes)
        if (bytes == 8 || rexMask == 0 || value - lowest < span) plain = false
        else if (mayBeRare(value)) noteImmediate(<u64>(<i64>(<i32>value)), at, <u32>(next - at))
      }
      if (plain) {
        kept += next - at
        store<u16>(tokens, <u16>token)
        tokens += 2
        count++
        at = next
        continue
      }
    } else if (traits & BRANCH && !(traits & SLOW)) {
      const token: u32 = load<u16>(map + TOKENS + (opcode << 4))
      store<u8>(kept++, <u8>token)
      store<u16>(tokens, <u16>token)
      tokens += 2
      count++
      at = opcodeAt + 1 + ((traits >> IMMEDIATE_SHIFT) & 7)
      continue
    }
    keptEnd = kept
    tokensEnd = tokens
    instructions = count
    const length = longWay(at, mode)
    if (!length) return false
    at += length
    kept = keptEnd
    tokens = tokensEnd
    count = instructions
    nextMask = mask < masksEnd ? <usize>load<u32>(mask) : NOWHERE
  }
  keptEnd = kept
  tokensEnd = tokens
  instructions = count
  return at == end
}

function longWay(at: usize, mode: usize): u32 {
  const length = decode(at, mode)
  if (!length) return 0
  const long = mode == LONG_MODE
  while (mask < masksEnd && <usize>load<u32>(mask) + load<u32>(mask, 4) <= at) mask += MASK_BYTES
  const changed = mask < masksEnd && <usize>load<u32>(mask) < at + length
  if (!changed && isPadding(at, long)) return length
  const oneByte = part.encoding == LEGACY && part.map == 0
  if (part.branch) {
    emitOne(part.token)
    return length
  }
  const reg: u32 = (part.modrm >> 3) & 7
  if (oneByte && part.opcode == 0xff && (reg == 2 || reg == 4) && isThroughTable(long)) {
    emitOne(reg == 2 ? TOKEN_CALL : TOKEN_JUMP)
    return length
  }
  const kept = keptEnd
  v128.store(kept, v128.load(at))
  let displacementMasked = part.relative || isDisplacementAddress(long)
  let immediateMasked = isImmediateAddress(at, reg, long, oneByte)
  for (let other = mask; other < masksEnd; other += MASK_BYTES) {
    const from: usize = load<u32>(other)
    if (from >= at + length) break
    const to = from + load<u32>(other, 4)
    if (part.displacementBytes >= 2 && from < part.immediateAt && to > part.displacementAt) displacementMasked = true
    if (part.immediateBytes && to > part.immediateAt) immediateMasked = true
  }
  if (displacementMasked) clear(kept + (part.displacementAt - at), part.displacementBytes)
  if (immediateMasked) clear(kept + (part.immediateAt - at), part.immediateBytes)
  if (oneByte && isTableRead(displacementMasked, long)) {
    store<u8>(kept + (part.opcodeAt - at), 0x8d)
    if (!long) dropBase(kept + (part.opcodeAt - at), reg)
    keptEnd += length
    emitToken(TOKEN_LEA)
    return length
  }
  if (!long && oneByte && displacementMasked && isTableOperation()) dropBase(kept + (part.opcodeAt - at), reg)
  if (oneByte && immediateMasked && foldTableAccess(kept, reg, long)) return length
  if (oneByte && part.opcode == 0xff && part.repeat == 0 && part.segment == 0x3e && (reg == 2 || reg == 4)) {
    // `notrack` comes and goes with a compiler switch.
    v128.store(kept, v128.load(kept, 1))
    keptEnd--
  }
  if (!immediateMasked && !(oneByte && (part.opcode & 0xfc) == 0xa0)) {
    if (part.immediateBytes == 8) noteImmediate(load<u64>(part.immediateAt), at, length)
    else if (part.immediateBytes == 4) noteImmediate(<u64>(<i64>load<i32>(part.immediateAt)), at, length)
  }
  if (!displacementMasked && oneByte && part.opcode == 0x8d && part.displacementBytes == 4)
    noteImmediate(<u64>(<i64>load<i32>(part.displacementAt)), at, length)
  keptEnd += length
  emitToken(part.token)
  return length
}

/** Instructions without effect, and landing pads: their number depends on alignment and compiler switches. */
function isPadding(at: usize, long: bool): bool {
  if (part.encoding != LEGACY) return false
  if (part.map == 1) {
    if (part.opcode == 0x1f) return true
    return part.opcode == 0x1e && part.repeat == 0xf3 && (part.modrm == 0xfa || part.modrm == 0xfb)
  }
  if (part.map != 0) return false
  if (part.opcode == 0xcc) return true
  if (part.opcode == 0x90) return part.repeat != 0xf3 && (part.rex & 1) == 0
  if (long) return false
  const reg: u32 = (part.modrm >> 3) & 7
  const rm: u32 = part.modrm & 7
  // `mov %esi,%esi`, `lea 0(%esi),%esi`, the latter with any displacement of zero and with or without a SIB byte.
  if (part.opcode == 0x89) return part.modrm >= 0xc0 && reg == rm && !part.operandSize
  if (part.opcode != 0x8d || part.absolute || part.displacementBytes == 0) return false
  const base: u32 = rm == 4 ? load<u8>(part.opcodeAt, 2) : 0x20 | reg
  if ((base & 0x38) != 0x20 || (base & 7) != reg || (rm != 4 && rm != reg)) return false
  return (part.displacementBytes == 1 ? <u32>load<u8>(part.displacementAt) : load<u32>(part.displacementAt)) == 0
}

/** Whether the memory operand can be an entry of the global offset table, so that a linker may make the branch direct. */
function isThroughTable(long: bool): bool {
  if (long) return part.relative
  return part.displacementBytes == 4 && part.segment == 0 && !isStack() && !isScaled()
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function isScaled(): bool {
  return (part.modrm & 7) == 4 && part.modrm < 0xc0
}

/** Whether the base is the stack pointer. */
function isStack(): bool {
  return isScaled() && (load<u8>(part.displacementAt - 1) & 7) == 4
}

function isDisplacementAddress(long: bool): bool {
  if (part.displacementBytes != 4) return false
  const value = load<u32>(part.displacementAt)
  if (part.absolute && part.segment == (long ? 0x64 : 0x65)) return <i32>value < 0
  if (isAddress(value)) return true
  // Position-independent i386 code counts from the global offset table, in any register.
  return !long && !isStack()
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function isAddress(value: u32): bool {
  return value - lowest < span && ((value + 1) & ROUND) != 0
}

/** Whether a constant operand is a set of bits or a factor, which addresses never are: `or`, `and`, `xor`, `test`, `imul`. */
function isBitOperation(reg: u32): bool {
  if (part.opcode == 0x81) return reg == 1 || reg == 4 || reg == 6
  if (part.opcode == 0xf7) return !(part.rex & 8)
  return part.opcode == 0x69 || part.opcode == 0xa9 || part.opcode == 0x0d || part.opcode == 0x25 || part.opcode == 0x35
}

function isImmediateAddress(at: usize, reg: u32, long: bool, oneByte: bool): bool {
  if (part.immediateBytes < 4) return false
  const value = load<u32>(part.immediateAt)
  if (part.immediateBytes == 8) return load<u32>(part.immediateAt, 4) == 0 && isAddress(value)
  if (isAddress(value) && !(oneByte && isBitOperation(reg))) return true
  if (long || !oneByte || value < LEAST_TABLE_DISTANCE) return false
  // The distance from here to the global offset table is added to the address that a call gave.
  const addition = part.opcode == 0x05 || (part.opcode == 0x81 && reg == 0 && part.modrm >= 0xc0)
  return addition && <u32>at + toAddress + value - imageFirst < imageBytes && isBehindCall()
}

/** Whether one of the last instructions was a call: compilers move few between the two halves of finding an address. */
function isBehindCall(): bool {
  let token = tokensEnd
  const first = max(tokensStart, tokensEnd - 2 * NEAR_INSTRUCTIONS)
  while (token > first) {
    token -= 2
    if (load<u16>(token) == TOKEN_CALL) return true
  }
  return false
}

/** Whether it is a `mov` that a linker may have made a `lea`. */
function isTableRead(displacementMasked: bool, long: bool): bool {
  if (part.opcode != 0x8b || part.operandSize || part.repeat || part.segment) return false
  return long ? part.relative && (part.rex & 8) != 0 : displacementMasked && !isScaled()
}

/** Whether a 32-bit instruction that reads memory has a form with an immediate operand which a linker may use instead. */
function isTableOperation(): bool {
  if (part.operandSize || part.repeat || part.segment || part.immediateBytes || isScaled()) return false
  return part.opcode == 0x8d || part.opcode == 0x85 || (part.opcode < 0x40 && (part.opcode & 7) == 3)
}

/** Makes a memory operand one without base, as if the address of the global offset table were known. */
function dropBase(opcodeAt: usize, reg: u32): void {
  store<u8>(opcodeAt, 5 | (reg << 3), 1)
}

/**
 * What a linker makes of an entry of the global offset table as an operand when it knows the address, an immediate operand,
 * becomes the form with a memory operand again; that of `mov` is written as `lea`.
 *
 * @see System V ABI, AMD64 supplement, B.2 "Optimize GOTPCRELX Relocations"; i386 supplement, B.2 "Optimize R_386_GOT32X"
 */
function foldTableAccess(kept: usize, reg: u32, long: bool): bool {
  if (part.operandSize || part.repeat || (long && !(part.rex & 8))) return false
  if (part.immediateBytes != 4 || part.modrm < 0xc0) return false
  let opcode: u32
  let token: u32
  if (part.opcode == 0xc7 && reg == 0) {
    opcode = 0x8d
    token = TOKEN_LEA
  } else if (part.opcode == 0xf7 && reg == 0) {
    opcode = 0x85
    token = TOKEN_TEST
  } else if (part.opcode == 0x81) {
    opcode = (reg << 3) | 3
    token = reg << 3
  } else {
    return false
  }
  const rm: u32 = part.modrm & 7
  let cursor = kept
  if (long) store<u8>(cursor++, 0x48 | ((part.rex & 1) << 2))
  store<u8>(cursor, opcode)
  store<u8>(cursor, 5 | (rm << 3), 1)
  store<u32>(cursor, 0, 2)
  keptEnd = cursor + 6
  emitToken(token)
  return true
}

function clear(at: usize, bytes: u32): void {
  for (let end = at + bytes; at < end; at++) store<u8>(at, 0)
}

function emitOne(token: u32): void {
  store<u8>(keptEnd++, <u8>token)
  emitToken(token)
}

function emitToken(token: u32): void {
  store<u16>(tokensEnd, <u16>token)
  tokensEnd += 2
  instructions++
}
