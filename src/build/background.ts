import { readAr } from '../archive/ar.ts'
import { detectFormat } from '../binary/detect.ts'
import { readProgram } from '../binary/read.ts'
import { DEFAULT_LIMITS } from '../bytes/limits.ts'
import { type ByteSource, fileSource, sliceSource } from '../bytes/source.ts'
import { compareHash } from '../database/canonical.ts'
import { forEachKind, isFeatureKind } from '../database/feature-kinds.ts'
import { PrintsBuilder } from '../database/prints-builder.ts'
import type { ComponentPrints, FeatureTable } from '../database/schema.ts'
import { DetectorError } from '../errors.ts'
import { extractProgram } from '../fingerprint/extract.ts'
import { PrintSet } from '../fingerprint/print-set.ts'
import { type MergedFeatures, mergeFeatures } from './merge.ts'

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
        const kind = prints.kinds[i]!
        if (isFeatureKind(kind)) builder.addFeature(kind, hash, unit, 0)
        else builder.addTemplate(hash, unit, 0, { agrees: false, selfNaming: true, head: false, headerOnly: false })
      }
    }
  }
  return builder.finish()
}

/**
 * The part of a background that can matter: what two packages share, and what any of the components holds. The rest, text
 * of one program alone, is nine tenths of the bytes.
 */
export function thinBackground(background: ComponentPrints, components: readonly ComponentPrints[]): ComponentPrints {
  return {
    ...background,
    units: [{ path: 'programs', vendored: false }],
    sets: [[0, 0]],
    features: forEachKind((kind) => {
      const known = mergeFeatures(components.map(({ features }) => features[kind]))
      return thin(background.features[kind], known)
    }),
    templates: background.templates
      .filter((template, i, all) => i === 0 || template.high !== all[i - 1]!.high || template.low !== all[i - 1]!.low)
      .map((template) => ({ ...template, unit: 0, agreeing: 0, seen: 0 })),
    functionNames: [],
    files: [],
  }
}

/** The features that several units hold, or that are known, all with one posting. Both must be in hash order. */
function thin(table: FeatureTable, known: MergedFeatures): FeatureTable {
  const kept: number[] = []
  let at = 0
  for (let i = 0; i < table.high.length; i++) {
    const [high, low] = [table.high[i]!, table.low[i]!]
    while (at < known.high.length && compareHash(known.high[at]!, known.low[at]!, high, low) < 0) at++
    const isKnown = known.high[at] === high && known.low[at] === low
    if (isKnown || table.starts[i + 1]! - table.starts[i]! > 1) kept.push(i)
  }
  return {
    high: Uint32Array.from(kept, (i) => table.high[i]!),
    low: Uint32Array.from(kept, (i) => table.low[i]!),
    starts: Uint32Array.from({ length: kept.length + 1 }, (_, i) => i),
    units: new Uint32Array(kept.length),
    sets: new Uint32Array(kept.length),
    names: table.names === undefined ? undefined : new Uint32Array(kept.length),
  }
}

/** The fingerprints of a program, or of the members of an archive. */
function printsOfFile(path: string): PrintSet {
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
  extractProgram(readProgram(source, DEFAULT_LIMITS), source, prints, { base })
}
