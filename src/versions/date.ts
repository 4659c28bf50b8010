import { compareNumeric } from './numeric.ts'

/**
 * Compares versions that start with a date, `2021-04-05` and `20210405` alike; what follows is a counter (`20260817.1`).
 *
 * Months and days need not exist: abseil's first release is `20180600`.
 */
export function compareDate(a: string, b: string): number {
  return compareNumeric(compact(a), compact(b))
}

function compact(version: string): string {
  return version.replace(/^(\d{4})[-._](\d{2})[-._](\d{2})(?!\d)/, '$1$2$3')
}
