import type { Fields } from '../bytes/json-fields.ts'
import { checkLimit, type Limits } from '../bytes/limits.ts'
import { readDocument } from './manifest.ts'

/** What the configuration of an image says of its platform and its layers. */
export interface ImageConfig {
  /** `linux/amd64`, with the variant behind it where there is one: `linux/arm64/v8`. */
  readonly platform: string
  /** sha256 of each unpacked layer, lowest first: `sha256:…`. */
  readonly diffIds: readonly string[]
  /** The history line that made each layer, or null where the history does not say. */
  readonly createdBy: readonly (string | null)[]
}

/** A line of history is shown to people. A forged one may have megabytes. */
const MOST_HISTORY_TEXT = 1000
const DIFF_ID = /^sha256:[0-9a-f]{64}$/

/**
 * Reads the configuration of a Docker or OCI image.
 *
 * @throws DetectorError `FORMAT_CORRUPT` naming the field, `LIMIT_EXCEEDED`
 * @see OCI image specification, config.md; Docker Image Specification v1.2, "Image JSON Field Descriptions"
 */
export function readImageConfig(bytes: Uint8Array, limits: Limits): ImageConfig {
  const config = readDocument(bytes, 'the configuration of the image')
  const diffIds = config.object('rootfs').strings('diff_ids', DIFF_ID, 'sha256 digests')
  checkLimit(limits, 'imageLayers', diffIds.length)
  const parts = ['os', 'architecture', 'variant'].filter((part) => config.has(part) && !config.isEmpty(part))
  return {
    platform: parts.map((part) => config.text(part)).join('/'),
    diffIds,
    createdBy: config.has('history') ? historyOf(config.objects('history'), diffIds.length) : unsaid(diffIds.length),
  }
}

/**
 * Lines of history and layers go in step, but for lines that are marked as having made no layer. Squashing and copying tools drop
 * lines: where the numbers differ, no line can be believed to be that of a layer.
 */
function historyOf(lines: readonly Fields[], layers: number): (string | null)[] {
  const made = lines.filter((line) => !line.is('empty_layer'))
  return made.length === layers ? made.map(historyText) : unsaid(layers)
}

function unsaid(layers: number): null[] {
  return new Array<null>(layers).fill(null)
}

function historyText(line: Fields): string | null {
  const field = ['created_by', 'comment'].find((name) => line.has(name) && !line.isEmpty(name))
  return field === undefined ? null : line.text(field).slice(0, MOST_HISTORY_TEXT)
}
