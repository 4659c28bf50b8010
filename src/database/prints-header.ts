import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { headerBytes } from './sections.ts'

/** Enough for the header of a file with 24 sections, in one read. */
const FIRST_BYTES = 512

/**
 * The header of a `.bpf` with its section table, which holds the checksum of every section: two files with the same
 * header have the same content, unless one is damaged. Of what is no prints file the whole content.
 */
export function readPrintsHeader(path: string): Uint8Array {
  const file = openSync(path, 'r')
  try {
    const first = Buffer.alloc(FIRST_BYTES)
    const start = first.subarray(0, readSync(file, first, 0, first.length, 0))
    const length = headerBytes(start)
    if (length !== undefined && length <= start.length) return start.subarray(0, length)
    return readFileSync(file)
  } finally {
    closeSync(file)
  }
}
