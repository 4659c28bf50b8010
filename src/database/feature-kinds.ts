/**
 * The kinds of feature that prints hold as hashes with postings; templates are held apart, as they know more. The numbers
 * are those of `Kind` in `fingerprint`, which this layer must not import; a test holds the two together.
 */
export const FeatureKind = {
  String: 1,
  Symbol: 3,
  Function: 4,
  Mnemonics: 5,
  Table: 6,
  Immediate: 7,
  BigEndianTable: 8,
} as const
export type FeatureKind = (typeof FeatureKind)[keyof typeof FeatureKind]

/** In ascending order. */
export const FEATURE_KINDS: readonly FeatureKind[] = Object.values(FeatureKind)

/** A value for each kind. */
export function forEachKind<T>(make: (kind: FeatureKind) => T): Record<FeatureKind, T> {
  return Object.fromEntries(FEATURE_KINDS.map((kind) => [kind, make(kind)])) as Record<FeatureKind, T>
}

/** Whether prints hold the kind as hashes with postings; templates, for one, are none. */
export function isFeatureKind(kind: number): kind is FeatureKind {
  return (FEATURE_KINDS as readonly number[]).includes(kind)
}
