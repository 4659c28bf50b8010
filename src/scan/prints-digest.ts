import { readFileSync } from 'node:fs'
import { hash64, hashText } from '../bytes/hash.ts'
import { isSettled, rememberDigest, rememberedDigest, stampOf } from '../database/digest-memo.ts'
import { readPrintsHeader } from '../database/prints-header.ts'
import { EXTRACTION_VERSION } from '../fingerprint/extraction-version.ts'
import type { PrintFiles } from './open-database.ts'

/** A digest of the files of a database. */
export interface PrintsDigest {
  readonly digest: string
  /** Notes the digest in the cache, which must be there, so that files that stay as they are need not be read again. */
  remember(): void
}

/**
 * Hash over everything that decides what the compiled database holds. File names count, places do not. A thousand small
 * files are read for it; where all look as they did when they were read for the cache before, what it was then.
 */
export function printsDigest(files: PrintFiles, cache: string, now: number = Date.now()): PrintsDigest {
  const paths = [...files.prints, ...files.catalogFiles, files.background, files.constants].filter(
    (path) => path !== undefined,
  )
  const stamp = stampOf(paths)
  const version = `${stamp.name}-${EXTRACTION_VERSION}`
  const memo = { ...stamp, name: version }
  const remembered = rememberedDigest(cache, memo)
  if (remembered !== undefined) return { digest: remembered, remember: () => undefined }
  const digest = readDigest(files)
  // A file that was replaced while it was read may have the stamp of the one and the content of the other.
  const isKnown = isSettled(stamp, now) && stampOf(paths).name === stamp.name
  return { digest, remember: () => isKnown && rememberDigest(cache, memo, digest) }
}

/** Of prints only the header is read, which holds the checksums of all the rest: the rest is hashed when it is compiled. */
function readDigest(files: PrintFiles): string {
  const parts = [`extraction ${EXTRACTION_VERSION}`]
  const add = (path: string, bytes: Uint8Array): void => {
    const name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
    parts.push(`${name} ${hash64(bytes).toString(16)}`)
  }
  for (const path of files.prints) add(path, readPrintsHeader(path))
  for (const path of files.catalogFiles) add(path, readFileSync(path))
  if (files.background !== undefined) add(files.background, readPrintsHeader(files.background))
  if (files.constants !== undefined) add(files.constants, readFileSync(files.constants))
  return hashText(parts.join('\n')).toString(16).padStart(16, '0')
}
