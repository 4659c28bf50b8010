import { DetectorError } from '../errors.ts'
import { compareApk } from './apk.ts'
import { compareDate } from './date.ts'
import { compareDebian } from './debian.ts'
import { compareNumeric } from './numeric.ts'
import { compareRpm } from './rpm.ts'
import { compareSqlite, normaliseSqlite } from './sqlite.ts'
import { compareText } from './token.ts'

/** Negative where `a` came out before `b`, positive where it came out after, 0 only for one and the same version. */
export type VersionOrder = (a: string, b: string) => number

/** The schemes that a catalog entry may name as its `versionScheme`. */
export type VersionScheme =
  | 'semver-like'
  | 'letters'
  | 'dashes'
  | 'underscores'
  | 'date'
  | 'sqlite'
  | 'debian'
  | 'rpm'
  | 'apk'

/**
 * The order of each scheme. Dashes and underscores are only how tags are written: once they are dots, these schemes and
 * `letters` share one order.
 */
const ORDERS: Readonly<Record<VersionScheme, VersionOrder>> = {
  'semver-like': total(compareNumeric),
  letters: total(compareNumeric),
  dashes: total(compareNumeric),
  underscores: total(compareNumeric),
  date: total(compareDate),
  sqlite: total(compareSqlite, normaliseSqlite),
  debian: total(compareDebian),
  rpm: total(compareRpm),
  apk: total(compareApk),
}

/** The names of all schemes, in the order in which messages list them. */
export const VERSION_SCHEMES: readonly VersionScheme[] = Object.keys(ORDERS) as VersionScheme[]

/** Whether a catalog entry may name this scheme. */
export function isVersionScheme(scheme: string): scheme is VersionScheme {
  return Object.hasOwn(ORDERS, scheme)
}

/**
 * The release order of a scheme, oldest first when passed to `sort`.
 *
 * Every order is total: two texts compare as 0 only when they are the same version written the same way, so that
 * sorting is deterministic (`1.2` stands before `1.2.0`).
 *
 * @throws DetectorError `USAGE` for an unknown scheme
 */
export function versionOrder(scheme: string): VersionOrder {
  if (isVersionScheme(scheme)) return ORDERS[scheme]
  throw new DetectorError('USAGE', `need a version scheme of ${VERSION_SCHEMES.join(', ')}, have "${scheme}"`)
}

/** Breaks the ties of an order: the shorter text first, then by code units. */
function total(order: VersionOrder, normalise: (version: string) => string = (version) => version): VersionOrder {
  return (a, b) => {
    if (a === b) return 0
    return order(a, b) || compareText(normalise(a), normalise(b))
  }
}
