import { latin1 } from '../bytes/cursor.ts'
import { DetectorError, hex } from '../errors.ts'
import { pathText } from './member-path.ts'

/** What extended headers say about a member, in place of its own header. */
export interface TarOverrides {
  readonly path?: string
  readonly linkTarget?: string
  readonly size?: number
  readonly sparse?: PaxSparse
}

/**
 * What PAX records of GNU say about a sparse file. Versions 0.0 and 0.1 list its parts in records, 1.0 in front of its data.
 *
 * @see GNU tar manual, "Storing Sparse Files"
 */
export interface PaxSparse {
  /** In place of `path`, which names no file that anybody packed. */
  readonly name?: string
  readonly realSize?: number
  /** `offset,size,offset,size,...`, decimal. */
  readonly parts?: string
  readonly major?: string
}

/** The overrides of one PAX header: records of the form `25 path=some/long/name\n`, the length in bytes counting itself. */
export function paxOverrides(bytes: Uint8Array, at: number): TarOverrides {
  let overrides: TarOverrides = {}
  const parts: string[] = []
  let start = 0
  while (start < bytes.length && bytes[start] !== 0) {
    const length = /^(\d{1,7}) /.exec(latin1(bytes.subarray(start, start + 8)))?.[1]
    const end = start + Number(length)
    const equals = bytes.indexOf(0x3d, start)
    if (length === undefined || end > bytes.length || bytes[end - 1] !== 0x0a || equals < 0 || equals >= end)
      throw new DetectorError('FORMAT_CORRUPT', `extended header record at ${hex(at + start)} does not parse`)
    const key = latin1(bytes.subarray(start + length.length + 1, equals))
    const value = bytes.subarray(equals + 1, end - 1)
    if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') parts.push(latin1(value))
    else overrides = withRecord(overrides, key, value, at + start)
    start = end
  }
  if (parts.length === 0) return overrides
  return { ...overrides, sparse: { ...overrides.sparse, parts: parts.join(',') } }
}

function withRecord(overrides: TarOverrides, key: string, value: Uint8Array, at: number): TarOverrides {
  if (key === 'size') return { ...overrides, size: numberOf(value, at) }
  if (key === 'linkpath') return { ...overrides, linkTarget: pathText(value) }
  if (key === 'path') return { ...overrides, path: pathText(value) }
  if (!key.startsWith('GNU.sparse.')) return overrides
  const sparse = overrides.sparse ?? {}
  switch (key.slice('GNU.sparse.'.length)) {
    case 'name':
      return { ...overrides, sparse: { ...sparse, name: pathText(value) } }
    case 'size':
    case 'realsize':
      return { ...overrides, sparse: { ...sparse, realSize: numberOf(value, at) } }
    case 'map':
      return { ...overrides, sparse: { ...sparse, parts: latin1(value) } }
    case 'major':
      return { ...overrides, sparse: { ...sparse, major: latin1(value) } }
    default:
      return { ...overrides, sparse }
  }
}

function numberOf(value: Uint8Array, at: number): number {
  const text = latin1(value)
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new DetectorError('FORMAT_CORRUPT', `size at ${hex(at)} is no number`)
}
