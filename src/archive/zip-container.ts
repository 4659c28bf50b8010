import { checkLimit } from '../bytes/limits.ts'
import { type ByteSource, bytesSource, sliceSource } from '../bytes/source.ts'
import { DetectorError } from '../errors.ts'
import { type Container, type ContainerMember, HEAD_BYTES, type Opening, ProblemList } from './container-member.ts'
import { inflateToSource } from './decompress.ts'
import { peekInto } from './peek.ts'
import { LOCAL_BYTES, readZip, readZipEntry, type ZipEntry, ZipMethod, zipEntryStart } from './zip.ts'

/** What a look at the start of a member may unpack for nothing: hundreds of thousands of bombs must not each cost more. */
const FREE_HEAD_BYTES = 64 * 1024

/** Up to this size a member is unpacked in one go; larger ones may go to a temporary file. */
const AT_ONCE_BYTES = 32 * 1024 ** 2

/**
 * Opens a zip file: jar, war, ear, wheel, egg, NuGet package, apk of Android, or self-extracting.
 *
 * Encrypted entries, those packed in ways not known, and those whose bytes belong to others too (as in bombs) are problems.
 *
 * @throws DetectorError as `readZip`
 */
export function openZip(source: ByteSource, opening: Opening): Container {
  const problems = new ProblemList()
  const entries = readZip(source, opening.limits, (path, error) => problems.add(path, error))
  const overlapping = overlaps(entries)
  return { kind: 'zip', members, problems: problems.list, close: () => undefined }

  function* members(): Generator<ContainerMember> {
    for (const [index, entry] of entries.entries()) {
      if (entry.type !== 'file') continue
      const problem = overlapping.has(index) ? OVERLAP : problemOf(entry)
      if (problem !== undefined) problems.add(entry.path, problem)
      else yield asMember(source, entry, opening)
    }
  }
}

const OVERLAP = {
  code: 'FORMAT_CORRUPT',
  message: 'its bytes are those of another entry too: unpack the archive by hand if you trust it',
} as const

function problemOf({ encrypted, method }: ZipEntry): Pick<DetectorError, 'code' | 'message'> | undefined {
  if (encrypted) return { code: 'FORMAT_UNSUPPORTED', message: 'entry is encrypted: unpack it first' }
  if (method === ZipMethod.Stored || method === ZipMethod.Deflate) return undefined
  return {
    code: 'FORMAT_UNSUPPORTED',
    message: `compression method ${method}, known are 0 and 8: repack the archive`,
  }
}

/** The entries that begin before the one in front of them, by place, has ended. */
function overlaps(entries: readonly ZipEntry[]): ReadonlySet<number> {
  const order = entries.map((_, index) => index)
  order.sort((a, b) => (entries[a]?.offset ?? 0) - (entries[b]?.offset ?? 0) || a - b)
  const found = new Set<number>()
  let end = 0
  for (const index of order) {
    const { offset = 0, compressedSize = 0 } = entries[index] ?? {}
    if (offset < end) found.add(index)
    // Names and extra fields come on top, but would have to be read one by one.
    end = Math.max(end, offset + LOCAL_BYTES + compressedSize)
  }
  return found
}

function asMember(source: ByteSource, entry: ZipEntry, { limits, budget, signal }: Opening): ContainerMember {
  const { path, size, compressedSize, method } = entry
  const packed = (): ByteSource => sliceSource(source, zipEntryStart(source, entry), compressedSize)
  return {
    path,
    size,
    head() {
      const wanted = Math.min(HEAD_BYTES, size)
      if (wanted === 0) return new Uint8Array(0)
      const bytes = method === ZipMethod.Stored ? packed().read(0, wanted) : peekInto(packed(), 'deflate', wanted)
      budget.take(Math.max(0, bytes.length - FREE_HEAD_BYTES))
      if (bytes.length < wanted) throw sizeDiffers(bytes.length, entry)
      return bytes.subarray(0, HEAD_BYTES)
    },
    open() {
      budget.take(size)
      if (method === ZipMethod.Stored) {
        if (size !== compressedSize) throw sizeDiffers(compressedSize, entry)
        return packed()
      }
      if (size <= AT_ONCE_BYTES) return bytesSource(readZipEntry(source, entry, limits))
      checkLimit(limits, 'unpackRatio', Math.floor(size / Math.max(1, compressedSize)), { path })
      return inflateLarge()
    },
  }

  async function inflateLarge(): Promise<ByteSource> {
    const unpacked = await inflateToSource(packed(), { ...limits, unpackedBytes: size }, signal)
    if (unpacked.size === size) return unpacked
    unpacked.close()
    throw sizeDiffers(unpacked.size, entry)
  }
}

function sizeDiffers(have: number, { path, offset, size }: ZipEntry): DetectorError {
  return new DetectorError('FORMAT_CORRUPT', `entry unpacks to ${have} bytes, directory says ${size}`, {
    locus: { path, offset },
  })
}
