/** The numbers that a version starts with, without leading zeros: `1.1.1w` → `['1', '1', '1']`. */
export function leadingNumbers(version: string): string[] {
  const start = /^v?(\d+(?:[._-]\d+)*)/i.exec(version)?.[1]
  if (start === undefined) return []
  return start.split(/[._-]/).map((part) => part.replace(/^0+(?=\d)/, ''))
}

/**
 * The first numbers of a version, joined by dots: `branchOf('3.0.15', 2)` → `3.0`. A version with fewer numbers is its
 * own branch; one that starts with no number is in the branch of the empty text.
 */
export function branchOf(version: string, parts: number): string {
  return leadingNumbers(version).slice(0, parts).join('.')
}

/**
 * Whether two versions belong to one line of releases, that is, share their first numbers: two of them (`3.0.x`)
 * unless told otherwise. Versions without a leading number share no branch.
 */
export function sameBranch(a: string, b: string, parts = 2): boolean {
  const branch = branchOf(a, parts)
  return branch !== '' && branch === branchOf(b, parts)
}
