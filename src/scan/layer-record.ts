import { HEAD_BYTES } from '../archive/container-member.ts'
import { sha256Of } from '../bytes/digest.ts'
import type { Limits } from '../bytes/limits.ts'
import type { ByteSource } from '../bytes/source.ts'
import { throwIfAborted } from '../errors.ts'
import type { LayerEntry } from '../image/layer-entry.ts'
import type { PackageFacts } from '../image/owners/package-facts.ts'
import { isPackageDatabase, readPackageFacts } from '../image/owners/read-facts.ts'
import { isWorthAnalysing } from './analyse-file.ts'
import { problemCode } from './problem-code.ts'

/** A file of a layer that may hold programs. */
export interface LayerProgram {
  /** Index into {@link LayerRecord.entries}. */
  readonly entry: number
  /** Bytes. */
  readonly size: number
  readonly sha256: string
}

/** What could not be read of a layer. */
export interface LayerProblem {
  /** Index of the file's entry; null for the layer as a whole. */
  readonly entry: number | null
  readonly code: string
  readonly message: string
}

/** All that a layer says without its bytes: enough to know what a container sees. Plain data. */
export interface LayerRecord {
  readonly entries: readonly LayerEntry[]
  /** By entry, ascending. */
  readonly programs: readonly LayerProgram[]
  /** What files of package databases say, by the index of their entry. */
  readonly packages: readonly { readonly entry: number; readonly facts: PackageFacts }[]
  readonly problems: readonly LayerProblem[]
}

/** What a layer's files are read from. */
export interface LayerFiles {
  readonly entries: readonly LayerEntry[]
  open(entry: number): ByteSource
}

/**
 * Looks at each file of a layer: which are programs or containers, with their sha256, and what its package databases say.
 *
 * @throws DetectorError `ABORTED`
 */
export async function readLayerRecord(
  files: LayerFiles,
  problems: readonly LayerProblem[],
  { limits, signal }: { readonly limits: Limits; readonly signal?: AbortSignal },
): Promise<LayerRecord> {
  const record = {
    programs: [] as LayerProgram[],
    packages: [] as LayerRecord['packages'][number][],
    problems: [...problems],
  }
  for (const [entry, { path, type }] of files.entries.entries()) {
    if (type !== 'file') continue
    throwIfAborted(signal)
    let source: ByteSource | undefined
    try {
      source = files.open(entry)
      const { size } = source
      const head = source.read(0, Math.min(HEAD_BYTES, size))
      if (isWorthAnalysing(source, head, path.slice(path.lastIndexOf('/') + 1)))
        record.programs.push({ entry, size, sha256: sha256Of(source) })
      if (isPackageDatabase(path)) {
        const facts = await readPackageFacts(path, source, { limits, ...(signal === undefined ? {} : { signal }) })
        record.packages.push({ entry, facts })
      }
    } catch (error) {
      const code = problemCode(error)
      if (code === undefined) throw error
      record.problems.push({ entry, code, message: error instanceof Error ? error.message : String(error) })
    } finally {
      source?.close()
    }
  }
  return { entries: files.entries, ...record }
}
