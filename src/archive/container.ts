import { latin1 } from '../bytes/cursor.ts'
import type { ByteSource } from '../bytes/source.ts'
import { DetectorError, throwIfAborted } from '../errors.ts'
import { isApk, readApk } from './apk.ts'
import { isAsar, openAsar } from './asar.ts'
import { compressedFile, isWorthUnpacking, withoutSuffix } from './compressed.ts'
import { type Container, type ContainerOptions, HEAD_BYTES, type Opening, UnpackBudget } from './container-member.ts'
import { isCpio } from './cpio.ts'
import { openCpio } from './cpio-container.ts'
import { isDeb, openDebData } from './deb.ts'
import { type Compression, compressionOf, decompressToSource } from './decompress.ts'
import { peekInto } from './peek.ts'
import { isRpm, openRpm } from './rpm.ts'
import { tarContainer } from './tar-container.ts'
import { hasUstarMagic, isTarHeader } from './tar-header.ts'
import { openZip } from './zip-container.ts'

/** Names of zip files that may have a program or a script in front of them. */
const PREFIXED_ZIP = /\.(?:jar|war|ear|zip|whl|egg|pex|pyz|shiv|exe)$/i
const ZIP_MAGIC = /^PK(?:\x03\x04|\x05\x06)/
/** What makes xz and bzip2 worth a decoder, which for them is a process of its own. */
const WORTH_A_DECODER = /\.(?:tar|ko|cpio|img|deb|rpm)\.(?:xz|bz2)$|\.(?:txz|tbz2?|tb2)$|^(?:initr|vmlinu|kernel)/i

/** What the first byte may be of everything but tar archives: magics, and the starts of programs and scripts. */
const FIRST_BYTES: ReadonlySet<number> = new Set(
  Buffer.from('\x1f\xfdB\x28PQRSTUVWXYZ[\\]^_!\xed\x30\x04M\x7f#', 'latin1'),
)

/**
 * Tells by its bytes whether a file is a container that is looked into, and opens it; undefined where it is none. Close it.
 *
 * Of packed files only those are opened that hold a program, a static library or another container: texts under gzip are
 * everywhere. xz and bzip2 are tried where `name` gives reason to, which is otherwise a hint for nothing but zip files with a
 * program in front.
 *
 * @throws DetectorError `FORMAT_*` for a broken container, `FORMAT_UNSUPPORTED` with what to do, `LIMIT_EXCEEDED`, `ABORTED`,
 *   `SOURCE_FAILED` if the temporary directory is full
 */
export async function openContainer(
  source: ByteSource,
  name: string,
  options: ContainerOptions,
): Promise<Container | undefined> {
  throwIfAborted(options.signal)
  const head = source.read(0, Math.min(HEAD_BYTES, source.size))
  if (!mayBeContainer(head, name)) return undefined
  const opening: Opening = { ...options, budget: options.budget ?? new UnpackBudget(options.limits) }
  const compression = compressionOf(head)
  if (compression !== undefined) return openCompressed(source, name, compression, opening)
  return openPlain(source, head, name, opening)
}

/**
 * Whether {@link openContainer} may say yes: a quick test of a file's first {@link HEAD_BYTES}, for use on any number of
 * files.
 */
export function mayBeContainer(head: Uint8Array, name: string): boolean {
  // Most files of an image are told by this byte, or by the checksum of tar.
  if (!FIRST_BYTES.has(head[0] ?? 0)) return isTar(head)
  const compression = compressionOf(head)
  if (compression === 'xz' || compression === 'bzip2') return WORTH_A_DECODER.test(baseName(name))
  return compression !== undefined || isPlainContainer(head) || mayBePrefixedZip(head, name)
}

/**
 * Whether {@link openContainer} is likely to say yes: as {@link mayBeContainer}, and of what is packed with gzip or zstd the first
 * bytes are unpacked. Texts under gzip are everywhere.
 */
export function promisesContainer(source: ByteSource, head: Uint8Array, name: string): boolean {
  if (!mayBeContainer(head, name)) return false
  const compression = compressionOf(head)
  if (compression !== 'gzip' && compression !== 'zstd') return true
  const inner = startOf(source, compression)
  return inner !== undefined && isWorthOpening(inner)
}

/** Whether unpacked bytes that begin like this are a program, a static library or another container. */
function isWorthOpening(head: Uint8Array): boolean {
  return isTar(head) || isCpio(head) || isWorthUnpacking(head) || isPlainContainer(head)
}

function isPlainContainer(head: Uint8Array): boolean {
  return (
    ZIP_MAGIC.test(latin1(head.subarray(0, 4))) ||
    isDebHead(head) ||
    isRpm(head) ||
    isCpio(head) ||
    isAsar(head) ||
    isTar(head)
  )
}

