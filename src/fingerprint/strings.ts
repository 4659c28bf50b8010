import { typeOfRuntimeName } from './qualified-names.ts'
import { type Template, templatesOf, versionLiteral } from './templates.ts'

/**
 * Shorter strings match by chance in unrelated programs too often to speak for a component. The prototype saw presence
 * move by half a point between 6 and 8.
 */
export const MIN_STRING_BYTES = 6
/** Longer runs are embedded files (scripts, certificates), not constants of a function, and never features. */
export const MAX_STRING_BYTES = 65_536

/** Receives features as they are found. Offsets are those of the bytes given, plus the base. */
export interface StringSink {
  /** `isLabel`: the string has no space, or is a name. */
  string(hash: bigint, offset: number, length: number, isLabel: boolean): void
  /** Several templates may come from one string. */
  template(template: Template, offset: number, length: number): void
  literal(version: string, offset: number): void
  /** A run-time type name, as {@link typeOfRuntimeName} reads it. Sources have none. */
  typeName?(name: string, offset: number, length: number): void
}

/**
 * A string that must be read as text, which few must: the kernel has seen what a version or a type name cannot do without.
 * Whether there is one is decided here.
 */
export interface Candidate {
  /** A character for each byte, or for each UTF-16 unit. */
  readonly text: string
  readonly offset: number
  /** Bytes in the file: twice the characters for UTF-16. */
  readonly length: number
  /** Characters at the end that may be a version literal; 0 where none are. */
  readonly literal: number
  readonly mayHoldVersion: boolean
  readonly mayBeTypeName: boolean
}

/** Gives the sink what a candidate is: a version literal, a type name, templates. */
export function readCandidate(candidate: Candidate, sink: Omit<StringSink, 'string'>): void {
  const { text, offset, length, literal } = candidate
  if (literal > 0) {
    const version = versionLiteral(text.slice(-literal))
    const unitBytes = length / text.length
    if (version !== undefined) sink.literal(version, offset + (text.length - literal) * unitBytes)
  }
  if (candidate.mayBeTypeName && sink.typeName !== undefined) {
    const name = typeOfRuntimeName(text)
    if (name !== undefined) sink.typeName(name, offset, length)
  }
  if (candidate.mayHoldVersion) for (const template of templatesOf(text)) sink.template(template, offset, length)
}
