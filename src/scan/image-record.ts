import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import type { ImageSource, Match, Report, VersionEstimate } from '../model.ts'
import type { ResultCache } from './result-cache.ts'

/** What was found in an image, kept to be asked for later. Plain data. */
export interface ImageRecord {
  /** As users named the image, the last one first. */
  readonly references: readonly string[]
  readonly platform: string | null
  /** Of the database that it was last scanned with. */
  readonly database: string
  readonly files: readonly RecordedFile[]
}

export interface RecordedFile {
  readonly path: string
  readonly layerIndex: number | null
  readonly layer: string | null
  readonly visibility: 'visible' | 'shadowed'
  readonly ownedBy: string | null
  /** Embedded ones only: the code of the others is in another file. */
  readonly components: readonly RecordedComponent[]
}

export type RecordedComponent = Pick<Match, 'name' | 'undecided' | 'confidence' | 'own'> & {
  readonly version: VersionEstimate
}

/** Names kept of one image: a sweep may meet it under many tags. */
const MOST_REFERENCES = 100

/** Keeps what a report says, in place of what was kept of the same image. */
export function keepImageRecord(cache: ResultCache, report: Report): void {
  const name = imageName(report)
  const reference = lastingReference(report.source)
  const before = readImageRecord(cache, name)?.references ?? []
  const record: ImageRecord = {
    references: [reference, ...before.filter((one) => one !== reference)].slice(0, MOST_REFERENCES),
    platform: report.image?.platform ?? null,
    database: report.database.digest,
    files: report.files.flatMap(({ path, layerIndex, layer, visibility, ownedBy, components }) => {
      const embedded = components.filter(({ role }) => role === 'embedded').map(recorded)
      return embedded.length === 0 ? [] : [{ path, layerIndex, layer, visibility, ownedBy, components: embedded }]
    }),
  }
  cache.write('images', name, record)
}

/** Paths are relative to where the user was; what is kept is asked for from anywhere. */
function lastingReference(source: ImageSource | null): string {
  const { reference, transport } = source ?? { reference: '', transport: 'registry' }
  if (transport === 'registry') return reference
  const colon = reference.indexOf(':') + 1
  return reference.slice(0, colon) + resolve(reference.slice(colon))
}

export function readImageRecord(cache: ResultCache, name: string): ImageRecord | undefined {
  const record = cache.read('images', name)
  return Array.isArray(record?.['references']) && Array.isArray(record['files'])
    ? (record as unknown as ImageRecord)
    : undefined
}

/** An image is its layers, whoever stores it; what has no layers is its place. */
function imageName({ image, source }: Report): string {
  const layers = image?.layers.map(({ diffId }) => diffId) ?? []
  const identity =
    layers.includes(null) || layers.length === 0 ? [lastingReference(source)] : [image?.platform, ...layers]
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex')
}

function recorded({ name, undecided, confidence, own, version }: Match): RecordedComponent {
  return { name, undecided, confidence, own, version }
}
