import type { ByteSource } from '../bytes/source.ts'
import { DetectorError, hex } from '../errors.ts'
import { pathText } from './member-path.ts'

/** Everything in a tar archive comes in blocks of this many bytes. */
export const TAR_BLOCK = 512

/** The fields of one header block; those of extended headers take their place. */
export interface TarHeader {
  /** The character of the type flag. */
  readonly type: string
  readonly path: string
  readonly linkTarget: string
  /** Bytes stored behind the header. */
  readonly size: number
  readonly mode: number
  /** Of a GNU sparse file (type `S`): bytes of the whole file, and whether blocks of its map follow. */
  readonly realSize: number
  readonly mapGoesOn: boolean
}

const NAME = { at: 0, bytes: 100 }
const MODE = { at: 100, bytes: 8 }
const SIZE = { at: 124, bytes: 12 }
const CHECKSUM = { at: 148, bytes: 8 }
const TYPE_AT = 156
const LINK_TARGET = { at: 157, bytes: 100 }
const MAGIC_AT = 257
const PREFIX = { at: 345, bytes: 155 }
const MAP_GOES_ON_AT = 482
const REAL_SIZE = { at: 483, bytes: 12 }

const SPACE = 0x20
const ZERO = 0x30
const SEVEN = 0x37

/**
 * Read at once where a header is looked for. Small files lie within it, so that a read serves several headers; more would
 * read the contents of large ones for nothing.
 */
const WINDOW_BYTES = 8192

/** Gives the blocks of an archive that is walked in order, without reading what lies between them. */
export class TarBlocks {
  readonly #source: ByteSource
  readonly #window: Buffer
  #start = 0
  #end = 0

  constructor(source: ByteSource) {
    this.#source = source
    this.#window = Buffer.alloc(Math.min(WINDOW_BYTES, source.size))
  }

  /**
   * The block at `at`, until the next one is asked for.
   *
   * @throws DetectorError `FORMAT_TRUNCATED`
   */
  at(at: number): Buffer {
    needBytes(this.#source, at, TAR_BLOCK)
    if (at < this.#start || at + TAR_BLOCK > this.#end) {
      const length = Math.min(this.#window.length, this.#source.size - at)
      this.#source.readInto(this.#window.subarray(0, length), at)
      this.#start = at
      this.#end = at + length
    }
    return this.#window.subarray(at - this.#start, at - this.#start + TAR_BLOCK)
  }
}

/**
 * Reads one header block.
 *
 * @throws DetectorError `FORMAT_BAD_MAGIC` at offset 0 and `FORMAT_CORRUPT` elsewhere when the checksum is wrong
 */
export function parseTarHeader(block: Buffer, at: number): TarHeader {
  if (!isTarHeader(block))
    throw new DetectorError(
      at === 0 ? 'FORMAT_BAD_MAGIC' : 'FORMAT_CORRUPT',
      at === 0 ? 'not a tar archive: the first block is no header' : `tar header at ${hex(at)} has a wrong checksum`,
      { locus: { offset: at } },
    )
  const isUstar = hasUstarMagic(block)
  const isGnu = isUstar && block[MAGIC_AT + 5] === SPACE
  const name = textField(block, NAME)
  // GNU uses the room of the prefix for times, but in archives of its own magic only.
  const prefix = isUstar && !isGnu ? textField(block, PREFIX) : ''
  const type = String.fromCharCode(block[TYPE_AT] ?? 0)
  const isSparse = type === 'S'
  return {
    type,
    path: prefix === '' ? name : `${prefix}/${name}`,
    linkTarget: textField(block, LINK_TARGET),
    size: numberField(block, SIZE, at),
    mode: numberField(block, MODE, at) & 0o7777,
    realSize: isSparse ? numberField(block, REAL_SIZE, at) : 0,
    mapGoesOn: isSparse && block[MAP_GOES_ON_AT] !== 0,
  }
}

/** Tells a header by its checksum: the sum of its bytes with the checksum taken as spaces. */
export function isTarHeader(block: Uint8Array): boolean {
  if (block.length < TAR_BLOCK) return false
  const announced = octal(block, CHECKSUM.at, CHECKSUM.at + CHECKSUM.bytes)
  if (announced === undefined || block[CHECKSUM.at] === 0) return false
  let unsigned = CHECKSUM.bytes * SPACE
  for (let i = 0; i < TAR_BLOCK; i++) unsigned += block[i] as number
  for (let i = CHECKSUM.at; i < CHECKSUM.at + CHECKSUM.bytes; i++) unsigned -= block[i] as number
  if (announced === unsigned) return true
  // Some old tars summed signed bytes.
  const isHigh = (byte: number, at: number): boolean =>
    byte > 0x7f && (at < CHECKSUM.at || at >= CHECKSUM.at + CHECKSUM.bytes)
  return announced === unsigned - 0x100 * block.filter(isHigh).length
}

/** Whether the block names a format since 1988: plain text that is a header by chance has no such word. */
export function hasUstarMagic(block: Uint8Array): boolean {
  return (
    block[MAGIC_AT] === 0x75 &&
    block[MAGIC_AT + 1] === 0x73 &&
    block[MAGIC_AT + 2] === 0x74 &&
    block[MAGIC_AT + 3] === 0x61 &&
    block[MAGIC_AT + 4] === 0x72
  )
}

export function isZeroBlock(block: Uint8Array): boolean {
  for (let i = 0; i < block.length; i++) if (block[i] !== 0) return false
  return true
}

interface Field {
  readonly at: number
  readonly bytes: number
}

/** Octal text, or a big-endian number behind a first byte of 0x80 (GNU, for sizes from 8 GiB on). */
export function numberField(block: Uint8Array, { at, bytes }: Field, headerAt: number): number {
  const first = block[at] ?? 0
  if ((first & 0x80) === 0) {
    const value = octal(block, at, at + bytes)
    if (value !== undefined) return value
  } else {
    let value = first & 0x7f
    for (let i = at + 1; i < at + bytes; i++) value = value * 256 + (block[i] ?? 0)
    if (Number.isSafeInteger(value)) return value
  }
  throw new DetectorError('FORMAT_CORRUPT', `number at ${hex(headerAt + at)} of a tar header does not parse`, {
    locus: { offset: headerAt + at },
  })
}

/** Digits between blanks, up to a NUL; 0 where there are none, undefined for anything else. */
function octal(block: Uint8Array, start: number, end: number): number | undefined {
  let at = start
  while (at < end && block[at] === SPACE) at++
  let value = 0
  for (; at < end; at++) {
    const digit = block[at] as number
    if (digit < ZERO || digit > SEVEN) break
    value = value * 8 + digit - ZERO
  }
  while (at < end && block[at] === SPACE) at++
  return at === end || block[at] === 0 ? value : undefined
}

function textField(block: Buffer, { at, bytes }: Field): string {
  let end = at
  let isAscii = true
  for (; end < at + bytes; end++) {
    const byte = block[end] as number
    if (byte === 0) break
    if (byte > 0x7f) isAscii = false
  }
  if (end === at) return ''
  return isAscii ? block.toString('latin1', at, end) : pathText(block.subarray(at, end))
}

/** @throws DetectorError `FORMAT_TRUNCATED` */
export function needBytes(source: ByteSource, offset: number, length: number): void {
  if (offset + length <= source.size) return
  const have = Math.max(0, source.size - offset)
  throw new DetectorError('FORMAT_TRUNCATED', `need ${length} bytes at offset ${hex(offset)}, have ${have}`, {
    locus: { offset },
  })
}
