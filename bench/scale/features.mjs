/** The kinds of feature that prints hold, by their stored numbers, as tables name them. */
export const KINDS = [
  { kind: 1, name: 'strings' },
  { kind: 3, name: 'symbols' },
  { kind: 4, name: 'functions' },
  { kind: 5, name: 'mnemonics' },
  { kind: 6, name: 'tables' },
  { kind: 8, name: 'big-endian tables' },
  { kind: 7, name: 'immediates' },
]

/** A value for each kind, by its number. */
export function forEachKind(make) {
  return Object.fromEntries(KINDS.map(({ kind }) => [kind, make(kind)]))
}

/** 52 bits of a hash as one number: among some millions two are the same once in a thousand runs. */
export function keyOf(high, low) {
  return high * 2 ** 20 + (low >>> 12)
}
