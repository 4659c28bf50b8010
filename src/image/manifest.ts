import { Fields, parseJson } from '../bytes/json-fields.ts'
import { checkLimit, type Limits } from '../bytes/limits.ts'
import { DetectorError } from '../errors.ts'
import { type ContentStore, type Descriptor, isDigest } from './content.ts'
import { manifestKind, schema1Unsupported } from './media-types.ts'
import { choosePlatform, fitsPlatform, normalisePlatform, type Platform, platformText } from './platform.ts'

/** One image for one platform. */
export interface ImageManifest {
  /** Of the manifest of that platform, which is the root where there is no index. */
  readonly manifestDigest: string
  readonly config: Descriptor
  readonly configBytes: Uint8Array
  /** The lowest first. */
  readonly layers: readonly Descriptor[]
}

/** A digest as the OCI specification spells it; whether it can be checked is another question. */
const DIGEST = /^[A-Za-z0-9]+(?:[+._-][A-Za-z0-9]+)*:[A-Za-z0-9=_-]+$/

/**
 * Goes from the root, an index or a manifest, to the one image for the platform, and reads its config.
 *
 * Docker's schema 2 and OCI both; what a document is says its media type, else its content. `platform` undefined takes
 * what {@link choosePlatform} does; one that is given must also be that of the config.
 *
 * @throws DetectorError `FORMAT_CORRUPT` naming the field, `FORMAT_UNSUPPORTED` for schema 1 and unknown digests,
 * `IMAGE_PLATFORM`, `LIMIT_EXCEEDED` and what the store throws
 */
export async function resolveManifest(
  store: ContentStore,
  root: Descriptor,
  platform: Platform | undefined,
  limits: Limits,
  signal?: AbortSignal,
): Promise<ImageManifest> {
  let descriptor = root
  for (let depth = 0; ; depth++) {
    checkLimit(limits, 'indexDepth', depth)
    const bytes = await store.read(descriptor, 'manifest', signal)
    const document = readDocument(bytes, `manifest ${descriptor.digest}`)
    if (kindOf(document, descriptor) === 'index') {
      descriptor = chooseEntry(document, platform, limits)
      continue
    }
    const config = readDescriptor(document.object('config'))
    const entries = document.objects('layers')
    checkLimit(limits, 'imageLayers', entries.length)
    const layers = entries.map(readDescriptor)
    const configBytes = await store.read(config, 'blob', signal)
    if (platform !== undefined) checkConfigPlatform(configBytes, config, platform)
    return { manifestDigest: descriptor.digest, config, configBytes, layers }
  }
}

/** @throws DetectorError `FORMAT_CORRUPT` naming the field, `FORMAT_UNSUPPORTED` for digests that cannot be checked */
export function readDescriptor(fields: Fields): Descriptor {
  const digest = fields.match('digest', DIGEST, 'a digest')
  if (!isDigest(digest)) throw unsupportedDigest(fields, digest)
  return { mediaType: optional(fields, 'mediaType') ?? '', digest, size: fields.count('size') }
}

/** The object of a JSON document of an image; `name` is what errors call it. */
export function readDocument(bytes: Uint8Array, name: string): Fields {
  const text = new TextDecoder().decode(bytes)
  return new Fields(name, parseJson(text, name, 'FORMAT_CORRUPT'), '', 'FORMAT_CORRUPT')
}

/** The platform of an index entry or a config; undefined where it is not said. */
export function readPlatform(fields: Fields): Platform | undefined {
  const os = optional(fields, 'os')
  const architecture = optional(fields, 'architecture')
  if (os === undefined || architecture === undefined) return undefined
  const osVersion = optional(fields, 'os.version')
  const platform = { os, architecture, variant: optional(fields, 'variant') ?? null }
  return normalisePlatform(osVersion === undefined ? platform : { ...platform, osVersion })
}

function kindOf(document: Fields, descriptor: Descriptor): 'index' | 'manifest' {
  const ownType = optional(document, 'mediaType') ?? ''
  const isSchema1 = document.has('fsLayers') || document.has('history')
  const said = [ownType, descriptor.mediaType].map(manifestKind).filter((kind) => kind !== undefined)
  if (isSchema1 || said.includes('schema1')) throw schema1Unsupported(descriptor.digest)
  const hasEntries = document.has('manifests')
  const hasLayers = document.has('config') || document.has('layers')
  // What one reader takes for an index and another for a manifest is two images under one digest (CVE-2021-41190).
  if ((hasEntries && hasLayers) || new Set(said).size > 1)
    throw document.error('', 'either an index or a manifest', 'both')
  const kind = said[0] ?? (hasEntries ? 'index' : 'manifest')
  return kind === 'index' ? 'index' : 'manifest'
}

function chooseEntry(index: Fields, platform: Platform | undefined, limits: Limits): Descriptor {
  const entries = index.objects('manifests')
  checkLimit(limits, 'indexManifests', entries.length)
  const candidates = entries.map((entry) => ({
    platform: entry.has('platform') ? readPlatform(entry.object('platform')) : undefined,
    descriptor: readDescriptor(entry),
  }))
  return choosePlatform(candidates, platform)
}

/** A manifest without an index, and an index that leads to the wrong one, are found out here. */
function checkConfigPlatform(bytes: Uint8Array, config: Descriptor, wanted: Platform): void {
  const have = readPlatform(readDocument(bytes, `config ${config.digest}`))
  if (have === undefined) return
  // Configs seldom say the variant, and what they say of Windows is more than an index does.
  const { osVersion: _, ...wish } = normalisePlatform(wanted)
  if (fitsPlatform(have, have.variant === null ? { ...wish, variant: null } : wish)) return
  const needed = `need an image for ${platformText(wanted)}, the image is for ${platformText(have)}`
  throw new DetectorError('IMAGE_PLATFORM', `${needed}: leave out --platform to take it`)
}

function unsupportedDigest(fields: Fields, digest: string): DetectorError {
  const { message, locus } = fields.error('digest', 'sha256 or sha512 with all its digits', digest)
  return new DetectorError('FORMAT_UNSUPPORTED', message, locus === undefined ? {} : { locus })
}

function optional(fields: Fields, field: string): string | undefined {
  return fields.has(field) && !fields.isEmpty(field) ? fields.text(field) : undefined
}
