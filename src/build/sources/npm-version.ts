import type { NpmSource } from '../../database/catalog.ts'
import { DetectorError } from '../../errors.ts'
import { archiveTree } from './archive.ts'

/**
 * The version of the component that a package of npm carries, as a file of the package states it.
 *
 * @throws DetectorError `SOURCE_FAILED` where the file is missing or does not state it: a version is never guessed
 */
export async function versionIn(path: string, { versionFrom }: NpmSource, signal?: AbortSignal): Promise<string> {
  const { file, pattern } = versionFrom
  const tree = await archiveTree(path, (member) => member === file, undefined, signal)
  try {
    for await (const { bytes } of tree.blobs(new Set([file]))) {
      const match = new RegExp(pattern).exec(Buffer.from(bytes).toString('latin1'))
      const version = match?.groups?.['version'] ?? match?.slice(1).join('.') ?? ''
      if (version !== '') return version
    }
  } finally {
    await tree.close?.()
  }
  throw new DetectorError('SOURCE_FAILED', `need a version as ${pattern} in ${file}, have none`, { locus: { path } })
}
