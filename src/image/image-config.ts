import { DetectorError } from '../errors.ts'

/** What the configuration of an image says of its platform and its layers. */
export interface ImageConfig {
  /** `linux/amd64`, with the variant behind it where there is one: `linux/arm64/v8`. */
  readonly platform: string
  /** sha256 of each unpacked layer, lowest first: `sha256:…`. */
  readonly diffIds: readonly string[]
  /** The history line that made each layer, or null where the history does not say. */
  readonly createdBy: readonly (string | null)[]
}

/** Far more than a file system stacks: overlayfs ends at 500 layers, Docker at 127. */
const MOST_LAYERS = 4096
/** A line of history is shown to people. A forged one may have megabytes. */
const MOST_HISTORY_TEXT = 1000
const DIFF_ID = /^sha256:[0-9a-f]{64}$/

/**
 * Reads the configuration of a Docker or OCI image.
 *
 * @throws DetectorError `FORMAT_CORRUPT` naming the field, `LIMIT_EXCEEDED`
 * @see OCI image specification, config.md; Docker Image Specification v1.2, "Image JSON Field Descriptions"
 */
export function readImageConfig(bytes: Uint8Array): ImageConfig {
  const config = asObject(parse(bytes), 'the image configuration')
  const diffIds = asArray(asObject(config['rootfs'], 'rootfs')['diff_ids'], 'rootfs.diff_ids')
  if (diffIds.length > MOST_LAYERS)
    throw new DetectorError('LIMIT_EXCEEDED', `image has ${diffIds.length} layers, limit ${MOST_LAYERS}`)
  return {
    platform: platformText(config),
    diffIds: diffIds.map(asDiffId),
    createdBy: historyOf(config['history'], diffIds.length),
  }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
  } catch (cause) {
    throw new DetectorError('FORMAT_CORRUPT', 'image configuration is no JSON', { cause })
  }
}

function platformText(config: Readonly<Record<string, unknown>>): string {
  const parts = [config['os'], config['architecture'], config['variant']]
  return parts.filter((part): part is string => typeof part === 'string' && part !== '').join('/')
}

function asDiffId(value: unknown, index: number): string {
  if (typeof value === 'string' && DIFF_ID.test(value)) return value
  throw new DetectorError(
    'FORMAT_CORRUPT',
    `rootfs.diff_ids[${index}] of the image configuration is no sha256: ${JSON.stringify(value)?.slice(0, 80)}`,
  )
}

/**
 * Lines of history and layers go in step, but for lines that are marked as having made no layer. Squashing and copying tools drop
 * lines: where the numbers differ, no line can be believed to be that of a layer.
 */
function historyOf(value: unknown, layers: number): (string | null)[] {
  const lines = Array.isArray(value) ? value.map((line) => asObject(line, 'a line of history')) : []
  const made = lines.filter((line) => line['empty_layer'] !== true)
  if (made.length !== layers) return new Array<null>(layers).fill(null)
  return made.map(historyText)
}

function historyText(line: Readonly<Record<string, unknown>>): string | null {
  const text = line['created_by'] || line['comment']
  return typeof text === 'string' && text !== '' ? text.slice(0, MOST_HISTORY_TEXT) : null
}

function asObject(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new DetectorError('FORMAT_CORRUPT', `${what} is no object, in the configuration of the image`)
}

function asArray(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new DetectorError('FORMAT_CORRUPT', `${what} is no list, in the configuration of the image`)
}
