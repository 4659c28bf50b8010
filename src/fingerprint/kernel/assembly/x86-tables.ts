/**
 * How long an x86 instruction is and which mnemonic it stands for, by opcode: the tables that the decoder reads.
 *
 * Each mode has a block of memory of {@link BLOCK} bytes: for the one-byte opcodes and for those behind `0f` a table of
 * traits (`u32` each) with a table of tokens (`u16` for each opcode and `reg` field) behind it, then what a ModRM byte and a
 * SIB byte are followed by.
 *
 * @see Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, appendix A
 * @see AMD64 Architecture Programmer's Manual, volume 3, appendix A
 */

/** A ModRM byte follows. */
export const MODRM: u32 = 1
/** Bits 1 to 3: bytes of the immediate operand. */
export const IMMEDIATE_SHIFT: u32 = 1
/** Not for the short way: prefixes, opcodes whose length needs more than the tables, padding, indirect branches. */
export const SLOW: u32 = 16
/** The immediate operand is the distance of a direct branch. */
export const BRANCH: u32 = 32
/** The immediate operand has two bytes with an operand-size prefix. */
export const BY_OPERAND_SIZE: u32 = 64
/** The immediate operand has eight bytes with REX.W. */
export const WIDE: u32 = 128
/** Not an instruction in this mode. */
export const BAD: u32 = 256
export const PREFIX: u32 = 512

const TRAITS_BYTES: u32 = 256 * 4
const TOKENS_BYTES: u32 = 256 * 8 * 2
/** From the traits of a map to its tokens. */
export const TOKENS: usize = TRAITS_BYTES
/** From the one-byte opcodes to those behind `0f`. */
export const MAP_BYTES: usize = TRAITS_BYTES + TOKENS_BYTES
export const MODRM_TABLE: usize = 2 * MAP_BYTES
export const SIB_TABLE: usize = MODRM_TABLE + 256
export const BLOCK: usize = SIB_TABLE + 256

/** Bits 0 to 2 of an entry for a ModRM byte: bytes of ModRM, SIB and displacement together. */
export const MODRM_BYTES: u32 = 7
/** The displacement counts from the end of the instruction. */
export const MODRM_RIP: u32 = 8
/** A SIB byte whose base may be a displacement follows. */
export const MODRM_SIB: u32 = 16
/** The displacement has four bytes and does not count from the end of the instruction. */
export const MODRM_DISP32: u32 = 32

/** Tokens of the mnemonics that several opcodes share. */
export const TOKEN_TEST: u32 = 0x84
export const TOKEN_LEA: u32 = 0x8d
export const TOKEN_CALL: u32 = 0xe8
export const TOKEN_JUMP: u32 = 0xe9
const TOKEN_INC: u32 = 0x40
const TOKEN_DEC: u32 = 0x41
const TOKEN_UNARY: u32 = 0x40
const TOKEN_PUSH: u32 = 0x50
const TOKEN_POP: u32 = 0x58
const TOKEN_XCHG: u32 = 0x86
const TOKEN_MOV: u32 = 0x88
const TOKEN_SHIFTS: u32 = 0x90
const TOKEN_INDIRECT_CALL: u32 = 0x9a
const TOKEN_INDIRECT_JUMP: u32 = 0xea

export const LONG_MODE: usize = memory.data(11264, 16)
export const LEGACY_MODE: usize = memory.data(11264, 16)

fillMode(LONG_MODE, true)
fillMode(LEGACY_MODE, false)

function fillMode(block: usize, long: bool): void {
  fillOneByte(block)
  if (long) fillLongOnly(block)
  else fillLegacyOnly(block)
  fillTwoByte(block + MAP_BYTES)
  fillOneByteTokens(block + TOKENS, long)
  fillTwoByteTokens(block + MAP_BYTES + TOKENS)
  fillAddressing(block, long)
}

function set(map: usize, opcode: u32, traits: u32): void {
  store<u32>(map + (opcode << 2), traits)
}

