import type { ByteSource } from '../bytes/source.ts'
import type { CodePlaces } from './code-places.ts'
import type { Program } from './program.ts'

/** Code is read in parts of this size, so that no section is ever held whole. */
const PART_BYTES = 1 << 20

const CALL_X86 = 0xe8
/** Bytes before a function of x86: `ret`, `int3`, `nop`. */
const BEFORE_FUNCTION: ReadonlySet<number> = new Set([0xc3, 0xcc, 0x90])
/** Compilers align functions to 16 bytes unless they save space. */
const X86_ALIGNMENT = 16

/**
 * Adds the places that a direct call of a code section leads to, by file offset, to `accept`; unordered and with repeats.
 *
 * Nothing is disassembled: every place that looks like a call counts. Where a call may be the inside of another
 * instruction, the target must also look like a start: on x86 aligned, or behind a return or padding; on 32-bit ARM, which
 * mixes two instruction sets, a `push` of the return address. Big-endian programs and other machines give nothing.
 *
 * @throws DetectorError `INPUT_UNREADABLE`
 */
export function addCallTargets(
  program: Program,
  source: ByteSource,
  places: CodePlaces,
  section: number,
  accept: (offset: number) => void,
): void {
  const machine = MACHINES[program.arch]
  const code = program.sections[section]
  if (machine === undefined || code === undefined || !program.littleEndian) return
  const base = places.base(section)
  for (let done = 0; done < code.size; done += PART_BYTES) {
    // 4 bytes more, for the operand of a call at the very end.
    const bytes = source.read(code.offset + done, Math.min(PART_BYTES + 4, code.size - done))
    machine.scan(bytes, base + done, (target) => {
      const address = program.bits === 32 ? (target + 2 ** 32) % 2 ** 32 : target
      const offset = places.offsetOf(address, -1)
      if (offset >= 0 && machine.looksLikeStart(source, address, offset)) accept(offset)
    })
  }
}

type Scan = (bytes: Uint8Array, address: number, accept: (target: number) => void) => void

interface Machine {
  readonly scan: Scan
  readonly looksLikeStart: (source: ByteSource, address: number, offset: number) => boolean
}

const X86: Machine = {
  scan: scanX86,
  looksLikeStart: (source, address, offset) =>
    address % X86_ALIGNMENT === 0 || (offset > 0 && BEFORE_FUNCTION.has(source.read(offset - 1, 1)[0] as number)),
}

const MACHINES: Readonly<Record<string, Machine>> = {
  x86_64: X86,
  i386: X86,
  aarch64: { scan: scanAarch64, looksLikeStart: () => true },
  arm: { scan: scanArm, looksLikeStart: startsWithPush },
}

function scanX86(bytes: Uint8Array, address: number, accept: (target: number) => void): void {
  const last = Math.min(PART_BYTES, bytes.length - 4)
  const view = viewOf(bytes)
  for (let at = bytes.indexOf(CALL_X86); at >= 0 && at < last; at = bytes.indexOf(CALL_X86, at + 1)) {
    const distance = view.getInt32(at + 1, true)
    // A call to what follows it asks for its own address; it is no function.
    if (distance !== 0) accept(address + at + 5 + distance)
  }
}

/** `push {…, lr}` of Thumb in two or four bytes, or of ARM. */
function startsWithPush(source: ByteSource, _: number, offset: number): boolean {
  if (offset + 4 > source.size) return false
  const view = viewOf(source.read(offset, 4))
  const [first, second] = [view.getUint16(0, true), view.getUint16(2, true)]
  return first >>> 8 === 0xb5 || ((first === 0xe92d || second === 0xe92d) && ((first | second) & 0x4000) !== 0)
}

/** `bl`: 100101 and a signed distance of 26 bits, in words. */
function scanAarch64(bytes: Uint8Array, address: number, accept: (target: number) => void): void {
  const view = viewOf(bytes)
  const last = Math.min(PART_BYTES, bytes.length - 3)
  for (let at = 0; at < last; at += 4) {
    const word = view.getUint32(at, true)
    if (word >>> 26 === 0x25) accept(address + at + ((word << 6) >> 6) * 4)
  }
}

/** `bl` and `blx` of ARM code that is always executed, and the same of Thumb code. */
function scanArm(bytes: Uint8Array, address: number, accept: (target: number) => void): void {
  const view = viewOf(bytes)
  const last = Math.min(PART_BYTES, bytes.length - 3)
  for (let at = 0; at < last; at += 2) {
    const first = view.getUint16(at, true)
    const second = view.getUint16(at + 2, true)
    const place = address + at
    if (first >>> 11 === 0x1e && (second & 0xc000) === 0xc000) {
      const sign = (first >> 10) & 1
      const i1 = ~(((second >> 13) & 1) ^ sign) & 1
      const i2 = ~(((second >> 11) & 1) ^ sign) & 1
      const distance =
        (sign === 1 ? -(2 ** 24) : 0) + i1 * 2 ** 23 + i2 * 2 ** 22 + (first & 0x3ff) * 4096 + (second & 0x7ff) * 2
      const isExchange = (second & 0x1000) === 0
      accept((isExchange ? place - (place % 4) : place) + 4 + distance)
    } else if (place % 4 === 0 && (second >>> 8 === 0xeb || second >>> 9 === 0x7d)) {
      const distance = (((second & 0xff) << 24) >> 8) | first
      const half = second >>> 8 === 0xfb ? 2 : 0
      accept(place + 8 + distance * 4 + half)
    }
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
