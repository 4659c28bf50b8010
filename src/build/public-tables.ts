import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hash64 } from '../bytes/hash.ts'
import { PACKAGED_DATABASE } from '../database/packaged.ts'
import { DetectorError } from '../errors.ts'

/** A table of `fingerprint-db/algorithm-constants.json`: defined by a published algorithm or format. */
export interface AlgorithmConstants {
  readonly name: string
  readonly algorithm: string
  readonly elementBits: number
  readonly elements: number
  /** Its first 16 bytes, hexadecimal, as little-endian programs hold them; fewer where the table is shorter. */
  readonly first16LE: string
  /** The same for the other byte order; absent for tables of bytes, which have none. */
  readonly first16BE?: string
  /** Where the table starts with filler, 16 bytes of it that tell, and how many bytes from its start they stand. */
  readonly offset?: number
  readonly bytesAtOffset?: string
}

const FILE = join(PACKAGED_DATABASE, 'algorithm-constants.json')
const PREFIX_BYTES = 16
/** A start with fewer distinct bytes (`0, 1, 2, 0, …`) is that of many tables. */
const MIN_DISTINCT = 6

/** @throws DetectorError `CATALOG_CORRUPT` */
export function readAlgorithmConstants(): readonly AlgorithmConstants[] {
  const { tables } = JSON.parse(readFileSync(FILE, 'utf8')) as { tables?: readonly AlgorithmConstants[] }
  if (!Array.isArray(tables))
    throw new DetectorError('CATALOG_CORRUPT', 'need a list "tables" in algorithm-constants.json')
  return tables
}

/** By the hash of its first 16 bytes, how many bytes a listed table has. */
let starts: ReadonlyMap<bigint, number> | undefined

function knownStarts(): ReadonlyMap<bigint, number> {
  if (starts !== undefined) return starts
  const found = new Map<bigint, number>()
  for (const { first16LE, first16BE = first16LE, elementBits, elements } of readAlgorithmConstants())
    for (const hex of [first16LE, first16BE]) {
      const bytes = Buffer.from(hex, 'hex')
      if (bytes.length < PREFIX_BYTES || new Set(bytes).size < MIN_DISTINCT) continue
      const key = hash64(bytes.subarray(0, PREFIX_BYTES))
      // Of several tables that start alike the shortest is certain.
      found.set(key, Math.min(found.get(key) ?? Number.POSITIVE_INFINITY, (elements * elementBits) >> 3))
    }
  starts = found
  return found
}

/** How many bytes at the start of an array are a listed table: 0 for most. */
export function publicPrefix(bytes: Uint8Array): number {
  if (bytes.length < PREFIX_BYTES) return 0
  return knownStarts().get(hash64(bytes.subarray(0, PREFIX_BYTES))) ?? 0
}

/**
 * Where listed tables start in constant data, at multiples of 4 bytes, and how long they are: for programs, whose arrays
 * have no visible bounds.
 */
export function publicRanges(bytes: Uint8Array): { readonly start: number; readonly end: number }[] {
  const words = firstWords()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const found: { start: number; end: number }[] = []
  for (let at = 0; at + PREFIX_BYTES <= bytes.length; at += 4) {
    if (!words.has(view.getUint32(at) * 2 ** 20 + (view.getUint32(at + 4) >>> 12))) continue
    const length = publicPrefix(bytes.subarray(at, at + PREFIX_BYTES))
    if (length > 0) found.push({ start: at, end: at + length })
  }
  return found
}

/** The first 52 bits of each start, to be looked up without a hash. */
let words: ReadonlySet<number> | undefined

function firstWords(): ReadonlySet<number> {
  if (words !== undefined) return words
  const found = new Set<number>()
  for (const { first16LE, first16BE = first16LE } of readAlgorithmConstants())
    for (const hex of [first16LE, first16BE]) {
      const bytes = Buffer.from(hex, 'hex')
      if (bytes.length >= PREFIX_BYTES) found.add(bytes.readUInt32BE(0) * 2 ** 20 + (bytes.readUInt32BE(4) >>> 12))
    }
  words = found
  return found
}
