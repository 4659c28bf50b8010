import { statSync } from 'node:fs'
import { type ByteSource, bytesSource, fileSource } from '../bytes/source.ts'
import { DetectorError } from '../errors.ts'
import type { Report } from '../model.ts'
import { BYTES_PATH, FilesReport, type ScanOptions } from './files-report.ts'

/** As the function of this name in `scanning.ts`. */
export async function scanFile(input: string | Uint8Array, options: ScanOptions): Promise<Report> {
  const report = new FilesReport(options)
  if (typeof input === 'string') await report.add(input, () => openNamed(input))
  else await report.add(BYTES_PATH, () => bytesSource(input))
  return report.finish()
}

/** A named path must be a regular file: reading a pipe or device would wait for ever. */
export function openNamed(path: string): ByteSource {
  const status = statSync(path, { throwIfNoEntry: false })
  if (status !== undefined && !status.isFile())
    throw new DetectorError('INPUT_UNREADABLE', `need a regular file, ${path} is none`, { locus: { path } })
  return fileSource(path)
}
