import type { ComponentPrints } from '../database/schema.ts'
import { versionOfFileName } from '../versions/file-name.ts'

/** So many numbers of an interface are those of the release by chance only where both begin at one. */
const TELLING_NUMBERS = 3

/**
 * Libraries whose file names carry the version of the release, without version and extension, ascending: all indexed files of
 * the name agree, in two versions or in one of three numbers.
 */
export function namesWithVersion({ files, releases }: Pick<ComponentPrints, 'files' | 'releases'>): string[] {
  const agreeing = new Map<string, Set<string>>()
  const others = new Set<string>()
  for (const { name, release } of files) {
    const spelt = versionOfFileName(name)
    if (spelt === undefined) continue
    const { library, version } = spelt
    if (releases[release]!.version !== version) others.add(library)
    else agreeing.set(library, (agreeing.get(library) ?? new Set()).add(version))
  }
  return [...agreeing]
    .filter(([library]) => !others.has(library))
    .filter(([, versions]) => versions.size > 1 || [...versions].some((v) => v.split('.').length >= TELLING_NUMBERS))
    .map(([library]) => library)
    .sort()
}
