import { detectFormat } from '../binary/detect.ts'
import { readProgram } from '../binary/read.ts'
import { sha256Of } from '../bytes/digest.ts'
import { DEFAULT_LIMITS, type Limits } from '../bytes/limits.ts'
import type { ByteSource } from '../bytes/source.ts'
import { DetectorError } from '../errors.ts'
import { extractProgram } from '../fingerprint/extract.ts'
import type { Prefilter } from '../fingerprint/kernel/prefilter.ts'
import { isText, PrintSet } from '../fingerprint/print-set.ts'
import { familyConfidence } from '../identify/confidence.ts'
import { identify } from '../identify/identify.ts'
import type { Features } from './frozen.ts'
import type { FingerprintDatabase } from './open-database.ts'
import type { FilePrediction } from './predictions.ts'
import { DEFAULT_MIN_CONFIDENCE } from './report-parts.ts'

/** What {@link extractFeatures} leaves out, and what it refuses. */
export interface FeatureOptions {
  readonly limits?: Limits
  /** As for a scan; everything is kept without it. */
  readonly prefilter?: Prefilter
}

/**
 * A prefilter that keeps all text, and of code and data what the database may hold. Files hold ten times more functions and
 * table windows than strings, and next to none of them can ever become evidence.
 */
export function codeFilter({ reader }: FingerprintDatabase): Prefilter {
  return { filter: (kind) => (isText(kind) ? undefined : reader.prefilter.filter(kind)) }
}

/**
 * The features of one program, as a scan extracts them.
 *
 * @throws DetectorError `FORMAT_UNSUPPORTED` for what is no ELF or PE program; `FORMAT_*` and `LIMIT_EXCEEDED`
 */
export function extractFeatures(source: ByteSource, options: FeatureOptions = {}): Features {
  const { limits = DEFAULT_LIMITS, prefilter } = options
  const format = detectFormat(source)
  if (format !== 'elf' && format !== 'pe')
    throw new DetectorError('FORMAT_UNSUPPORTED', `need an ELF or PE program, have ${format ?? 'none'}`)
  const program = readProgram(source, limits)
  const prints = new PrintSet()
  extractProgram(program, source, prints, { prefilter })
  return { sha256: sha256Of(source), prints: prints.seal(), programs: [program] }
}

/**
 * Identifies from features alone: what a scan of the file would claim, without the texts of the evidence.
 *
 * `minConfidence` is as for `scanFile`.
 */
export async function identifyFeatures(
  { sha256, prints, programs }: Features,
  db: FingerprintDatabase,
  minConfidence: number = DEFAULT_MIN_CONFIDENCE,
): Promise<FilePrediction> {
  const input = { prints, programs, textAt: () => '', readCode: () => undefined, fileName: null, sha256 }
  const { components } = await identify(input, db.reader)
  return { sha256, components: components.filter((match) => familyConfidence(match) >= minConfidence) }
}
