import { latin1 } from '../bytes/cursor.ts'
import { checkLimit, DEFAULT_LIMITS, type Limits } from '../bytes/limits.ts'
import type { ByteSource } from '../bytes/source.ts'
import { DetectorError, hex } from '../errors.ts'

/** A member of a static library. `offset` and `size` are bytes of the library: take them with `sliceSource`. */
export interface ArMember {
  readonly name: string
  readonly offset: number
  readonly size: number
}

const MAGIC = '!<arch>\n'
const THIN_MAGIC = '!<thin>\n'
const HEADER_BYTES = 60
const NEWLINE = 0x0a

/** Symbol indexes of the GNU, BSD and Microsoft kinds: about the members, no members themselves. */
const INDEX_NAMES = /^(\/|\/SYM64\/|\/<[^>]*>\/|__\.SYMDEF( SORTED)?|__\.SYMDEF_64( SORTED)?)$/

/**
 * Lists the members of a static library (`.a`, `.lib`) in file order, without its symbol indexes and name tables.
 *
 * GNU, BSD and Microsoft names are understood. Names may repeat.
 *
 * @throws DetectorError `FORMAT_BAD_MAGIC`, `FORMAT_UNSUPPORTED` for thin archives, `FORMAT_TRUNCATED`,
 *   `FORMAT_CORRUPT`, `LIMIT_EXCEEDED`
 * @see ar(5) of FreeBSD; GNU binutils, bfd/archive.c; Microsoft PE Format, "Archive (Library) File Format"
 */
export function readAr(source: ByteSource, limits: Limits = DEFAULT_LIMITS): ArMember[] {
  checkMagic(source)
  const members: ArMember[] = []
  let longNames: Uint8Array | undefined
  let offset = MAGIC.length
  while (offset < source.size) {
    const header = latin1(source.read(offset, Math.min(HEADER_BYTES, source.size - offset)))
    const rawName = header.slice(0, 16).trimEnd()
    const size = sizeOf(header, offset)
    const start = offset + HEADER_BYTES
    if (start + size > source.size)
      throw new DetectorError(
        'FORMAT_TRUNCATED',
        `need ${size} bytes of archive member at offset ${hex(start)}, have ${source.size - start}`,
        { locus: { offset } },
      )
    if (rawName === '//') {
      checkLimit(limits, 'stringTableBytes', size, { offset })
      longNames = source.read(start, size)
    } else {
      const member = memberAt(source, rawName, start, size, longNames, limits)
      if (!INDEX_NAMES.test(rawName) && !INDEX_NAMES.test(member.name)) members.push(member)
      checkLimit(limits, 'archiveMembers', members.length, { offset })
    }
    // Members start at even offsets; the padding of the last one is often left out.
    offset = start + size + (size % 2)
  }
  return members
}

function checkMagic(source: ByteSource): void {
  const magic = latin1(source.read(0, Math.min(MAGIC.length, source.size)))
  if (magic === MAGIC) return
  if (magic === THIN_MAGIC)
    throw new DetectorError(
      'FORMAT_UNSUPPORTED',
      'thin archive: members are files elsewhere, name those files instead or rebuild it without `ar T`',
    )
  throw new DetectorError(
    'FORMAT_BAD_MAGIC',
    `not an archive: starts with ${Buffer.from(magic, 'latin1').toString('hex')}`,
  )
}

function sizeOf(header: string, offset: number): number {
  if (header.length < HEADER_BYTES)
    throw new DetectorError(
      'FORMAT_TRUNCATED',
      `need ${HEADER_BYTES} bytes of member header at offset ${hex(offset)}, have ${header.length}`,
      { locus: { offset } },
    )
  const size = header.slice(48, 58).trim()
  if (header.slice(58) !== '`\n' || !/^\d{1,10}$/.test(size))
    throw new DetectorError('FORMAT_CORRUPT', `no archive member header at ${hex(offset)}`, { locus: { offset } })
  return Number(size)
}

function memberAt(
  source: ByteSource,
  rawName: string,
  start: number,
  size: number,
  longNames: Uint8Array | undefined,
  limits: Limits,
): ArMember {
  const bsd = /^#1\/(\d{1,10})$/.exec(rawName)
  if (bsd !== null) {
    const length = Number(bsd[1])
    if (length > size)
      throw new DetectorError('FORMAT_CORRUPT', `name of ${length} bytes at ${hex(start)} in a member of ${size}`)
    checkLimit(limits, 'nameBytes', length, { offset: start })
    const name = latin1(source.read(start, length)).replace(/\0+$/, '')
    return { name, offset: start + length, size: size - length }
  }
  const long = /^\/(\d{1,10})$/.exec(rawName)
  if (long !== null) return { name: longName(longNames, Number(long[1]), start, limits), offset: start, size }
  // GNU and Microsoft end names with a slash, so that they may hold spaces; BSD does not.
  const name = INDEX_NAMES.test(rawName) ? rawName : rawName.replace(/\/$/, '')
  return { name, offset: start, size }
}

/** A name of the `//` member: GNU ends them with `/\n`, Microsoft with NUL. */
function longName(table: Uint8Array | undefined, at: number, start: number, limits: Limits): string {
  if (table === undefined || at >= table.length)
    throw new DetectorError('FORMAT_CORRUPT', `member at ${hex(start)} has its name at ${at} of a missing name table`)
  let end = at
  const stop = Math.min(table.length, at + limits.nameBytes + 1)
  while (end < stop && table[end] !== NEWLINE && table[end] !== 0) end++
  if (end === stop) throw new DetectorError('FORMAT_CORRUPT', `name at ${at} of the archive's name table has no end`)
  return latin1(table.subarray(at, end)).replace(/\/$/, '')
}
