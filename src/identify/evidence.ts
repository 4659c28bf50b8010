import type { ComponentRecord, Intervals } from '../database/schema.ts'
import { isText, Kind, type PrintSet } from '../fingerprint/print-set.ts'
import type { Evidence, EvidenceKind } from '../model.ts'
import type { Candidate, TemplateHit } from './hits.ts'

/** What turning evidence into words takes. */
export interface EvidenceContext {
  readonly prints: PrintSet
  readonly textAt: (offset: number, length: number) => string
  /** The name of a function by its number in {@link HitTable.names}; undefined where it was not read. */
  readonly nameOf: (record: ComponentRecord, name: number) => string | undefined
  /** Units of the whole database. */
  readonly totalUnits: number
  /** Names of libraries that the file says it is, as `libraryNames` gives them. Hardly ever asked. */
  readonly ownNames: () => ReadonlySet<string>
}

const MAX_TEXT = 120

const EVIDENCE_KINDS: Readonly<Record<Kind, EvidenceKind>> = {
  [Kind.String]: 'string',
  [Kind.Template]: 'template',
  [Kind.Symbol]: 'symbol',
  [Kind.Function]: 'function',
  [Kind.Mnemonics]: 'function',
  [Kind.Table]: 'table',
  [Kind.BigEndianTable]: 'table',
  [Kind.Immediate]: 'immediate',
}

/** A hit of the component, by its row. */
export function hitEvidence({ record, hits }: Candidate, row: number, context: EvidenceContext): Evidence {
  const kind = hits.kinds[row] as Kind
  const name = hits.names[row]!
  const named = name > 0 ? context.nameOf(record, name) : undefined
  const print = hits.prints[row]!
  return {
    kind: EVIDENCE_KINDS[kind],
    offset: context.prints.offsets[print]!,
    length: context.prints.lengths[print]!,
    text: isText(kind) ? textOfPrint(print, context) : describe(kind, print, named, context),
    unit: record.units[hits.units[row]!]!.path,
    bits: bitsOf(hits.df[row]!, context),
    components: hits.holders[row]!,
    releases: releaseRanges(record, record.sets[hits.sets[row]!]!),
  }
}

/** What is at the place, in words: code and data are no text. */
function describe(kind: Kind, print: number, name: string | undefined, { prints, textAt }: EvidenceContext): string {
  const [offset, length] = [prints.offsets[print]!, prints.lengths[print]!]
  const called = name === undefined ? 'a function' : `${name}()`
  if (kind === Kind.Function) return `${called}, ${length} bytes of code`
  if (kind === Kind.Mnemonics) return `${called} but for its operands, ${length} bytes of code`
  const hex = Buffer.from(textAt(offset, Math.min(length, 32)), 'latin1').toString('hex')
  return kind === Kind.Immediate ? `a constant in the instruction ${hex}` : `constant data ${hex}`
}

/** A text that carries a version. */
export function templateEvidence(hit: TemplateHit, record: ComponentRecord, context: EvidenceContext): Evidence {
  const { offsets, lengths } = context.prints
  return {
    kind: 'template',
    offset: offsets[hit.print]!,
    length: lengths[hit.print]!,
    text: textOfPrint(hit.print, context),
    unit: record.units[hit.template.unit]!.path,
    bits: bitsOf(1, context),
    releases: releaseRanges(record, record.sets[hit.template.set]!),
  }
}

/** A text that is nothing but a version. */
export function literalEvidence(literal: { version: string; offset: number }, context: EvidenceContext): Evidence {
  const { version, offset } = literal
  // Alone it could be anybody's version; it only confirms what the code says.
  const text = {
    kind: 'literal' as const,
    offset,
    length: version.length,
    text: context.textAt(offset, version.length),
  }
  return { ...text, unit: null, bits: 0 }
}

/** What stands at the place, cut after {@link MAX_TEXT} characters. */
export function textOfPrint(print: number, { prints, textAt }: EvidenceContext): string {
  const bytes = textAt(prints.offsets[print]!, Math.min(prints.lengths[print]!, 2 * MAX_TEXT))
  // UTF-16 text shows a NUL behind every character.
  const text = bytes.replaceAll('\0', '')
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text
}

/** log2(N/df), to one decimal. */
function bitsOf(df: number, { totalUnits }: EvidenceContext): number {
  return Math.round(Math.log2(Math.max(1, totalUnits) / df) * 10) / 10
}

/** `1.2.0–1.3.1` for each interval, a single release as itself. */
function releaseRanges(record: ComponentRecord, intervals: Intervals): string[] {
  const ranges: string[] = []
  for (let i = 0; i < intervals.length; i += 2) {
    const [first, last] = [record.releases[intervals[i]!]!.version, record.releases[intervals[i + 1]!]!.version]
    ranges.push(first === last ? first : `${first}–${last}`)
  }
  return ranges
}

/** Most bits first, of equal ones the first in the file. */
export function byBits(a: Evidence, b: Evidence): number {
  return b.bits - a.bits || (a.offset ?? 0) - (b.offset ?? 0) || (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0)
}
