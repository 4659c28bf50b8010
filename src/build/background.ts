import { readAr } from '../archive/ar.ts'
import { detectFormat } from '../binary/detect.ts'
import { readProgram } from '../binary/read.ts'
import { DEFAULT_LIMITS } from '../bytes/limits.ts'
import { type ByteSource, fileSource, sliceSource } from '../bytes/source.ts'
import { PrintsBuilder } from '../database/prints-builder.ts'
import type { ComponentPrints, FeatureTable } from '../database/schema.ts'
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

/**
 * The part of a background that can matter: what two packages share, and what any of the components holds. The rest, text
 * of one program alone, is nine tenths of the bytes.
 */
export function thinBackground(background: ComponentPrints, components: readonly ComponentPrints[]): ComponentPrints {
  const thin = (table: FeatureTable, known: readonly FeatureTable[]): FeatureTable => {
    const held = new Set<bigint>()
    for (const other of known) for (let i = 0; i < other.high.length; i++) held.add(hashOf(other, i))
    const kept = [...table.high.keys()].filter(
      (i) => table.starts[i + 1]! - table.starts[i]! > 1 || held.has(hashOf(table, i)),
    )
    const starts = Uint32Array.from({ length: kept.length + 1 }, (_, i) => i)
    return {
      high: Uint32Array.from(kept, (i) => table.high[i]!),
      low: Uint32Array.from(kept, (i) => table.low[i]!),
      starts,
      units: new Uint32Array(kept.length),
      sets: new Uint32Array(kept.length),
    }
  }
  return {
    ...background,
    units: [{ path: 'programs', vendored: false }],
    sets: [[0, 0]],
    strings: thin(
      background.strings,
      components.map(({ strings }) => strings),
    ),
    symbols: thin(
      background.symbols,
      components.map(({ symbols }) => symbols),
    ),
    templates: background.templates
      .filter((template, i, all) => i === 0 || template.high !== all[i - 1]!.high || template.low !== all[i - 1]!.low)
      .map((template) => ({ ...template, unit: 0, agreeing: 0, seen: 0 })),
  }
}

function hashOf(table: FeatureTable, i: number): bigint {
  return (BigInt(table.high[i]!) << 32n) | BigInt(table.low[i]!)
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
  extractProgram(readProgram(source, DEFAULT_LIMITS), source, prints, { base })
}
