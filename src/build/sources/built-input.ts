import { isDeb, readDeb } from '../../archive/deb.ts'
import { type TarMember, tarMemberSource } from '../../archive/tar.ts'
import { detectFormat } from '../../binary/detect.ts'
import { sha256Of } from '../../bytes/digest.ts'
import { DEFAULT_LIMITS, type Limits } from '../../bytes/limits.ts'
import { type ByteSource, fileSource } from '../../bytes/source.ts'
import { DetectorError, throwIfAborted } from '../../errors.ts'

/** A static library, shared library or program to index. */
export interface BuiltFile {
  /** File name or path within the package. */
  readonly path: string
  /** Open as long as the input is. */
  readonly source: ByteSource
  /** Hexadecimal. */
  readonly sha256: string
}

/** What one input of a built release holds. */
export interface BuiltInput {
  readonly files: readonly BuiltFile[]
  /** Contents of the public headers that come along; empty unless the input is a package. */
  readonly headers: readonly Uint8Array[]
  /** Of the whole input, hexadecimal. */
  readonly sha256: string
  /** Fields of a Debian package; undefined for other files. */
  readonly control: ReadonlyMap<string, string> | undefined
  close(): void
}

/** Static and shared libraries by name; what else a package installs is not the library. */
const LIBRARY_NAME = /\.(?:a|lib|dll|so(?:\.\d+)*)$/i
const PUBLIC_HEADER = /^usr\/include\/.*\.h(?:h|pp|xx)?$/

/** Tells whether a file is a static library, a shared library, a program or a Debian package, by its content. */
export function isBuilt(path: string): boolean {
  const source = fileSource(path)
  try {
    return detectFormat(source) !== undefined
  } finally {
    source.close()
  }
}

/**
 * Opens a library, a program or a Debian package. Of a package its libraries and public headers are taken: programs in it
 * hold text of whatever they are linked with, and are indexed only when they are named themselves.
 *
 * @throws DetectorError `FORMAT_*`, `INPUT_NOT_FOUND`, `INPUT_UNREADABLE`, `LIMIT_EXCEEDED`, `ABORTED`, with the path
 */
export async function openBuilt(
  path: string,
  limits: Limits = DEFAULT_LIMITS,
  signal?: AbortSignal,
): Promise<BuiltInput> {
  throwIfAborted(signal)
  const file = fileSource(path)
  try {
    const sha256 = sha256Of(file)
    if (isDeb(file)) return await openPackage(file, sha256, limits, signal)
    const whole = { path: path.replace(/^.*[/\\]/, ''), source: file, sha256 }
    return { files: [whole], headers: [], sha256, control: undefined, close: () => file.close() }
  } catch (error) {
    file.close()
    if (!(error instanceof DetectorError) || error.locus?.path !== undefined) throw error
    throw new DetectorError(error.code, `${path}: ${error.message}`, { locus: { ...error.locus, path }, cause: error })
  }
}

async function openPackage(
  file: ByteSource,
  sha256: string,
  limits: Limits,
  signal: AbortSignal | undefined,
): Promise<BuiltInput> {
  const { control, members, data, close } = await readDeb(file, limits, signal)
  const headers: Uint8Array[] = []
  const files: BuiltFile[] = []
  for (const member of members.filter(({ type }) => type === 'file')) {
    if (PUBLIC_HEADER.test(member.path) && member.size <= limits.sourceFileBytes)
      headers.push(tarMemberSource(data, member, limits).read(0, member.size).slice())
    else if (LIBRARY_NAME.test(member.path)) {
      const source = tarMemberSource(data, member, limits)
      if (detectFormat(source) !== undefined) files.push({ path: member.path, source, sha256: sha256Of(source) })
    }
  }
  files.sort(byPath)
  return {
    files,
    headers,
    sha256,
    control,
    close() {
      close()
      file.close()
    },
  }
}

function byPath(a: Pick<TarMember, 'path'>, b: Pick<TarMember, 'path'>): number {
  return a.path < b.path ? -1 : Number(a.path > b.path)
}
