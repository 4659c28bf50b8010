import { readAr } from '../archive/ar.ts'
import { detectFormat } from '../binary/detect.ts'
import { readProgram } from '../binary/read.ts'
import { DEFAULT_LIMITS } from '../bytes/limits.ts'
import { type ByteSource, fileSource, sliceSource } from '../bytes/source.ts'
import { PrintsBuilder } from '../database/prints-builder.ts'
import type { ComponentPrints } from '../database/schema.ts'
import { DetectorError } from '../errors.ts'
import { extractProgram } from '../fingerprint/extract.ts'
import { Kind, PrintSet } from '../fingerprint/print-set.ts'

/** Programs of one package, which holds none of the catalog's components. */
export interface BackgroundPackage {
  /** Name and version, the unit of its prints. */
  readonly label: string
  readonly files: readonly string[]
}

/**
 * Prints of programs and libraries that are unrelated to every component: what they hold speaks for nobody. Files that
 * are no programs, or damaged, are left out.
 */
export function indexBackground(packages: readonly BackgroundPackage[]): ComponentPrints {
  const builder = new PrintsBuilder('background', [{ version: '1', origin: 'built', provenance: 'programs' }])
  for (const { label, files } of packages) {
    const unit = builder.internUnit(label, false)
    for (const file of files) {
      const prints = printsOfFile(file)
      for (let i = 0; i < prints.count; i++) {
        const hash = builder.internHalves(prints.high[i]!, prints.low[i]!)
        const kind = prints.kinds[i]
        if (kind === Kind.String) builder.addString(hash, unit, 0)
        else if (kind === Kind.Symbol) builder.addSymbol(hash, unit, 0)
        else builder.addTemplate(hash, unit, 0, { agrees: false, selfNaming: true, head: false, headerOnly: false })
      }
    }
  }
  return builder.finish()
}

/** The fingerprints of a program, or of the members of an archive. */
export function printsOfFile(path: string): PrintSet {
  const prints = new PrintSet()
  const source = fileSource(path)
  try {
    const format = detectFormat(source)
    if (format === 'elf' || format === 'pe') addProgram(source, 0, prints)
    if (format === 'ar')
      for (const { offset, size } of readAr(source, DEFAULT_LIMITS)) {
        const member = sliceSource(source, offset, size)
        if (detectFormat(member) !== undefined) addProgram(member, offset, prints)
      }
  } catch (error) {
    if (!(error instanceof DetectorError)) throw error
  } finally {
    source.close()
  }
  return prints
}

function addProgram(source: ByteSource, base: number, prints: PrintSet): void {
  extractProgram(readProgram(source, DEFAULT_LIMITS), source, prints, base)
}
