import { join } from 'node:path'
import { elementAt } from '../bytes/element.ts'
import type { Limits } from '../bytes/limits.ts'
import { type ByteSource, fileSource } from '../bytes/source.ts'
import { readDirectoryTree } from '../image/plain-root.ts'
import type { AnalysableLayer } from './analyse-image.ts'
import { type LayerProblem, type LayerRecord, readLayerRecord } from './layer-record.ts'
import { problemCode } from './problem-code.ts'

/** A directory as the one layer of a file system. */
export class DirectoryLayer implements AnalysableLayer {
  readonly #root: string
  #record: LayerRecord | undefined
  readonly diffId: string | null = null
  readonly digest: string | null = null
  readonly createdBy: string | null = null

  constructor(root: string) {
    this.#root = root
  }

  get record(): LayerRecord {
    if (this.#record === undefined) throw new TypeError('the record of a directory was not read')
    return this.#record
  }

  /** @throws DetectorError `INPUT_NOT_FOUND`, `INPUT_UNREADABLE`, `ABORTED` */
  async read(options: { readonly limits: Limits; readonly signal?: AbortSignal }): Promise<void> {
    const { entries, unread } = readDirectoryTree(this.#root)
    const problems = unread.map(({ path, error }): LayerProblem => {
      const code = problemCode(error)
      if (code === undefined) throw error
      return { entry: null, code, message: `${path}: ${error instanceof Error ? error.message : String(error)}` }
    })
    const open = (entry: number): ByteSource => fileSource(join(this.#root, elementAt(entries, entry).path))
    this.#record = await readLayerRecord({ entries, open }, problems, options)
  }

  async open(entry: number): Promise<ByteSource> {
    return fileSource(join(this.#root, elementAt(this.record.entries, entry).path))
  }
}
