import type { VarintReader, VarintWriter } from '../bytes/varint.ts'
import { DetectorError } from '../errors.ts'

/**
 * Longest text stored: the longest path that Linux opens (`PATH_MAX`). Each text may repeat the one before it, so a
 * small damaged file could otherwise unfold without end.
 */
export const MAX_TEXT_BYTES = 4096

/**
 * Writes text as the number of bytes it shares with the start of the text before it, and the rest.
 *
 * @throws TypeError when it is longer than {@link MAX_TEXT_BYTES}
 */
export function writeAfter(writer: VarintWriter, before: string, text: string): void {
  const a = Buffer.from(before, 'utf8')
  const b = Buffer.from(text, 'utf8')
  if (b.length > MAX_TEXT_BYTES)
    throw new TypeError(
      `prints: text of ${b.length} bytes, at most ${MAX_TEXT_BYTES} are stored: ${text.slice(0, 80)}…`,
    )
  let shared = 0
  while (shared < a.length && shared < b.length && a[shared] === b[shared]) shared++
  writer.number(shared)
  writer.number(b.length - shared)
  writer.raw(b.subarray(shared))
}

/** @throws DetectorError `STORE_CORRUPT` */
export function readAfter(reader: VarintReader, before: string): string {
  const shared = reader.number()
  const rest = reader.raw(reader.number())
  if (shared === 0 && rest.length <= MAX_TEXT_BYTES) return Buffer.from(rest).toString('utf8')
  const a = Buffer.from(before, 'utf8')
  if (shared > a.length) throw corrupt(`text shares ${shared} bytes with one of ${a.length}`)
  if (shared + rest.length > MAX_TEXT_BYTES) throw corrupt(`text of ${shared + rest.length} bytes`)
  return Buffer.concat([a.subarray(0, shared), rest]).toString('utf8')
}

/** Reads texts one after the other, as {@link readAfter} does, without taking the one before to pieces again: for long lists. */
export class TextsAfter {
  readonly #bytes = Buffer.allocUnsafe(MAX_TEXT_BYTES)
  #length = 0

  /** @throws DetectorError `STORE_CORRUPT` */
  next(reader: VarintReader): string {
    const shared = reader.number()
    const rest = reader.raw(reader.number())
    if (shared > this.#length) throw corrupt(`text shares ${shared} bytes with one of ${this.#length}`)
    const length = shared + rest.length
    if (length > MAX_TEXT_BYTES) throw corrupt(`text of ${length} bytes`)
    this.#bytes.set(rest, shared)
    this.#length = length
    return this.#bytes.toString('utf8', 0, length)
  }
}

/** @throws DetectorError `STORE_CORRUPT` when the reader is not at its end */
export function finished<T>(reader: VarintReader, value: T): T {
  if (reader.done) return value
  throw corrupt(`${reader.bytes.length - reader.position} bytes are left over`)
}

/** The `STORE_CORRUPT` of a section that contradicts itself. */
export function corrupt(message: string): DetectorError {
  return new DetectorError('STORE_CORRUPT', message)
}
