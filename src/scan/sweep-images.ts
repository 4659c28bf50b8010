import { DEFAULT_LIMITS } from '../bytes/limits.ts'
import { DetectorError } from '../errors.ts'
import { parseImageReference } from '../image/reference.ts'
import { AuthorizationCache } from '../image/registry/authorizer.ts'
import { listTags } from '../image/registry/open-registry.ts'
import { parseRegistryRepository, registryReferenceText } from '../image/registry/registry-reference.ts'
import { matchesGlob } from '../image/tag-glob.ts'
import type { Report } from '../model.ts'
import { type ScanImageOptions, scanReference } from './scan-image.ts'

/** Which images of a repository are scanned, and how. */
export interface SweepOptions extends ScanImageOptions {
  /** Tags that are scanned: `1.*`, with `*`, `?` and `[…]` as in file names. */
  readonly tags: string
}

/** Tags named when none matches. */
const NAMES_OFFERED = 10

/** As the function of this name in `scanning.ts`. */
export async function* sweepImages(repository: string, options: SweepOptions): AsyncGenerator<Report> {
  const parsed = parseImageReference(repository)
  const location = parsed?.transport === 'registry' ? parsed.location : parsed === undefined ? repository : undefined
  if (location === undefined)
    throw new DetectorError('USAGE', `need a repository of a registry, such as registry:host/name, have ${repository}`)
  const reference = parseRegistryRepository(location)
  const { signal, insecure } = options
  const authorizations = new AuthorizationCache()
  const all = await listTags(reference, {
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    ...(signal === undefined ? {} : { signal }),
    ...(insecure === undefined ? {} : { insecure }),
    authorizations,
  })
  const tags = all.filter((tag) => matchesGlob(tag, options.tags)).sort()
  if (tags.length === 0)
    throw new DetectorError(
      'IMAGE_NOT_FOUND',
      `need tags that match ${options.tags}, have ${all.slice(0, NAMES_OFFERED).join(', ') || 'none'}`,
    )
  for (const tag of tags) {
    const name = registryReferenceText({ ...reference, tag, digest: null })
    const image = { transport: 'registry' as const, location: name, name: null }
    yield await scanReference(`registry:${name}`, image, options, { authorizations })
  }
}