function setRange(map: usize, first: u32, last: u32, traits: u32): void {
  for (let opcode = first; opcode <= last; opcode++) set(map, opcode, traits)
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function bytes(count: u32): u32 {
  return count << IMMEDIATE_SHIFT
}

function fillOneByte(map: usize): void {
  const full: u32 = bytes(4) | BY_OPERAND_SIZE
  for (let opcode: u32 = 0; opcode < 0x40; opcode++) {
    const column = opcode & 7
    set(map, opcode, column < 4 ? MODRM : column == 4 ? bytes(1) : column == 5 ? full : 0)
  }
  set(map, 0x26, PREFIX | SLOW)
  set(map, 0x2e, PREFIX | SLOW)
  set(map, 0x36, PREFIX | SLOW)
  set(map, 0x3e, PREFIX | SLOW)
  setRange(map, 0x64, 0x67, PREFIX | SLOW)
  set(map, 0xf0, PREFIX | SLOW)
  setRange(map, 0xf2, 0xf3, PREFIX | SLOW)
  set(map, 0x0f, SLOW)
  set(map, 0x62, MODRM | SLOW)
  set(map, 0x63, MODRM)
  set(map, 0x68, full)
  set(map, 0x69, MODRM | full)
  set(map, 0x6a, bytes(1))
  set(map, 0x6b, MODRM | bytes(1))
  setRange(map, 0x70, 0x7f, bytes(1) | BRANCH)
  set(map, 0x80, MODRM | bytes(1))
  set(map, 0x81, MODRM | full)
  set(map, 0x82, MODRM | bytes(1))
  set(map, 0x83, MODRM | bytes(1))
  setRange(map, 0x84, 0x8e, MODRM)
  set(map, 0x8f, MODRM | SLOW)
  set(map, 0x90, SLOW)
  set(map, 0x9a, bytes(6) | SLOW)
  setRange(map, 0xa0, 0xa3, SLOW)
  set(map, 0xa8, bytes(1))
  set(map, 0xa9, full)
  setRange(map, 0xb0, 0xb7, bytes(1))
  setRange(map, 0xb8, 0xbf, full | WIDE)
  setRange(map, 0xc0, 0xc1, MODRM | bytes(1))
  set(map, 0xc2, bytes(2))
  setRange(map, 0xc4, 0xc5, MODRM | SLOW)
  set(map, 0xc6, MODRM | bytes(1))
  set(map, 0xc7, MODRM | full)
  set(map, 0xc8, bytes(3))
  set(map, 0xca, bytes(2))
  set(map, 0xcc, SLOW)
  set(map, 0xcd, bytes(1))
  setRange(map, 0xd0, 0xd3, MODRM)
  setRange(map, 0xd4, 0xd5, bytes(1))
  setRange(map, 0xd8, 0xdf, MODRM)
  setRange(map, 0xe0, 0xe3, bytes(1) | BRANCH)
  setRange(map, 0xe4, 0xe7, bytes(1))
  setRange(map, 0xe8, 0xe9, full | BRANCH)
  set(map, 0xea, bytes(6) | SLOW)
  set(map, 0xeb, bytes(1) | BRANCH)
  setRange(map, 0xf6, 0xf7, MODRM | SLOW)
  set(map, 0xfe, MODRM)
  set(map, 0xff, MODRM | SLOW)
}

function fillLongOnly(map: usize): void {
  // REX prefixes: met here only where another one precedes.
  setRange(map, 0x40, 0x4f, SLOW)
  set(map, 0x06, BAD | SLOW)
  set(map, 0x07, BAD | SLOW)
  set(map, 0x0e, BAD | SLOW)
  setRange(map, 0x16, 0x17, BAD | SLOW)
  setRange(map, 0x1e, 0x1f, BAD | SLOW)
  for (let opcode: u32 = 0x27; opcode < 0x40; opcode += 8) set(map, opcode, BAD | SLOW)
  setRange(map, 0x60, 0x61, BAD | SLOW)
  set(map, 0x82, BAD | SLOW)
  set(map, 0x9a, BAD | SLOW)
  set(map, 0xce, BAD | SLOW)
  setRange(map, 0xd4, 0xd6, BAD | SLOW)
  set(map, 0xea, BAD | SLOW)
}

function fillLegacyOnly(map: usize): void {
  // The old ways to fill space are moves and `lea`s of a register to itself.
  set(map, 0x89, MODRM | SLOW)
  set(map, 0x8d, MODRM | SLOW)
}

function fillTwoByte(map: usize): void {
  setRange(map, 0, 0xff, MODRM)
  setRange(map, 0x04, 0x09, 0)
  set(map, 0x04, BAD | SLOW)
  setRange(map, 0x0a, 0x0c, BAD | SLOW)
  set(map, 0x0b, 0)
  set(map, 0x0e, 0)
  set(map, 0x0f, MODRM | bytes(1))
  set(map, 0x1e, MODRM | SLOW)
  set(map, 0x1f, MODRM | SLOW)
  setRange(map, 0x20, 0x23, MODRM | SLOW)
  setRange(map, 0x24, 0x27, BAD | SLOW)
  setRange(map, 0x30, 0x37, 0)
  set(map, 0x36, BAD | SLOW)
  setRange(map, 0x38, 0x3a, SLOW)
  set(map, 0x39, BAD | SLOW)
  setRange(map, 0x3b, 0x3f, BAD | SLOW)
  setRange(map, 0x70, 0x73, MODRM | bytes(1))
  set(map, 0x77, 0)
  set(map, 0x78, MODRM | SLOW)
  setRange(map, 0x80, 0x8f, bytes(4) | BY_OPERAND_SIZE | BRANCH)
  setRange(map, 0xa0, 0xa2, 0)
  set(map, 0xa4, MODRM | bytes(1))
  setRange(map, 0xa6, 0xa7, MODRM)
  setRange(map, 0xa8, 0xaa, 0)
  set(map, 0xac, MODRM | bytes(1))
  set(map, 0xba, MODRM | bytes(1))
  set(map, 0xc2, MODRM | bytes(1))
  setRange(map, 0xc4, 0xc6, MODRM | bytes(1))
  setRange(map, 0xc8, 0xcf, 0)
}

function setToken(tokens: usize, opcode: u32, reg: u32, token: u32): void {
  store<u16>(tokens + (opcode << 4) + (reg << 1), <u16>token)
}

function setTokens(tokens: usize, first: u32, last: u32, token: u32): void {
  for (let opcode = first; opcode <= last; opcode++)
    for (let reg: u32 = 0; reg < 8; reg++) setToken(tokens, opcode, reg, token)
}

function fillOneByteTokens(tokens: usize, long: bool): void {
  for (let opcode: u32 = 0; opcode < 256; opcode++) setTokens(tokens, opcode, opcode, opcode)
  for (let opcode: u32 = 0; opcode < 0x40; opcode++)
    if ((opcode & 7) < 6) setTokens(tokens, opcode, opcode, opcode & 0x38)
  if (!long) {
    setTokens(tokens, 0x40, 0x47, TOKEN_INC)
    setTokens(tokens, 0x48, 0x4f, TOKEN_DEC)
  }
  setTokens(tokens, 0x50, 0x57, TOKEN_PUSH)
  setTokens(tokens, 0x58, 0x5f, TOKEN_POP)
  setTokens(tokens, 0x68, 0x68, TOKEN_PUSH)
  setTokens(tokens, 0x6a, 0x6a, TOKEN_PUSH)
  setTokens(tokens, 0x6b, 0x6b, 0x69)
  setTokens(tokens, 0x84, 0x85, TOKEN_TEST)
  setTokens(tokens, 0x86, 0x87, TOKEN_XCHG)
  setTokens(tokens, 0x88, 0x8b, TOKEN_MOV)
  setTokens(tokens, 0x8f, 0x8f, TOKEN_POP)
  setTokens(tokens, 0x90, 0x97, TOKEN_XCHG)
  setTokens(tokens, 0xa0, 0xa3, TOKEN_MOV)
  setTokens(tokens, 0xa5, 0xa5, 0xa4)
  setTokens(tokens, 0xa7, 0xa7, 0xa6)
  setTokens(tokens, 0xa8, 0xa9, TOKEN_TEST)
  setTokens(tokens, 0xab, 0xab, 0xaa)
  setTokens(tokens, 0xad, 0xad, 0xac)
  setTokens(tokens, 0xaf, 0xaf, 0xae)
  setTokens(tokens, 0xb0, 0xbf, TOKEN_MOV)
  setTokens(tokens, 0xc2, 0xc2, 0xc3)
  setTokens(tokens, 0xc6, 0xc7, TOKEN_MOV)
  setTokens(tokens, 0xca, 0xca, 0xcb)
  setTokens(tokens, 0xeb, 0xeb, TOKEN_JUMP)
  for (let reg: u32 = 0; reg < 8; reg++) {
    for (let opcode: u32 = 0x80; opcode <= 0x83; opcode++) setToken(tokens, opcode, reg, reg << 3)
    for (let opcode: u32 = 0xc0; opcode <= 0xd3; opcode++)
      if (opcode < 0xc2 || opcode >= 0xd0) setToken(tokens, opcode, reg, TOKEN_SHIFTS + reg)
    for (let opcode: u32 = 0xd8; opcode <= 0xdf; opcode++) setToken(tokens, opcode, reg, opcode | ((0x80 | reg) << 8))
    for (let opcode: u32 = 0xf6; opcode <= 0xf7; opcode++)
      setToken(tokens, opcode, reg, reg < 2 ? TOKEN_TEST : TOKEN_UNARY + reg)
  }
  for (let opcode: u32 = 0xfe; opcode <= 0xff; opcode++) {
    setToken(tokens, opcode, 0, TOKEN_INC)
    setToken(tokens, opcode, 1, TOKEN_DEC)
    setToken(tokens, opcode, 2, TOKEN_INDIRECT_CALL)
    setToken(tokens, opcode, 3, TOKEN_INDIRECT_CALL)
    setToken(tokens, opcode, 4, TOKEN_INDIRECT_JUMP)
    setToken(tokens, opcode, 5, TOKEN_INDIRECT_JUMP)
    setToken(tokens, opcode, 6, TOKEN_PUSH)
  }
}

function fillTwoByteTokens(tokens: usize): void {
  for (let opcode: u32 = 0; opcode < 256; opcode++) setTokens(tokens, opcode, opcode, opcode | 0x100)
  for (let condition: u32 = 0; condition < 16; condition++)
    setTokens(tokens, 0x80 + condition, 0x80 + condition, 0x70 + condition)
  for (let reg: u32 = 4; reg < 8; reg++) setToken(tokens, 0xba, reg, (0xa3 + ((reg - 4) << 3)) | 0x100)
}

function fillAddressing(block: usize, long: bool): void {
  for (let modrm: u32 = 0; modrm < 256; modrm++) {
    const mod = modrm >> 6
    const rm = modrm & 7
    let entry: u32 = 1
    if (mod != 3 && rm == 4) entry += mod == 0 ? 1 | MODRM_SIB : 1
    if (mod == 1) entry += 1
    if (mod == 2) entry += 4 | MODRM_DISP32
    if (mod == 0 && rm == 5) entry += 4 | (long ? MODRM_RIP : MODRM_DISP32)
    store<u8>(block + MODRM_TABLE + modrm, <u8>entry)
  }
  for (let sib: u32 = 0; sib < 256; sib++) store<u8>(block + SIB_TABLE + sib, (sib & 7) == 5 ? 4 : 0)
}
