import { hashText } from '../bytes/hash.ts'
import type { FileAnalysis } from './analyse-file.ts'

/** Names that a file may have because of what it is: only what is called like a library can be called like another one. */
const LIBRARY_NAME = /\.(?:so|dll|dylib)(?:\.\w+)*$/i

/**
 * Stands for everything that decides what a file is found to be, but for the engine: its bytes, the database, and its name where a
 * name says something of the content. `name` is without directories.
 */
export function analysisName(sha256: string, name: string, databaseDigest: string): string {
  const called = LIBRARY_NAME.test(name) ? `-${hashText(name).toString(16).padStart(16, '0')}` : ''
  return `${sha256}-${databaseDigest}${called}`
}

/** An analysis as it was kept; undefined for what is none. */
export function analysisRecord(record: Record<string, unknown> | undefined): FileAnalysis | undefined {
  if (record === undefined || !Array.isArray(record['programs']) || !Array.isArray(record['problems'])) return undefined
  return record as unknown as FileAnalysis
}
