import { latin1 } from '../bytes/cursor.ts'
import { type ElfTables, SegmentType } from './elf-headers.ts'
import { SectionType } from './elf-sections.ts'

/** `NT_GNU_BUILD_ID`, with owner `GNU`. */
const TYPE_BUILD_ID = 3
/** SHA-1 ids have 20 bytes, ids given by hand up to 64; a larger descriptor is no build-id. */
const MAX_ID_BYTES = 64
/** Notes looked at per place: programs have a handful, a core file's thousands hold no build-id of their own. */
const MAX_NOTES = 1000

/**
 * The GNU build-id as lower-case hexadecimal, from a note section or else a note segment; null where there is none.
 *
 * @see System V gABI, ch. 5 "Note Section"
 */
export function readBuildId(tables: ElfTables): string | null {
  for (const section of tables.sections) {
    if (section.type !== SectionType.Note) continue
    const id = buildIdIn(tables, section.offset, section.size, section.align)
    if (id !== undefined) return id
  }
  for (const segment of tables.segments) {
    if (segment.type !== SegmentType.Note) continue
    const id = buildIdIn(tables, segment.offset, segment.fileSize, segment.align)
    if (id !== undefined) return id
  }
  return null
}

function buildIdIn({ cursor }: ElfTables, offset: number, size: number, align: number): string | undefined {
  const end = Math.min(offset + size, cursor.size)
  // Fields are 4-aligned even in 64-bit files; only notes that say 8 (GNU properties) are padded to 8.
  const step = align === 8 ? 8 : 4
  let at = offset
  for (let seen = 0; at + 12 <= end && seen < MAX_NOTES; seen++) {
    const nameSize = cursor.u32(at)
    const idSize = cursor.u32(at + 4)
    const idAt = alignUp(at + 12 + nameSize - offset, step) + offset
    if (idAt + idSize > end) return undefined
    const isBuildId = cursor.u32(at + 8) === TYPE_BUILD_ID && nameSize === 4 && idSize > 0 && idSize <= MAX_ID_BYTES
    if (isBuildId && latin1(cursor.bytes(at + 12, 4)) === 'GNU\0')
      return Buffer.from(cursor.bytes(idAt, idSize)).toString('hex')
    at = alignUp(idAt + idSize - offset, step) + offset
  }
  return undefined
}

function alignUp(value: number, step: number): number {
  return Math.ceil(value / step) * step
}
