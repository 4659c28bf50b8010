import { DEFAULT_LIMITS, type Limits } from '../bytes/limits.ts'
import type { ByteSource } from '../bytes/source.ts'
import { DetectorError } from '../errors.ts'
import { isCoffObject, readCoff } from './coff.ts'
import { detectFormat } from './detect.ts'
import { readElf } from './elf.ts'
import { readPe } from './pe.ts'
import type { Program } from './program.ts'

/** Bytes shown of a file that is none of ours. */
const SHOWN_BYTES = 8

/**
 * Reads an ELF or PE program, or a COFF object as static libraries hold them.
 *
 * @throws DetectorError `FORMAT_BAD_MAGIC` for anything else, with the first bytes; and what the reader throws
 */
export function readProgram(source: ByteSource, limits: Limits = DEFAULT_LIMITS): Program {
  const format = detectFormat(source)
  if (format === 'elf') return readElf(source, limits)
  if (format === 'pe') return readPe(source, limits)
  if (format === undefined && isCoffObject(source)) return readCoff(source, limits)
  const first = Buffer.from(source.read(0, Math.min(SHOWN_BYTES, source.size))).toString('hex')
  throw new DetectorError(
    'FORMAT_BAD_MAGIC',
    source.size === 0 ? 'neither ELF nor PE: file is empty' : `neither ELF nor PE: starts with ${first}`,
    { locus: { offset: 0 } },
  )
}
