/**
 * The normal form of an AArch64 function: its instructions without distances and without what the linker puts into them.
 *
 * @see Arm Architecture Reference Manual for A-profile architecture, C4 "A64 Instruction Set Encoding"
 */

import { noteImmediate } from './immediates'

const MASK_BYTES: usize = 8

export let keptEnd: usize = 0
export let tokensEnd: usize = 0
/** Instructions of the form. */
export let instructions: u32 = 0

/** For each register the constant that moves have put into it: value, first and last instruction. */
const constants: usize = memory.data(512, 16)
const CONSTANT_BYTES: usize = 16
/** Registers whose constant is to be noted, as bits. */
let pending: u32 = 0
let mask: usize = 0
let masksEnd: usize = 0

/** @param first address of the first mask that ends behind the function's start */
export function setAarch64Masks(first: usize, end: usize): void {
  mask = first
  masksEnd = end
}

/**
 * Writes both forms of the function from `at` to `end`, four bytes for each instruction.
 *
 * @returns whether all of it was instructions
 */
export function aarch64Function(at: usize, end: usize, kept: usize, tokens: usize): bool {
  if ((end - at) & 3) return false
  /** Registers that hold the address of a page, as bits. */
  let pages: u32 = 0
  let count: u32 = 0
  pending = 0
  for (; at < end; at += 4) {
    const word = load<u32>(at)
    // Hints are nothing to the processors that do not know them: alignment, landing pads, signed return addresses.
    if ((word & 0xfffff01f) == 0xd503201f) continue
    const group = (word >> 25) & 15
    if (group == 0 && word <= 0xffff) continue
    if (group == 1 || group == 3) return false
    let form = word
    let token: u32
    if ((group & 14) == 8) {
      token = word & 0xff800000
      const kind = word & 0x1f000000
      if (kind == 0x10000000) {
        // The linker makes `adr` of `adrp` when the place is near.
        form = 0x90000000 | (word & 31)
        token = 0x90000000
        pages |= 1 << (word & 31)
      } else if ((word & 0xffc00000) == 0x91000000) {
        if ((pages >> ((word >> 5) & 31)) & 1 || isMasked(at)) form &= ~(0xfff << 10)
      } else if ((word & 0x1f800000) == 0x12800000) {
        move(word, at)
        if (isMasked(at)) form &= ~(0xffff << 5)
      }
    } else if ((group & 14) == 10) {
      token = branchToken(word)
      form = branchForm(word)
    } else if ((group & 5) == 4) {
      token = memoryToken(word)
      if ((word & 0x3b000000) == 0x18000000) form = word & 0xff00001f
      else if ((word & 0x3b000000) == 0x39000000 && ((pages >> ((word >> 5) & 31)) & 1 || isMasked(at))) {
        form &= ~(0xfff << 10)
        if ((word & 0xffc00000) == 0xf9400000) {
          // Reading an entry of the global offset table, which the linker makes the sum of page and place if it can.
          form = (form & 0x3ff) | 0x91000000
          token = 0x91000000
        }
      }
    } else if ((group & 7) == 5) {
      token = registerToken(word)
    } else {
      token = word & 0xffe0fc00
    }
    store<u32>(kept, form)
    store<u32>(tokens, token)
    kept += 4
    tokens += 4
    count++
  }
  while (pending) note(ctz(pending))
  keptEnd = kept
  tokensEnd = tokens
  instructions = count
  return true
}

/** Whether a relocation changes the instruction at `at`; to be asked with ascending addresses. */
function isMasked(at: usize): bool {
  while (mask < masksEnd) {
    const from: usize = load<u32>(mask)
    if (from >= at + 4) return false
    if (from + load<u32>(mask, 4) > at) return true
    mask += MASK_BYTES
  }
  return false
}

/** Follows `movz`, `movn` and `movk`: what the last of them leaves in the register is the constant. */
function move(word: u32, at: usize): void {
  const register = word & 31
  const place = constants + <usize>register * CONSTANT_BYTES
  const shift = (word >> 17) & 48
  const part = <u64>((word >> 5) & 0xffff) << shift
  const kind = (word >> 29) & 3
  const wide = word >> 31
  if (kind == 3) {
    if (!((pending >> register) & 1)) return
    store<u64>(place, (load<u64>(place) & ~(<u64>0xffff << shift)) | part)
  } else {
    if ((pending >> register) & 1) note(register)
    store<u64>(place, kind == 0 ? ~part : part)
    store<u32>(place, <u32>at, 8)
    pending |= 1 << register
  }
  if (!wide) store<u64>(place, <u64>(<i64>load<i32>(place)))
  store<u32>(place, <u32>at, 12)
}

/** Gives a register's constant to the immediates and forgets it. */
function note(register: u32): void {
  const place = constants + <usize>register * CONSTANT_BYTES
  pending &= ~(1 << register)
  const first = load<u32>(place, 8)
  noteImmediate(load<u64>(place), first, load<u32>(place, 12) + 4 - first)
}

function branchForm(word: u32): u32 {
  if ((word & 0x7c000000) == 0x14000000) return word & 0xfc000000
  if ((word & 0xfe000000) == 0x54000000 || (word & 0x7e000000) == 0x34000000) return word & 0xff00001f
  return (word & 0x7e000000) == 0x36000000 ? word & 0xfff8001f : word
}

/** The bits that say which branch or system instruction it is. */
function branchToken(word: u32): u32 {
  if ((word & 0x7c000000) == 0x14000000) return word & 0xfc000000
  if ((word & 0xfe000000) == 0x54000000) return word & 0xff00000f
  if ((word & 0x7c000000) == 0x34000000) return word & 0x7f000000
  return (word & 0xfe000000) == 0xd6000000 ? word & 0xfffffc00 : word & 0xffffffe0
}

/** The bits that say which load or store it is. */
function memoryToken(word: u32): u32 {
  const kind = word & 0x3b000000
  if (kind == 0x18000000) return word & 0xff000000
  if (kind == 0x39000000 || (word & 0x3a000000) == 0x28000000) return word & 0xffc00000
  return word & 0xffe00c00
}

/** The bits that say which instruction on registers it is. */
function registerToken(word: u32): u32 {
  if ((word & 0x1f000000) == 0x0a000000) return word & 0xff200000
  if ((word & 0x1f000000) == 0x0b000000) return word & 0xff200000
  if ((word & 0x1f000000) == 0x1b000000) return word & 0xffe08000
  return (word & 0x1fe00000) == 0x1a800000 ? word & 0xffe00c00 : word & 0xffe0fc00
}
