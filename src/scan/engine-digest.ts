import { existsSync, readFileSync } from 'node:fs'
import { hashText } from '../bytes/hash.ts'
import { SCHEMA } from '../database/schema.ts'
import { EXTRACTION_VERSION } from '../fingerprint/extraction-version.ts'
import { VERSION } from './package-version.ts'

/** Written by the build beside the compiled program: a hash of all of it. */
const BUILD = new URL('../engine-digest.txt', import.meta.url)

/**
 * Stands for all rules by which a file becomes a report, hexadecimal: results of another engine are not these. Undefined where the
 * program runs from its source text, which has no such number, so that nothing is to be kept.
 */
export function engineDigest(): string | undefined {
  if (!existsSync(BUILD)) return undefined
  const parts = [VERSION, EXTRACTION_VERSION, SCHEMA, readFileSync(BUILD, 'utf8').trim()]
  return hashText(parts.join(' ')).toString(16).padStart(16, '0')
}
