import { latin1 } from '../bytes/cursor.ts'
import { checkLimit } from '../bytes/limits.ts'
import { type ByteSource, sliceSource } from '../bytes/source.ts'
import { DetectorError, hex, throwIfAborted } from '../errors.ts'
import { type Container, type ContainerMember, HEAD_BYTES, type Opening, ProblemList } from './container-member.ts'
import { type CpioMember, isCpio, readCpio } from './cpio.ts'
import { decompressToSource, detectCompression } from './decompress.ts'

/** One archive of a row. */
interface Archive {
  readonly source: ByteSource
  readonly start: number
}

/** Bytes looked through at a time for the end of the zeros between archives. */
const WINDOW_BYTES = 64 * 1024

/**
 * Opens cpio archives that stand one behind the other, as in an initramfs: early ones as they are (microcode), zeros between
 * them, and the last one often packed.
 *
 * @throws DetectorError as `decompressToSource`
 */
export async function openCpio(source: ByteSource, opening: Opening): Promise<Container> {
  const unpacked: ByteSource[] = []
  const close = (): void => {
    for (const part of unpacked.splice(0)) part.close()
  }
  try {
    const problems = new ProblemList()
    const archives: Archive[] = []
    const counter = { entries: 0 }
    for (let rest: ByteSource | undefined = source; rest !== undefined; ) {
      const tail = listArchives(rest, archives, counter, opening)
      rest = undefined
      if (tail === undefined) continue
      const part = `(part ${archives.length + 1})`
      if (detectCompression(tail) === undefined) problems.add(part, strangeTail(tail))
      else rest = await unpackTail(tail, part, opening, problems)
      if (rest === undefined) continue
      unpacked.push(rest)
      checkLimit(opening.limits, 'containerDepth', unpacked.length)
      opening.budget.take(rest.size)
    }
    return { kind: 'cpio', members: () => walk(archives, problems, opening), problems: problems.list, close }
  } catch (error) {
    close()
    throw error
  }
}

/** Undefined where it is broken: what stands in front of it is still there. */
async function unpackTail(
  tail: ByteSource,
  part: string,
  { budget, signal }: Opening,
  problems: ProblemList,
): Promise<ByteSource | undefined> {
  try {
    return (await decompressToSource(tail, budget.rest(), signal)).source
  } catch (error) {
    if (!(error instanceof DetectorError) || !error.code.startsWith('FORMAT_')) throw error
    problems.add(part, error)
    return undefined
  }
}

/** Adds the archives that the source starts with. Returns what is behind them, if it is anything but zeros. */
function listArchives(
  source: ByteSource,
  archives: Archive[],
  counter: { entries: number },
  { limits, signal }: Opening,
): ByteSource | undefined {
  let at = 0
  for (;;) {
    throwIfAborted(signal)
    at = skipZeros(source, at)
    if (at === source.size) return undefined
    if (!isCpio(source.read(at, Math.min(6, source.size - at)))) return sliceSource(source, at, source.size - at)
    archives.push({ source, start: at })
    const end = endOf(source, at, counter, limits)
    if (end === undefined) return undefined
    at = Math.min(end, source.size)
  }
}

/** Undefined where the archive is broken: the walk over its members will say how. */
function endOf(
  source: ByteSource,
  start: number,
  counter: { entries: number },
  limits: Opening['limits'],
): number | undefined {
  const members = readCpio(source, { limits, start, counter, onUnsafe: () => undefined })
  try {
    for (;;) {
      const { done, value } = members.next()
      if (done === true) return value
    }
  } catch (error) {
    if (error instanceof DetectorError) return undefined
    throw error
  }
}

function* walk(archives: readonly Archive[], problems: ProblemList, { limits }: Opening): Generator<ContainerMember> {
  const counter = { entries: 0 }
  for (const { source, start } of archives)
    yield* cpioMembers(
      source,
      readCpio(source, { limits, start, counter, onUnsafe: (path, error) => problems.add(path, error) }),
    )
}

/** Members as those of other containers. */
export function* cpioMembers(source: ByteSource, members: Iterable<CpioMember>): Generator<ContainerMember> {
  for (const { path, offset, size } of members)
    yield {
      path,
      size,
      head: () => source.read(offset, Math.min(HEAD_BYTES, size)),
      open: () => sliceSource(source, offset, size),
    }
}

function skipZeros(source: ByteSource, start: number): number {
  for (let at = start; at < source.size; ) {
    const window = source.read(at, Math.min(WINDOW_BYTES, source.size - at))
    const found = window.findIndex((byte) => byte !== 0)
    if (found >= 0) return at + found
    at += window.length
  }
  return source.size
}

function strangeTail(tail: ByteSource): Pick<DetectorError, 'code' | 'message'> {
  const head = tail.read(0, Math.min(8, tail.size))
  const isLz4 = /^(\x02\x21\x4c\x18|\x04\x22\x4d\x18)/.test(latin1(head))
  const isLzma = /^\x5d\0\0/.test(latin1(head))
  const name = isLz4 ? 'lz4' : isLzma ? 'lzma' : undefined
  return name === undefined
    ? {
        code: 'FORMAT_CORRUPT',
        message: `need a cpio archive or a packed one behind the others, have ${hex(head[0] ?? 0)}`,
      }
    : { code: 'FORMAT_UNSUPPORTED', message: `part packed with ${name}: unpack it first` }
}
