import type { Cursor } from '../bytes/cursor.ts'
import { checkLimit, type Limits } from '../bytes/limits.ts'
import { DetectorError, hex } from '../errors.ts'
import type { DamageLog } from './damage.ts'
import { reading, requireOffset } from './pe-directories.ts'
import { Directory, type PeHeaders } from './pe-headers.ts'

/** `RT_VERSION`, the resource type of version information. */
const TYPE_VERSION = 16
/** Type, name, language: a resource tree has three levels. */
const LEVELS = 3

/**
 * The strings of the version resource (`ProductVersion`, `FileVersion` …) in the resource's order; empty without one.
 *
 * Of several languages the first is read.
 *
 * @throws DetectorError `LIMIT_EXCEEDED`
 * @see Microsoft PE Format, "The .rsrc Section"; Win32 "VS_VERSIONINFO", "StringFileInfo", "String"
 */
export function readVersionInfo(pe: PeHeaders, limits: Limits, damage: DamageLog): Record<string, string> {
  const directory = pe.directories[Directory.Resource]
  if (directory === undefined || directory.rva === 0) return {}
  return reading('version resource', damage, {}, () => {
    const root = requireOffset(pe, directory.rva, 'resource directory')
    const leaf = findLeaf(pe.cursor, root, limits)
    if (leaf === undefined) return {}
    const start = requireOffset(pe, pe.cursor.u32(leaf), 'version resource')
    const size = pe.cursor.u32(leaf + 4)
    pe.cursor.need(start, size)
    return new VersionReader(pe.cursor, start, limits).read(start + size)
  })
}

/** File offset of the data entry of the first version resource. */
function findLeaf(cursor: Cursor, root: number, limits: Limits): number | undefined {
  let table = root
  for (let level = 0; level < LEVELS; level++) {
    const named = cursor.u16(table + 12)
    const count = named + cursor.u16(table + 14)
    checkLimit(limits, 'resourceNodes', count, { offset: table })
    const wanted = level === 0 ? indexOfType(cursor, table, count, TYPE_VERSION) : 0
    if (wanted === undefined || count === 0) return undefined
    const target = cursor.u32(table + 16 + wanted * 8 + 4)
    const isDirectory = target >= 0x80000000
    if (isDirectory !== level < LEVELS - 1)
      throw new DetectorError('FORMAT_CORRUPT', `resource directory at ${hex(table)} has an entry of the wrong level`)
    table = root + (target & 0x7fffffff)
  }
  return table
}

function indexOfType(cursor: Cursor, table: number, count: number, type: number): number | undefined {
  for (let i = 0; i < count; i++) if (cursor.u32(table + 16 + i * 8) === type) return i
  return undefined
}

/** A block of version information: length, value length, type, key in UTF-16, value, children; all 4-aligned. */
interface Block {
  readonly end: number
  readonly key: string
  readonly valueAt: number
  /** Bytes, or UTF-16 units for text. */
  readonly valueLength: number
}

const KEYS_ON_THE_WAY: readonly RegExp[] = [/^VS_VERSION_INFO$/, /^StringFileInfo$/, /^[0-9A-Fa-f]{8}$/]

class VersionReader {
  readonly #cursor: Cursor
  readonly #start: number
  readonly #limits: Limits
  #blocks = 0

  constructor(cursor: Cursor, start: number, limits: Limits) {
    this.#cursor = cursor
    this.#start = start
    this.#limits = limits
  }

  read(end: number): Record<string, string> {
    let at = this.#start
    let limit = end
    for (const wanted of KEYS_ON_THE_WAY) {
      const block = this.#find(at, limit, wanted)
      if (block === undefined) return {}
      // Only the root has a value, VS_FIXEDFILEINFO, before its children.
      at = this.#aligned(block.valueAt + block.valueLength)
      limit = block.end
    }
    const strings = new Map<string, string>()
    while (at < limit) {
      const block = this.#block(at, limit)
      const length = Math.max(0, Math.min(block.valueLength * 2, block.end - block.valueAt))
      const value = this.#text(block.valueAt, length).replace(/\0.*$/s, '').trim()
      if (block.key !== '' && value !== '' && !strings.has(block.key)) strings.set(block.key, value)
      at = this.#aligned(block.end)
    }
    return Object.fromEntries(strings)
  }

  #find(from: number, end: number, wanted: RegExp): Block | undefined {
    for (let at = from; at < end; ) {
      const block = this.#block(at, end)
      if (wanted.test(block.key)) return block
      at = this.#aligned(block.end)
    }
    return undefined
  }

  #block(at: number, limit: number): Block {
    checkLimit(this.#limits, 'resourceNodes', ++this.#blocks, { offset: at })
    const length = this.#cursor.u16(at)
    const end = at + length
    if (length < 8 || end > limit)
      throw new DetectorError('FORMAT_CORRUPT', `block of ${length} bytes at ${hex(at)} leaves ${limit - at}`)
    let keyEnd = at + 6
    while (keyEnd + 2 <= end && this.#cursor.u16(keyEnd) !== 0) keyEnd += 2
    const key = this.#text(at + 6, keyEnd - at - 6)
    return { end, key, valueAt: this.#aligned(keyEnd + 2), valueLength: this.#cursor.u16(at + 2) }
  }

  #text(at: number, length: number): string {
    return Buffer.from(this.#cursor.bytes(at, length)).toString('utf16le')
  }

  #aligned(at: number): number {
    return at + ((4 - ((at - this.#start) % 4)) % 4)
  }
}
