import { DetectorError } from '../errors.ts'

/** What a document of an image is. */
export type ManifestKind = 'index' | 'manifest' | 'schema1'

const MANIFEST_KINDS: ReadonlyMap<string, ManifestKind> = new Map([
  ['application/vnd.oci.image.index.v1+json', 'index'],
  ['application/vnd.docker.distribution.manifest.list.v2+json', 'index'],
  ['application/vnd.oci.image.manifest.v1+json', 'manifest'],
  ['application/vnd.docker.distribution.manifest.v2+json', 'manifest'],
  ['application/vnd.docker.distribution.manifest.v1+json', 'schema1'],
  ['application/vnd.docker.distribution.manifest.v1+prettyjws', 'schema1'],
])

/** The kind that a media type says, undefined for all others; parameters such as `charset` are ignored. */
export function manifestKind(mediaType: string): ManifestKind | undefined {
  return MANIFEST_KINDS.get(essence(mediaType))
}

/** The error for manifests that Docker stopped writing in 2015; `what` names the image. */
export function schema1Unsupported(what: string): DetectorError {
  const needed = `need a manifest of OCI or Docker schema 2, ${what} has one of Docker schema 1`
  return new DetectorError('FORMAT_UNSUPPORTED', `${needed}: push the image again with a current tool`)
}

/** The media type without parameters, in lower case. */
export function essence(mediaType: string): string {
  return (mediaType.split(';', 1)[0] ?? '').trim().toLowerCase()
}

/** The documents that are understood, as a registry wants to be asked for them. */
export const MANIFEST_MEDIA_TYPES: readonly string[] = [...MANIFEST_KINDS.keys()].filter(
  (mediaType) => MANIFEST_KINDS.get(mediaType) !== 'schema1',
)
