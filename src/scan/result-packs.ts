import { hash, randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { packRecord, unpackRecord } from '../database/records.ts'
import { DetectorError } from '../errors.ts'
import { attempt, noteUse, writeWhole } from './result-files.ts'

/** Packed records are written together when they are so many bytes, … */
const PACK_BYTES = 8 * 1024 ** 2
/** … or have waited so long: what a process that is killed has not written is lost. */
const WAIT_MILLISECONDS = 20_000
/** With more packs, some become one: looking into many takes longer than looking into few. */
const MOST_PACKS = 64
/** Of the smaller half, as many as have no more bytes in sum: a pack goes as a whole when nobody asks for it any more. */
const MOST_JOINED_BYTES = 64 * 1024 ** 2
const EXTENSION = '.pack'
/** Of a name's hash in the index of a pack. */
const KEY_BYTES = 16
/** A hash, the offset of a record and its length. */
const ENTRY_BYTES = KEY_BYTES + 8
/** At the end: how many entries the index has, and the mark. */
const FOOTER_BYTES = 8
const MARK = 0x6b_63_61_70

/** A file of records: they, one after the other; an index, ascending by hash; its footer. It never changes. */
interface Pack {
  readonly path: string
  /** Bytes of all records. */
  readonly size: number
  readonly index: Buffer
  isUseNoted: boolean
}

/**
 * Small records by the hundred: a file for each takes longer to make than what it holds. Those that are written at about the same
 * time share a file, a pack. Any number of processes may read and write at once: a pack is written as a whole and never changed, and
 * one that went away, or is damaged, is as if it had never been there.
 */
export class ResultPacks {
  readonly #directory: string
  #packs: Pack[] | undefined
  /** What is not written yet, by the hash of its name. */
  readonly #waiting = new Map<string, Buffer>()
  #waitingBytes = 0
  #waitingSince = 0

  constructor(directory: string) {
    this.#directory = directory
  }

  /** The record under a name, or undefined. Packs that other processes write are seen after {@link flush}. */
  read(name: string): Record<string, unknown> | undefined {
    const key = keyOf(name)
    const waiting = this.#waiting.get(key.toString('latin1'))
    if (waiting !== undefined) return unpackRecord(waiting, 'a result', {})
    this.#packs ??= openPacks(this.#directory)
    for (const pack of this.#packs) {
      const place = find(pack, key)
      const record = place === undefined ? undefined : attempt(() => readRecord(pack, place.offset, place.length))
      if (record !== undefined) return record
    }
    return undefined
  }

  /**
   * Keeps a record: plain data. It is in a file at the latest after {@link flush}.
   *
   * @throws what the system says when files cannot be written
   */
  write(name: string, record: object): void {
    const packed = packRecord(record)
    if (this.#waiting.size === 0) this.#waitingSince = Date.now()
    this.#waiting.set(keyOf(name).toString('latin1'), packed)
    this.#waitingBytes += packed.length
    if (this.#waitingBytes >= PACK_BYTES || Date.now() - this.#waitingSince >= WAIT_MILLISECONDS) this.flush()
  }

  /**
   * Writes what waits.
   *
   * @throws what the system says when files cannot be written
   */
  flush(): void {
    if (this.#waiting.size === 0) return
    const records = [...this.#waiting].map(([key, bytes]) => ({ key: Buffer.from(key, 'latin1'), bytes }))
    this.#waiting.clear()
    this.#waitingBytes = 0
    writePack(this.#directory, records)
    this.#packs = joinPacks(this.#directory, openPacks(this.#directory))
  }
}

/** All packs of a directory that are whole, by name. */
function openPacks(directory: string): Pack[] {
  const names = attempt(() => readdirSync(directory)) ?? []
  return names.flatMap((name) => {
    const path = join(directory, name)
    return name.endsWith(EXTENSION) ? (attempt(() => openPack(path)) ?? []) : []
  })
}

function openPack(path: string): Pack | undefined {
  const { size } = statSync(path)
  const footer = readAt(path, size - FOOTER_BYTES, FOOTER_BYTES)
  const indexBytes = footer.readUInt32LE(0) * ENTRY_BYTES
  const records = size - FOOTER_BYTES - indexBytes
  if (footer.readUInt32LE(4) !== MARK || records < 0) return undefined
  return { path, size: records, index: readAt(path, records, indexBytes), isUseNoted: false }
}

function readAt(path: string, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  const handle = openSync(path, 'r')
  try {
    // What is cut short stays zero: no mark, and no record, is that.
    if (offset >= 0) readSync(handle, bytes, 0, length, offset)
    return bytes
  } finally {
    closeSync(handle)
  }
}

function find({ index }: Pack, key: Buffer): { readonly offset: number; readonly length: number } | undefined {
  let [low, high] = [0, index.length / ENTRY_BYTES]
  while (low < high) {
    const middle = (low + high) >>> 1
    const at = middle * ENTRY_BYTES
    const order = key.compare(index, at, at + KEY_BYTES)
    if (order === 0) return entryAt(index, at)
    if (order < 0) high = middle
    else low = middle + 1
  }
  return undefined
}

function entryAt(index: Buffer, at: number): { readonly offset: number; readonly length: number } {
  return { offset: index.readUInt32LE(at + KEY_BYTES), length: index.readUInt32LE(at + KEY_BYTES + 4) }
}

function readRecord(pack: Pack, offset: number, length: number): Record<string, unknown> | undefined {
  const { path, size } = pack
  if (offset + length > size) return undefined
  try {
    const record = unpackRecord(readAt(path, offset, length), 'a result', { path })
    if (!pack.isUseNoted) attempt(() => noteUse(path))
    pack.isUseNoted = true
    return record
  } catch (error) {
    if (!(error instanceof DetectorError)) throw error
    return undefined
  }
}

function writePack(directory: string, records: { readonly key: Buffer; readonly bytes: Buffer }[]): void {
  records.sort((a, b) => a.key.compare(b.key))
  const index = Buffer.alloc(records.length * ENTRY_BYTES)
  let offset = 0
  records.forEach(({ key, bytes }, place) => {
    const at = place * ENTRY_BYTES
    key.copy(index, at)
    index.writeUInt32LE(offset, at + KEY_BYTES)
    index.writeUInt32LE(bytes.length, at + KEY_BYTES + 4)
    offset += bytes.length
  })
  const footer = Buffer.alloc(FOOTER_BYTES)
  footer.writeUInt32LE(records.length, 0)
  footer.writeUInt32LE(MARK, 4)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const name = `${randomBytes(12).toString('hex')}${EXTENSION}`
  writeWhole(join(directory, name), Buffer.concat([...records.map(({ bytes }) => bytes), index, footer]))
}

/** Makes one of several where there are too many, and returns those that there are then. */
function joinPacks(directory: string, packs: Pack[]): Pack[] {
  if (packs.length <= MOST_PACKS) return packs
  let sum = 0
  const joined = packs
    .sort((a, b) => a.size - b.size)
    .slice(0, MOST_PACKS / 2)
    .filter(({ size }) => {
      sum += size
      return sum <= MOST_JOINED_BYTES
    })
  if (joined.length < 2) return packs
  const records = new Map<string, { key: Buffer; bytes: Buffer }>()
  for (const { path, size, index } of joined) {
    const bytes = attempt(() => readFileSync(path))
    if (bytes === undefined) continue
    for (let at = 0; at < index.length; at += ENTRY_BYTES) {
      const key = index.subarray(at, at + KEY_BYTES)
      const { offset, length } = entryAt(index, at)
      if (offset + length <= size)
        records.set(key.toString('latin1'), { key, bytes: bytes.subarray(offset, offset + length) })
    }
  }
  writePack(directory, [...records.values()])
  for (const { path } of joined) attempt(() => rmSync(path, { force: true }))
  return openPacks(directory)
}

function keyOf(name: string): Buffer {
  return hash('sha256', name, 'buffer').subarray(0, KEY_BYTES)
}
