import { latin1 } from '../bytes/cursor.ts'
import { checkLimit, type Limits } from '../bytes/limits.ts'
import { type ByteSource, sliceSource } from '../bytes/source.ts'
import { DetectorError, hex } from '../errors.ts'
import { type Container, type ContainerMember, HEAD_BYTES, type Opening, ProblemList } from './container-member.ts'
import { safePath } from './member-path.ts'

/** Two pickles: one with the size of the other, and one with the length of the list and the list itself. */
const FIXED_BYTES = 16
/** Folders in folders. Paths of 4,096 bytes, as Linux has them, have no more than 2,048 steps. */
const MAX_DEPTH = 2048

/** Tells an archive of Electron by its two pickles and the start of its list. */
export function isAsar(head: Uint8Array): boolean {
  if (head.length < FIXED_BYTES + 2) return false
  const view = new DataView(head.buffer, head.byteOffset, head.length)
  return (
    view.getUint32(0, true) === 4 &&
    view.getUint32(4, true) === view.getUint32(8, true) + 4 &&
    view.getUint32(12, true) + 4 <= view.getUint32(8, true) &&
    latin1(head.subarray(FIXED_BYTES, FIXED_BYTES + 2)) === '{"'
  )
}

/**
 * Opens an archive of Electron. Files that are kept outside of it, beside the archive, are no members.
 *
 * @throws DetectorError `FORMAT_TRUNCATED`, `FORMAT_CORRUPT` for a list that is no JSON, `LIMIT_EXCEEDED`
 * @see https://github.com/electron/asar, "Format"
 */
export function openAsar(source: ByteSource, opening: Opening): Container {
  const { list, data } = readList(source, opening.limits)
  const problems = new ProblemList()
  return { kind: 'asar', members, problems: problems.list, close: () => undefined }

  function* members(): Generator<ContainerMember> {
    let count = 0
    for (const { path: raw, size, start } of walk(list, opening.limits)) {
      checkLimit(opening.limits, 'archiveMembers', ++count)
      const path = safePath(raw, (unsafe, error) => problems.add(unsafe, error))
      if (path === undefined || path === '') continue
      if (data + start + size > source.size)
        problems.add(path, {
          code: 'FORMAT_TRUNCATED',
          message: `need ${size} bytes at offset ${hex(data + start)}, have ${Math.max(0, source.size - data - start)}`,
        })
      else yield asMember(source, path, data + start, size, opening)
    }
  }
}

function asMember(
  source: ByteSource,
  path: string,
  offset: number,
  size: number,
  { budget }: Opening,
): ContainerMember {
  return {
    path,
    size,
    head: () => source.read(offset, Math.min(HEAD_BYTES, size)),
    open() {
      // Any number of files may have the same bytes.
      budget.take(size)
      return sliceSource(source, offset, size)
    },
  }
}

type Json = Readonly<Record<string, unknown>>

function readList(source: ByteSource, limits: Limits): { list: Json; data: number } {
  const head = source.read(0, FIXED_BYTES)
  const view = new DataView(head.buffer, head.byteOffset, FIXED_BYTES)
  const length = view.getUint32(12, true)
  checkLimit(limits, 'asarHeaderBytes', length)
  const text = Buffer.from(source.read(FIXED_BYTES, length)).toString('utf8')
  let list: unknown
  try {
    list = JSON.parse(text)
  } catch (cause) {
    throw new DetectorError('FORMAT_CORRUPT', 'list of files of the asar archive is no JSON', { cause })
  }
  if (!isObject(list)) throw new DetectorError('FORMAT_CORRUPT', 'list of files of the asar archive is no object')
  return { list, data: 8 + view.getUint32(4, true) }
}

interface Listed {
  readonly path: string
  readonly start: number
  readonly size: number
}

/** Files in the order of the list; without recursion, as the list may nest as deeply as it likes. */
function* walk(root: Json, limits: Limits): Generator<Listed> {
  const trail = [{ prefix: '', entries: entriesOf(root, '(root)') }]
  for (let folder = trail.at(-1); folder !== undefined; folder = trail.at(-1)) {
    const { done, value } = folder.entries.next()
    if (done === true) {
      trail.pop()
      continue
    }
    const [name, entry] = value
    const path = `${folder.prefix}${name}`
    checkLimit(limits, 'nameBytes', path.length)
    if (!isObject(entry)) throw notAnEntry(path)
    if ('files' in entry) {
      if (trail.length === MAX_DEPTH)
        throw new DetectorError('LIMIT_EXCEEDED', `folders of an asar archive nest more than ${MAX_DEPTH} deep`)
      trail.push({ prefix: `${path}/`, entries: entriesOf(entry, path) })
      continue
    }
    if (entry['unpacked'] === true || 'link' in entry) continue
    const { size, offset } = entry
    if (!isSize(size) || typeof offset !== 'string' || !/^\d{1,15}$/.test(offset)) throw notAnEntry(path)
    yield { path, size, start: Number(offset) }
  }
}

function entriesOf(folder: Json, path: string): IterableIterator<[string, unknown]> {
  const { files } = folder
  if (!isObject(files)) throw notAnEntry(path)
  return Object.entries(files).values()
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function notAnEntry(path: string): DetectorError {
  return new DetectorError('FORMAT_CORRUPT', `need a folder, or a file with size and offset, in the asar archive`, {
    locus: { path },
  })
}
