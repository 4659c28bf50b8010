import { latin1 } from '../bytes/cursor.ts'
import { checkLimit, DEFAULT_LIMITS, type Limits } from '../bytes/limits.ts'
import { type ByteSource, sliceSource } from '../bytes/source.ts'
import { DetectorError } from '../errors.ts'
import { type ArMember, readAr } from './ar.ts'
import { decompressToSource } from './decompress.ts'
import { readTar, type TarMember } from './tar.ts'

/** An open Debian package. */
export interface DebPackage {
  /** Fields of the control file by name; a field over several lines keeps its line breaks. */
  readonly control: ReadonlyMap<string, string>
  /** What the package installs, in archive order. Offsets are those of {@link data}. */
  readonly members: readonly TarMember[]
  /** The unpacked `data.tar`: take members from it with `sliceSource`. */
  readonly data: ByteSource
  /** Gives back the unpacked copy; the package's own source stays open. */
  close(): void
}

/** The first member of every package. */
const MARK = 'debian-binary'
/** The format's number and a line break; longer marks hold lines of later versions, which are ignored. */
const MARK_BYTES = 64

/** Tells a Debian package from other `ar` archives by its first member. */
export function isDeb(source: ByteSource): boolean {
  const head = latin1(source.read(0, Math.min(24, source.size)))
  return /^!<arch>\ndebian-binary[ /]/.test(head)
}

/**
 * Opens a Debian binary package: its control fields and the list of what it installs, from parts packed with gzip, xz,
 * bzip2, zstd, or not at all.
 *
 * @throws DetectorError `FORMAT_BAD_MAGIC` for other files, `FORMAT_UNSUPPORTED` for a format that is not 2.x,
 *   `FORMAT_CORRUPT` without `control.tar` or `data.tar`, and what `readAr`, `readTar` and `decompressToSource` throw
 * @see deb(5)
 */
export async function readDeb(
  source: ByteSource,
  limits: Limits = DEFAULT_LIMITS,
  signal?: AbortSignal,
): Promise<DebPackage> {
  const parts = partsOf(source, limits)
  const control = await openPart(source, parts, 'control.tar', limits, signal)
  let fields: ReadonlyMap<string, string>
  try {
    fields = readControl(control.source, limits)
  } finally {
    control.close()
  }
  const data = await openPart(source, parts, 'data.tar', limits, signal)
  try {
    return { control: fields, members: [...readTar(data.source, limits)], data: data.source, close: data.close }
  } catch (error) {
    data.close()
    throw error
  }
}

/**
 * Unpacks what a Debian package installs, a tar archive, and nothing else of it.
 *
 * @throws DetectorError as {@link readDeb}
 */
export async function openDebData(
  source: ByteSource,
  limits: Limits,
  signal?: AbortSignal,
): Promise<Pick<DebPackage, 'data' | 'close'>> {
  const data = await openPart(source, partsOf(source, limits), 'data.tar', limits, signal)
  return { data: data.source, close: data.close }
}

function partsOf(source: ByteSource, limits: Limits): readonly ArMember[] {
  if (!isDeb(source))
    throw new DetectorError('FORMAT_BAD_MAGIC', `not a Debian package: need ${MARK} as the first member of an archive`)
  const parts = readAr(source, limits)
  checkVersion(source, parts[0])
  return parts
}

function checkVersion(source: ByteSource, mark: ArMember | undefined): void {
  const text = mark === undefined ? '' : latin1(source.read(mark.offset, Math.min(MARK_BYTES, mark.size)))
  if (/^2\.\d+\n/.test(text)) return
  throw new DetectorError(
    'FORMAT_UNSUPPORTED',
    `need a Debian package of format 2.x, have ${JSON.stringify(text.split('\n', 1)[0])}`,
  )
}

async function openPart(
  source: ByteSource,
  parts: readonly ArMember[],
  name: string,
  limits: Limits,
  signal: AbortSignal | undefined,
): Promise<{ readonly source: ByteSource; close(): void }> {
  const part = parts.find((member) => member.name === name || member.name.startsWith(`${name}.`))
  if (part === undefined) {
    const found = parts.map((member) => member.name).slice(0, 8)
    throw new DetectorError('FORMAT_CORRUPT', `need ${name} in the Debian package, have ${found.join(', ')}`)
  }
  if (part.name.endsWith('.lzma'))
    throw new DetectorError(
      'FORMAT_UNSUPPORTED',
      `${part.name} of the Debian package: unpack it first with dpkg-deb -x`,
    )
  const packed = sliceSource(source, part.offset, part.size)
  const unpacked = await decompressToSource(packed, limits, signal)
  return { source: unpacked.source, close: () => unpacked.source.close() }
}

function readControl(tar: ByteSource, limits: Limits): ReadonlyMap<string, string> {
  for (const { path, type, offset, size } of readTar(tar, limits)) {
    if (path !== 'control' || type !== 'file') continue
    checkLimit(limits, 'extendedHeaderBytes', size, { path })
    return controlFields(Buffer.from(tar.read(offset, size)).toString('utf8'))
  }
  throw new DetectorError('FORMAT_CORRUPT', 'need the file control in control.tar of the Debian package, have none')
}

/**
 * The fields of one stanza of Debian's control syntax. Lines that start with a blank continue the field before.
 *
 * @see Debian Policy, 5.1 "Syntax of control files"
 */
export function controlFields(stanza: string): Map<string, string> {
  const fields = new Map<string, string>()
  let name = ''
  for (const line of stanza.split('\n')) {
    const field = /^([!-9;-~]+):/.exec(line)
    if (/^[ \t]/.test(line) && name !== '') fields.set(name, `${fields.get(name)}\n${line.slice(1)}`)
    else if (field !== null) {
      name = field[1] ?? ''
      fields.set(name, line.slice(field[0].length).trim())
    }
  }
  return fields
}
