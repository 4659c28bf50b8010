import type { Limits } from '../../bytes/limits.ts'

/** One file of a release's source tree. */
export interface TreeFile {
  /** Relative to the root of the release, with `/`, without the archive's top folder. */
  readonly path: string
  /** Names the content within its origin: the git blob id, or the path itself. Equal ids have equal bytes. */
  readonly id: string
}

/** The bytes of one file; `bytes` is the receiver's to keep. */
export interface Blob {
  readonly id: string
  readonly bytes: Uint8Array
}

/** The files of one release, wherever they come from. */
export interface SourceTree {
  /** In path order (by UTF-16 code unit). Links, submodules and special files are left out. */
  readonly files: readonly TreeFile[]
  /**
   * Reads contents, each once, in the order that suits the origin. Files over `limits.sourceFileBytes` are left out and
   * named in {@link skipped}.
   */
  blobs(ids: ReadonlySet<string>): AsyncIterable<Blob>
  /** Paths that were not read, each with the reason as a sentence. Filled while reading. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[]
  /** Gives back what the tree holds (an unpacked archive); reading afterwards fails. Absent where it holds nothing. */
  close?(): Promise<void>
}

/** Compares files by path, by UTF-16 code unit: the order of {@link SourceTree.files}. */
export function byPath(a: TreeFile, b: TreeFile): number {
  return a.path < b.path ? -1 : Number(a.path > b.path)
}

/** The reason by which {@link SourceTree.skipped} names a file over `limits.sourceFileBytes`. */
export function tooLarge(size: number, limits: Pick<Limits, 'sourceFileBytes'>): string {
  return `the file has ${size} bytes, limit ${limits.sourceFileBytes}; raise with limits.sourceFileBytes`
}

/** Tells which paths are worth reading; called once per path, before anything is read. */
export type AcceptPath = (path: string) => boolean
