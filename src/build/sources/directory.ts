import { type Dirent, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { checkLimit, DEFAULT_LIMITS, type Limits } from '../../bytes/limits.ts'
import { DetectorError } from '../../errors.ts'
import { type AcceptPath, type Blob, byPath, type SourceTree, type TreeFile, tooLarge } from './tree.ts'

/**
 * The files of a directory, ids being their paths. `.git` and whatever is no regular file are left out; links are not
 * followed, neither to files nor to directories.
 *
 * @throws DetectorError `INPUT_NOT_FOUND`, `INPUT_UNREADABLE`, `LIMIT_EXCEEDED` (`treeFiles`)
 */
export async function directoryTree(
  path: string,
  accept: AcceptPath,
  limits: Limits = DEFAULT_LIMITS,
): Promise<SourceTree> {
  const root = resolve(path)
  const files: TreeFile[] = []
  let seen = 0
  // Directories still to be read, as paths below the root; the root is the empty one.
  const pending = ['']
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const entry of listDirectory(join(root, folder))) {
      const inner = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.name === '.git') continue
      if (entry.isDirectory()) pending.push(inner)
      if (!entry.isFile()) continue
      checkLimit(limits, 'treeFiles', ++seen, { path })
      if (accept(inner)) files.push({ path: inner, id: inner })
    }
  }
  const skipped: { path: string; reason: string }[] = []
  return { files: files.sort(byPath), skipped, blobs }

  async function* blobs(ids: ReadonlySet<string>): AsyncGenerator<Blob, void, undefined> {
    for (const { id } of files) {
      if (!ids.has(id)) continue
      const read = readRegularFile(join(root, id), limits)
      if (typeof read === 'string') skipped.push({ path: id, reason: read })
      else yield { id, bytes: read }
    }
  }
}

/** The bytes, or why there are none. Looks again before it reads: the tree may have changed since it was listed. */
function readRegularFile(path: string, limits: Limits): Uint8Array | string {
  try {
    const stats = lstatSync(path)
    if (!stats.isFile()) return 'it is no longer a regular file'
    if (stats.size > limits.sourceFileBytes) return tooLarge(stats.size, limits)
    return new Uint8Array(readFileSync(path))
  } catch (cause) {
    return `it cannot be read: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}`
  }
}

function listDirectory(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true })
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    const message = missing ? `no such directory: ${path}` : `cannot list ${path}`
    throw new DetectorError(missing ? 'INPUT_NOT_FOUND' : 'INPUT_UNREADABLE', message, { locus: { path }, cause })
  }
}
