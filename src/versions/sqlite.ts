import { compareNumeric } from './numeric.ts'

/** Compares SQLite versions, dotted (`3.8.11.1`) or as archive numbers (`3081101`). */
export function compareSqlite(a: string, b: string): number {
  return compareNumeric(normaliseSqlite(a), normaliseSqlite(b))
}

/** The dotted version, whichever of the two forms is given. */
export function normaliseSqlite(version: string): string {
  return sqliteVersionOfArchive(version) ?? version
}

/**
 * The dotted version of the number in an archive name, `3081101` → `3.8.11.1`, or undefined for any other text.
 *
 * @see https://www.sqlite.org/download.html, "Build Product Names": 3XXYYZZ, two digits each
 */
export function sqliteVersionOfArchive(number: string): string | undefined {
  const parts = /^(3)(\d{2})(\d{2})(\d{2})$/.exec(number)?.slice(1).map(Number)
  if (parts === undefined) return undefined
  return (parts[3] === 0 ? parts.slice(0, 3) : parts).join('.')
}

/** The number that archive names carry, `3.8.11.1` → `3081101`, or undefined where the version has no such form. */
export function sqliteArchiveNumber(version: string): string | undefined {
  const parts = /^3(?:\.\d{1,2}){1,3}$/.test(version) ? version.split('.') : undefined
  if (parts === undefined) return undefined
  const padded = [1, 2, 3].map((index) => (parts[index] ?? '0').padStart(2, '0'))
  return `3${padded.join('')}`
}

/** The dotted version of `SQLITE_VERSION_NUMBER`, 3008011 → `3.8.11`: three digits each, without the fourth part. */
export function sqliteVersionOfNumber(number: number): string | undefined {
  if (!Number.isInteger(number) || number < 3_000_000 || number >= 4_000_000) return undefined
  return `3.${Math.floor(number / 1000) % 1000}.${number % 1000}`
}