/** Old archives have no magic but their checksum, which text does not have by chance, unless somebody wants it to. */
function isTar(head: Uint8Array): boolean {
  return isTarHeader(head) && (hasUstarMagic(head) || head[0] !== 0)
}

function isDebHead(head: Uint8Array): boolean {
  return latin1(head.subarray(0, 21)) === '!<arch>\ndebian-binary'
}

/** Programs and scripts by name, and scripts that the archive follows at once, as Python makes them. */
function mayBePrefixedZip(head: Uint8Array, name: string): boolean {
  const start = latin1(head.subarray(0, 4))
  const isScript = start.startsWith('#!')
  if (!isScript && !start.startsWith('MZ') && !start.startsWith('\x7fELF')) return false
  return PREFIXED_ZIP.test(name) || (isScript && latin1(head).includes('PK\x03\x04'))
}

async function openPlain(
  source: ByteSource,
  head: Uint8Array,
  name: string,
  opening: Opening,
): Promise<Container | undefined> {
  if (ZIP_MAGIC.test(latin1(head.subarray(0, 4)))) return openZip(source, opening)
  if (isDeb(source)) return openDeb(source, opening)
  if (isRpm(head)) return openRpm(source, opening)
  if (isCpio(head)) return openCpio(source, opening)
  if (isAsar(head)) return openAsar(source, opening)
  if (isTar(head)) return tarContainer('tar', source, opening, () => undefined)
  return mayBePrefixedZip(head, name) ? openPrefixedZip(source, opening) : undefined
}

async function openDeb(source: ByteSource, opening: Opening): Promise<Container> {
  const { data, close } = await openDebData(source, opening.budget.rest(), opening.signal)
  return accounted(data, opening, close, () => tarContainer('deb', data, opening, close))
}

/** Most programs by such names have no archive behind them. */
function openPrefixedZip(source: ByteSource, opening: Opening): Container | undefined {
  try {
    return openZip(source, opening)
  } catch (error) {
    if (error instanceof DetectorError && error.code === 'FORMAT_BAD_MAGIC') return undefined
    throw error
  }
}

async function openCompressed(
  source: ByteSource,
  name: string,
  compression: Compression,
  opening: Opening,
): Promise<Container | undefined> {
  const inner = withoutSuffix(baseName(name))
  if (compression === 'xz' || compression === 'bzip2') {
    const unpacked = (await decompressToSource(source, opening.budget.rest(), opening.signal)).source
    const close = (): void => unpacked.close()
    return accounted(unpacked, opening, close, () => {
      const head = unpacked.read(0, Math.min(HEAD_BYTES, unpacked.size))
      return openUnpacked(head, unpacked, inner, opening, close)
    })
  }
  const head = startOf(source, compression)
  if (head === undefined || !isWorthOpening(head)) return undefined
  if (!isTar(head) && !isCpio(head)) return compressedFile(source, inner, head, opening)
  const unpacked = (await decompressToSource(source, opening.budget.rest(), opening.signal)).source
  const close = (): void => unpacked.close()
  return accounted(unpacked, opening, close, () => openUnpacked(head, unpacked, inner, opening, close))
}

/** Undefined where not even the start unpacks: then nothing says that it is a packed file at all. */
function startOf(source: ByteSource, compression: 'gzip' | 'zstd'): Uint8Array | undefined {
  try {
    return peekInto(source, compression, HEAD_BYTES)
  } catch (error) {
    if (error instanceof DetectorError && error.code === 'FORMAT_CORRUPT') return undefined
    throw error
  }
}

/** A container over unpacked bytes; undefined, with `close` called, where they are of no use. */
async function openUnpacked(
  head: Uint8Array,
  unpacked: ByteSource,
  name: string,
  opening: Opening,
  close: () => void,
): Promise<Container | undefined> {
  if (isTar(head)) {
    if (isApk(unpacked, opening.limits)) return tarContainer('apk', unpacked, opening, close, readApk)
    return tarContainer('tar', unpacked, opening, close)
  }
  if (isCpio(head)) {
    const inner = await openCpio(unpacked, opening)
    return {
      ...inner,
      close() {
        inner.close()
        close()
      },
    }
  }
  if (isWorthUnpacking(head) || isPlainContainer(head)) return compressedFile(unpacked, name, head, opening, close)
  close()
  return undefined
}

/** Counts unpacked bytes, and gives them back where opening what is in them fails. */
async function accounted<T>(
  unpacked: ByteSource,
  { budget }: Opening,
  close: () => void,
  open: () => T | Promise<T>,
): Promise<T> {
  try {
    budget.take(unpacked.size)
    return await open()
  } catch (error) {
    close()
    throw error
  }
}

function baseName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1)
}
