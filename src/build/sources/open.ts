import { statSync } from 'node:fs'
import { DEFAULT_LIMITS } from '../../bytes/limits.ts'
import { DetectorError } from '../../errors.ts'
import { archiveTree } from './archive.ts'
import { directoryTree } from './directory.ts'
import { type GitOptions, type GitRepository, openGitRepository } from './git.ts'
import { isAddress, isGitRepository } from './git-mirror.ts'
import type { AcceptPath, SourceTree } from './tree.ts'

/** What stands at a location: the files of one release, or a repository that holds many. */
export type OpenedSource =
  | { readonly kind: 'tree'; readonly tree: SourceTree }
  | { readonly kind: 'repository'; readonly repository: GitRepository }

/**
 * Opens sources by what is there: an address, a git work tree or bare repository becomes a repository, any other
 * directory and any archive the tree of one release. Closing either is the caller's.
 *
 * @param accept which paths of a tree are worth reading; repositories ask per commit
 * @throws DetectorError `INPUT_NOT_FOUND` and what `openGitRepository`, `directoryTree` and `archiveTree` throw
 */
export async function openSource(
  location: string,
  accept: AcceptPath,
  options: GitOptions = {},
): Promise<OpenedSource> {
  const { limits = DEFAULT_LIMITS, signal } = options
  const stats = isAddress(location) ? undefined : statSync(location, { throwIfNoEntry: false })
  if (isAddress(location) || (stats?.isDirectory() === true && isGitRepository(location)))
    return { kind: 'repository', repository: await openGitRepository(location, options) }
  if (stats === undefined)
    throw new DetectorError('INPUT_NOT_FOUND', `no such file or directory: ${location}`, { locus: { path: location } })
  const tree = stats.isDirectory()
    ? await directoryTree(location, accept, limits)
    : await archiveTree(location, accept, limits, signal).catch((error: unknown) => {
        throw noArchive(location, error)
      })
  return { kind: 'tree', tree }
}

/** What a parser says of a file that is no archive helps only with what was needed. */
function noArchive(location: string, error: unknown): unknown {
  if (!(error instanceof DetectorError) || !error.code.startsWith('FORMAT_')) return error
  const needed = 'need a directory, an archive or a git repository of sources, or a library, program or Debian package'
  return new DetectorError(error.code, `${needed}; ${location} is none: ${error.message}`, {
    locus: { ...error.locus, path: location },
    cause: error,
  })
}
